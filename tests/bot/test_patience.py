"""Who writes faster than anybody can is told once; a pressed button never hangs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import CallbackQuery, Chat, Message, Update, User

from bot.turns.patience import BURST, Patience
from bot.words import Locales

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
