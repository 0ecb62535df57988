"""/report and 「请求更正」: what a student enters and asks for by themselves, and every way out of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records.people import Role
from records.tables import EntryRow
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]


@pytest.mark.parametrize("word", ["取消", "不登记了", "算了", "算了吧。", "退出", "Cancel", "取消登记"])
async def test_a_word_that_ends_a_dialogue_is_neither_a_title_nor_a_day(
    library: Database, emulator: Emulator, word: str
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        student.says("/report")
        await student.hears("标题")
        student.says(word)
        await student.hears("已取消")
        student.says("/report 十一月思想汇报")
        await student.hears("哪天交给")

        student.says(word)

        await student.hears("已取消")
        student.says(f"/report {word}")
        await student.hears("不是标题")
        assert await _entries(house) == []
    assert emulator.violations == []


async def test_such_a_word_ends_other_dialogues_too(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("周老师", role=Role.ORGANISER)
        student.says("/record")
        student.presses("请求更正", await student.hears("我的记录"))
        await student.hears("发送「取消」")
        student.says("取消")
        await student.hears("已取消")
        organiser.says("/step 2026001 interview")
        await organiser.hears("哪一天")

        organiser.says("算了")

        await organiser.hears("已取消")
        await house.quiet()
        assert not any("更正请求" in seen.text for seen in organiser.heard)


async def _entries(house: StudentHouse) -> list[EntryRow]:
    async with house.services.database.read() as session:
        return list(await session.scalars(select(EntryRow).order_by(EntryRow.id)))
