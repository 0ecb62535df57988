"""Processes that wait for each other's rows on PostgreSQL: none for ever, and a deadlock passes like a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiogram import Router
from aiogram.types import Message
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler import claiming, settling
from scheduler.broadcasts import Broadcast, Standing
from scheduler.judging import Outcome, Report, judge
from scheduler.spreading import begin, decide
from storage.database import Database
from storage.settings import SettingRow, put_setting
from tests.bot.small_house import SmallHouse, in_thread
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.scheduler.people import add_branch, add_student

__all__ = ["emulator"]
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PEOPLE = 3


async def waiting_for_locks(database: Database, count: int) -> None:
    """Until so many transactions of this database wait for what another one holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(20), database.read() as session:
        while (await session.scalar(waiting) or 0) < count:
            await session.rollback()
            await asyncio.sleep(0.01)


async def begun(session: AsyncSession, number: str, branch: int) -> Broadcast:
    broadcast = Broadcast(number, "text", 0, (branch,), "支部", None, NOON.isoformat(), people=PEOPLE)
    assert await begin(session, broadcast, notice_version="1", now=NOON) == PEOPLE
    return broadcast


async def holds_row(session: AsyncSession, broadcast: Broadcast, chat: int) -> None:
    """Until the transaction ends nobody else changes that letter."""
    row = text("SELECT id FROM outbox WHERE unique_key LIKE :key AND chat_id = :chat FOR UPDATE")
    await session.execute(row, {"key": f"broadcast:{broadcast.id}:%", "chat": chat})


@pytest.mark.postgres
async def test_a_broadcast_is_paused_while_chats_that_ask_to_wait_are_held_and_neither_waits_for_the_other(
    new_postgres: Callable[[], str],
) -> None:
    database = Database(new_postgres())
    async with database.write() as session:
        branch = await add_branch(session)
        for number in range(PEOPLE):
            await add_student(session, branch, number)
        await begun(session, "7-1", branch)
        lease = NOON + timedelta(hours=1)
        claimed = await claiming.claim(session, "telegram", now=NOON, lease_until=lease, limit=PEOPLE)
        second = await begun(session, "7-2", branch)
    first, middle, last = sorted(claimed, key=lambda letter: letter.chat_id)
    refused = [judge(letter, Report(Outcome.WAIT, retry_after=60), now=NOON) for letter in (last, first)]

    async def pause() -> None:
        async with database.write() as session:
            await decide(session, second, Standing.PAUSED, now=NOON)

    async def settle() -> None:
        async with database.write() as session:
            await settling.settle(session, refused, now=NOON)

    async with database.write() as meanwhile:
        await holds_row(meanwhile, second, middle.chat_id)
        pausing = asyncio.create_task(pause())
        await waiting_for_locks(database, 1)  # it has come to the middle one, and holds the first
        settling_ = asyncio.create_task(settle())
        await waiting_for_locks(database, 2)

    await asyncio.gather(pausing, settling_)
    await database.close()


async def changes(session: AsyncSession, key: str, value: int) -> None:
    """At once: the row is locked until the transaction ends."""
    await session.execute(update(SettingRow).where(SettingRow.key == key).values(value=value))


@pytest.mark.postgres
async def test_a_turn_that_a_deadlock_ended_is_taken_again(new_postgres: Callable[[], str], emulator: Emulator) -> None:
    database, mei, router = Database(new_postgres()), emulator.user("林小梅"), Router()
    holds, go_on, turns = asyncio.Event(), asyncio.Event(), []

    @router.message()
    async def order(message: Message, session: AsyncSession) -> None:
        turns.append(message.text)
        await changes(session, "tea", len(turns))
        holds.set()
        await go_on.wait()
        await changes(session, "cake", len(turns))
        await message.answer(f"turn {len(turns)}")

    async with database.write() as session:
        await put_setting(session, "tea", 0)
        await put_setting(session, "cake", 0)
    async with SmallHouse(database, emulator, router).open():
        async with database.write() as session:
            await session.execute(text("SET LOCAL deadlock_timeout = '1h'"))  # the other one is to be ended
            await changes(session, "cake", -1)
            mei.says("both")
            await holds.wait()
            waits = asyncio.create_task(waiting_for_locks(database, 1))
            wants = asyncio.create_task(changes(session, "tea", -1))
            await waits
            go_on.set()
            await wants
        await in_thread(lambda: mei.waits_for("turn", timeout=20))

    assert turns == ["both", "both"]
    assert [seen.text for seen in mei.heard] == ["turn 2"]
    await database.close()
