"""A backup is read back as it was, into either kind of database, or refused in one sentence."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from bot.schema import metadata
from records.tables import BranchRow, EntryRow, PersonRow
from storage.backup import (
    MANIFEST,
    BackupNewer,
    BackupUnreadable,
    DatabaseInUse,
    DatabaseOutdated,
    backup,
    restore,
)
from storage.database import Database
from storage.errors import WaymarkError
from storage.files import load_file, store_file
from storage.migrations import DatabaseNewer, head_revision, revision_of
from storage.settings import get_setting, put_setting

NOW = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
UPLOAD = bytes(range(256)) * 40


@pytest.fixture(params=["sqlite", "postgres"])
def other_url(request: pytest.FixtureRequest) -> str:
    """The address of a second empty database, of each kind."""
    make: Callable[[], str] = request.getfixturevalue("new_" + request.param)
    return make()


@pytest.fixture
async def elsewhere(other_url: str) -> AsyncIterator[Database]:
    """A second empty database, open."""
    database = Database(other_url)
    yield database
    await database.close()


@pytest.fixture
async def lived_in(database: Database) -> Database:
    """A database with a little of everything that is hard to carry."""
    async with database.write() as session:
        session.add(BranchRow(id=2, name="学生第一党支部", kind="branch", parent_id=None))
        await session.flush()
        session.add(BranchRow(id=5, name="某学院党委", kind="committee", parent_id=None))
        await session.flush()
        await session.execute(update(BranchRow).where(BranchRow.id == 2).values(parent_id=5))
        session.add(
            PersonRow(
                id=7,
                student_number="0020260007",
                name="沈知远",
                branch_id=2,
                details={"class": "一班", "none": None},
                study_time=time(7, 45),
                created_at=NOW,
            )
        )
        await session.flush()
        session.add_all([_entry(1, None), _entry(2, 1)])
        await store_file(session, name="名册.xlsx", content=UPLOAD, now=NOW)
        await put_setting(session, "note", {"words": ["一", 2, None]})
    return database


def _entry(number: int, voids: int | None) -> EntryRow:
    return EntryRow(
        id=number,
        person_id=7,
        sequence=number,
        kind="step",
        happened_on=date(2024, 2, 29),
        recorded_at=NOW,
        payload={"step": "interview"},
        voids=voids,
        previous_hash="0" * 64,
        hash=str(number) * 64,
    )


async def _everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.read() as session:
        return {
            table.name: [tuple(row) for row in await session.execute(select(table).order_by(*table.primary_key))]
            for table in metadata().sorted_tables
        }


async def test_what_was_backed_up_comes_back_the_same_in_either_kind_of_database(
    lived_in: Database, elsewhere: Database, tmp_path: Path
) -> None:
    made = await backup(lived_in, tmp_path / "all.zip", metadata(), now=NOW, version="0.1.0")

    read = await restore(elsewhere, tmp_path / "all.zip", metadata())

    assert await _everything(elsewhere) == await _everything(lived_in)
    assert read.tables == made.tables
    assert made.rows == 7
    assert made.tables["entry"] == 2


async def test_new_rows_after_a_restore_get_numbers_of_their_own(
    lived_in: Database, elsewhere: Database, tmp_path: Path
) -> None:
    await backup(lived_in, tmp_path / "all.zip", metadata(), now=NOW, version="0.1.0")
    await restore(elsewhere, tmp_path / "all.zip", metadata())

    async with elsewhere.write() as session:
        branch = await session.scalar(insert(BranchRow).values(name="新支部", kind="branch").returning(BranchRow.id))

    assert branch == 6


async def test_a_backup_is_one_moment_although_others_write_meanwhile(lived_in: Database, tmp_path: Path) -> None:
    writers: list[asyncio.Task[None]] = []

    async def write() -> None:
        async with lived_in.write() as session:
            await put_setting(session, "later", 1)

    def let_a_writer_in(_rows: int) -> None:
        if not writers:
            writers.append(asyncio.create_task(write()))

    await backup(lived_in, tmp_path / "all.zip", metadata(), now=NOW, version="0.1.0", progress=let_a_writer_in)
    await asyncio.gather(*writers)

    async with lived_in.read() as session:
        assert await get_setting(session, "later") == 1
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert b"later" not in archive.read("setting.jsonl")


async def test_the_file_is_readable_by_its_owner_alone_and_no_part_is_left(lived_in: Database, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()

    await backup(lived_in, folder / "all.zip", metadata(), now=NOW, version="0.1.0")

    assert [path.name for path in folder.iterdir()] == ["all.zip"]
    assert (folder / "all.zip").stat().st_mode & 0o777 == 0o600


async def test_a_database_in_use_is_not_overwritten(lived_in: Database, tmp_path: Path) -> None:
    await backup(lived_in, tmp_path / "all.zip", metadata(), now=NOW, version="0.1.0")
    before = await _everything(lived_in)

    with pytest.raises(DatabaseInUse):
        await restore(lived_in, tmp_path / "all.zip", metadata())

    assert await _everything(lived_in) == before


def _changed(source: Path, target: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)
    return target


async def test_a_damaged_backup_is_refused_before_anything_is_touched(
    lived_in: Database, elsewhere: Database, tmp_path: Path
) -> None:
    whole = tmp_path / "all.zip"
    await backup(lived_in, whole, metadata(), now=NOW, version="0.1.0")
    forged = _changed(whole, tmp_path / "forged.zip", "person.jsonl", lambda text: text.replace(b"0020", b"0030"))
    short = tmp_path / "short.zip"
    short.write_bytes(whole.read_bytes()[:-200])
    flipped = tmp_path / "flipped.zip"
    content = bytearray(whole.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        content[archive.getinfo("person.jsonl").header_offset + 70] ^= 0xFF
    flipped.write_bytes(content)
    other = tmp_path / "other.zip"
    other.write_text("not a zip")

    for damaged in (forged, short, flipped, other, tmp_path / "absent.zip"):
        with pytest.raises(BackupUnreadable):
            await restore(elsewhere, damaged, metadata())

    assert not any((await _everything(elsewhere)).values())


async def test_a_backup_of_a_newer_version_is_refused(lived_in: Database, elsewhere: Database, tmp_path: Path) -> None:
    await backup(lived_in, tmp_path / "all.zip", metadata(), now=NOW, version="9.0.0")

    def newer(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), "revision": "9999"}).encode()

    with pytest.raises(BackupNewer, match=r"9\.0\.0"):
        await restore(elsewhere, _changed(tmp_path / "all.zip", tmp_path / "new.zip", MANIFEST, newer), metadata())


@pytest.mark.parametrize(("revision", "refusal"), [("0001", DatabaseOutdated), ("9999", DatabaseNewer)])
async def test_tables_of_another_revision_are_not_backed_up(
    lived_in: Database, tmp_path: Path, revision: str, refusal: type[WaymarkError]
) -> None:
    async with lived_in.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = :one"), {"one": revision})

    with pytest.raises(refusal):
        await backup(lived_in, tmp_path / "all.zip", metadata(), now=NOW, version="0.1.0")

    assert "all.zip" not in str(os.listdir(tmp_path))


async def test_a_restore_needs_no_tables_beforehand(lived_in: Database, tmp_path: Path) -> None:
    await backup(lived_in, tmp_path / "all.zip", metadata(), now=NOW, version="0.1.0")
    bare = Database(f"sqlite+aiosqlite:///{tmp_path / 'bare.db'}")

    await restore(bare, tmp_path / "all.zip", metadata())

    async with bare.read() as session:
        file = await session.scalar(select(metadata().tables["file"].c.sha256))
        stored = await load_file(session, file)
        assert stored is not None
        assert stored.content == UPLOAD
        assert await get_setting(session, "note") == {"words": ["一", 2, None]}
    assert await revision_of(bare) == head_revision()
    await bare.close()
