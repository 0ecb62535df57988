"""Giving memory back: what building an index took does not stay with the process."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Return what is free to the system, off the interpreter's lock; nothing where the C library is not glibc."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
