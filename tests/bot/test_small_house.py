"""What holds for every handler: no update is lost or handled twice, and its replies go out with its effects."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from aiogram import Bot, F, Router
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.keyboard import Button, keyboard
from bot.tables import InboxRow
from scheduler.tables import OutboxRow
from storage.database import Database
from storage.settings import get_setting, put_setting
from tests.bot.small_house import SmallHouse, in_thread, now
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]


class Naming(StatesGroup):
    """A dialogue of one question."""

    name = State()


def talkative() -> Router:
    router = Router()

    @router.message(F.text == "hello")
    async def hello(message: Message, session: AsyncSession) -> None:
        await put_setting(session, f"greeted {message.message_id}", True)
        await message.answer("<b>hello</b> to you")
        await message.answer("second", reply_markup=keyboard([[Button("press", "pressed")]]))

    @router.callback_query(F.data == "pressed")
    async def pressed(query: CallbackQuery) -> None:
        await query.answer("thanks")
        if isinstance(query.message, Message):
            await query.message.edit_text("was pressed")

    @router.message(F.text == "name")
    async def ask_name(message: Message, state: FSMContext) -> None:
        await state.set_state(Naming.name)
        await state.update_data(asked=1)
        await message.answer("your name?")

    @router.message(Naming.name)
    async def take_name(message: Message, state: FSMContext) -> None:
        data = await state.get_data()
        await state.clear()
        await message.answer(f"{message.text} {data['asked']}")

    @router.message(F.document)
    async def echo_file(message: Message, bot: Bot) -> None:
        assert message.document is not None
        content = await bot.download(message.document)
        assert content is not None
        await message.answer_document(BufferedInputFile(content.read()[::-1], filename="back.bin"), caption="reversed")

    @router.message(F.text == "long")
    async def long(message: Message) -> None:
        await message.answer("<i>" + "长句子。" * 3000 + "</i>", reply_markup=keyboard([[Button("press", "pressed")]]))

    @router.message(F.text == "poison")
    async def poison(message: Message, session: AsyncSession) -> None:
        await put_setting(session, "half", "done")
        await message.answer("never said")
        raise ZeroDivisionError

    return router


async def test_an_update_is_answered_once_with_text_buttons_and_edits(database: Database, emulator: Emulator) -> None:
    mei = emulator.user("林小梅")

    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("hello")
        await in_thread(lambda: mei.waits_for("second"))
        press = mei.presses("press")
        assert await in_thread(press.waits_for_answer) == "thanks"
        await in_thread(lambda: mei.waits_for("was pressed"))

    assert [seen.text for seen in mei.heard] == ["hello to you", "was pressed"]
    assert emulator.violations == []


async def test_a_dialogue_and_files_survive_a_new_house(database: Database, emulator: Emulator) -> None:
    mei = emulator.user("林小梅")

    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("name")
        await in_thread(lambda: mei.waits_for("your name?"))
    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("小梅")
        await in_thread(lambda: mei.waits_for("小梅 1"))
        mei.sends_document(b"abc", "a.bin")
        sent = await in_thread(lambda: mei.waits_for("reversed"))

    assert sent.file_id is not None
    assert emulator.documents[sent.file_id] == b"cba"


async def test_an_update_that_cannot_be_read_is_parked_and_stops_nobody(database: Database, emulator: Emulator) -> None:
    house = SmallHouse(database, emulator, talkative())
    async with house.open():
        mei, bo = emulator.user("Mei"), emulator.user("Bo")
        with emulator.world.changed:
            emulator.world.add_update("message", {"message_id": "none", "from": {"id": mei.id}})
        bo.says("hello")
        await bo.hears("second")
        mei.says("hello")
        await mei.hears("second")

    async with database.read() as session:
        parked = (await session.scalars(select(InboxRow).where(InboxRow.state == "parked"))).all()
    assert [(row.attempts, row.error) for row in parked] == [(3, "ValidationError")]


async def test_a_handler_that_always_fails_is_parked_and_stops_nobody(database: Database, emulator: Emulator) -> None:
    mei, bo = emulator.user("林小梅"), emulator.user("陈博")

    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("poison")
        mei.says("hello")
        bo.says("hello")
        await in_thread(lambda: bo.waits_for("second"))
        await in_thread(lambda: mei.waits_for("second"))

    async with database.read() as session:
        parked = (await session.scalars(select(InboxRow).where(InboxRow.state == "parked"))).all()
        assert [(row.attempts, row.error) for row in parked] == [(3, "ZeroDivisionError")]
        assert await get_setting(session, "half") is None
    assert "never said" not in [seen.text for seen in mei.heard]


@pytest.mark.parametrize("after", [False, True])
async def test_lost_replies_refusals_and_server_errors_lose_nothing(
    database: Database, emulator: Emulator, after: bool
) -> None:
    mei = emulator.user("林小梅")
    emulator.fails("too_many_requests", "sendMessage")
    emulator.fails("dropped_after_effect" if after else "dropped", "sendMessage")
    emulator.fails("server_error_after_effect" if after else "server_error", "sendMessage")

    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("hello")
        await in_thread(lambda: mei.waits_for("second", timeout=20))

    count = Counter(seen.text for seen in mei.heard)
    assert count["hello to you"] >= 1
    assert count["second"] >= 1
    assert sum(count.values()) <= (4 if after else 2)


async def test_updates_are_kept_before_they_are_confirmed_and_known_ids_do_nothing(
    database: Database, emulator: Emulator
) -> None:
    house = SmallHouse(database, emulator, talkative())
    update = {
        "update_id": 7,
        "message": {
            "message_id": 1,
            "date": 0,
            "chat": {"id": 5, "type": "private"},
            "from": {"id": 5, "is_bot": False, "first_name": "A"},
            "text": "hello",
        },
    }

    assert await house.inbox.put("telegram", [update, update]) == 1
    await house.inbox.drain()
    assert await house.inbox.put("telegram", [update]) == 0
    await house.inbox.drain()

    async with database.read() as session:
        keys = (await session.scalars(select(OutboxRow.unique_key).order_by(OutboxRow.id))).all()
    assert keys == ["reply:telegram:7:0", "reply:telegram:7:1"]
    await house.door.session.close()


async def test_ids_that_start_anew_at_random_are_still_heard(database: Database, emulator: Emulator) -> None:
    mei = emulator.user("林小梅")
    emulator.restart_update_ids(900_000)

    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("hello")
        await in_thread(lambda: mei.waits_for("second"))
        await in_thread(lambda: emulator.waits_until(lambda e: e.pending_updates == 0))
        emulator.restart_update_ids(100)
        mei.says("name")
        await in_thread(lambda: mei.waits_for("your name?", timeout=40))


async def test_a_person_who_blocked_the_bot_is_not_written_to_as_if_all_were_well(
    database: Database, emulator: Emulator
) -> None:
    mei = emulator.user("林小梅")
    emulator.fails("slow", "sendMessage", seconds=0.5, times=1)

    async with SmallHouse(database, emulator, talkative()).open() as house:
        mei.says("hello")
        await in_thread(lambda: mei.waits_for("second"))
        mei.blocks()
        await house.inbox.put(
            "telegram",
            [
                {
                    "update_id": 1,
                    "message": {
                        "message_id": 99,
                        "date": 0,
                        "chat": {"id": mei.id, "type": "private"},
                        "from": {"id": mei.id, "is_bot": False, "first_name": "A"},
                        "text": "hello",
                    },
                }
            ],
        )
        await _until(database, "failed", 2)

    async with database.read() as session:
        failed = await session.scalars(select(OutboxRow.last_error).where(OutboxRow.state == "failed"))
        assert set(failed) == {"blocked"}


async def test_a_long_reply_comes_in_parts_in_their_order(database: Database, emulator: Emulator) -> None:
    mei = emulator.user("林小梅")

    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("long")
        last = await in_thread(lambda: mei.waits_for(lambda seen: bool(seen.buttons)))

    assert last.message_id == mei.heard[-1].message_id
    assert "".join(seen.text for seen in mei.heard) == "长句子。" * 3000
    assert emulator.violations == []


async def test_what_was_said_is_emptied_once_it_is_over(database: Database, emulator: Emulator) -> None:
    mei = emulator.user("林小梅")

    async with SmallHouse(database, emulator, talkative()).open():
        mei.says("hello")
        await in_thread(lambda: mei.waits_for("second"))
        await _until(database, "sent", 2)

    async with database.read() as session:
        assert set(map(str, await session.scalars(select(OutboxRow.payload)))) == {"{}"}


async def _until(database: Database, state: str, count: int) -> None:
    query = select(func.count()).select_from(OutboxRow).where(OutboxRow.state == state)
    async with asyncio.timeout(20):
        found = 0
        while found < count:
            async with database.read() as session:
                found = await session.scalar(query) or 0
            await asyncio.sleep(0.05)


async def test_what_a_person_wrote_is_emptied_within_the_hour_and_its_number_after_two_weeks(
    database: Database, emulator: Emulator
) -> None:
    mei, passed = emulator.user("林小梅"), [timedelta(0)]
    house = SmallHouse(database, emulator, talkative(), clock=lambda: now() + passed[0])

    async def kept() -> list[bool]:
        await house.inbox.tidy()
        async with database.read() as session:
            return [bool(payload) for payload in await session.scalars(select(InboxRow.payload))]

    async with house.open():
        mei.says("hello")
        await mei.hears("second")
        await _until(database, "sent", 2)
        assert await kept() == [True]
        passed[0] += timedelta(minutes=31)
        assert await kept() == [False]
        passed[0] += timedelta(days=13)
        assert await kept() == [False]
        passed[0] += timedelta(days=1)
        assert await kept() == []
