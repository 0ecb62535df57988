"""The database as an operator may find it: not there, not to be reached, damaged; one sentence for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import DBAPIError

from bot.settings import Settings
from bot.trouble import told
from storage.database import Database
from storage.errors import WaymarkError
from storage.migrations import revision_of

log = structlog.get_logger(__name__)


class NoDatabase(WaymarkError):
    """Nothing was ever kept there."""

    key = "error.no_database"
    sentence = "There is no database at {path} yet, so there is nothing to read or to back up. Check WAYMARK_DATA."


class DatabaseUnreachable(WaymarkError):
    """There is no database at the address, it lets us not in, or what is there is none."""

    key = "error.database_unreachable"
    sentence = "The database cannot be opened: {url} ({reason}). Check WAYMARK_DATABASE_URL or WAYMARK_DATA."


@contextmanager
def told_plainly(database: Database, settings: Settings) -> Iterator[None]:
    """Whatever the database refuses within is told in one sentence.

    Raises:
        DatabaseInTrouble, DatabaseUnreachable, DatabaseDamaged
    """
    try:
        yield
    except WaymarkError:
        raise
    except Exception as error:  # drivers have no common family: whatever goes wrong here is the database's
        log.error("database.not_opened", exc_info=error)
        answered = database.is_sqlite or isinstance(error, DBAPIError)
        trouble = told(error, settings.data, embedded=not settings.database_url) if answered else None
        if trouble is not None:
            raise trouble from error
        where = database.url.render_as_string(hide_password=True)
        raise DatabaseUnreachable(url=where, reason=type(error).__name__) from error


def has_file(database: Database) -> bool:
    """Whether an embedded database is there at all; of a server only asking tells."""
    return not database.is_sqlite or os.path.exists(str(database.url.database).removeprefix("file:"))


async def require_database(database: Database) -> None:
    """Who only reads makes none.

    Raises:
        NoDatabase: there is none, or one without any table.
    """
    if not has_file(database) or await revision_of(database) is None:
        raise NoDatabase(path=database.url.database)
