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
from aiogram.methods import SendMessage
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.delivering.rig import TOKEN
from bot.channels import telegram
from bot.schema import metadata
from bot.turns.carrier import Composed, DoorCarrier
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.replies import ReplySession
from scheduler.broadcasts import Broadcast, Standing
from scheduler.delivery import Delivery
from scheduler.limits import Limiter
from scheduler.outbox import Letter
from scheduler.spreading import begin, decide, keep_spreading
from storage.database import Database


def now() -> datetime:
    return datetime.now(UTC)


BROADCAST = Broadcast("bench", "text", 0, (1,), "支部", None, datetime(2026, 1, 1, tzinfo=UTC).isoformat())
DECISIONS = {"/pause": Standing.PAUSED, "/resume": Standing.RUNNING}


async def _compose(letter: Letter) -> Composed:
    return SendMessage(chat_id=letter.chat_id, text=f"news for {letter.chat_id}")


def _router() -> Router:
    """Everything is echoed; /tell begins a broadcast to everybody, which can be paused and resumed."""
    router = Router()

    @router.message()
    async def echo(message: Message, session: AsyncSession) -> None:
        if message.text == "/tell":
            await begin(session, BROADCAST, notice_version="1", now=now())
        elif message.text in DECISIONS:
            await decide(session, BROADCAST, DECISIONS[message.text], now=now())
        await message.answer(f"echo {message.text}")

    return router


async def serve(options: argparse.Namespace) -> None:
    """Until killed."""
    metadata()
    database = Database(options.database)
    door = telegram.telegram_bot(TOKEN, options.api)
    limiters = {telegram.CHANNEL: Limiter(options.per_second)} if options.per_second else {}
    delivery = Delivery(database, {telegram.CHANNEL: DoorCarrier(database, door, _compose, now)}, limiters, now)
    dispatcher = Dispatcher(storage=ConversationStorage(database))
    dispatcher.include_router(_router())
    heard = Bot(TOKEN, session=ReplySession(door.session), default=DefaultBotProperties(parse_mode="HTML"))
    inbox = Inbox(database, dispatcher, {telegram.CHANNEL: heard}, now, delivery.nudge)
    parts: list[Coroutine[Any, Any, None]] = [delivery.run(alone=database.is_sqlite)]
    if not options.deaf:
        parts += [
            inbox.run(),
            telegram.poll(door, inbox, ["message"]),
            keep_spreading(database, now, delivery.nudge),
        ]
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
