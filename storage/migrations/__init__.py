"""How the tables came to be: Alembic's steps, and the call that takes them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, first_come
from storage.errors import WaymarkError

REVISIONS = "alembic_version"


class DatabaseNewer(WaymarkError):
    """The tables are newer than this program."""

    key = "error.database_newer"
    sentence = (
        "The database was made by a newer Waymark: it is at revision {found}, and this program knows them "
        "up to {wanted}. Install that version."
    )


def configuration(connection: Connection | None = None, target: MetaData | None = None) -> Config:
    """Alembic's configuration; `target` is only needed to write a new migration."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["target"] = target
    return config


async def upgrade(database: Database) -> None:
    """Bring the tables to the newest revision; nothing happens when they are, or another process has just done it.

    Raises:
        DatabaseNewer: nothing was changed.
    """
    async with database.write() as session:
        await first_come(session)
        connection = await session.connection()
        refuse_newer(await revision_within(connection))
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))


def head_revision() -> str:
    """The newest revision that this program knows."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    return head or ""


def is_known(revision: str) -> bool:
    """Whether this program knows the revision; newer ones it does not."""
    try:
        return ScriptDirectory.from_config(configuration()).get_revision(revision) is not None
    except CommandError:
        return False


def refuse_newer(revision: str | None) -> None:
    """Raises: DatabaseNewer."""
    if revision is not None and not is_known(revision):
        raise DatabaseNewer(found=revision, wanted=head_revision())


async def revision_of(database: Database) -> str | None:
    """The revision of the database's tables; None where there are none yet."""
    async with database.read() as session:
        return await revision_within(await session.connection())


async def revision_within(connection: AsyncConnection) -> str | None:
    """The same by a connection that is there."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table(REVISIONS)):
        return None
    found: str | None = await connection.scalar(text(f"SELECT version_num FROM {REVISIONS}"))  # noqa: S608 (a constant)
    return found
