"""The library keeps versions apart and quotes only what is in force."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from content.library import (
    Document,
    DocumentAlreadyThere,
    DocumentNotPublished,
    DocumentUnknown,
    add,
    by_title,
    documents,
    find,
    last_published,
    passages_in_force,
    passages_of,
    publish,
    retire,
    revision,
    undo_publish,
)
from content.passages import DocumentKind, Level
from content.readers import read
from records.tables import BranchRow, PersonRow
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)

RULES = """# 宿舍管理办法

（2020年3月1日学生处发布）

## 第一章 总则

第一条　为了规范宿舍管理，制定本办法。

第二条　宿舍每天二十三点熄灯。

第三条　本办法自发布之日起施行。
"""


async def add_text(database: Database, text: str, name: str = "办法.md", **options: object) -> Document:
    content = text.encode()
    async with database.write() as session:
        return await add(
            session,
            read(content, name),
            file_name=name,
            content=content,
            **{"added_by": None, "now": NOON, "today": NOON.date(), **options},  # type: ignore[arg-type]
        )


async def quotable(database: Database, on: date = TODAY) -> list[str]:
    async with database.read() as session:
        return [passage.content.text for passage in await passages_in_force(session, on)]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("中国共产党发展党员工作细则（2026年）", DocumentKind.OFFICIAL),
        ("发展党员工作细则", DocumentKind.OFFICIAL),
        ("《中国共产党普通高等学校基层组织工作条例》", DocumentKind.OFFICIAL),
        ("中华人民共和国高等教育法", DocumentKind.OFFICIAL),
        ("个人信息保护法", DocumentKind.OFFICIAL),
        ("材料学院发展党员工作补充规定", DocumentKind.SCHOOL),
        ("江海大学发展党员工作实施细则", DocumentKind.SCHOOL),
        ("化学系发展党员工作条例", DocumentKind.SCHOOL),
        ("思想汇报管理规定", DocumentKind.SCHOOL),
    ],
)
async def test_a_text_is_the_schools_own_unless_its_title_is_plainly_national(
    database: Database, title: str, kind: DocumentKind
) -> None:
    document = await add_text(database, f"# {title}\n\n第一条　为了工作，制定本文件。\n\n第二条　思想汇报应当手写。\n")

    async with database.read() as session:
        levels = {passage.content.level for passage in await passages_of(session, document.id)}
    assert document.kind is kind
    assert levels == {Level.NATIONAL if kind is DocumentKind.OFFICIAL else Level.SCHOOL}


async def test_a_document_with_articles_is_quotable_from_its_day_on(database: Database) -> None:
    document = await add_text(database, RULES)

    assert (document.title, document.kind, document.articles) == ("宿舍管理办法", DocumentKind.SCHOOL, 3)
    assert document.effective_from == date(2020, 3, 1)
    assert "第二条　宿舍每天二十三点熄灯。" in await quotable(database)
    assert await quotable(database, date(2020, 2, 29)) == []


async def test_a_new_version_takes_the_place_of_the_old_on_its_day(database: Database) -> None:
    old = await add_text(database, RULES)
    newer = RULES.replace("二十三点", "二十二点半").replace("2020年3月1日", "2026年9月1日")

    new = await add_text(database, newer)

    assert (new.series, new.version) == (old.series, 2)
    assert [notice.key for notice in new.notices] == ["notice.new_version"]
    assert "第二条　宿舍每天二十二点半熄灯。" in await quotable(database)
    assert "第二条　宿舍每天二十三点熄灯。" not in await quotable(database)
    assert "第二条　宿舍每天二十三点熄灯。" in await quotable(database, date(2026, 8, 31))


async def test_an_older_version_uploaded_later_does_not_displace_the_newer(database: Database) -> None:
    await add_text(database, RULES.replace("2020年3月1日", "2026年9月1日"))

    old = await add_text(database, RULES.replace("二十三点", "二十四点"))

    assert old.effective_until == date(2026, 9, 1)
    assert "第二条　宿舍每天二十三点熄灯。" in await quotable(database)


async def test_an_undone_publication_leaves_what_was_there_before(database: Database) -> None:
    await add_text(database, RULES)
    before = await quotable(database)
    new = await add_text(database, RULES.replace("二十三点", "二十二点半"), effective_from=date(2026, 9, 1))

    async with database.write() as session:
        undone = await undo_publish(session, new.id)

    assert undone.state == "draft"
    assert await quotable(database) == before


async def test_undo_means_the_last_thing_that_this_person_published(database: Database) -> None:
    async with database.write() as session:
        session.add(BranchRow(id=1, name="数学支部", kind="branch"))
        await session.flush()
        session.add(PersonRow(id=5, name="林一", branch_id=1, details={}, created_at=NOON))
    await add_text(database, RULES, added_by=5)
    other = await add_text(database, "# 食堂须知\n\n食堂七点开门。", "食堂.md", added_by=5, now=NOON.replace(hour=5))

    async with database.read() as session:
        last = await last_published(session, 5)
        assert await last_published(session, 6) is None

    assert last is not None
    assert last.id == other.id


async def test_a_draft_is_not_quoted_until_it_is_published(database: Database) -> None:
    draft = await add_text(database, RULES, publish=False)
    assert await quotable(database) == []

    async with database.write() as session:
        await publish(session, draft.id)

    assert len(await quotable(database)) == 4


async def test_a_retired_document_is_quoted_no_more(database: Database) -> None:
    document = await add_text(database, RULES)

    async with database.write() as session:
        await retire(session, document.title, on=TODAY)
        with pytest.raises(DocumentNotPublished):
            await retire(session, document.id, on=TODAY)

    assert await quotable(database) == []
    assert len(await quotable(database, date(2026, 11, 21))) == 4


async def test_the_same_text_is_refused_and_a_nearly_equal_one_is_named(database: Database) -> None:
    document = await add_text(database, RULES)
    with pytest.raises(DocumentAlreadyThere) as refusal:
        await add_text(database, RULES, "另一个名字.md")
    assert document.id in str(refusal.value)

    twin = await add_text(database, RULES.replace("# 宿舍管理办法", "# 公寓管理办法"))

    assert [notice.key for notice in twin.notices] == ["notice.nearly_the_same"]
    assert twin.series != document.series


async def test_parts_of_one_law_with_the_same_title_stay_side_by_side(database: Database) -> None:
    await add_text(database, "# 法典\n\n第一条　甲。\n\n第二条　乙。\n")
    part = await add_text(database, "# 法典\n\n第三条　丙。\n\n第四条　丁。\n", "二.md")

    assert part.version == 1
    assert len(await quotable(database)) == 4


async def test_a_document_is_found_by_id_series_or_title_as_people_write_it(database: Database) -> None:
    document = await add_text(database, RULES.replace("# 宿舍管理办法", "# 中国共产党宿舍管理办法（2020年修订）"))

    async with database.read() as session:
        for name in (document.id, document.series, "《宿舍管理办法》", "中国共产党宿舍管理办法"):
            assert (await find(session, name)).id == document.id
        assert await by_title(session, "食堂须知") is None
        with pytest.raises(DocumentUnknown):
            await find(session, "食堂须知")


async def test_front_matter_says_kind_stages_and_day(database: Database) -> None:
    front = "---\ntitle: 本院须知\nkind: school\nstages: [applicant]\neffective: 2026-01-02\n---\n"
    text = front + "## 交表\n依据：《细则》第六条\n周五前交。"

    document = await add_text(database, text)

    async with database.read() as session:
        (passage,) = await passages_of(session, document.id)
    assert (document.kind, document.stages, document.effective_from) == (
        DocumentKind.SCHOOL,
        ("applicant",),
        date(2026, 1, 2),
    )
    assert passage.content.level is Level.SCHOOL
    assert passage.content.basis is not None
    assert passage.content.basis.article == "第六条"
    assert passage.content.text == "周五前交。"


async def test_every_change_grows_the_revision(database: Database) -> None:
    seen = []
    document = await add_text(database, RULES)
    async with database.write() as session:
        seen.append(await revision(session))
        await retire(session, document.id, on=TODAY)
        seen.append(await revision(session))
        await publish(session, document.id)
        seen.append(await revision(session))
        assert [document.state for document in await documents(session)] == ["published"]

    assert seen == sorted(set(seen))


async def test_a_text_that_names_no_day_holds_from_the_day_at_the_school(database: Database) -> None:
    evening = datetime(2026, 11, 26, 17, tzinfo=UTC)  # the 27th in Beijing, noon of the 26th in New York

    text = RULES.replace("（2020年3月1日学生处发布）", "").replace("第三条　本办法自发布之日起施行。", "")
    document = await add_text(database, text, now=evening, today=date(2026, 11, 26))

    assert document.effective_from == date(2026, 11, 26)
