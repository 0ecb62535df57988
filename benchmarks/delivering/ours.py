"""Our measured process: the real inbox, turns, outbox, delivery and Telegram door around a handler that echoes.

python -m benchmarks.delivering.ours --database URL --api ADDRESS [--per-second N] [--deaf]
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot, Dispatcher, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.types import Message

from benchmarks.delivering.rig import TOKEN
from bot.channels import telegram
from bot.schema import metadata
from bot.turns.carrier import DoorCarrier, Dropped
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.replies import ReplySession
from scheduler.delivery import Delivery
from scheduler.limits import Limiter
from scheduler.outbox import Letter
from storage.database import Database


def now() -> datetime:
    return datetime.now(UTC)


async def _no_template(_: Letter) -> Dropped:
    return Dropped("no templates here")


async def serve(options: argparse.Namespace) -> None:
    """Until killed."""
    metadata()
    database = Database(options.database)
    door = telegram.telegram_bot(TOKEN, options.api)
    limiters = {telegram.CHANNEL: Limiter(options.per_second)} if options.per_second else {}
    delivery = Delivery(database, {telegram.CHANNEL: DoorCarrier(database, door, _no_template, now)}, limiters, now)
    dispatcher = Dispatcher(storage=ConversationStorage(database))
    router = Router()

    @router.message()
    async def echo(message: Message) -> None:
        await message.answer(f"echo {message.text}")

    dispatcher.include_router(router)
    heard = Bot(TOKEN, session=ReplySession(door.session), default=DefaultBotProperties(parse_mode="HTML"))
    inbox = Inbox(database, dispatcher, {telegram.CHANNEL: heard}, now, delivery.nudge)
    parts: list[Coroutine[Any, Any, None]] = [delivery.run(alone=database.is_sqlite)]
    if not options.deaf:
        parts += [inbox.run(), telegram.poll(door, inbox, ["message"])]
    print("ready", flush=True)
    try:
        await asyncio.gather(*parts)
    finally:
        await door.session.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--api", required=True)
    parser.add_argument("--per-second", type=float, default=0, help="0: no limits")
    parser.add_argument("--deaf", action="store_true", help="only deliver")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
