"""What is no text gets a sentence: a picture, a file of somebody who uploads none, a voice that nobody hears."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import func, select

from bot.tables import PARKED, InboxRow
from records.people import Role
from storage.database import Database
from tests.bot.student_house import open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

_PICTURE = io.BytesIO()
Image.new("RGB", (40, 30), "red").save(_PICTURE, "PNG")
PICTURE = _PICTURE.getvalue()


@pytest.mark.parametrize(
    ("role", "told"), [(Role.STUDENT, "文件和图片请直接交给党支部"), (Role.ORGANISER, "请发 Excel、Word、PDF")]
)
async def test_a_picture_is_answered_with_where_it_belongs(
    database: Database, emulator: Emulator, role: Role, told: str
) -> None:
    async with open_house(database, emulator) as house:
        somebody = await house.join("林晓雨", number="2026001", role=role)

        somebody.sends_photo(PICTURE)

        assert told in (await somebody.hears(told)).text
        assert await parked(database) == 0


async def test_a_students_file_is_answered_with_where_it_belongs(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student = await house.join("林晓雨", number="2026001")

        student.sends_document("思想汇报".encode(), "思想汇报.docx")

        await student.hears("文件和图片请直接交给党支部")
        assert await parked(database) == 0


async def test_a_picture_that_is_called_a_workbook_is_refused_in_one_sentence(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)

        organiser.sends_document(PICTURE, "名册.xlsx")

        await organiser.hears("名册.xlsx")
        assert await parked(database) == 0


async def parked(database: Database) -> int:
    """Letters that failed."""
    async with database.read() as session:
        return await session.scalar(select(func.count()).where(InboxRow.state == PARKED)) or 0
