"""What an operator is told when the database cannot be used at the moment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scheduler.trouble import Trouble, trouble_of
from storage.errors import Term, WaymarkError
from storage.sqlite import is_damage

NO_SPACE = 1024 * 1024  # bytes; with less SQLite cannot even make the file by which its users know of each other

_REASONS = {
    Trouble.FULL: "the disk is full; make room and do it again",
    Trouble.READ_ONLY: "it can only be read; give the user that runs Waymark the right to write its files, "
    "or see why PostgreSQL only reads",
    Trouble.LOCKED: "another program holds it; do it again when that one is done",
    Trouble.GONE: "it does not answer; see whether it runs, and do it again",
}


class DatabaseInTrouble(WaymarkError):
    """Full, read-only, locked or gone: nothing is wrong with what was asked for."""

    key = "error.database_in_trouble"
    sentence = "Nothing was changed, as the database cannot be used now: {reason}."


class DatabaseDamaged(WaymarkError):
    """The file is there and cannot be read as a database."""

    key = "error.database_damaged"
    sentence = "The database is damaged. Restore a backup into a new data folder (waymark restore)."


def told(error: BaseException, data: Path, *, embedded: bool) -> WaymarkError | None:
    """The sentence for what the database said; None where the error is another one.

    Args:
        embedded: whether the database lies in the folder `data`.
    """
    if is_damage(error):
        return DatabaseDamaged()
    trouble = trouble_of(error)
    if trouble is None:
        return None
    if embedded and data.exists():  # what SQLite says of both is often no more than that it cannot open a file
        if not os.access(data, os.W_OK):
            trouble = Trouble.READ_ONLY
        elif is_full(data):
            trouble = Trouble.FULL
    return DatabaseInTrouble(reason=Term(_REASONS[trouble], f"trouble.{trouble.value}"))


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room for what a database must write."""
    return shutil.disk_usage(folder).free < NO_SPACE
