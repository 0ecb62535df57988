"""Whenever the process is ended, asked or not: everybody is answered in their order, and nothing is done twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal

import pytest

from scheduler.outbox import Kind, enqueue
from storage.database import Database
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.child import house, process, serve
from tests.faults.shop import letter, orders_of, states

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
