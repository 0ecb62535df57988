"""Who writes faster than anybody can is told once; a pressed button never hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import CallbackQuery, Chat, Message, Update, User
from sqlalchemy import func, select

from bot.tables import WAITING, InboxRow
from bot.turns.patience import BURST, Patience
from bot.words import Locales
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.bot.whole_house import running, settings_of
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MEI = User(id=7, is_bot=False, first_name="小梅")
MESSAGE = Message(message_id=1, date=NOON, chat=Chat(id=7, type="private"), from_user=MEI, text="hello")


class House:
    """Keeps what was handled and what was said."""

    def __init__(self) -> None:
        self.patience = Patience()
        self.handled = 0
        self.said: list[Any] = []

    async def __call__(self, method: Any, **_: Any) -> None:
        self.said.append(method)

    async def takes(self, event: Message | CallbackQuery, now: datetime) -> None:
        kind = "message" if isinstance(event, Message) else "callback_query"
        event = event.as_(self)  # type: ignore[arg-type]  # stands in for the bot
        data = {
            "turn": SimpleNamespace(channel="telegram", now=now),
            "event_from_user": MEI,
            "_": Locales(default="zh_CN").words("zh_CN"),
        }
        await self.patience(self._handle, Update(update_id=1, **{kind: event}), data)

    async def _handle(self, *_: Any) -> None:
        self.handled += 1


async def test_a_flood_is_handled_up_to_its_burst_and_answered_with_one_sentence() -> None:
    house = House()

    for _ in range(BURST + 50):
        await house.takes(MESSAGE, NOON)

    assert house.handled == BURST
    assert [type(one) for one in house.said] == [SendMessage]


async def test_after_a_while_one_is_listened_to_again() -> None:
    house = House()
    for _ in range(BURST + 5):
        await house.takes(MESSAGE, NOON)

    await house.takes(MESSAGE, NOON + timedelta(seconds=5))

    assert house.handled == BURST + 1


async def test_every_press_is_answered() -> None:
    house = House()
    press = CallbackQuery(id="1", from_user=MEI, chat_instance="1", data="x", message=MESSAGE)

    for _ in range(BURST + 3):
        await house.takes(press, NOON)

    assert house.handled == BURST
    assert [type(one) for one in house.said] == [AnswerCallbackQuery] * 3


async def test_the_house_as_it_is_wired_answers_a_flood_up_to_its_burst_and_everybody_else(
    new_sqlite: Callable[[], str], tmp_path: Path, emulator: Emulator
) -> None:
    mei, bo = emulator.user("林晓雨"), emulator.user("周明")
    for _ in range(3 * BURST):
        mei.says("/start")
    bo.says("/start")
    database = Database(url := new_sqlite())

    async with running(settings_of(tmp_path, url, emulator)):
        await bo.hears("邀请码")
        await emulator.comes_about(lambda it: not it.pending_updates)
        while await _waiting(database):  # noqa: ASYNC110 (what ends the waiting stands in the database)
            await asyncio.sleep(0)
        async with database.read() as session:
            to_mei = OutboxRow.kind == "reply", OutboxRow.chat_id == mei.id
            replies = await session.scalar(select(func.count()).select_from(OutboxRow).where(*to_mei)) or 0

    assert BURST < replies < 2 * BURST  # the clock goes on, so that a few more are heard
    await database.close()


async def _waiting(database: Database) -> int:
    async with database.read() as session:
        waiting = select(func.count()).select_from(InboxRow).where(InboxRow.state == WAITING)
        return await session.scalar(waiting) or 0
