"""The child process of the sandbox; it imports as little as it can, because every file starts one anew."""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import sys
from typing import Any, BinaryIO

from storage.errors import WaymarkError

OPEN_FILES = 64


def _limit(seconds: float, megabytes: int) -> None:
    memory = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Two seconds beyond the soft limit the kernel kills outright.
    processor = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def _answer(function: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    module, name = function.split(":")
    try:
        return "result", getattr(importlib.import_module(module), name)(*arguments)
    except WaymarkError as error:
        return "refused", (type(error), error.fields)
    except (MemoryError, RecursionError):
        return "memory", None
    except Exception as error:
        return "failed", type(error).__name__


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """The child's whole life: one request, one answer."""
    answers.write(b"\n")
    answers.flush()
    function, arguments, seconds, megabytes = pickle.loads(requests.read())  # noqa: S301 (written by our parent)
    _limit(seconds, megabytes)
    outcome = _answer(function, arguments)
    try:
        answer = pickle.dumps(outcome)
    except (MemoryError, RecursionError):
        answer = pickle.dumps(("memory", None))
    answers.write(answer)
    answers.flush()


if __name__ == "__main__":
    # A library that prints must not mix its words into the answer.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _serve(sys.stdin.buffer, channel)
    os._exit(0)
