"""A process that stands still for a while (SIGSTOP, a machine that sleeps) repeats nothing of which it could know."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from aiogram.methods import SendMessage

from bot.channels.telegram import telegram_bot
from bot.turns.carrier import Compose, Composed, DoorCarrier
from scheduler.delivery import Delivery
from scheduler.outbox import Draft, Kind, Letter, enqueue
from storage.database import Database
from tests.bot.small_house import now
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.child import process, serve
from tests.faults.shop import orders_of, states

__all__ = ["emulator"]
PATIENCE_SECONDS = 1.0  # with the platform, instead of half a minute
LEASE = timedelta(seconds=0.4)


async def test_answers_that_came_while_the_process_stood_still_are_taken_for_what_they_are(
    database: Database, database_url: str, emulator: Emulator
) -> None:
    people = [emulator.user(f"学生{number}") for number in range(6)]
    slow = emulator.fails("slow", "sendMessage", seconds=0.5, times=len(people))
    here, there = multiprocessing.Pipe(duplex=False)
    child = process(serve, database_url, emulator.token, emulator.address, there, PATIENCE_SECONDS)
    child.start()
    await asyncio.to_thread(here.recv)
    for person in people:
        person.says("tea")

    await emulator.comes_about(lambda _: slow.happened == len(people), 30)  # all of them are on their way
    os.kill(child.pid, signal.SIGSTOP)
    await emulator.comes_about(lambda it: len(it.sent_to()) == len(people))
    await asyncio.sleep(1.5 * PATIENCE_SECONDS)
    os.kill(child.pid, signal.SIGCONT)
    for person in people:
        await person.hears("number 1", 30, since=0)
    child.terminate()
    await asyncio.to_thread(child.join, 60)

    for person in people:
        assert [seen.text for seen in person.heard] == ["taken tea", "number 1"]
        assert await orders_of(database, person.id) == ["tea"]


@pytest.mark.postgres
async def test_a_letter_that_another_took_over_while_it_was_being_written_is_not_sent_again(
    new_postgres: Callable[[], str], emulator: Emulator
) -> None:
    database, person = Database(new_postgres()), emulator.user("林小梅")
    stands, goes_on = asyncio.Event(), asyncio.Event()
    door = telegram_bot(emulator.token, emulator.address)

    async def at_once(letter: Letter) -> Composed:
        return SendMessage(chat_id=letter.chat_id, text="reminder")

    async def standing_still(letter: Letter) -> Composed:
        stands.set()
        await goes_on.wait()
        return await at_once(letter)

    def worker(compose: Compose) -> Delivery:
        return Delivery(database, {"telegram": DoorCarrier(database, door, compose, now)}, {}, now, lease=LEASE)

    async with database.write() as session:
        template = Draft("reminder", "telegram", person.id, Kind.REMINDER, {"template": "reminders"}, now())
        await enqueue(session, [template], now=now())
    sleeper, other = worker(standing_still), worker(at_once)

    sleeping = asyncio.create_task(sleeper.drain())
    await stands.wait()
    async with asyncio.timeout(20):
        while not person.heard:
            await other.recover(everything=False)
            await other.drain()
    goes_on.set()
    await sleeping

    assert await states(database) == {"reminder": "sent"}
    assert Counter(seen.text for seen in person.heard) == {"reminder": 1}
    await door.session.close()
    await database.close()
