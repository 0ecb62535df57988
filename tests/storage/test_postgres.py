"""Connections that the server has ended are not handed out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from storage import postgres
from storage.database import Database

MILLISECONDS = 10_000  # at most, until the server has ended it


async def _own_connection(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.pg_backend_pid())) or 0)


async def _ends(database: Database, connection: int) -> None:
    async with database.read() as session:
        assert await session.scalar(select(func.pg_terminate_backend(connection, MILLISECONDS)))
    await asyncio.sleep(0)  # the loop hears of it


@pytest.mark.postgres
@pytest.mark.parametrize("asked_after", [0.0, 3600.0])
async def test_a_connection_that_the_server_ended_is_noticed_before_anybody_uses_it(
    new_postgres: Callable[[], str], asked_after: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ASKED_AFTER_SECONDS", asked_after)
    url = new_postgres()
    database, other = Database(url), Database(url)
    try:
        first = await _own_connection(database)
        assert await _own_connection(database) == first  # it is kept and used again

        await _ends(other, first)

        assert await _own_connection(database) != first
    finally:
        await database.close()
        await other.close()
