"""The database keeps what it promises, on both kinds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.schema import metadata
from records.tables import PersonRow
from storage.database import Database
from storage.files import FileRow, drop_file, forget_files, load_file, store_file
from storage.settings import get_setting, put_setting

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


async def test_the_migrations_build_the_tables_that_the_code_describes(database: Database) -> None:
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata())
        )

    assert differences == []


async def test_a_moment_comes_back_in_utc(database: Database) -> None:
    shanghai = NOON.astimezone(timezone(timedelta(hours=8)))

    async with database.write() as session:
        await store_file(session, name="a.txt", content=b"a", now=shanghai)

    async with database.read() as session:
        row = await session.scalar(select(FileRow))
        assert row is not None
        assert row.stored_at == NOON
        assert row.stored_at.tzinfo is UTC


async def test_the_same_bytes_are_kept_once(database: Database) -> None:
    async with database.write() as session:
        first = await store_file(session, name="a.txt", content=b"same", now=NOON)
        second = await store_file(session, name="b.txt", content=b"same", now=NOON)
        stored = await load_file(session, first)

    assert first == second
    assert stored is not None
    assert (stored.name, stored.content) == ("a.txt", b"same")


async def test_a_file_is_kept_as_long_as_the_longest_wish(database: Database) -> None:
    async with database.write() as session:
        short = await store_file(session, name="a", content=b"short", now=NOON, keep=timedelta(days=1))
        longer = await store_file(session, name="b", content=b"longer", now=NOON, keep=timedelta(days=1))
        await store_file(session, name="b", content=b"longer", now=NOON, keep=timedelta(days=9))
        await drop_file(session, longer, before=NOON + timedelta(days=1))
        lasting = await store_file(session, name="c", content=b"lasting", now=NOON, keep=timedelta(days=1))
        await store_file(session, name="c", content=b"lasting", now=NOON)

        assert await forget_files(session, now=NOON + timedelta(days=2)) == 1
        assert await load_file(session, short) is None
        assert await load_file(session, longer) is not None
        assert await forget_files(session, now=NOON + timedelta(days=99)) == 1
        assert await load_file(session, lasting) is not None


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.write() as session:
            await put_setting(session, "colour", "red")
            raise ZeroDivisionError

    async with database.read() as session:
        assert await get_setting(session, "colour") is None


async def test_foreign_keys_are_kept(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(PersonRow(name="林一", branch_id=404, details={}, created_at=NOON))


async def test_many_writers_at_once_all_get_through(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.write() as session:
            await store_file(session, name=f"{number}", content=str(number).encode(), now=NOON)

    await asyncio.gather(*(write(number) for number in range(50)))

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(FileRow)) == 50
