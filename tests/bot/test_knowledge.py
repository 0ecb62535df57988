"""The index is kept between starts, and never trusted where the library says something else."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.knowledge import Knowledge
from content.library import add, retire
from content.passages import DocumentKind
from content.readers import read
from retrieval.encoder import StaticEncoder, Vectors
from storage.database import Database

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
RULES = "# 示例学院门禁规定\n\n第一条 学生宿舍每晚二十三时关闭大门。\n\n第二条 晚归的学生凭学生证登记后进入。\n"
QUESTION = "学生宿舍每晚几点关闭大门"


async def upload(database: Database, text: str = RULES) -> str:
    async with database.write() as session:
        parsed, content = read(text.encode(), "rules.md"), text.encode()
        document = await add(
            session, parsed, file_name="rules.md", content=content, kind=DocumentKind.SCHOOL, added_by=None, now=NOW
        )
    return document.id


async def quote(knowledge: Knowledge) -> str:
    given = await knowledge.ask(QUESTION, on=TODAY)
    return given.citations[0].quote if given.citations else ""


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each call of the encoder was given."""
    counts: list[int] = []
    encode = StaticEncoder.encode

    def counting(self: StaticEncoder, texts: list[str]) -> Vectors:
        counts.append(len(texts))
        return encode(self, texts)

    monkeypatch.setattr(StaticEncoder, "encode", counting)
    return counts


async def test_the_next_start_encodes_nothing_and_answers_the_same(
    libraries: Database, tmp_path: Path, encoded: list[int]
) -> None:
    await upload(libraries)
    first = Knowledge(libraries, None, folder=tmp_path / "index")
    await first.current()
    await first.saved()
    encoded.clear()

    again = Knowledge(libraries, None, folder=tmp_path / "index")
    await again.current()

    assert encoded == []
    assert "二十三时" in await quote(again)
    assert len(await again.current()) == len(await first.current())


@pytest.mark.parametrize("damage", ["half-written", "another model's", "no folder", "a file"])
async def test_a_folder_that_cannot_be_used_is_made_anew(libraries: Database, tmp_path: Path, damage: str) -> None:
    await upload(libraries)
    folder = tmp_path / "index"
    first = Knowledge(libraries, None, folder=folder)
    await first.current()
    await first.saved()
    manifest = folder / "manifest.json"
    if damage == "half-written":
        for file in folder.glob("*.npy"):
            content = file.read_bytes()
            file.unlink()  # another file of the same name: the old one is still mapped
            file.write_bytes(content[:50])
    elif damage == "another model's":
        manifest.write_text(manifest.read_text("utf-8").replace('"fingerprint": "', '"fingerprint": "other-'), "utf-8")
    else:
        shutil.rmtree(folder)
    if damage == "a file":
        folder.write_text("not a folder")

    second = Knowledge(libraries, None, folder=folder)

    assert "二十三时" in await quote(second)
    await second.saved()
    assert manifest.is_file()


async def test_what_changed_between_two_starts_is_answered_as_it_stands_now(
    libraries: Database, tmp_path: Path
) -> None:
    document = await upload(libraries)
    first = Knowledge(libraries, None, folder=tmp_path / "index")
    await first.current()
    await first.saved()
    async with libraries.write() as session:
        await retire(session, document, on=date(2026, 11, 1))
    await upload(libraries, RULES.replace("二十三时", "二十二时").replace("门禁规定", "宿舍规定"))

    second = Knowledge(libraries, None, folder=tmp_path / "index")

    assert "二十二时" in await quote(second)


async def test_a_library_of_another_database_is_not_taken_for_this_one(libraries: Database, tmp_path: Path) -> None:
    other = Knowledge(libraries, None, folder=tmp_path / "index")
    document = await upload(libraries)
    await other.current()
    await other.saved()
    async with libraries.write() as session:
        await retire(session, document, on=date(2020, 1, 1))

    assert await quote(Knowledge(libraries, None, folder=tmp_path / "index")) == ""
