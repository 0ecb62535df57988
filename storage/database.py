"""The database: one place to open it, one way to write to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from storage.sqlite import Connection

BUSY_TIMEOUT_SECONDS = 30
TRY_SECONDS = 2  # who only wants to know whether it can be written does not wait longer for a lock
READERS = 4
POOL, POOL_MORE = 10, 30
_GLANCE = "waymark_glance"
_STARTING = 0x77617900  # the number of PostgreSQL's advisory lock

# SQLite numbers rows by itself only in a column of exactly this type.
BigId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite drops the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The parent of every table; names of constraints are fixed so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 (SQLAlchemy's own way of naming it)


class Database:
    """Ways in: `write` for what changes something, `read` for what only looks, `glance` for a look by one statement.

    On SQLite there is one writing connection and writers wait for it in turn, each transaction immediate; readers
    never wait for them (WAL). So a `write` must not be opened inside another `write` of the same task.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(self.url, connections=1, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(self.url, connections=READERS, begin="BEGIN")
            self._glancer = self._reader.execution_options(**{_GLANCE: True})
        else:
            # A turn holds one connection and its handler may want a second to look something up.
            from storage.postgres import connect, watch_over  # the driver is an extra

            self._writer = create_async_engine(
                self.url,
                pool_size=POOL,
                max_overflow=POOL_MORE,
                hide_parameters=True,
                connect_args={"async_creator_fn": connect},
            )
            watch_over(self._writer)
            self._reader = self._writer
            self._glancer = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine."""
        return self._writer

    def session(self) -> AsyncSession:
        """A session that takes the writing connection with its first statement; the caller commits and closes."""
        return AsyncSession(self._writer, expire_on_commit=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back by an exception."""
        async with self.session() as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A consistent look; nothing that it changes is kept."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncSession]:
        """A look by one statement, which is consistent by itself: no transaction is begun and ended around it."""
        async with AsyncSession(self._glancer, expire_on_commit=False) as session:
            yield session

    async def try_writing(self) -> None:
        """Write something that nobody keeps.

        Raises:
            DBAPIError: as whoever wants to keep something would get it: full, only readable or, when embedded, locked.
        """
        if not self.is_sqlite:
            from storage.postgres import try_writing  # the driver is an extra

            return await try_writing(self._writer)
        trial = _sqlite_engine(self.url, connections=1, begin="BEGIN IMMEDIATE", busy_seconds=TRY_SECONDS)
        try:
            async with trial.connect() as connection:
                await connection.exec_driver_sql("PRAGMA user_version = 0")  # BEGIN alone does not tell of read-only
        finally:
            await trial.dispose()

    async def close(self) -> None:
        """Return every connection."""
        await self._writer.dispose()
        await self._reader.dispose()


async def first_come(session: AsyncSession) -> None:
    """Go on alone: whoever else asks for it waits until this transaction ends, and then sees what it did.

    For what the start of an installation does once, as several processes may start at the same moment. On SQLite every
    transaction that writes is alone.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_STARTING)))


def sqlite_url(path: str) -> str:
    """The URL of an embedded database file."""
    return f"sqlite+aiosqlite:///{path}"


def _sqlite_engine(url: URL, *, connections: int, begin: str, busy_seconds: int = BUSY_TIMEOUT_SECONDS) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,  # an error's text may reach a log, and parameters are what people wrote
        pool_timeout=busy_seconds,
        connect_args={"timeout": busy_seconds, "async_creator_fn": Connection},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own: `begin` below does
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an update confirmed to the platform survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={busy_seconds * 1000}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        if not connection.get_execution_options().get(_GLANCE):
            connection.exec_driver_sql(begin)

    return engine
