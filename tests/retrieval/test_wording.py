"""How something is asked is told from what is asked."""

from __future__ import annotations

import pytest

from content.passages import Basis, DocumentId, DocumentKind
from retrieval.answer import answer
from retrieval.encoder import Encoder
from retrieval.naming import place_of
from retrieval.search import Index
from retrieval.wording import asks_for_explanation, plainly
from tests.retrieval.conftest import RULES, TODAY, passage


@pytest.mark.parametrize(
    ("said", "alike"),
    [
        ("政审查啥", "请问政审查什么"),
        ("什么叫应到人数", "应到人数是啥意思"),
        ("预备期多长时间", "预备期多久啊"),
        ("可不可以补交", "能补交吗"),
    ],
)
def test_the_same_is_asked_in_other_words(said: str, alike: str) -> None:
    assert plainly(said) == plainly(alike)


@pytest.mark.parametrize(
    ("said", "other"), [("预备期多久", "预备期谁定"), ("能补交", "要补交"), ("政审", "政审查什么")]
)
def test_something_else_is_asked(said: str, other: str) -> None:
    assert plainly(said) != plainly(other)


def test_a_term_alone_and_a_difference_ask_for_an_explanation() -> None:
    assert all(map(asks_for_explanation, ("政审", "应到人数", "函调是什么", "应到和实到的区别")))
    assert not any(map(asks_for_explanation, ("政审查啥", "政审不合格还能再来吗", "预备期多久")))


def test_a_section_that_is_asked_for_in_words_of_its_own_answers_without_its_article(encoder: Encoder) -> None:
    index = Index(encoder, aliases={})
    asked = "会员在外地能不能视频参加大会"
    index.add(
        [
            passage(
                1,
                "第九条　会员大会表决采取无记名方式，赞成人数超过应到会人数的半数。",
                article="第九条",
                questions=("大会怎么表决",),
            ),
            passage(
                2,
                "办法没有提到视频参加，人在外地的先向小组请假。",
                headings=("人在外地怎么参加大会",),
                basis=Basis(RULES, "第九条"),
                questions=(asked,),
                document=DocumentId("handbook"),
                title="入会手册",
                kind=DocumentKind.HANDBOOK,
            ),
            passage(
                3,
                "表决不记名，要超过应到人数的一半。",
                headings=("大会怎么表决",),
                basis=Basis(RULES, "第九条"),
                questions=("大会怎么表决",),
                document=DocumentId("handbook"),
                title="入会手册",
                kind=DocumentKind.HANDBOOK,
            ),
        ]
    )

    assert place_of(index.search("会员在外地可以视频参加大会吗", on=TODAY)[0].passage) == "人在外地怎么参加大会"
    assert index.search("会员在外地可以视频参加大会吗", on=TODAY)[0].beside == ()
    assert "第九条" in [cited.passage.content.article for cited in answer(index, "大会咋表决", on=TODAY).citations]
