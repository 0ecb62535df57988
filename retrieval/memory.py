"""Giving memory back: what building an index took does not stay with the process."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_LARGE_BYTES = 8 << 20
_MMAP_THRESHOLD = -3  # mallopt's name for it


def give_back() -> None:
    """Return what is free to the system, off the interpreter's lock; nothing where the C library is not glibc."""
    if (trim := _of_glibc("malloc_trim")) is not None:
        trim(0)


def keep_large_apart() -> None:
    """From now on a large array goes back to the system in the moment in which it is no longer needed.

    Left alone, glibc keeps arrays of up to 32 MiB in its heap, where what is still needed holds the rest fast.
    """
    if (option := _of_glibc("mallopt")) is not None:
        option(_MMAP_THRESHOLD, _LARGE_BYTES)


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
