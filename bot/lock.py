"""One process at a time works with an embedded database: a lock in the data folder sees to it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import WaymarkError

LOCK = "waymark.lock"


class AlreadyRunning(WaymarkError):
    """Another process serves this data folder."""

    key = "error.already_running"
    sentence = "Waymark is already running with the data in {data} (process {process}). Stop it first."


class FolderNotWritable(WaymarkError):
    """The data folder cannot be used."""

    key = "error.folder_not_writable"
    sentence = "The data folder {data} cannot be written: {reason}. Choose another one with WAYMARK_DATA."


@contextmanager
def sole_process(data: Path) -> Iterator[None]:
    """Hold the folder until the block ends; the system lets go of it when the process dies, however it dies.

    Raises:
        AlreadyRunning: naming the process that holds it.
        FolderNotWritable: there is no such folder and none can be made.
    """
    make_folder(data)
    try:
        file = (data / LOCK).open("a+", encoding="ascii")
    except OSError as error:
        raise _not_writable(data, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise AlreadyRunning(data=str(data), process=file.read().strip() or "?") from error
        try:
            file.seek(0)
            file.truncate()
            file.write(f"{os.getpid()}\n")
            file.flush()
        except OSError as error:
            file.truncate(0)  # or closing it would try again
            raise _not_writable(data, error) from error
        yield


def make_folder(data: Path) -> None:
    """The data folder, made for us alone where it is not there.

    Raises:
        FolderNotWritable: it cannot be.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(data, error) from error


def _not_writable(data: Path, error: OSError) -> FolderNotWritable:
    return FolderNotWritable(data=str(data), reason=error.strerror or type(error).__name__)
