"""The database keeps what it promises, on both kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

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


async def test_what_fails_takes_nobody_along_who_writes_at_the_same_moment(database: Database) -> None:
    async def put(session: AsyncSession, name: str) -> str:
        await put_setting(session, name, "written")
        if name == "wrong":
            raise ZeroDivisionError
        return name

    wrote = await asyncio.gather(
        *(database.write_together(partial(put, name=name)) for name in ("one", "wrong", "two")), return_exceptions=True
    )

    assert (wrote[0], type(wrote[1]), wrote[2]) == ("one", ZeroDivisionError, "two")
    async with database.read() as session:
        assert [await get_setting(session, name) for name in ("one", "wrong", "two")] == ["written", None, "written"]


async def test_on_sqlite_those_who_write_at_the_same_moment_share_a_commit(new_sqlite: Callable[[], str]) -> None:
    database = Database(new_sqlite())
    commits: list[object] = []
    event.listen(database.engine.sync_engine, "commit", commits.append)

    async def put(session: AsyncSession, number: int) -> None:
        await put_setting(session, f"n{number}", number)

    await asyncio.gather(*(database.write_together(partial(put, number=number)) for number in range(20)))

    assert len(commits) == 1
    async with database.read() as session:
        assert [await get_setting(session, f"n{number}") for number in range(20)] == list(range(20))
    await database.close()


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
