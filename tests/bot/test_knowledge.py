"""The index is kept between starts, and never trusted where the library says something else."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from bot.knowledge import Knowledge, LibraryBeingRead
from content.library import add, retire, undo_publish
from content.passages import DocumentKind
from content.readers import read
from content.tables import PassageRow
from retrieval.elsewhere import read_elsewhere
from retrieval.encoder import SHIPPED, BrokenModel, StaticEncoder, Vectors
from retrieval.refusals import Refusal
from storage.database import Database
from tests.postgres import Cluster

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
RULES = "# 示例学院门禁规定\n\n第一条 学生宿舍每晚二十三时关闭大门。\n\n第二条 晚归的学生凭学生证登记后进入。\n"
QUESTION = "学生宿舍每晚几点关闭大门"


async def upload(database: Database, text: str = RULES, *, replaces: str | None = None) -> str:
    async with database.write() as session:
        parsed, content = read(text.encode(), "rules.md"), text.encode()
        document = await add(
            session,
            parsed,
            file_name="rules.md",
            content=content,
            kind=DocumentKind.SCHOOL,
            replaces=replaces,
            added_by=None,
            now=NOW,
            today=NOW.date(),
        )
    return document.id


async def quote(knowledge: Knowledge) -> str:
    given = await knowledge.ask(QUESTION, on=TODAY)
    return given.citations[0].quote if given.citations else ""


async def test_a_quotation_that_no_longer_stands_in_the_library_is_never_given(libraries: Database) -> None:
    await upload(libraries)
    knowledge = Knowledge(libraries, None)
    assert "二十三时" in await quote(knowledge)

    async with libraries.write() as session:  # behind the index's back, as by hand
        changed = PassageRow.text.contains("关闭大门")
        await session.execute(update(PassageRow).where(changed).values(text="第一条 学生宿舍每晚不关大门。"))

    given = await knowledge.ask(QUESTION, on=TODAY)
    assert (given.answered, given.citations, given.refusal) == (False, (), Refusal.NOTHING_FOUND)


@pytest.mark.parametrize("change", ["retired", "replaced", "withdrawn"])
async def test_what_was_taken_back_is_not_quoted_though_the_index_lags_behind(libraries: Database, change: str) -> None:
    document = await upload(libraries)
    knowledge = Knowledge(libraries, None, patience_seconds=0)
    assert "二十三时" in await quote(knowledge)

    async with libraries.write() as session:
        if change == "retired":
            await retire(session, document, on=TODAY)
        elif change == "withdrawn":
            await undo_publish(session, document)
    if change == "replaced":
        await upload(libraries, RULES.replace("二十三时", "二十二时"), replaces=document)

    assert "二十三时" not in await quote(knowledge)
    await knowledge.close()


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

    assert encoded == [1, len(read_elsewhere())]  # the question that it asks itself, and what that is compared with
    assert "二十三时" in await quote(again)
    assert len(await again.current()) == len(await first.current())


async def test_only_what_is_read_for_the_first_time_is_told_to_be_read(
    libraries: Database, tmp_path: Path, held_up: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.knowledge._PUBLISHING_SECONDS", 0.01)
    await upload(libraries)
    await upload(libraries, "# 湖心岛船务规定\n\n第一条 湖心岛摆渡船每日开行七班。\n")
    folder = tmp_path / "index"
    first = Knowledge(libraries, None, folder=folder, waited_for=0)

    with pytest.raises(LibraryBeingRead, match=r"\d+ of [1-9]\d+ passages"):
        await first.ask(QUESTION, on=TODAY)
    await first.published()  # whoever uploads does not wait for the whole library either
    held_up.set()
    await first.opened()
    assert "二十三时" in await quote(first)
    await first.saved()

    again = Knowledge(libraries, None, folder=folder, waited_for=0)
    assert "二十三时" in await quote(again)


async def test_what_a_kill_left_of_an_index_being_built_goes_with_the_next_saving(
    libraries: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    left = tmp_path / "index.building" / "tmpleft"
    left.mkdir(parents=True)
    (left / "0.alive.npy").write_bytes(b"half")
    await upload(libraries)
    knowledge = Knowledge(libraries, None, folder=folder)

    assert "二十三时" in await quote(knowledge)
    await knowledge.saved()

    assert not left.parent.exists()


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


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Encoding of texts about ferries, or with a model of 128 dimensions, waits for this."""
    go_on, encode = threading.Event(), StaticEncoder.encode

    def waiting(self: StaticEncoder, texts: list[str]) -> Vectors:
        if self.dimension == 128 or any("摆渡船" in text for text in texts):
            assert go_on.wait(60)
        return encode(self, texts)

    monkeypatch.setattr(StaticEncoder, "encode", waiting)
    yield go_on
    go_on.set()


async def test_questions_are_answered_while_a_document_is_made_ready(
    libraries: Database, held_up: threading.Event
) -> None:
    await upload(libraries)
    knowledge = Knowledge(libraries, None, patience_seconds=0)
    before = len(await knowledge.current())
    await upload(libraries, "# 湖心岛船务规定\n\n第一条 湖心岛摆渡船每日开行七班。\n")

    assert "二十三时" in await quote(knowledge)
    assert len(await knowledge.at_hand()) == before
    held_up.set()
    await knowledge.published()

    assert len(await knowledge.at_hand()) == before + 1


async def test_a_text_and_what_replaces_it_change_places_at_one_moment(libraries: Database) -> None:
    await upload(libraries)
    knowledge = Knowledge(libraries, None, patience_seconds=0)
    index = await knowledge.current()
    stop, quotes = threading.Event(), set()

    def ask() -> None:
        while not stop.is_set():
            quotes.add(index.search(QUESTION, on=TODAY)[0].passage.content.text)

    asking = threading.Thread(target=ask)
    asking.start()
    await upload(libraries, RULES.replace("二十三时", "二十二时"))
    await knowledge.current()
    stop.set()
    asking.join()

    assert quotes <= {"第一条 学生宿舍每晚二十三时关闭大门。", "第一条 学生宿舍每晚二十二时关闭大门。"}
    assert "二十二时" in await quote(knowledge)


def smaller_model(folder: Path) -> str:
    """The shipped model with half of its dimensions."""
    shutil.copytree(SHIPPED, folder)
    raw = (folder / "model.safetensors").read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entry = json.loads(raw[8 : 8 + length])["embedding.weight"]
    rows = np.frombuffer(raw[8 + length :], {"F16": np.float16, "F32": np.float32}[entry["dtype"]])
    half = np.ascontiguousarray(rows.reshape(entry["shape"])[:, :128])
    header = {"embedding.weight": entry | {"shape": half.shape, "data_offsets": [0, half.nbytes]}}
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + half.tobytes())
    return str(folder)


async def test_the_shipped_encoder_answers_until_everything_is_encoded_with_another(
    libraries: Database, tmp_path: Path, held_up: threading.Event
) -> None:
    await upload(libraries)
    first = Knowledge(libraries, None, folder=tmp_path / "index")
    await first.current()
    await first.saved()
    knowledge = Knowledge(libraries, smaller_model(tmp_path / "model"), folder=tmp_path / "index")

    assert "二十三时" in await quote(knowledge)
    assert (await knowledge.at_hand()).encoder.dimension == 256
    held_up.set()
    assert (await knowledge.current()).encoder.dimension == 128
    assert "二十三时" in await quote(knowledge)
    await knowledge.saved()
    again = Knowledge(libraries, str(tmp_path / "model"), folder=tmp_path / "index")
    assert (await again.at_hand()).encoder.dimension == 128


async def test_what_is_published_while_another_encoder_is_at_work_is_in_both(
    libraries: Database, tmp_path: Path, held_up: threading.Event
) -> None:
    knowledge = Knowledge(libraries, smaller_model(tmp_path / "model"))
    await knowledge.at_hand()
    await upload(libraries)

    assert "二十三时" in await quote(knowledge)
    held_up.set()
    await knowledge.current()
    assert "二十三时" in await quote(knowledge)


async def test_a_model_that_is_missing_is_told_in_one_sentence(libraries: Database, tmp_path: Path) -> None:
    knowledge = Knowledge(libraries, str(tmp_path / "absent"), folder=tmp_path / "index")

    with pytest.raises(BrokenModel, match=r"absent can't be used \(there is no such folder\)"):
        await knowledge.keep()


@pytest.mark.postgres
async def test_an_outage_before_the_library_was_read_is_waited_out(
    postgres: Cluster, new_postgres: Callable[[], str]
) -> None:
    database = Database(new_postgres())
    knowledge, opened = Knowledge(database, None), asyncio.Event()
    postgres.goes()
    try:
        keeping = asyncio.create_task(knowledge.keep(opened=opened.set))
        await asyncio.wait({keeping}, timeout=3)
        assert not keeping.done()
        assert not opened.is_set()
    finally:
        postgres.comes_back()

    await asyncio.wait_for(opened.wait(), 60)
    assert not keeping.done()
    keeping.cancel()
    await asyncio.wait({keeping})
    await knowledge.close()
    await database.close()


async def test_closing_gives_up_what_is_being_made_ready(
    libraries: Database, tmp_path: Path, held_up: threading.Event
) -> None:
    await upload(libraries)
    knowledge = Knowledge(libraries, smaller_model(tmp_path / "model"))
    await knowledge.at_hand()

    await knowledge.close()
    held_up.set()

    assert (await knowledge.at_hand()).encoder.dimension == 256
