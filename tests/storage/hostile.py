"""Functions that misbehave in the child process, and one that behaves."""

from __future__ import annotations

import ctypes
import importlib
import os
import time

from storage.errors import WaymarkError


class Refused(WaymarkError):
    key = "error.refused_in_test"
    sentence = "Row {row} is refused."


def count(content: bytes) -> int:
    return len(content)


def loop(_content: bytes) -> None:
    while True:
        pass


def sleep(_content: bytes) -> None:
    time.sleep(60)


def swell(_content: bytes) -> None:
    kept = []
    while True:
        kept.append(bytearray(10_000_000))


def leave(_content: bytes) -> None:
    os._exit(0)


def dive(content: bytes) -> None:
    dive(content)


def crash(_content: bytes) -> None:
    ctypes.string_at(0)


def refuse(_content: bytes) -> None:
    raise Refused(row=7)


def stumble(_content: bytes) -> None:
    raise KeyError("inner detail")


def lack(_content: bytes) -> None:
    importlib.import_module("a_library_that_is_not_installed")


def misspell(_content: bytes) -> None:
    raise NameError("inner detail")


def chatter(_content: bytes) -> str:
    os.write(1, b"noise from a library")
    print("more noise")
    return "clean"


def environment(_content: bytes) -> list[str]:
    return sorted(os.environ)


def write(_content: bytes) -> None:
    with open("/tmp/waymark-sandbox-test", "wb") as file:  # noqa: S108 (it must fail)
        file.write(b"x" * 10)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def bomb(_content: bytes) -> object:
    return _Bomb()


def flood(_content: bytes) -> bytes:
    return b"x" * 100_000_000
