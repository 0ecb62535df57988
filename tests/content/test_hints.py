"""What is worth a look: never found, out of date, said twice, and (of ten people or more) what did not help."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from content.documents import passages_of
from content.hints import Outdated, Twice, Unfound, ends_by_its_words, hints, standing_passages
from content.library import add
from content.readers import read
from content.usefulness import (
    COUNTED_DAYS,
    forget_old,
    forget_unhelpful_to,
    not_yet_cited,
    note_cited,
    note_unhelpful,
    unhelpful,
    unhelpful_to,
)
from storage.database import Database
from tests.content.people import LIN, NOON, TODAY, two_students

ROOMS = """# 示例大学自习室规定

第一条　自习室每天七时开放，二十二时关闭，寒暑假另行通知。
第二条　预约后三十分钟没有签到的，预约自动取消，当天不能再约。
"""


async def publish(database: Database, text: str, *, since: date, name: str = "规定.md") -> list[int]:
    async with database.write() as session:
        content = text.encode()
        document = await add(
            session,
            read(content, name),
            file_name=name,
            content=content,
            effective_from=since,
            added_by=None,
            now=NOON - timedelta(days=400),
            today=since,
        )
        return [one.id for one in await passages_of(session, document.id)]


async def found(database: Database, on: date = TODAY) -> tuple:  # type: ignore[type-arg]  # of three lists
    async with database.read() as session:
        told = hints(await standing_passages(session), on=on)
    return told.unfound, told.outdated, told.twice


async def test_what_no_answer_quoted_for_three_months_is_told_by_place(database: Database) -> None:
    first, _ = await publish(database, ROOMS, since=TODAY - timedelta(days=89))
    assert await found(database) == ((), (), ())

    later = TODAY + timedelta(days=1)
    assert (await found(database, later))[0] == (Unfound("示例大学自习室规定", ("第一条", "第二条"), 2),)
    async with database.write() as session:
        assert await not_yet_cited(session, [first], on=TODAY) == [first]
        await note_cited(session, [first], on=TODAY)
        assert await not_yet_cited(session, [first], on=TODAY) == []
    assert (await found(database, later))[0] == (Unfound("示例大学自习室规定", ("第二条",), 2),)


async def test_what_holds_no_longer_not_yet_or_only_by_its_own_words_is_told(database: Database) -> None:
    old = TODAY - timedelta(days=30)
    await publish(database, ROOMS, since=old)
    await publish(database, ROOMS.replace("三十", "十五"), since=TODAY)
    await publish(
        database, "# 示例大学校车规定\n\n第一条　校车每天七时发车，周末停开。\n", since=TODAY + timedelta(days=1)
    )
    trial = "# 示例大学选课办法\n\n第一条　选课在第一周进行。\n第二条　本办法自发布之日起施行，试行期两年。\n"
    await publish(database, trial, since=date(2024, 11, 22))
    guide = "# 示例大学新生指南\n\n第一条　座位预约见《示例大学自习室规定》。\n"
    await publish(database, guide, since=TODAY - timedelta(days=10))

    assert set((await found(database))[1]) == {
        Outdated("示例大学自习室规定", "replaced", TODAY),
        Outdated("示例大学校车规定", "coming", TODAY + timedelta(days=1)),
        Outdated("示例大学选课办法", "ended", TODAY, "第二条"),
        Outdated("示例大学新生指南", "refers", TODAY, "第一条", "示例大学自习室规定"),
    }


async def test_what_two_documents_say_is_told_once_with_its_places(database: Database) -> None:
    await publish(database, ROOMS, since=TODAY)
    again = (
        ROOMS.replace("自习室规定", "研修间办法")
        .replace("三十", "十五")
        .replace("第一条　", "第一条　目的。\n第三条　")
    )
    await publish(database, again, since=TODAY)

    (twice,) = (await found(database))[2]

    assert isinstance(twice, Twice)
    assert {twice.title, twice.other} == {"示例大学自习室规定", "示例大学研修间办法"}
    assert {tuple(sorted(pair)) for pair in twice.places} == {("第一条", "第三条"), ("第二条", "第二条")}


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("本办法有效期至2026年8月31日。", date(2026, 9, 1)),
        ("本规定自发布之日起施行，有效期五年。", date(2029, 3, 1)),
        ("本细则自2024年3月1日起试行2年。", date(2026, 3, 1)),
        ("本办法有效期至2026年13月31日。", None),
        ("党课结业证书有效期两年。", None),
        ("推优结果有效期至2025年9月1日。", None),
        ("本办法由学院负责解释。证书有效期三年。", None),
    ],
)
def test_only_what_a_text_says_of_itself_ends_it(text: str, end: date | None) -> None:
    assert ends_by_its_words(text, date(2024, 3, 1)) == end


async def test_what_did_not_help_is_counted_by_people_and_told_from_ten_on(database: Database) -> None:
    first, second = await publish(database, ROOMS, since=TODAY)
    async with database.write() as session:
        await two_students(session)
        for person in range(9):
            for _press in range(3):
                await note_unhelpful(session, [first], person=person, on=TODAY)
            await note_unhelpful(session, [second], person=person, on=TODAY)
        assert await unhelpful(session, on=TODAY) == []

        await note_unhelpful(session, [first, 99_999_999], person=LIN, on=TODAY)

        (told,) = await unhelpful(session, on=TODAY)
        assert (told.title, told.article, told.people) == ("示例大学自习室规定", "第一条", 10)


async def test_a_mark_can_be_told_and_taken_back_by_its_person_alone_and_ends(database: Database) -> None:
    first, second = await publish(database, ROOMS, since=TODAY)
    async with database.write() as session:
        assert await unhelpful_to(session, LIN) == []
        await note_unhelpful(session, [first, second], person=LIN, on=TODAY)
        await note_unhelpful(session, [first], person=LIN + 1, on=TODAY)

        assert await unhelpful_to(session, LIN) == [(first, TODAY), (second, TODAY)]
        assert await forget_unhelpful_to(session, LIN) == 2
        assert await unhelpful_to(session, LIN) == []
        assert await forget_old(session, on=TODAY + timedelta(days=COUNTED_DAYS - 1)) == 0
        assert await forget_old(session, on=TODAY + timedelta(days=COUNTED_DAYS)) == 1
