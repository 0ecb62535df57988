"""Several questions in one message, and articles that are needed together."""

from __future__ import annotations

import pytest

from retrieval.answer import answer
from retrieval.normalise import normalise
from retrieval.parts import compared, parts
from retrieval.search import Index
from tests.retrieval.conftest import TODAY


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("政审审啥 培训几天", ("政审审啥", "培训几天")),
        ("介绍人几个？公示几天？", ("介绍人几个", "公示几天")),
        ("介绍人要几个和公示要几天", ("介绍人要几个", "公示要几天")),
        ("预备期多长，还有转正要哪些手续", ("预备期多长", "转正要哪些手续")),
        ("我是大二的 刚交申请书 多久谈话", ()),
        ("申请书交上去一个多月没人理我 正常吗", ()),
        ("党支部和党小组是什么关系", ()),
        ("公示几天", ()),
        ("", ()),
        ("？？？", ()),
    ],
)
def test_a_message_is_taken_apart_only_where_each_part_asks(message: str, asked: tuple[str, ...]) -> None:
    assert parts(normalise(message)) == asked


@pytest.mark.parametrize(
    ("message", "articles"),
    [
        ("公示要几个工作日 表决要多少人赞成", {"第十三条", "第九条"}),
        ("观察期多久？大会怎么表决？", {"第七条", "第九条"}),
    ],
)
def test_each_of_two_questions_is_answered(index: Index, message: str, articles: set[str]) -> None:
    given = answer(index, message, on=TODAY)

    assert {citation.passage.content.article for citation in given.citations} >= articles
    assert {one.passage.content.article for hit in given.hits[:2] for one in (hit, *hit.beside)} >= articles


def test_a_part_that_is_not_known_is_not_made_up(index: Index) -> None:
    given = answer(index, "公示要几个工作日 食堂几点开门", on=TODAY)

    assert {citation.passage.content.article for citation in given.citations} <= {"第十三条"}


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("入党积极分子和发展对象有什么区别", ("入党积极分子", "发展对象")),
        ("申请书跟志愿书一样吗？", ("申请书", "志愿书")),
        ("推优与党员推荐的不同", ("推优", "党员推荐")),
        ("预备党员和正式党员到底差在哪", ("预备党员", "正式党员")),
        ("和发展对象有什么区别", ()),
        ("团员和群众都能申请吗", ()),
        ("公示几天", ()),
        ("", ()),
    ],
)
def test_what_is_to_be_told_apart_is_two_matters(question: str, sides: tuple[str, ...]) -> None:
    assert compared(normalise(question)) == sides
