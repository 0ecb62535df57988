"""What the platform would not take is said so that it does: nothing is lost, nothing is refused."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable

import pytest
from aiogram import F, Router
from aiogram.methods import SendMessage
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from PIL import Image

from bot.buttons.keyboard import Button, keyboard
from scheduler import outbox
from scheduler.outbox import Draft, Kind, Letter
from storage.database import Database
from tests.bot.small_house import SmallHouse, in_thread, now
from tests.emulator import Seen
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.markup import units

__all__ = ["emulator"]

SENTENCE = "支部书记说：<b>请带<i>身份证😀</i></b>，见<a href='https://example.org/'>说明</a>。"
SEEN = "支部书记说：请带身份证😀，见说明。"
MESSAGE, CAPTION = 400, 100  # so many sentences are too long
BROKEN = "<b>甲 & 乙 &lt; 丙 <x>"  # a tag that is never closed, and one that is none
BELOW = keyboard([[Button("press", "pressed")]])
Say = Callable[[Message, str], Awaitable[object]]


def picture() -> BufferedInputFile:
    drawn = io.BytesIO()
    Image.new("RGB", (2, 2)).save(drawn, "PNG")
    return BufferedInputFile(drawn.getvalue(), "a.png")


WAYS: dict[str, Say] = {
    "message": lambda message, text: message.answer(text, reply_markup=BELOW),
    "file": lambda message, text: message.answer_document(
        BufferedInputFile(b"a", "a.txt"), caption=text, reply_markup=BELOW
    ),
    "picture": lambda message, text: message.answer_photo(picture(), caption=text, reply_markup=BELOW),
    "edit": lambda message, text: message.edit_text(text, reply_markup=BELOW),
}


def saying(text: str) -> Router:
    """A room that says the text in every way; an edit is of the message below which `edit` was pressed."""
    router = Router()

    @router.message(F.text.in_(WAYS.keys() - {"edit"}))
    async def say(message: Message) -> None:
        await WAYS[message.text or ""](message, text)

    @router.message(F.text == "edit")
    async def offer(message: Message) -> None:
        await message.answer("before", reply_markup=keyboard([[Button("edit", "edit")]]))

    @router.callback_query(F.data == "edit")
    async def change(query: CallbackQuery) -> None:
        await query.answer("长" * 300, show_alert=True)
        assert isinstance(query.message, Message)
        await WAYS["edit"](query.message, text)

    return router


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_too_long_comes_in_parts_with_its_buttons_below_the_last(
    database: Database, emulator: Emulator, way: str
) -> None:
    mei, times = emulator.user("林小梅"), CAPTION if way in ("file", "picture") else MESSAGE

    async with SmallHouse(database, emulator, saying(SENTENCE * times)).open():
        mei.says(way)
        if way == "edit":
            await mei.hears("before")
            press = mei.presses("edit")
            assert await in_thread(press.waits_for_answer) == "长" * 199 + "…"
        await mei.hears(lambda seen: seen.buttons == [["press"]])

    first = mei.heard[0]
    assert "".join(seen.text for seen in mei.heard) == SEEN * times
    assert (first.file_id is not None, first.was_edited) == (way in ("file", "picture"), way == "edit")
    assert [seen.buttons for seen in mei.heard] == [[]] * (len(mei.heard) - 1) + [[["press"]]]
    assert all(seen.text.endswith("。") for seen in mei.heard)
    assert {entity["type"] for seen in mei.heard for entity in seen.entities} == {"bold", "italic", "text_link"}
    assert emulator.violations == []


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_platform_cannot_parse_comes_once_as_plain_text(
    database: Database, emulator: Emulator, way: str
) -> None:
    mei = emulator.user("林小梅")

    async with SmallHouse(database, emulator, saying(BROKEN)).open():
        mei.says(way)
        if way == "edit":
            await mei.hears("before")
            mei.presses("edit")
        seen: Seen = await mei.hears("甲")

    assert (seen.text, seen.entities, seen.buttons) == ("甲 & 乙 < 丙 <x>", [], [["press"]])
    assert len(mei.heard) == 1


async def test_a_letter_that_is_too_long_goes_on_in_the_next_message_once(
    database: Database, emulator: Emulator
) -> None:
    mei = emulator.user("林小梅")

    async def compose(letter: Letter) -> SendMessage:
        return SendMessage(chat_id=letter.chat_id, text=SENTENCE * MESSAGE, reply_markup=BELOW)

    async with SmallHouse(database, emulator, Router(), compose=compose).open() as house:
        emulator.fails("dropped_after_effect", "sendMessage")  # the first part is sent again, the others are not
        async with database.write() as session:
            letter = Draft("a", "telegram", mei.id, Kind.NOTICE, {}, now())
            await outbox.enqueue(session, [letter], now=now())
        house.delivery.nudge()
        await mei.hears(lambda seen: seen.buttons == [["press"]])

    first, *others = [seen.text for seen in mei.heard]
    assert others[0] == first
    assert "".join(others) == SEEN * MESSAGE
    assert all(units(part) <= 4096 for part in others)


async def test_what_is_said_to_be_plain_text_is_not_read_as_markup(database: Database, emulator: Emulator) -> None:
    mei, router = emulator.user("林小梅"), Router()

    @router.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "", parse_mode=None)

    async with SmallHouse(database, emulator, router).open():
        mei.says("<b>1</b> &lt; 2 <x>")
        assert (await mei.hears("")).text == "<b>1</b> &lt; 2 <x>"

    assert [one.status for one in emulator.requests if one.method == "sendMessage"] == [200]
