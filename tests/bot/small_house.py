"""A house of one room: the real inbox, turns, outbox, delivery and Telegram door around handlers of a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

from aiogram import Bot, Dispatcher, Router
from aiogram.client.default import DefaultBotProperties

from bot.channels import telegram
from bot.turns.carrier import Compose, DoorCarrier, Dropped
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.replies import ReplySession
from scheduler.delivery import Delivery
from scheduler.limits import Limiter
from scheduler.outbox import Letter
from storage.database import Database
from tests.emulator.emulator import Emulator

T = TypeVar("T")
STOP_SECONDS = 10  # as long as a process has that is asked to stop


class SmallHouse:
    """Everything between Telegram and a handler, in this process."""

    def __init__(
        self,
        database: Database,
        emulator: Emulator,
        router: Router,
        *,
        clock: Callable[[], datetime] | None = None,
        token: str | None = None,
        compose: Compose | None = None,
    ) -> None:
        self.database = database
        clock = clock or now
        self.dispatcher = Dispatcher(storage=ConversationStorage(database))
        self.dispatcher.include_router(router)
        self.door = telegram.telegram_bot(token or emulator.token, emulator.address)
        carriers = {telegram.CHANNEL: DoorCarrier(database, self.door, compose or _no_letters, clock)}
        self.delivery = Delivery(database, carriers, {telegram.CHANNEL: Limiter()}, clock)
        heard = Bot(
            self.door.token, session=ReplySession(self.door.session), default=DefaultBotProperties(parse_mode="HTML")
        )
        self.inbox = Inbox(database, self.dispatcher, {telegram.CHANNEL: heard}, clock, self.delivery.nudge)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SmallHouse]:
        """Run until the block ends; it ends like a cancelled process."""
        polling = telegram.poll(self.door, self.inbox, ["message", "callback_query"])
        tasks = [asyncio.create_task(part) for part in (polling, self.inbox.run(), self.delivery.run(alone=True))]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            _, busy = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in busy:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.door.session.close()


async def _no_letters(_: Letter) -> Dropped:
    return Dropped("no letters in this house")


def now() -> datetime:
    """The real time: the emulator lives in it."""
    return datetime.now(UTC)


def in_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """Wait for a person of the emulator without holding up the house."""
    return asyncio.get_running_loop().run_in_executor(None, call)
