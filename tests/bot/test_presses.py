"""A press of an old, foreign or forged button is answered once, politely, and changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import types
import typing
from collections.abc import Iterator
from enum import Enum

from sqlalchemy import func, select, text

from bot.buttons.student import Dates, DatesView
from bot.schema import metadata
from bot.tables import PARKED, InboxRow
from records.people import Role
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.bot.test_permissions import kinds_of_buttons
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person as Chatting
from tests.emulator.person import Press

__all__ = ["emulator"]

NOBODY = 999_999  # an id that nothing has
NUMBERS = (-1, 2**31, 2**63 - 1, 2**63)
NAMES = ("-", "没有", "a\x00b")
NONSENSE = ("", ":", "up", "up:", "up:publish", "up:publish:x:y:z:w", "nothing:1", "retire::", "\x00", "🙂" * 16)
OWN_CHOICES = {
    "mine",
    "cal",
    "set",
    "join",
}  # name nothing: nobody has to forge them, and their rooms' tests press them
PLUMBING = {"inbox", "outbox", "conversation", "file"}  # what any press moves


def forgeries(room: str) -> Iterator[str]:
    """Every kind of button with every deed, about nobody, and with numbers and names that nothing can have."""
    yield from NONSENSE
    for kind in kinds_of_buttons():
        if kind.__prefix__ in OWN_CHOICES or not kind.__module__.endswith(room):
            continue
        choices = {name: _choices(field.annotation) for name, field in kind.model_fields.items()}
        for at in range(max((len(some) for some in choices.values()), default=1)):
            values = {name: some[at % len(some)] for name, some in choices.items()}
            try:
                data = kind.model_construct(**values).pack()
            except ValueError:  # too long to be pressed anywhere
                continue
            yield data


def _choices(kind: object) -> list[object]:
    """What a part of a button's data may be, and what only a forger writes."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return [one for part in typing.get_args(kind) for one in _choices(part)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)
    if kind is bool:
        return [False, True]
    return [NOBODY, *NUMBERS] if kind is int else list(NAMES)


async def test_a_forged_press_is_answered_once_and_changes_nothing(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        people = {
            "student": await house.join("林晓雨", number="2026001"),
            "organiser": await house.join("王书记", role=Role.ORGANISER),
        }
        await house.record("林晓雨", "application_received", "2026-10-01")
        for chatting in people.values():
            chatting.says("/start")
            await chatting.hears("")
        await house.quiet()
        before = await everything(database)

        for room, chatting in people.items():
            unanswered = [data for data in forgeries(room) if not await answered(house, chatting, data)]
            assert unanswered == []

        assert await everything(database) == before
        async with database.read() as session:
            parked = select(func.count()).select_from(InboxRow).where(InboxRow.state == PARKED)
            assert await session.scalar(parked) == 0
    assert emulator.violations == []


async def answered(house: StudentHouse, chatting: Chatting, data: str) -> bool:
    """Press a button that says this; whether that was answered, once."""
    known = len(house.emulator.requests)
    await answer_to(chatting, data)
    await house.quiet()
    return sum(one.method == "answerCallbackQuery" for one in house.emulator.requests[known:]) == 1


async def everything(database: Database) -> dict[str, str]:
    """What stands in every table that is not plumbing, as a hash."""
    found = {}
    async with database.read() as session:
        for name in sorted(metadata().tables.keys() - PLUMBING):
            rows = await session.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608 (our own tables)
            found[name] = hashlib.sha256("\n".join(sorted(str(tuple(row)) for row in rows)).encode()).hexdigest()
    return found


async def test_a_press_in_a_group_or_whose_handler_fails_is_answered_too(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        mei = await house.join("林晓雨", number="2026001")
        mei.says("/dates")
        await mei.hears("")
        press = Dates(view=DatesView.SUBSCRIPTION).pack()
        group = {"id": emulator.group("一班").id, "type": "group"}

        assert await answer_to(mei, press, {**mei.last.raw, "chat": group}) == ""
        async with database.write() as session:
            await session.execute(text("ALTER TABLE calendar_link RENAME TO gone"))
        known = len(mei.heard)
        too_old = {"message_id": 1, "date": 0, "chat": {"id": mei.id, "type": "private"}}
        assert "已经记下" in await answer_to(mei, press, too_old)

        assert len(mei.heard) == known


async def answer_to(chatting: Chatting, data: str, message: dict[str, object] | None = None) -> str:
    """What the press of a button that says this is answered; the button stands below the last message."""
    with chatting.world.changed:
        query = chatting.world.new_query(chatting.world.chats[chatting.id])
        sent = {"id": query.id, "from": {"id": chatting.id, "is_bot": False, "first_name": "…"}, "data": data}
        message = message or chatting.last.raw
        chatting.world.add_update("callback_query", {**sent, "chat_instance": "1", "message": message})
    return await asyncio.to_thread(Press(query, chatting.world).waits_for_answer)
