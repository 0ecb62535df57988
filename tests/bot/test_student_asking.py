"""A student asks: quotations with their source, refusals that say so, and their own dates."""

from __future__ import annotations

from storage.database import Database
from tests.bot.student_house import open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]


async def test_a_question_is_answered_with_a_quotation_and_its_source(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student = await house.join("林晓雨", number="2026001")

        student.says("预备期从哪天算起？")

        answer = await student.hears("支部大会通过")
        assert answer.buttons == [["原文", "有用", "没用"]]
        assert "blockquote" in {entity["type"] for entity in answer.entities}
        student.presses("原文")
        assert "（全文）" in (await student.hears("全文")).text
        print(answer.text)
    assert emulator.violations == []
