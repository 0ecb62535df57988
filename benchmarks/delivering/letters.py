"""Databases filled for a measurement."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select

from benchmarks.delivering.ours import now
from benchmarks.delivering.rig import DurableCluster
from bot.schema import metadata
from scheduler.outbox import Draft, Kind, enqueue
from scheduler.tables import OutboxRow
from storage.database import Database, sqlite_url
from storage.migrations import upgrade

T = TypeVar("T")
_numbers = itertools.count()


def with_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Open, work, close."""
    metadata()

    async def run() -> T:
        database = Database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def new_database(kind: str, folder: Path, cluster: DurableCluster | None) -> str:
    """An empty, migrated one."""
    name = f"bench{next(_numbers)}"
    if kind == "sqlite":
        url = sqlite_url(str(folder / f"{name}.db"))
    else:
        assert cluster is not None
        cluster.statement(f"CREATE DATABASE {name}")
        url = cluster.url(name)
    with_database(url, upgrade)
    return url


def put_broadcast(url: str, people: range) -> None:
    """A letter for each of them."""

    async def put(database: Database) -> None:
        moment = now()
        for at in range(0, len(people), 10_000):
            drafts = [
                Draft(
                    unique_key=f"news:{user}",
                    channel="telegram",
                    chat_id=user,
                    kind=Kind.BROADCAST,
                    payload={"method": "SendMessage", "fields": {"chat_id": user, "text": f"news for {user}"}},
                    not_before=moment,
                )
                for user in people[at : at + 10_000]
            ]
            async with database.write() as session:
                await enqueue(session, drafts, now=moment)

    with_database(url, put)


def count_states(url: str) -> dict[str, int]:
    """How many letters stand where."""

    async def count(database: Database) -> dict[str, int]:
        async with database.read() as session:
            rows = await session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
            return {one.state: one[1] for one in rows}

    return with_database(url, count)
