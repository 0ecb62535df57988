"""Connections that the server has ended are not handed out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from storage import postgres
from storage.database import Database
from tests.postgres import Cluster

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


@pytest.mark.postgres
@pytest.mark.parametrize(("server", "ours"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")])
async def test_what_is_committed_survives_the_server_whatever_the_server_does_otherwise(
    postgres: Cluster, new_postgres: Callable[[], str], server: str, ours: str
) -> None:
    url = new_postgres()
    postgres.statement(f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = {server}")
    database = Database(url)

    async with database.read() as session:
        assert await session.scalar(text("SHOW synchronous_commit")) == ours

    await database.close()
