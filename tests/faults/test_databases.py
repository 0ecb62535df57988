"""While the database is locked, full or gone everything waits; afterwards nothing is lost and nothing was doubled."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiogram.methods import SendMessage
from sqlalchemy import text
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from bot.channels.telegram import telegram_bot
from bot.turns.carrier import Composed, DoorCarrier
from scheduler.delivery import Delivery
from scheduler.outbox import Kind, Letter, enqueue
from storage.database import Database, sqlite_url
from tests.bot.small_house import SmallHouse, in_thread, now
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person
from tests.faults.shop import letter, orders_of, shop, states
from tests.postgres import Cluster

__all__ = ["emulator"]
Trouble = Callable[[], Awaitable[None]]
QUERY_ONLY = ("query_only = 1", "query_only = 0")


@asynccontextmanager
async def interrupted(database: Database, emulator: Emulator, begin: Trouble, end: Trouble) -> AsyncIterator[Person]:
    """Somebody orders before, during and after the trouble."""
    mei = emulator.user("林小梅")
    async with SmallHouse(database, emulator, shop()).open():
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1"))
        await begin()
        mei.says("cake " + "with cream " * 300)
        yield mei
        await end()
        mei.says("bun")
        await in_thread(lambda: mei.waits_for("number 3", timeout=40))


def everything_once(mei: Person) -> None:
    numbers = [seen.text for seen in mei.heard if seen.text.startswith("number")]
    assert numbers == ["number 1", "number 2", "number 3"]
    assert len(mei.heard) == 6


async def say(database: Database, pragma: str) -> None:
    """To the one connection that writes."""
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()  # in no transaction: a file that can only be read begins none
        await raw.driver_connection.execute(f"PRAGMA {pragma}")


@pytest.mark.parametrize(("trouble", "mended"), [("max_page_count = 1", "max_page_count = 1000000"), QUERY_ONLY])
async def test_a_file_that_cannot_grow_or_only_be_read_is_waited_for(
    new_sqlite: Callable[[], str], emulator: Emulator, trouble: str, mended: str
) -> None:
    database = Database(new_sqlite())

    async with interrupted(database, emulator, lambda: say(database, trouble), lambda: say(database, mended)) as mei:
        await asyncio.sleep(0)
        await in_thread(lambda: emulator.waits_until(lambda it: it.pending_updates == 1))
        with pytest.raises(TimeoutError):
            await in_thread(lambda: mei.waits_for("number 2", timeout=1.5))

    everything_once(mei)
    assert len(await orders_of(database, mei.id)) == 3
    await database.close()


async def test_a_database_that_another_program_locks_is_waited_for(
    new_sqlite: Callable[[], str], emulator: Emulator
) -> None:
    url = new_sqlite()
    database = Database(url)
    other = sqlite3.connect(str(make_url(url).database), isolation_level=None, check_same_thread=False)

    async def lock() -> None:
        await in_thread(lambda: other.execute("BEGIN IMMEDIATE"))

    async def unlock() -> None:
        await in_thread(lambda: other.execute("ROLLBACK"))

    async with interrupted(database, emulator, lock, unlock) as mei:
        with pytest.raises(TimeoutError):
            await in_thread(lambda: mei.waits_for("number 2", timeout=1))

    everything_once(mei)
    other.close()
    await database.close()


@pytest.mark.postgres
async def test_a_database_server_that_is_gone_for_a_while_is_waited_for(
    postgres: Cluster, new_postgres: Callable[[], str], emulator: Emulator
) -> None:
    url = new_postgres()
    name, database = make_url(url).database, Database(url)

    async def go() -> None:
        await in_thread(lambda: postgres.statement(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 (our own name)
        await in_thread(lambda: postgres.statement(kill))

    async def come_back() -> None:
        await in_thread(lambda: postgres.statement(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))

    async with interrupted(database, emulator, go, come_back) as mei:
        with pytest.raises(TimeoutError):
            await in_thread(lambda: mei.waits_for("number 2", timeout=2))

    everything_once(mei)
    assert len(await orders_of(database, mei.id)) == 3
    await database.close()


async def test_a_card_that_could_not_be_written_is_sent_when_the_database_is_there_again(
    database: Database, emulator: Emulator, tmp_path: Path
) -> None:
    person, passed = emulator.user("林小梅"), [timedelta(0)]
    gone = Database(sqlite_url(str(tmp_path / "gone" / "waymark.db")))

    async def compose(letter: Letter) -> Composed:
        if not passed[0]:
            async with gone.read() as session:
                await session.execute(text("SELECT 1"))
        return SendMessage(chat_id=letter.chat_id, text="card")

    def clock() -> datetime:
        return now() + passed[0]

    async with database.write() as session:
        await enqueue(session, [replace(letter("card", person.id), payload={"template": "study"})], now=now())
    door = telegram_bot(emulator.token, emulator.address)
    delivery = Delivery(database, {"telegram": DoorCarrier(database, door, compose, clock)}, {}, clock)

    await delivery.drain()
    assert await states(database) == {"card": "queued"}
    passed[0] = timedelta(minutes=1)
    await delivery.drain()

    assert await states(database) == {"card": "sent"}
    assert [seen.text for seen in person.heard] == ["card"]
    await door.session.close()
    await gone.close()


async def test_the_second_part_of_a_long_letter_waits_for_the_database_and_the_first_is_not_sent_again(
    new_sqlite: Callable[[], str], emulator: Emulator
) -> None:
    database, person = Database(new_sqlite()), emulator.user("林小梅")
    door = telegram_bot(emulator.token, emulator.address)

    async def compose(letter: Letter) -> Composed:
        if not person.heard:
            await say(database, QUERY_ONLY[0])
        return SendMessage(chat_id=letter.chat_id, text="一二三四五六七。" * 800)

    async with database.write() as session:
        long = replace(letter("long", person.id, Kind.REMINDER), payload={"template": "reminders"})
        await enqueue(session, [long], now=now())
    delivery = Delivery(database, {"telegram": DoorCarrier(database, door, compose, now)}, {}, now)
    with capture_logs() as logs:
        delivering = asyncio.create_task(delivery.run(alone=True))
        async with asyncio.timeout(20):
            while True:
                if any("error" in one or "exc_info" in one for one in logs):
                    await say(database, QUERY_ONLY[1])
                    logs.clear()
                if set((await states(database)).values()) == {"sent"} and len(person.heard) > 1:
                    break
                await asyncio.sleep(0.01)
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)

    assert "".join(seen.text for seen in person.heard) == "一二三四五六七。" * 800
    await door.session.close()
    await database.close()
