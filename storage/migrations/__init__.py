"""How the tables came to be: Alembic's steps, and the call that takes them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from storage.database import Database, first_come


def configuration(connection: Connection | None = None, target: MetaData | None = None) -> Config:
    """Alembic's configuration; `target` is only needed to write a new migration."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["target"] = target
    return config


async def upgrade(database: Database) -> None:
    """Bring the tables to the newest revision; nothing happens when they are, or another process has just done it."""
    async with database.write() as session:
        await first_come(session)
        connection = await session.connection()
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))


def head_revision() -> str:
    """The newest revision that this program knows."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    return head or ""
