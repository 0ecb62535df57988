"""Several processes of one installation start at the same moment: one database, one library, one administrator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.channels.web.visitors import secret_of
from bot.first import Awaited, await_first_organiser
from bot.opening import open_services
from bot.settings import Settings
from content.tables import DocumentRow
from records.tables import PersonRow
from storage.database import Database
from storage.settings import get_setting, put_setting
from tests.postgres import Cluster


@pytest.fixture
def empty(postgres: Cluster) -> Iterator[str]:
    """A database in which nobody has made a table yet."""
    postgres.statement("CREATE DATABASE untouched")
    yield postgres.url("untouched")
    postgres.statement("DROP DATABASE untouched WITH (FORCE)")


@pytest.mark.postgres
async def test_an_empty_server_is_set_up_once_whoever_comes_first(empty: str, tmp_path: Path) -> None:
    async def start(name: str) -> tuple[Awaited | None, str]:
        settings = Settings(data=tmp_path / name, database_url=empty, _env_file=None)  # type: ignore[call-arg]  # pydantic's
        async with open_services(settings) as services:
            return await await_first_organiser(services), await secret_of(services.database)

    (one, secret), (other, another_secret) = await asyncio.gather(start("one"), start("other"))

    assert one is not None
    assert other is not None
    assert (one.invited is None) != (other.invited is None)  # the code is shown by one of them
    assert secret == another_secret
    database = Database(empty)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(PersonRow)) == 1
        titles = list(await session.scalars(select(DocumentRow.title)))
    await database.close()
    assert len(set(titles)) == len(titles) > 0


@pytest.mark.postgres
async def test_a_setting_that_two_keep_for_the_first_time_at_once_is_kept(new_postgres: Callable[[], str]) -> None:
    database = Database(new_postgres())

    async def keep(value: str) -> None:
        async with database.write() as session:
            await put_setting(session, "weather", value)
            assert await get_setting(session, "weather") == value

    async with database.write() as session:
        await put_setting(session, "weather", "rain")
        await session.flush()
        waiting = asyncio.create_task(keep("sun"))
        while not await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert not waiting.done()
    await waiting

    async with database.read() as session:
        assert await get_setting(session, "weather") == "sun"
    await database.close()
