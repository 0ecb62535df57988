"""A question for an old text is answered from that text or not at all."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from content.passages import DocumentId, DocumentKind, Level
from retrieval.answer import answer
from retrieval.editions import coming_text, dated, old_text
from retrieval.encoder import load_encoder
from retrieval.material import STARTER, starter_passages
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


@pytest.mark.parametrize(
    "question",
    [
        "党章上规定几岁能入党", "原则上规定要多少人到会", "网上版本和纸质版哪种算", "递申请之前规定要谈话吗",
        "入党之前文件要看哪些", "上文件夹标签写什么", "2024年规定的学时没修满怎么办",
        "我以前规定时间没交思想汇报怎么办", "支部大会之前办法人要通知到吗", "申请书上版面要求",
    ],
)  # fmt: skip
def test_what_is_written_on_something_or_was_before_something_is_no_old_text(question: str) -> None:
    assert old_text(normalise(question), on=TODAY) is None


@pytest.mark.parametrize(
    "question",
    ["按以前的规定要几个介绍人", "之前的细则怎么写的", "上一版细则第十三条", "我们以前规定几个月交一次", "从前的章程"],
)
def test_what_was_before_is_an_old_text(question: str) -> None:
    assert old_text(normalise(question), on=TODAY) is not None


@pytest.mark.parametrize("question", ["老细则里预备期多长", "旧版章程第一条", "旧版细则公示几天"])
def test_what_tells_nothing_of_an_old_text_does_not_answer_for_it(question: str) -> None:
    index = Index(load_encoder(None))
    index.add(starter_passages())

    assert answer(index, question, on=TODAY).refusal is Refusal.OLD_TEXT


@pytest.mark.parametrize("question", ["2014年细则写没写宣誓时间", "老规定是备案", "2014年那会儿发展对象怎么定"])
def test_where_no_old_text_is_held_what_tells_of_it_answers(question: str) -> None:
    index = Index(load_encoder(None))
    index.add(starter_passages())

    found = answer(index, question, on=TODAY)

    assert not found.former
    assert any("2014年" in citation.passage.content.text for citation in found.citations)


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
    assert [question for question in questions if dated(normalise(question), on=TODAY)] == []


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


EDITIONS = {
    "公示期为三天，在公告栏张贴。": (date(2024, 9, 1), date(2026, 9, 1)),
    "公示期为七天，在公告栏张贴。": (date(2026, 9, 1), date(2027, 3, 1)),
    "公示期为十天，在公告栏张贴。": (date(2027, 3, 1), None),
}


@pytest.fixture(scope="module")
def below_the_nation() -> Index:
    """A school's rule in three editions beside all that we bring along, which says more of what is asked."""
    index = Index(load_encoder(None))
    index.add(starter_passages())
    index.add(
        [
            passage(
                1_000_000 + at,
                f"第一条 {text}",
                article="第一条",
                title="学院办法",
                document=DocumentId(f"edition-{at}"),
                kind=DocumentKind.SCHOOL,
                level=Level.SCHOOL,
                effective_from=since,
                effective_until=until,
            )
            for at, (text, (since, until)) in enumerate(EDITIONS.items())
        ]
    )
    return index


@pytest.mark.parametrize(
    ("question", "says", "former", "coming"),
    [
        ("旧办法公示几天", "三天", True, False),
        ("以前的实施办法里公示几天", "三天", True, False),
        ("即将施行的办法公示多久", "十天", False, True),
        ("还没施行的实施办法里公示几天", "十天", False, True),
        ("在2025年的时候公示几天", "三天", True, False),
        ("2027年4月以后公示几天", "十天", False, True),
    ],
)
def test_another_edition_or_day_is_found_though_the_national_rule_says_more_of_it(
    below_the_nation: Index, question: str, says: str, former: bool, coming: bool
) -> None:
    found = answer(below_the_nation, question, on=TODAY)

    assert [says in citation.quote for citation in found.citations] == [True]
    assert (found.former, found.coming) == (former, coming)


def test_what_holds_now_answers_for_a_day_on_which_it_held_and_for_no_earlier_one(below_the_nation: Index) -> None:
    held, not_yet = (
        answer(below_the_nation, f"{when}公示几天", on=TODAY) for when in ("2026年10月那时候", "在2020年的时候")
    )

    assert held.answered
    assert not held.former
    assert not_yet.refusal is Refusal.OLD_TEXT


@pytest.mark.parametrize(
    "question",
    ["我2025年9月那时候交的申请书作数吗", "2025年11月20日开的大会哪天转正", "2026年的时候公示几天", "2025年13月的时候"],
)
def test_a_day_in_a_case_is_no_question_for_the_rules_of_that_day(question: str) -> None:
    assert dated(normalise(question), on=TODAY) is None
