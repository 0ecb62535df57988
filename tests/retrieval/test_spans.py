"""The sentence that answers is quoted, not the one that repeats the words of the question."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from content.passages import DocumentId, DocumentKind, Level
from retrieval.answer import answer
from retrieval.encoder import Encoder
from retrieval.kinds import SENTENCES, kinds
from retrieval.search import Index
from tests.retrieval.conftest import ARTICLES, TODAY, passage

GUIDE = (
    "　　第十五条　小组应当指定一名会员作申请人的领路人。领路人由入会三年以上、责任心强的会员担任。\n"
    "　　领路人应当经常同申请人谈心，每学期写一次意见。\n"
    "　　领路人因毕业等原因不能履行职责的，小组应当及时调整。"
)
REVIEW = (
    "　　第十六条　协会必须对申请人进行入会审核。\n"
    "　　入会审核的主要内容是：遵守章程的情况；网络行为的情况；家庭主要成员的情况。\n"
    "　　入会审核的基本方法是：同本人谈话、查阅材料。情况清楚的可以不外出调查。\n"
    "　　入会审核不合格的，不能吸收入会。"
)
TRAINING = (
    "　　第十七条　协会应当对申请人进行入会培训，一般采取线下方式，也可以采取视频方式。"
    "入会培训一般不少于四天。\n　　除特殊情况外，未经培训的，不能吸收入会。"
)
MOVING = (
    "　　第十八条　申请人所在学院发生变动的，应当及时报告原小组。原小组应当把申请材料转交现小组。"
    "申请人的观察时间可以连续计算。"
)
NO_RULE = "细则没有规定学习小结写多长。见过的做法是每份八百字。交到哪里、什么时候交、要不要装订成册，由小组自己决定。"
NO_RULE += "小结由领路人看过以后留在小组，学期结束时同其他材料放在一起，离开协会时可以取回。没写完的可以补上。"


@pytest.fixture
def rules(encoder: Encoder) -> Index:
    """Articles of several sentences, each with one that answers and some that only sound like it."""
    index = Index(encoder, aliases={"审核": ["入会审核"]})
    texts = {"第十五条": GUIDE, "第十六条": REVIEW, "第十七条": TRAINING, "第十八条": MOVING}
    index.add([passage(at, text, article=article) for at, (article, text) in enumerate(texts.items())])
    index.add([passage(20 + at, text, article=article) for at, (article, text) in enumerate(ARTICLES.items())])
    index.add(
        [
            passage(
                40,
                NO_RULE,
                title="学校常见做法",
                document=DocumentId("practice"),
                kind=DocumentKind.HANDBOOK,
                level=Level.SCHOOL,
                headings=("学习小结",),
                questions=("学习小结写多少字", "学习小结要写多长"),
            )
        ]
    )
    return index


@pytest.mark.parametrize(
    ("question", "says", "leaves_out"),
    [
        ("申请人的领路人毕业了怎么办", "及时调整", "责任心"),
        ("领路人从来没找过申请人", "经常同申请人谈心", "及时调整"),
        ("谁能当申请人的领路人", "责任心强的会员担任", "及时调整"),
        ("入会审核审什么", "主要内容是", "不能吸收"),
        ("入会审核会查爸妈吗", "家庭主要成员", "不能吸收"),
        ("入会审核看不看朋友圈", "网络行为", "不能吸收"),
        ("入会审核怎么审", "基本方法是", "不能吸收"),
        ("入会审核没过怎么办", "不合格的", "主要内容"),
        ("入会培训生病没去", "未经培训", "不少于四天"),
        ("入会培训能上网课吗", "视频方式", "未经培训"),
        ("入会培训几天", "不少于四天", "未经培训"),
        ("协会对申请人进行的入会培训至少几天", "不少于四天", "未经培训"),
        ("入会审核要不要谈话或者外出调查", "可以不外出调查", "主要内容"),
        ("入会审核一定得外出调查么", "可以不外出调查", "主要内容"),
        ("申请人换学院了 观察时间清零吗", "可以连续计算", "转交"),
    ],
)
def test_the_sentence_of_the_kind_that_is_asked_for_is_quoted(
    rules: Index, question: str, says: str, leaves_out: str
) -> None:
    given = answer(rules, question, on=TODAY)

    quotes = [citation.quote for citation in given.citations]
    assert any(says in quote for quote in quotes), quotes
    assert not any(leaves_out in quote for quote in quotes)


def test_that_the_rules_are_silent_is_never_said_without_what_schools_do(rules: Index) -> None:
    (citation,) = answer(rules, "学习小结要写多少字", on=TODAY).citations

    assert citation.quote == "细则没有规定学习小结写多长。见过的做法是每份八百字。"


def test_a_sentence_that_only_names_the_list_is_quoted_with_it(encoder: Encoder) -> None:
    index = Index(encoder, aliases={})
    text = "章程第三条列出会员义务。会员应当按时交会费，参加例会，爱护器材。会员义务从入会当天算起，退会当天结束。"
    text += "不履行义务的会员由小组先同其谈话，仍不改正的由会员大会讨论决定怎么处理，结果告诉本人，本人可以向小组说明。"
    index.add([passage(1, text, headings=("会员义务",), questions=("会员义务有哪些",))])

    (citation,) = answer(index, "会员义务有哪些", on=TODAY).citations

    assert citation.quote == "章程第三条列出会员义务。会员应当按时交会费，参加例会，爱护器材。"


def test_a_limit_is_quoted_with_its_exception(encoder: Encoder) -> None:
    index = Index(encoder, aliases={})
    limit = "　　第二十条　协会对小组上报的吸收会员的决议，应当在三个月内审批，并报学生处备案。"
    exception = "如遇特殊情况可以适当延长审批时间，但不得超过六个月。"
    index.add([passage(1, f"{limit}{exception}\n　　审批结果应当通知本人。", article="第二十条")])

    (citation,) = answer(index, "小组上报的决议协会多久审批，我们报上去四个月了", on=TODAY).citations

    assert citation.quote == f"{limit}{exception}".strip()


def test_a_short_section_is_quoted_whole(encoder: Encoder) -> None:
    index = Index(encoder, aliases={})
    text = "一个月的期限是对小组的要求，不是对申请人的要求。过了期限还没有谈，可以直接问小组。"
    text += "谈话实际在哪一天进行就记哪一天，不能把日期写早。"
    index.add([passage(1, text, headings=("过了一个月还没有谈话怎么办",), questions=("一个月了没人找我谈话",))])

    (citation,) = answer(index, "一个多月了还没人找我谈话", on=TODAY).citations

    assert citation.quote == text


@pytest.mark.parametrize("question", ["入会培训几天 能线上吗", "入会培训几天？生病没去怎么办？"])
def test_two_questions_that_one_article_answers_are_both_answered(rules: Index, question: str) -> None:
    (citation,) = answer(rules, question, on=TODAY).citations

    assert "不少于四天" in citation.quote
    assert ("视频方式" if "线上" in question else "未经培训") in citation.quote


@pytest.mark.parametrize(
    "question", ["第十六条", "第16条写了啥", "办法第十六条", "《蓝湖协会吸收会员办法》第十六条原文"]
)
def test_an_article_that_is_named_is_quoted_whole(rules: Index, question: str) -> None:
    assert [one.quote for one in answer(rules, question, on=TODAY).citations] == [REVIEW.strip()]


@pytest.mark.parametrize("question", ["第十五条和第十七条分别说什么", "办法第十五条、第十七条"])
def test_each_article_that_is_named_is_quoted_whole(rules: Index, question: str) -> None:
    assert [one.quote for one in answer(rules, question, on=TODAY).citations] == [GUIDE.strip(), TRAINING.strip()]


def test_the_table_of_kinds_can_be_read_and_no_entry_is_for_everything() -> None:
    entries = yaml.safe_load(Path(SENTENCES).read_text("utf-8"))

    assert len(kinds()) == len(entries)
    for entry in entries:
        assert not re.search(entry["asked"], "")
        assert not re.search(entry["says"], "")
