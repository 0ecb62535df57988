"""Hostile bytes are read in a child process with limits, so that a file can fail but never take us along."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import io
import os
import pickle
import signal
import sys
from dataclasses import is_dataclass
from typing import Any

import structlog

from storage.errors import WaymarkError

log = structlog.get_logger(__name__)

# A result larger than this was not made by an honest reader.
RESULT_BYTES = 64 * 1024 * 1024
# The child may need a moment to start on a busy machine; its own clock starts when it has the bytes.
START_SECONDS = 20
# Where our packages lie, also when we were started from somewhere else.
HOUSE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class FileTooSlow(WaymarkError):
    """The child did not finish in time and was ended."""

    key = "error.file_too_slow"
    sentence = "Reading the file took more than {seconds} seconds. Split it or save it anew, and send it again."


class FileTooHeavy(WaymarkError):
    """The child wanted more memory than it may have."""

    key = "error.file_too_heavy"
    sentence = "Reading the file needs more than {megabytes} MB of memory. Split it into smaller files."


class FileUnreadable(WaymarkError):
    """The child failed in a way that says nothing a person could use; `cause` is for the log."""

    key = "error.file_unreadable"
    sentence = "The file is damaged and cannot be read. Open it, save it anew, and send it again. ({cause})"


class ReaderFailed(WaymarkError):
    """Our own code failed before or beside the file, which may well be sound."""

    key = "error.reader_failed"
    sentence = "Something is wrong with the program: the file was not read. Tell the operator; the log says where."


class _NotStarted(Exception):
    """The child ended before it was ready."""


async def run_limited(function: str, *arguments: Any, seconds: float = 8, megabytes: int = 500) -> Any:
    """Run `"module:function"` in a child process and return its result.

    Arguments and result must be plain values, dataclasses or enums of ours. The child sees neither our environment
    nor our files open for writing, and is ended when `seconds` of wall clock or processor time are over.

    Raises:
        WaymarkError: the child's own, or FileTooSlow, FileTooHeavy, FileUnreadable, ReaderFailed.
    """
    request = pickle.dumps((function, arguments, seconds, megabytes))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-S",  # a fifth of the start; the paths that site would find are given by hand
        "-B",
        "-m",
        "storage.sandboxed",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join([HOUSE, *filter(None, sys.path)]), "PYTHONUTF8": "1"},
        limit=1024 * 1024,
    )
    try:
        answer = await _exchange(process, request, seconds)
    except TimeoutError:
        raise FileTooSlow(seconds=seconds) from None
    except _NotStarted:
        raise _failed(function, cause="not started", where="-") from None
    finally:
        status = await _ended(process)
    if not answer or len(answer) > RESULT_BYTES:
        if status == -signal.SIGXCPU:
            raise FileTooSlow(seconds=seconds)
        raise FileUnreadable(cause=f"exit {status}")
    return _unwrap(answer, function, seconds=seconds, megabytes=megabytes)


async def _exchange(process: asyncio.subprocess.Process, request: bytes, seconds: float) -> bytes:
    assert process.stdin is not None  # noqa: S101 (asked for as a pipe)
    assert process.stdout is not None  # noqa: S101 (asked for as a pipe)
    async with asyncio.timeout(START_SECONDS):
        if not await process.stdout.read(1):
            raise _NotStarted
    async with asyncio.timeout(seconds):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(request)
            await process.stdin.drain()
            process.stdin.close()
        parts: list[bytes] = []
        size = 0
        while size <= RESULT_BYTES and (part := await process.stdout.read(1024 * 1024)):
            parts.append(part)
            size += len(part)
        return b"".join(parts)


async def _ended(process: asyncio.subprocess.Process) -> int:
    """The exit status; a child that does not leave by itself at once is killed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5 if process.stdout is not None and process.stdout.at_eof() else 0):
            return await process.wait()
    with contextlib.suppress(ProcessLookupError):
        # Process.kill() would collect the status itself, and asyncio complain that it is gone.
        os.kill(process.pid, signal.SIGKILL)
    return await process.wait()


def _failed(function: str, *, cause: str, where: str) -> ReaderFailed:
    """The error, logged with the place in our code and nothing of the file."""
    log.error("sandbox.reader_failed", function=function, cause=cause, where=where)
    return ReaderFailed()


def _unwrap(answer: bytes, function: str, *, seconds: float, megabytes: int) -> Any:
    """The result, or the child's error raised here."""
    try:
        outcome, value = _Careful(io.BytesIO(answer)).load()
    except Exception as error:
        raise FileUnreadable(cause="the answer was cut off") from error
    match outcome, value:
        case "result", _:
            return value
        case "refused", (kind, fields):
            raise kind(**fields)
        case "memory", _:
            raise FileTooHeavy(megabytes=megabytes)
        case "ours", (str() as cause, str() as where):
            raise _failed(function, cause=cause, where=where)
        case "failed", (str() as cause, str() as where):
            raise FileUnreadable(cause=f"{cause}, {where}")
        case _:
            raise FileUnreadable(cause="the answer makes no sense")


class _Careful(pickle.Unpickler):
    """Builds values of ours only: a child that a file has taken over cannot make us call anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in {("datetime", "date"), ("datetime", "datetime"), ("datetime", "time")}:
            return super().find_class(module, name)
        if module.split(".")[0] in {"storage", "records", "content", "tests"} and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, (enum.Enum, WaymarkError))):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not a value")
