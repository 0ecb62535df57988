"""A small library of invented rules, and the shipped encoder."""

from __future__ import annotations

from datetime import date

import pytest

from content.passages import Basis, DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from retrieval.encoder import Encoder, load_encoder
from retrieval.search import Index

TODAY = date(2026, 11, 22)
RULES = "蓝湖协会吸收会员办法（2026年）"
ARTICLES = {
    "第三条": "　　第三条　收到入会申请书后，应当在二十日内派人同申请人谈话。谈话人应当作好记录。",
    "第七条": "　　第七条　观察期为十个月，自会员大会通过之日算起。观察期满，小组应当及时讨论其能否转为正式会员；"
    "需要继续观察的，可以延长一次，延长时间不超过五个月。对不履行义务的，应当取消其资格。",
    "第九条": "　　第九条　会员大会表决采取无记名方式，赞成人数超过应到会人数的半数，才能通过决议。",
    "第十三条": "　　第十三条　拟吸收的会员应当公示，公示期不少于八个工作日。",
}


def passage(number: int, text: str, **fields: object) -> Passage:
    """A passage with unimportant fields filled in."""
    content = PassageText(
        headings=tuple(fields.pop("headings", ())),  # type: ignore[arg-type]
        article=fields.pop("article", None),  # type: ignore[arg-type]
        text=text,
        level=fields.pop("level", Level.NATIONAL),  # type: ignore[arg-type]
        basis=fields.pop("basis", None),  # type: ignore[arg-type]
        questions=tuple(fields.pop("questions", ())),  # type: ignore[arg-type]
    )
    given = {
        "document": DocumentId("rules"),
        "title": RULES,
        "kind": DocumentKind.OFFICIAL,
        "version": 1,
        "effective_from": date(2026, 1, 1),
        "effective_until": None,
    } | fields
    return Passage(id=PassageId(number), ordinal=number, content=content, **given)  # type: ignore[arg-type]


def rules(first: int = 0, **fields: object) -> list[Passage]:
    """The articles of the invented rules."""
    return [
        passage(first + at, text, article=article, headings=("第二章 吸收",), **fields)
        for at, (article, text) in enumerate(ARTICLES.items())
    ]


def handbook() -> list[Passage]:
    """Our own words: one section that rests on an article, and one of the school alone."""
    ours = {"document": DocumentId("handbook"), "title": "入会手册", "kind": DocumentKind.HANDBOOK}
    return [
        passage(
            100,
            "观察期一共十个月，从大会通过那天数起。",
            headings=("观察期有多长",),
            basis=Basis("蓝湖协会吸收会员办法", "第七条"),
            questions=("观察期多久", "观察期从哪天开始算", "要观察几个月"),
            **ours,
        ),
        passage(
            101,
            "蓝湖学院要求每学期交两份学习小结，可以打印。",
            headings=("学习小结",),
            level=Level.SCHOOL,
            questions=("学习小结要交几份", "学习小结能不能打印", "小结可以机打吗"),
            **ours,
        ),
    ]


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return load_encoder(None)


@pytest.fixture
def index(encoder: Encoder) -> Index:
    made = Index(encoder, aliases={"年审": ["学习小结"]})
    made.add([*rules(), *handbook()])
    return made
