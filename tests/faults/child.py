"""Runs in a process of its own, which may be ended at any commit."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from aiogram import Bot, Dispatcher, Router
from aiogram.client.default import DefaultBotProperties

from bot.channels import telegram
from bot.cli.serve import until_stopped
from bot.schema import metadata
from bot.turns import carrier
from bot.turns.carrier import Compose, DoorCarrier, Dropped
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.replies import ReplySession
from scheduler import outbox
from scheduler.delivery import Delivery
from scheduler.outbox import Letter
from scheduler.planner import plan
from scheduler.spreading import spread
from storage.database import Database
from tests.bot.small_house import now
from tests.faults import crier
from tests.faults.shop import letter, shop
from tests.scheduler.test_planner import PLANNING, at

KILLED = 77
Moment = Literal["before", "after"]


@dataclass(frozen=True)
class Run:
    """What the child is to do; `end_at` is the commit at which it ends, 0: none."""

    database: str
    token: str
    api: str
    updates: list[dict[str, Any]]
    card_for: int = 0
    end_at: int = 0
    moment: Moment = "before"


def process(target: Callable[..., None], *arguments: Any) -> Any:
    """A clean child: forked from a server that has imported everything and runs nothing."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context.Process(target=target, args=arguments, daemon=True)


def text_update(number: int, user: int, text: str) -> dict[str, Any]:
    """As the platform sends it."""
    sender = {"id": user, "is_bot": False, "first_name": "A"}
    message = {"message_id": number, "date": 0, "chat": {"id": user, "type": "private"}, "from": sender, "text": text}
    return {"update_id": number, "message": message}


async def nothing(_: Letter) -> Dropped:
    """The shop's letters need no composing."""
    return Dropped("nothing to compose")


def house(
    database: Database,
    token: str,
    api: str,
    *,
    lease: timedelta | None = None,
    router: Router | None = None,
    compose: Compose = nothing,
) -> tuple[Inbox, Delivery, Bot]:
    """Inbox and delivery of one process; the shop, unless another router is given."""
    metadata()
    door = telegram.telegram_bot(token, api)
    carriers = {telegram.CHANNEL: DoorCarrier(database, door, compose, now)}
    delivery = Delivery(database, carriers, {}, now, lease=lease or timedelta(seconds=45))
    dispatcher = Dispatcher(storage=ConversationStorage(database))
    dispatcher.include_router(router or shop())
    heard = Bot(token, session=ReplySession(door.session), default=DefaultBotProperties(parse_mode="HTML"))
    return Inbox(database, dispatcher, {telegram.CHANNEL: heard}, now, delivery.nudge), delivery, door


def small_run(run: Run, report: Any) -> None:
    """Take in, plan, handle, deliver; tells how many commits that took."""
    report.send(asyncio.run(_small_run(run)))


async def _small_run(run: Run) -> int:
    database = Database(run.database)
    commits = _count_commits(database, run)
    inbox, delivery, door = house(database, run.token, run.api)
    await delivery.recover(everything=True)
    await inbox.put(telegram.CHANNEL, run.updates)  # the platform repeats what was not confirmed
    async with database.write() as session:
        await outbox.enqueue(session, [letter("card", run.card_for)], now=now())
    await inbox.drain()
    await delivery.drain()
    await door.session.close()
    await database.close()
    return commits[0]


def broadcast_run(run: Run, report: Any) -> None:
    """Take in what the crier says, write and change the letters page by page, deliver; tells how many commits."""
    report.send(asyncio.run(_broadcast_run(run)))


async def _broadcast_run(run: Run) -> int:
    database = Database(run.database)
    commits = _count_commits(database, run)
    inbox, delivery, door = house(database, run.token, run.api, router=crier.crier(), compose=crier.compose)
    await delivery.recover(everything=True)
    await inbox.put(telegram.CHANNEL, run.updates)
    await inbox.drain()
    while await spread(database, now=now(), page=crier.PAGE):
        pass
    await delivery.drain()
    await door.session.close()
    await database.close()
    return commits[0]


def _count_commits(database: Database, run: Run) -> list[int]:
    """End the process, as a power cut would, right before or right after the database has the n-th commit."""
    commits = [0]
    dialect = database.engine.sync_engine.dialect
    commit = dialect.do_commit

    def counted(connection: Any) -> None:
        commits[0] = number = commits[0] + 1  # on PostgreSQL others commit while this one is under way
        if number == run.end_at and run.moment == "before":
            os._exit(KILLED)
        commit(connection)
        if number == run.end_at:
            os._exit(KILLED)

    dialect.do_commit = counted  # type: ignore[method-assign]  # the one place that every commit passes
    return commits


def work(database_url: str, token: str, api: str, lease_seconds: float) -> None:
    """One of several processes of an installation, until it is killed."""

    async def forever() -> None:
        database = Database(database_url)
        inbox, delivery, _ = house(database, token, api, lease=timedelta(seconds=lease_seconds))
        await asyncio.gather(inbox.run(), delivery.run(alone=False))

    asyncio.run(forever())


def serve(database_url: str, token: str, api: str, report: Any, patience: float = carrier.SEND_TIMEOUT_SECONDS) -> None:
    """The only process of an installation, asked to stop as the real one is: by a signal. Tells when it runs.

    Args:
        patience: seconds that the platform is given for an answer.
    """
    carrier.SEND_TIMEOUT_SECONDS = patience

    async def everything() -> None:
        report.send("running")
        database = Database(database_url)
        inbox, delivery, door = house(database, token, api)
        polling = telegram.poll(door, inbox, ["message"])
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in (polling, inbox.run(), delivery.run(alone=True)):
                    tasks.create_task(part)
        finally:
            await door.session.close()
            await database.close()

    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # not into a test's full disk
        asyncio.run(until_stopped(everything()))


def plan_and_stand_still(database_url: str, report: Any) -> None:
    """Plan, tell how many letters that made, and never come to the commit."""

    async def forever() -> None:
        async with Database(database_url).write() as session:
            report.send(await plan(session, PLANNING, now=at(8)))
            await asyncio.Event().wait()

    asyncio.run(forever())
