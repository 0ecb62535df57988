"""What this organisation requires is quoted before what schools often do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from content.issuers import level_of
from content.passages import DocumentId, DocumentKind, Level, Passage, PassageId
from content.readers import read
from retrieval.answer import Answer, answer
from retrieval.encoder import Encoder
from retrieval.material import anticipated, starter_passages, with_questions
from retrieval.naming import place_of
from retrieval.search import Index
from tests.retrieval.conftest import TODAY, passage

MATERIALS = """# 材料学院发展党员工作补充规定

第一条 本规定适用于材料学院各学生党支部。

第二条 入党积极分子应当每季度向党支部提交一份思想汇报，每份不少于一千五百字。

第三条 思想汇报应当手写，由培养联系人阅后签字，交组织委员存档。
"""
INFORMATION = """# 信息学院发展党员工作办法

第三条 递交入党申请书满六个月的学生，方可列入当期入党积极分子的推荐范围。

第四条 团支部推优结果自通过之日起两年内有效；超过两年未被确定为入党积极分子的，需要重新推优。

第五条 入党积极分子每季度向党支部递交一份思想汇报，每份由本人撰写，不少于八百字。

第六条 入党积极分子应当参加学院党校举办的培训班，总评六十分以上的发给结业证书，证书三年内有效。

第七条 培养联系人每学期同入党积极分子谈话不少于三次，谈话情况记入培养考察登记表。

第九条 上一学年有课程不及格的，暂缓列入当期发展对象的讨论范围。

第十一条 预备党员在预备期满前一周至一个月内递交转正申请书。
"""


def upload(text: str, name: str, first: int, *, kind: DocumentKind = DocumentKind.SCHOOL) -> list[Passage]:
    """A document as it stands in the library, without a single anticipated question."""
    parsed = read(text.encode(), name)
    return [
        Passage(
            id=PassageId(first + at),
            document=DocumentId(name),
            title=parsed.title,
            kind=kind,
            version=1,
            ordinal=at,
            content=replace(content, level=level_of(kind, content.level)),
            effective_from=date(2025, 9, 1),
        )
        for at, content in enumerate(parsed.passages)
    ]


@pytest.fixture(scope="module")
def starter() -> Sequence[Passage]:
    return starter_passages()


@pytest.fixture(scope="module")
def materials(encoder: Encoder, starter: Sequence[Passage]) -> Index:
    index = Index(encoder)
    index.add(starter)
    index.add(upload(MATERIALS, "materials.md", 10_000))
    return index


@pytest.fixture(scope="module")
def both(encoder: Encoder, starter: Sequence[Passage]) -> Index:
    index = Index(encoder)
    index.add([*starter, *upload(INFORMATION, "information.md", 20_000), *upload(MATERIALS, "materials.md", 10_000)])
    return index


def places(given: Answer) -> list[str]:
    return [f"{citation.passage.title[:2]} {place_of(citation.passage)}" for citation in given.citations]


@pytest.mark.parametrize("question", ["思想汇报要手写吗", "思想汇报必须手写么", "思想会报能不能打印啊"])
def test_a_rule_uploaded_this_minute_is_quoted_whole_and_first(materials: Index, both: Index, question: str) -> None:
    for index in (materials, both):
        given = answer(index, question, on=TODAY)

        assert place_of(index.rank(question, on=TODAY).candidates[0].passage) == "第三条"
        assert given.citations[0].quote.endswith("思想汇报应当手写，由培养联系人阅后签字，交组织委员存档。")
        assert not any(citation.passage.common_practice for citation in given.citations)
        assert "信息 第五条" not in places(given)  # it says nothing of handwriting


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ("推优有效期几年", "信息 第四条"),
        ("推优结果多久作废 几年有效", "信息 第四条"),
        ("思想汇报要写多少字", "信息 第五条"),
        ("思想汇报要写多少字", "材料 第二条"),
        ("党课证书几年有效", "信息 第六条"),
        ("培养联系人多久谈一次话", "信息 第七条"),
        ("挂科了还能当发展对象吗", "信息 第九条"),
        ("转正申请提前多久交", "信息 第十一条"),
    ],
)
def test_the_schools_own_rule_stands_in_place_of_the_practice_of_others(both: Index, question: str, rule: str) -> None:
    given = answer(both, question, on=TODAY)

    assert both.rank(question, on=TODAY).candidates[0].passage.kind is DocumentKind.SCHOOL
    assert rule in places(given)
    assert not any(
        citation.passage.common_practice
        for citation in given.citations
        if citation.level is Level.SCHOOL and citation.passage.kind is DocumentKind.HANDBOOK
    )


def test_where_the_national_rules_are_silent_the_schools_own_rule_is_quoted_beside_them(both: Index) -> None:
    given = answer(both, "申请书交了多久能当积极分子", on=TODAY)

    assert [citation.level for citation in given.citations] == [Level.NATIONAL, Level.SCHOOL]
    assert "细则没有规定" in given.citations[0].quote
    assert places(given)[1] == "信息 第三条"


@pytest.mark.parametrize(
    "question",
    [
        "思想汇报可以抄网上的吗",
        "综合排名要前多少",
        "结业证考试考多少分及格",
        "推优名额比例是多少",
        "28岁了还要推优吗",
        "结业证丢了怎么办",
        "入党申请书要手写吗",
        "积极分子公示几天",
    ],
)
def test_practice_stays_first_where_the_school_says_nothing_of_it(both: Index, question: str) -> None:
    given = answer(both, question, on=TODAY)

    assert not both.rank(question, on=TODAY).candidates[0].passage.own_rule
    assert given.citations
    assert not any(citation.passage.own_rule for citation in given.citations)


def test_a_rule_on_the_same_matter_that_leaves_the_point_out_does_not_answer(
    encoder: Encoder, starter: Sequence[Passage]
) -> None:
    index = Index(encoder)
    index.add([*starter, *upload(INFORMATION, "information.md", 20_000)])

    given = answer(index, "思想汇报要手写吗", on=TODAY)

    assert given.citations[0].passage.common_practice


def test_what_the_branch_answered_itself_is_no_common_practice() -> None:
    own = passage(
        1,
        "要手写。",
        title="思想汇报要手写吗",
        kind=DocumentKind.FAQ,
        headings=("思想汇报要手写吗",),
        level=Level.SCHOOL,
    )
    shipped = passage(
        2, "有的要求手写。", title="常见问题", kind=DocumentKind.FAQ, headings=("要手写吗",), level=Level.SCHOOL
    )

    assert own.own_rule
    assert not own.common_practice
    assert shipped.common_practice
    assert not shipped.own_rule


@pytest.mark.parametrize("question", ["我们支部的组织生活会在哪个教室开？", "助学金什么时候发", "公示贴在哪面墙上"])
def test_neither_guides_nor_rules_answer_what_only_the_place_knows(both: Index, question: str) -> None:
    given = answer(both, question, on=TODAY)

    assert not given.answered
    assert given.hits


@pytest.mark.parametrize("question", ["英雄烈士保护法禁止什么", "党员有哪些义务", "纪律处分有哪几种"])
def test_a_guide_still_answers_what_its_text_is_about(both: Index, question: str) -> None:
    assert answer(both, question, on=TODAY).citations[0].passage.kind is DocumentKind.GUIDE


NATIONAL = """# 中国共产党发展党员工作细则

第七条　收到入党申请书后，应当在一个月内同入党申请人谈话。

第十三条　拟列为发展对象的应当公示，公示期不少于五个工作日。

第十七条　发展对象应当参加集中培训，培训时间不少于三天，一般采取线下方式。

第二十九条　入党宣誓一般在批准后一个月内进行。
"""
OWN = """# 示例大学发展党员工作办法

第二条 党支部收到入党申请书后，应当在两周内安排支部委员同入党申请人谈话。

第三条 入党积极分子和发展对象均应公示，公示期为七个工作日。

第四条 发展对象应当参加学校党校的集中培训，培训时间不少于五天，考试六十分以上合格。

第五条 有不及格课程的，不得列为发展对象。
"""


@pytest.fixture(scope="module")
def both_levels(encoder: Encoder, starter: Sequence[Passage]) -> Index:
    """The starter library, a national text and the school's own, which has more to say on some matters."""
    index = Index(encoder)
    index.add(starter)
    index.add(with_questions(upload(NATIONAL, "细则.md", 90_000, kind=DocumentKind.OFFICIAL), anticipated()))
    index.add(upload(OWN, "办法.md", 91_000))
    return index


@pytest.mark.parametrize(
    ("question", "national", "own"),
    [
        ("收到入党申请书多久谈话", "一个月内", "两周内"),
        ("公示几天", "五个工作日", "七个工作日"),
        ("公示期多长时间", "五个工作日", "七个工作日"),
        ("集中培训几天", "不少于三天", "不少于五天"),
    ],
)
def test_what_both_require_is_quoted_from_both_the_national_rule_first(
    both_levels: Index, question: str, national: str, own: str
) -> None:
    cited = answer(both_levels, question, on=TODAY).citations

    official = [one for one in cited if one.passage.kind is DocumentKind.OFFICIAL]
    school = [one for one in cited if one.passage.kind is DocumentKind.SCHOOL]
    assert len(official) == len(school) == 1
    assert national in official[0].quote
    assert own in school[0].quote
    assert [one.level for one in cited] == sorted((one.level for one in cited), key=lambda level: level.value)


@pytest.mark.parametrize("question", ["集中培训可以线上吗", "什么时候宣誓", "宣誓要在多久内", "什么是发展对象"])
def test_an_own_rule_that_does_not_speak_of_all_that_is_asked_is_not_set_beside(
    both_levels: Index, question: str
) -> None:
    cited = answer(both_levels, question, on=TODAY).citations

    assert any(one.passage.kind is DocumentKind.OFFICIAL for one in cited)
    assert not any(one.passage.kind is DocumentKind.SCHOOL for one in cited)
