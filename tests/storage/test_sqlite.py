"""An embedded database lets go of whatever is cancelled, however often, and closes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from sqlalchemy import text

from storage.database import Database

ROUNDS = 12
HANGS_SECONDS = 20  # far more than everything here takes
SLOW = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 20000) SELECT sum(x) FROM n")


async def write(database: Database) -> None:
    for _ in range(3):
        async with database.write() as session:
            await session.execute(text("INSERT INTO setting (key, value) VALUES (hex(randomblob(16)), '1')"))
            await session.execute(SLOW)


async def read(database: Database) -> None:
    for _ in range(3):
        async with database.read() as session:
            await session.execute(SLOW)


async def moments(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_cancelled_in_the_middle_of_a_statement_ends_and_keeps_nothing_locked(
    new_sqlite: Callable[[], str], seed: int
) -> None:
    chance, database = random.Random(seed), Database(new_sqlite())
    async with asyncio.timeout(HANGS_SECONDS):
        for _ in range(ROUNDS):
            tasks = [asyncio.create_task(chance.choice([write, read])(database)) for _ in range(8)]
            for _ in range(chance.choice([1, 2])):
                await moments(chance.randrange(60))
                for task in tasks:
                    task.cancel()
            done, hanging = await asyncio.wait(tasks, timeout=HANGS_SECONDS / 2)
            assert (len(done), hanging) == (8, set())

        await write(database)
        await database.close()
    await moments(10)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_half_read_result_that_somebody_still_holds_locks_nothing(new_sqlite: Callable[[], str]) -> None:
    database = Database(new_sqlite())
    held: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def look_while_writing() -> None:
        async with database.write() as session:
            await session.execute(text("INSERT INTO setting (key, value) VALUES ('half', '1')"))
            numbers = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 9000) SELECT x FROM n")
            held.set_result(await session.stream(numbers))
            await session.execute(SLOW)

    task = asyncio.create_task(look_while_writing())
    await held
    await moments(3)
    task.cancel()
    await asyncio.wait({task})

    async with asyncio.timeout(HANGS_SECONDS):
        await write(database)
    await database.close()
