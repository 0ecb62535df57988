"""Several processes on one PostgreSQL: everybody in their order, nothing lost when one dies or stands still."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.tables import InboxRow
from records.tables import PersonRow
from scheduler import claiming, outbox
from scheduler.planner import PLANNING_LOCK, Page, plan, plan_when_free
from scheduler.tables import OutboxRow
from scheduler.trouble import will_pass
from storage.database import Database
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.child import house, plan_and_stand_still, process, text_update, work
from tests.faults.shop import letter, orders_of, states
from tests.faults.wire import Wire
from tests.scheduler.people import add_branch, add_student
from tests.scheduler.test_planner import PLANNING, at

__all__ = ["emulator"]
LEASE_SECONDS = 2.0


@pytest.fixture
def postgres_url(new_postgres: Callable[[], str]) -> str:
    return new_postgres()


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    with Wire(postgres_url) as wire:
        yield wire


def workers(emulator: Emulator, *urls: str) -> list[Any]:
    """A worker each."""
    started = [process(work, url, emulator.token, emulator.address, LEASE_SECONDS) for url in urls]
    for one in started:
        one.start()
    return started


def stop(processes: list[Any]) -> None:
    for one in processes:
        one.kill()
        one.join(10)


@pytest.mark.postgres
@pytest.mark.parametrize("trouble", ["none", "killed", "asleep", "cut", "silent"])
async def test_everybody_is_answered_in_order_whatever_becomes_of_one_worker(
    postgres_url: str, wire: Wire, emulator: Emulator, trouble: str
) -> None:
    people = [emulator.user(f"学生{number}") for number in range(8)]
    said = [f"order {number}" for number in range(6)]
    database = Database(postgres_url)
    inbox, _, door = house(database, emulator.token, emulator.address)
    updates = [
        text_update(100 * place + number, person.id, words)
        for number, words in enumerate(said)
        for place, person in enumerate(people)
    ]
    expected = [line for number, words in enumerate(said, 1) for line in (f"taken {words}", f"number {number}")]
    await inbox.put("telegram", updates[:24])
    started = workers(emulator, wire.url, postgres_url)
    try:
        await emulator.comes_about(lambda it: len(it.sent_to()) >= 10, 60)
        if trouble == "killed":
            os.kill(started[0].pid, signal.SIGKILL)
        elif trouble == "asleep":
            os.kill(started[0].pid, signal.SIGSTOP)
        elif trouble == "cut":
            wire.cut()
        elif trouble == "silent":
            wire.falls_silent()
        await inbox.put("telegram", updates[24:])
        if trouble in ("asleep", "silent"):
            with suppress(TimeoutError):  # it keeps the people it holds, which may be all of them
                await emulator.comes_about(lambda it: len(it.sent_to()) >= 40, 10)
            os.kill(started[0].pid, signal.SIGCONT)
            wire.mend()
        for person in people:
            await asyncio.to_thread(person.waits_for, "number 6", 60)
    finally:
        stop(started)

    doubled = 0
    for person in people:
        heard = [seen.text for seen in person.heard]
        assert list(dict.fromkeys(heard)) == expected
        assert await orders_of(database, person.id) == said
        doubled += len(heard) - len(expected)
    assert doubled <= (0 if trouble == "none" else 8)
    async with database.read() as session:
        assert Counter(await session.scalars(select(InboxRow.state))) == {"handled": len(updates)}
    await door.session.close()
    await database.close()


@pytest.mark.postgres
async def test_a_dead_workers_letters_are_sent_by_another(postgres_url: str, emulator: Emulator) -> None:
    person = emulator.user("林小梅")
    database = Database(postgres_url)
    async with database.write() as session:
        draft = letter("reminder", person.id, outbox.Kind.REMINDER)
        await outbox.enqueue(session, [draft], now=draft.not_before)
        await session.execute(
            text("UPDATE outbox SET state = 'sending', attempts = 1, lease_until = now() + interval '1 second'")
        )
    started = workers(emulator, postgres_url)
    try:
        await asyncio.to_thread(person.waits_for, "reminder", 60)
    finally:
        stop(started)

    assert len(person.heard) == 1
    await database.close()


@pytest.mark.postgres
async def test_while_one_process_plans_the_others_leave_it_to_it(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database.write() as session:
        branch = await add_branch(session)
        await add_student(session, branch, 1)

    async with database.write() as planner:
        await planner.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": PLANNING_LOCK})
        async with database.write() as session:
            assert await plan(session, PLANNING, now=at(8)) is None
    async with database.write() as session:
        assert await plan(session, PLANNING, now=at(8)) == Page(1, more=False)

    async with database.read() as session:
        assert await session.scalar(select(OutboxRow.recipient_id)) == await session.scalar(select(PersonRow.id))
    await database.close()


@pytest.mark.postgres
async def test_when_the_one_that_plans_dies_another_takes_over_and_nothing_is_planned_twice(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database.write() as session:
        branch = await add_branch(session)
        await add_student(session, branch, 1)
    here, there = multiprocessing.Pipe(duplex=False)
    planner = process(plan_and_stand_still, postgres_url, there)
    planner.start()
    assert await asyncio.to_thread(here.recv) == Page(1, more=False)

    taking_over = asyncio.create_task(plan_when_free(database, PLANNING, lambda: at(8), ask_again_seconds=0.1))
    async with database.write() as session:
        assert await plan(session, PLANNING, now=at(8)) is None
    planner.kill()

    assert await taking_over == 1
    async with database.write() as session:
        assert await plan(session, PLANNING, now=at(8)) == Page(0, more=False)
    await database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("doing", ["planning", "claiming"])
async def test_whoever_stands_still_while_the_others_wait_for_it_has_to_let_go(
    postgres_url: str, wire: Wire, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, doing: str
) -> None:
    monkeypatch.setattr("scheduler.planner.STANDSTILL", "SET LOCAL idle_in_transaction_session_timeout = '1s'")
    monkeypatch.setattr("scheduler.claiming.STANDSTILL", "1s")
    sleeper, database, person = Database(wire.url), Database(postgres_url), emulator.user("林小梅")
    async with database.write() as session:
        await add_student(session, await add_branch(session), 1)
        draft = letter("card", person.id)
        await outbox.enqueue(session, [draft], now=draft.not_before)
    _, delivery, door = house(database, emulator.token, emulator.address)

    with pytest.raises(DBAPIError) as ended:
        async with sleeper.write() as session:
            await (plan(session, PLANNING, now=at(8)) if doing == "planning" else claiming.queue_for_claiming(session))
            wire.falls_silent()  # the plug is pulled: nobody can tell the server
            if doing == "planning":
                assert await plan_when_free(database, PLANNING, lambda: at(8), ask_again_seconds=0.1) == 1
            else:
                await delivery.drain()
                assert [seen.text for seen in person.heard] == ["card"]
            wire.mend()
            await session.execute(text("SELECT 1"))
    assert will_pass(ended.value)

    await door.session.close()
    await sleeper.close()
    await database.close()


@pytest.mark.postgres
async def test_two_processes_never_carry_the_same_letter(postgres_url: str, emulator: Emulator) -> None:
    people = [emulator.user(f"学生{number}") for number in range(60)]
    database = Database(postgres_url)
    async with database.write() as session:
        drafts = [letter(f"card {person.id}", person.id) for person in people]
        await outbox.enqueue(session, drafts, now=drafts[0].not_before)
    started = workers(emulator, postgres_url, postgres_url)
    try:
        await emulator.comes_about(lambda it: len(it.sent_to()) >= len(people), 60)
    finally:
        stop(started)

    assert Counter(effect.chat_id for effect in emulator.sent_to()) == dict.fromkeys((one.id for one in people), 1)
    assert set((await states(database)).values()) <= {"sent", "sending"}
    await database.close()
