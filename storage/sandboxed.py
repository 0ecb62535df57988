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
FLOORS = ("content", "records", "storage")
HOUSE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NO_MEMORY = ("failed to map segment", "annot allocate memory")  # said by the loader when our limit is reached


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
        reader = getattr(importlib.import_module(module), name)
    except (MemoryError, RecursionError):
        return "memory", None
    except Exception as error:
        return "ours", (type(error).__name__, function)
    try:
        return "result", reader(*arguments)
    except WaymarkError as error:
        return "refused", (type(error), error.fields)
    except (MemoryError, RecursionError):
        return "memory", None
    except Exception as error:
        if isinstance(error, ImportError) and any(words in str(error) for words in NO_MEMORY):
            return "memory", None
        return ("ours" if _is_ours(error) else "failed"), (type(error).__name__, _where(error))


def _is_ours(error: Exception) -> bool:
    """Whether no file could be the reason: a library that is missing, or code of ours that is wrong in itself."""
    if isinstance(error, (ImportError, NameError, SyntaxError, NotImplementedError)):
        return True
    return isinstance(error, (AttributeError, TypeError)) and _where(error).split("/")[0] in FLOORS


def _where(error: BaseException) -> str:
    """File and line at which it happened, below our house; of a library only the file's name."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return "-"
    path = last.tb_frame.f_code.co_filename
    inside = path.removeprefix(HOUSE + os.sep)
    return f"{inside if inside.split(os.sep)[0] in FLOORS else os.path.basename(path)}:{last.tb_lineno}"


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
