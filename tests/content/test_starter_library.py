"""The shipped handbook, guides and quiz come into the library once, and again only when they changed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update

from content.documents import documents, passages_in_force, passages_of
from content.library import add, retire, revision
from content.passages import DocumentKind
from content.questions import banks
from content.readers import read
from content.starter import load_starter
from content.tables import DocumentRow, PassageRow, QuestionRow
from storage.database import Database
from storage.settings import put_setting

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
async def loaded(database: Database) -> Database:
    async with database.write() as session:
        await load_starter(session, NOON)
    return database


async def test_the_starter_library_is_readable_and_asks_questions(loaded: Database) -> None:
    async with loaded.read() as session:
        kinds = {document.kind for document in await documents(session)}
        passages = await passages_in_force(session, TODAY)
        (bank,) = await banks(session)

    assert {DocumentKind.HANDBOOK, DocumentKind.GUIDE} <= kinds
    assert DocumentKind.OFFICIAL not in kinds
    assert any(passage.content.basis for passage in passages)
    assert bank.questions >= 140


async def test_loading_again_changes_nothing(loaded: Database) -> None:
    async with loaded.write() as session:
        before = await revision(session)
        changed = await load_starter(session, NOON)

        assert (changed, await revision(session)) == (0, before)


async def test_a_changed_text_takes_the_place_of_the_old(loaded: Database) -> None:
    async with loaded.write() as session:
        document = (await documents(session))[0]
        old = f"# {document.title}\n\n旧的文字。".encode()
        other = await add(
            session, read(old, "old.md"), file_name=document.file_name or "", content=old, replaces=document.id,
            added_by=None, now=NOON, today=NOON.date(), effective_from=document.effective_from,
        )  # fmt: skip

        assert await load_starter(session, NOON) == 1

        quotable = {passage.document for passage in await passages_in_force(session, TODAY)}
        assert other.id not in quotable
        assert f"{document.series}-3" in quotable


async def test_what_an_organiser_retired_stays_retired(loaded: Database) -> None:
    async with loaded.write() as session:
        document = (await documents(session))[0]
        await retire(session, document.id, on=TODAY)
        await session.execute(
            update(DocumentRow).where(DocumentRow.id == document.id).values(file_sha256=None)
        )  # as if another text were shipped

        assert await load_starter(session, NOON) == 0


async def test_a_question_that_is_no_longer_shipped_is_asked_no_more(loaded: Database) -> None:
    async with loaded.write() as session:
        row = (await session.scalars(select(QuestionRow).limit(1))).one()
        row.digest = "0" * 64
        await put_setting(session, "library.quiz", "an earlier edition")

        await load_starter(session, NOON)

        retired = await session.scalar(select(func.count()).where(QuestionRow.retired_at.is_not(None)))
        assert retired == 1


async def test_anticipated_questions_find_their_article_whoever_uploads_it(loaded: Database) -> None:
    content = "# 中国共产党发展党员工作细则（2026年）\n\n第一条　为了规范工作。\n\n第二条　党员是先锋战士。\n".encode()
    async with loaded.write() as session:
        document = await add(
            session,
            read(content, "a.md"),
            file_name="a.md",
            content=content,
            added_by=None,
            now=NOON,
            today=NOON.date(),
        )
        first = (await passages_of(session, document.id))[0]
        assert first.content.questions

        await session.execute(update(PassageRow).values(questions=[]))
        await put_setting(session, "library.anticipated", "an earlier edition")
        await load_starter(session, NOON)

        assert (await passages_of(session, document.id))[0].content.questions == first.content.questions


async def test_a_section_of_the_handbook_has_the_questions_on_its_article_after_an_upgrade_too(
    loaded: Database,
) -> None:
    async with loaded.write() as session:
        (page,) = [one for one in await documents(session) if one.title.startswith("第2步")]
        before = [passage.content.questions for passage in await passages_of(session, page.id)]
        assert any(before)

        await session.execute(update(PassageRow).values(questions=[]))
        await put_setting(session, "library.anticipated", "an earlier edition")
        await load_starter(session, NOON)

        assert [passage.content.questions for passage in await passages_of(session, page.id)] == before
