"""A person reads on where they stopped, at their stage, as deep as they asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from content.library import add
from content.passages import DocumentId, DocumentKind, Passage, PassageId, PassageText
from content.readers import read
from content.selection import Candidate, Response, Shown, choose
from content.study import CardGone, another_card, card_to_read, respond, today_card
from storage.database import Database
from tests.content.people import CHEN, LIN, NOON, TODAY, two_students


def candidate(
    series: str,
    ordinal: int,
    *,
    stages: tuple[str, ...] = ("applicant",),
    kind: DocumentKind = DocumentKind.HANDBOOK,
    step: str | None = None,
) -> Candidate:
    text = PassageText(("标题",), None, f"这是{series}里的第{ordinal}段文字，说明一件应当知道的事情。")
    passage = Passage(PassageId(ordinal), DocumentId(series + "-1"), series, kind, 1, ordinal, text, TODAY)
    return Candidate(series, series, stages, passage, step)


HANDBOOK = [candidate("a", 0), candidate("a", 1), candidate("b", 0)]
GUIDE = candidate("g", 0, kind=DocumentKind.GUIDE)


def chosen(pool: list[Candidate], history: list[Shown], *, stage: str = "applicant", day: date = TODAY) -> str | None:
    found = choose(pool, history, person=LIN, stage=stage, day=day)
    return None if found is None else f"{found.series}{found.passage.ordinal}"


def shown(place: str, response: Response | None = Response.READ, *, days_ago: int = 1) -> Shown:
    return Shown(place[0], int(place[1:]), TODAY - timedelta(days=days_ago), response)


def test_the_same_day_gives_the_same_card() -> None:
    assert chosen(HANDBOOK, []) == chosen(list(reversed(HANDBOOK)), []) == "a0"


def test_a_document_that_was_begun_goes_on() -> None:
    assert chosen([*HANDBOOK, candidate("b", 1)], [shown("b0")]) == "b1"


def test_what_was_read_is_not_shown_again_while_there_is_something_new() -> None:
    assert chosen(HANDBOOK, [shown("a0"), shown("a1")]) == "b0"


def test_when_everything_was_read_something_is_read_again() -> None:
    history = [shown("a0"), shown("a1"), shown("b0")]

    assert chosen(HANDBOOK, history) is not None
    assert {chosen(HANDBOOK, history, day=TODAY + timedelta(days=days)) for days in range(1, 30)} == {"a0", "a1", "b0"}


def test_nothing_of_another_stage_is_shown() -> None:
    assert chosen(HANDBOOK, [], stage="candidate") is None
    assert chosen([candidate("c", 0, stages=())], [], stage="candidate") == "c0"


def test_what_lies_ahead_comes_before_what_lies_behind_however_deep_and_however_far_it_was_read() -> None:
    pool = [
        candidate("a", 0, step="interview"),
        candidate("a", 1, step="interview"),
        candidate("b", 0, step="oath"),
        GUIDE,
    ]
    behind = frozenset({"interview"})

    assert choose(pool, [], person=LIN, stage="applicant", behind=behind, day=TODAY) == pool[2]
    assert choose(pool, [shown("a0")], person=LIN, stage="applicant", behind=behind, day=TODAY) == pool[2]
    assert choose(pool, [shown("b0")], person=LIN, stage="applicant", behind=behind, day=TODAY) == GUIDE
    assert choose(pool, [shown("b0"), shown("g0")], person=LIN, stage="applicant", behind=behind, day=TODAY) == pool[0]


def test_too_easy_goes_deeper_and_too_hard_comes_back() -> None:
    pool = [*HANDBOOK, GUIDE]

    assert chosen(pool, [shown("a0", Response.TOO_EASY)]) == "g0"
    assert chosen(pool, [shown("a0", Response.TOO_EASY), shown("g0", Response.TOO_HARD)]) == "a1"


def test_a_card_that_nobody_answers_is_shown_twice_and_then_makes_room() -> None:
    assert chosen(HANDBOOK, [shown("a0", None)]) == "a0"
    assert chosen(HANDBOOK, [shown("a0", None, days_ago=2), shown("a0", None)]) == "a1"


TEXT = """---
title: 第1步 申请
kind: handbook
stages: [applicant]
---
## 向谁申请
向工作、学习所在单位的党组织提出入党申请，由支部接收。
## 怎样写
用书面形式写明自己的姓名和愿望，然后签名并写上日期。
"""


@pytest.fixture
async def school(database: Database) -> Database:
    async with database.write() as session:
        await two_students(session)
        await add(
            session,
            read(TEXT.encode(), "1.md"),
            file_name="1.md",
            content=TEXT.encode(),
            added_by=None,
            now=NOON,
            today=NOON.date(),
        )
    return database


async def test_the_card_of_the_day_stays_until_another_is_asked_for(school: Database) -> None:
    async with school.write() as session:
        first = await today_card(session, LIN, stage="applicant", day=TODAY, now=NOON)
        again = await today_card(session, LIN, stage="applicant", day=TODAY, now=NOON)
        other = await another_card(session, LIN, 0, stage="applicant", day=TODAY, now=NOON)
        pressed_twice = await another_card(session, LIN, 0, stage="applicant", day=TODAY, now=NOON)
        last = await another_card(session, LIN, 1, stage="applicant", day=TODAY, now=NOON)

    assert first is not None
    assert other is not None
    assert first == again
    assert other.passage.ordinal != first.passage.ordinal
    assert pressed_twice == other
    assert last is None


async def test_who_asks_again_after_reading_reads_on_the_same_day(school: Database) -> None:
    async with school.write() as session:
        first = await card_to_read(session, LIN, stage="applicant", day=TODAY, now=NOON)
        again = await card_to_read(session, LIN, stage="applicant", day=TODAY, now=NOON)
        await respond(session, LIN, 0, Response.READ, day=TODAY)
        second = await card_to_read(session, LIN, stage="applicant", day=TODAY, now=NOON)
        await respond(session, LIN, 1, Response.READ, day=TODAY)
        last = await card_to_read(session, LIN, stage="applicant", day=TODAY, now=NOON)

    assert first is not None
    assert second is not None
    assert last is not None
    assert first == again
    assert second.passage.ordinal == first.passage.ordinal + 1
    assert second.response is None
    assert (last.ordinal, last.response) == (1, Response.READ)


async def test_a_card_that_was_read_leads_to_the_next_one_tomorrow(school: Database) -> None:
    tomorrow = TODAY + timedelta(days=1)
    async with school.write() as session:
        await today_card(session, LIN, stage="applicant", day=TODAY, now=NOON)
        card = await respond(session, LIN, 0, Response.READ, day=TODAY)
        following = await today_card(session, LIN, stage="applicant", day=tomorrow, now=NOON)

    assert card.response is Response.READ
    assert following is not None
    assert following.passage.ordinal == card.passage.ordinal + 1


async def test_nobody_answers_a_card_of_somebody_else(school: Database) -> None:
    async with school.write() as session:
        await today_card(session, LIN, stage="applicant", day=TODAY, now=NOON)
        with pytest.raises(CardGone):
            await respond(session, CHEN, 0, Response.READ, day=TODAY)


async def test_an_official_text_is_a_card_only_where_a_stage_was_given(school: Database) -> None:
    first, second = "为了规范有关各项工作，根据有关规定，制定本条例。", "本条例适用于有关各方面的工作和活动。"
    law = f"# 中国共产党某条例\n\n第一条　{first}\n\n第二条　{second}\n".encode()
    async with school.write() as session:
        await add(session, read(law, "l.md"), file_name="l.md", content=law, added_by=None, now=NOON, today=NOON.date())
        assert await today_card(session, LIN, stage="activist", day=TODAY, now=NOON) is None

        more = law.replace("条例".encode(), "办法".encode())
        await add(
            session,
            read(more, "m.md"),
            file_name="m.md",
            content=more,
            stages=["activist"],
            added_by=None,
            now=NOON,
            today=NOON.date(),
        )
        card = await today_card(session, LIN, stage="activist", day=TODAY, now=NOON)

    assert card is not None
    assert card.passage.content.article == "第一条"
