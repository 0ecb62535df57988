"""A question for an old text is answered from that text or not at all."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from content.passages import DocumentId
from retrieval.answer import answer
from retrieval.editions import coming_text, old_text
from retrieval.encoder import load_encoder
from retrieval.material import STARTER
from retrieval.normalise import normalise
from retrieval.refusals import Refusal
from retrieval.search import Index
from retrieval.tuning import QUESTIONS
from tests.retrieval.conftest import TODAY, passage

NEW = "拟列为会员对象的应当公示，公示期不少于五个工作日。"
OLD = "拟列为会员对象的应当公示，公示期为七天。"


@pytest.fixture
def both() -> Index:
    """The rule as it holds, and as it held before."""
    index = Index(load_encoder(None))
    replaced = {"effective_from": date(2014, 5, 28), "effective_until": date(2026, 1, 1)}
    index.add([passage(1, NEW, article="第九条")])
    index.add([passage(2, OLD, article="第九条", document=DocumentId("old"), **replaced)])
    return index


@pytest.mark.parametrize(
    "question", ["2014年版细则第九条", "旧细则第九条公示期多久", "修订前公示期多久", "老版规定里公示期是多久"]
)
def test_an_old_text_that_is_held_is_quoted_and_named_as_old(both: Index, question: str) -> None:
    found = answer(both, question, on=TODAY)

    assert found.answered
    assert found.former
    assert [citation.quote for citation in found.citations] == [OLD]


@pytest.mark.parametrize("question", ["第九条", "公示期多久"])
def test_nothing_old_is_quoted_unasked(both: Index, question: str) -> None:
    found = answer(both, question, on=TODAY)

    assert not found.former
    assert OLD not in [citation.quote for citation in found.citations]


@pytest.mark.parametrize("question", ["2014年版细则第九条", "旧细则公示期多久", "2009年的规定里公示期多久"])
def test_an_old_text_that_is_not_held_is_not_answered_from_the_present_one(question: str) -> None:
    index = Index(load_encoder(None))
    index.add([passage(1, NEW, article="第九条", questions=("公示期多久",))])

    found = answer(index, question, on=TODAY)

    assert not found.answered
    assert found.refusal is Refusal.OLD_TEXT


def test_an_edition_of_another_year_is_not_the_one_asked_for(both: Index) -> None:
    found = answer(both, "2009年的规定里公示期多久", on=TODAY)

    assert found.refusal is Refusal.OLD_TEXT


@pytest.mark.parametrize(
    "question",
    [
        "新旧细则有什么区别",
        "2014年的细则还能用吗",
        "2026年版细则第九条",
        "修订前后公示有什么变化",
        "以前交的申请书还算数吗",
        "老党员能当介绍人吗",
        "学校规定公示几天",
        "原来的联系人毕业了怎么办",
    ],
)
def test_comparing_or_asking_for_what_holds_is_no_question_for_an_old_text(question: str) -> None:
    assert old_text(normalise(question), on=TODAY) is None


@pytest.mark.parametrize("path", [QUESTIONS, *sorted((STARTER / "anticipated").glob("*.jsonl"))], ids=lambda p: p.stem)
def test_no_question_on_what_holds_is_taken_for_one_on_an_old_text(path: Path) -> None:
    questions = [json.loads(line)["question"] for line in path.read_text("utf-8").splitlines()]

    assert questions
    assert [question for question in questions if old_text(normalise(question), on=TODAY)] == []
    assert [question for question in questions if coming_text(normalise(question), on=TODAY)] == []


COMING = "拟列为会员对象的应当公示，公示期不少于九个工作日。"


@pytest.fixture
def replaced_soon() -> Index:
    """A rule that holds, and the one that takes its place next year."""
    index = Index(load_encoder(None))
    index.add([passage(1, NEW, article="第九条", effective_until=date(2027, 3, 1))])
    index.add([passage(2, COMING, article="第九条", document=DocumentId("new"), effective_from=date(2027, 3, 1))])
    return index


@pytest.mark.parametrize("question", ["还没生效的规定里公示期多久", "2027年新规定第九条", "即将施行的细则公示期多久"])
def test_a_text_that_comes_is_quoted_when_asked_for_and_said_to_be_not_yet_in_force(
    replaced_soon: Index, question: str
) -> None:
    found = answer(replaced_soon, question, on=TODAY)

    assert (found.coming, found.former) == (True, False)
    assert [citation.quote for citation in found.citations] == [COMING]


@pytest.mark.parametrize("question", ["第九条", "公示期多久", "2026年规定第九条"])
def test_nothing_that_is_still_to_come_is_quoted_unasked(replaced_soon: Index, question: str) -> None:
    found = answer(replaced_soon, question, on=TODAY)

    assert not found.coming
    assert [citation.quote for citation in found.citations] == [NEW]


def test_a_text_that_comes_and_is_not_held_is_not_answered_from_the_present_one(both: Index) -> None:
    assert answer(both, "2027年新细则公示期多久", on=TODAY).refusal is Refusal.COMING_TEXT
