"""Whenever the process is ended, asked or not: everybody is answered in their order, and nothing is done twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
from collections.abc import Callable

import pytest

from scheduler import claiming
from scheduler import delivery as delivering
from scheduler.delivery import Delivery
from scheduler.judging import Outcome, Report
from scheduler.outbox import Kind, Letter, enqueue
from storage.database import Database
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.child import house, process, serve
from tests.faults.shop import letter, orders_of, states
from tests.faults.wire import Wire

__all__ = ["emulator"]
ENDS = 10  # of either kind
PEOPLE = 4
IN_FLIGHT = 8
STOPPED_WITHIN_SECONDS = 60  # ten for what is in flight, and the rest for a busy machine


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_ended_at_any_moment_nothing_is_lost(
    database: Database, database_url: str, emulator: Emulator, end: signal.Signals
) -> None:
    chance = random.Random(end)
    people = [emulator.user(f"学生{number}") for number in range(PEOPLE)]
    cards = [f"card {number} {person.id}" for number in range(ENDS + 1) for person in people]

    for number in range(ENDS + 1):
        async with database.write() as session:
            drafts = [letter(f"card {number} {person.id}", person.id, Kind.STUDY) for person in people]
            await enqueue(session, drafts, now=drafts[0].not_before)
        for person in people:
            person.says(f"order {number}")
        here, there = multiprocessing.Pipe(duplex=False)
        child = process(serve, database_url, emulator.token, emulator.address, there)
        child.start()
        await asyncio.to_thread(here.recv)
        if number == ENDS:
            break
        enough = len(emulator.requests) + chance.randrange(1, 3 * PEOPLE)
        await asyncio.to_thread(emulator.waits_until, lambda it, enough=enough: len(it.requests) >= enough, 60)
        os.kill(child.pid, end)
        await asyncio.to_thread(child.join, STOPPED_WITHIN_SECONDS)
        assert child.exitcode == (0 if end == signal.SIGTERM else -signal.SIGKILL)

    expected = [line for number in range(ENDS + 1) for line in (f"taken order {number}", f"number {number + 1}")]
    for person in people:
        await asyncio.to_thread(person.waits_for, f"number {ENDS + 1}", 60, since=0)
    await emulator.comes_about(lambda it: not it.pending_updates)
    os.kill(child.pid, signal.SIGTERM)
    await asyncio.to_thread(child.join, STOPPED_WITHIN_SECONDS)
    _, delivery, door = house(database, emulator.token, emulator.address)
    await delivery.drain()
    await door.session.close()

    doubled = 0
    for person in people:
        heard = [seen.text for seen in person.heard]
        replies = [text for text in heard if not text.startswith("card")]
        assert list(dict.fromkeys(replies)) == expected
        assert await orders_of(database, person.id) == [f"order {number}" for number in range(ENDS + 1)]
        assert [heard.count(card) for card in cards if card.endswith(str(person.id)) and heard.count(card) > 1] == []
        doubled += len(replies) - len(expected)
    became = await states(database)
    assert {became[card] for card in cards} <= ({"sent"} if end == signal.SIGTERM else {"sent", "uncertain"})
    assert doubled <= (0 if end == signal.SIGTERM else ENDS * IN_FLIGHT)


async def test_a_platform_that_does_not_answer_keeps_nobody_from_stopping(
    new_sqlite: Callable[[], str], emulator: Emulator
) -> None:
    url = new_sqlite()
    database, mei = Database(url), emulator.user("林小梅")
    slow = emulator.fails("slow", "sendMessage", seconds=STOPPED_WITHIN_SECONDS)
    here, there = multiprocessing.Pipe(duplex=False)
    child = process(serve, url, emulator.token, emulator.address, there)
    child.start()
    await asyncio.to_thread(here.recv)
    mei.says("tea")
    await emulator.comes_about(lambda _: slow.happened == 1, 60)

    child.terminate()
    await asyncio.to_thread(child.join, STOPPED_WITHIN_SECONDS)

    assert child.exitcode == 0
    assert not emulator.sent_to(mei)  # so it did not wait for that
    assert sorted((await states(database)).values()) == ["queued", "sending"]  # the second reply and the first
    _, delivery, door = house(database, emulator.token, emulator.address)
    await delivery.recover(everything=True)
    await delivery.drain()
    await door.session.close()
    await database.close()
    assert [seen.text for seen in mei.heard] == ["taken tea", "number 1"]


@pytest.mark.postgres
async def test_a_database_that_does_not_answer_keeps_nobody_from_stopping(
    new_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "FINISH_SECONDS", 0.1)
    monkeypatch.setattr(delivering, "NOTE_SECONDS", 0.1)
    url, carried = new_postgres(), asyncio.Event()
    database = Database(url)
    async with database.write() as session:
        await enqueue(session, [letter("card", 1), letter("reminder", 2, Kind.REMINDER)], now=letter("", 0).not_before)

    class Sends:
        """And from then on the database says nothing."""

        async def carry(self, letter: Letter) -> Report:
            await asyncio.to_thread(wire.falls_silent)
            carried.set()
            return Report(Outcome.SENT, message_id=letter.id)

    with Wire(url) as wire:
        far = Database(wire.url)
        running = asyncio.create_task(
            Delivery(far, {"telegram": Sends()}, {}, lambda: letter("", 0).not_before).run(alone=False)
        )
        await carried.wait()
        running.cancel()
        await asyncio.wait({running}, timeout=STOPPED_WITHIN_SECONDS)
        assert running.done()
        wire.mend()
        await far.close()

    async with database.write() as session:
        assert await claiming.recover(session, now=letter("", 0).not_before, everything=True) == 2
    assert await states(database) == {"card": "uncertain", "reminder": "queued"}
    await database.close()
