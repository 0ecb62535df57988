"""What an organiser answered is found among what the library tells of the same."""

from __future__ import annotations

from datetime import date

import pytest

from content.passages import DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from retrieval.answer import answer
from retrieval.encoder import load_encoder
from retrieval.material import starter_passages
from retrieval.search import Index
from tests.retrieval.conftest import TODAY

ANSWERED = {
    "思想汇报交电子版还是纸质版": "交纸质版，手写，一式一份，交到学生活动中心二层的党建工作站。",
    "入党志愿书写坏了能换一本吗": "能，到党建工作站登记以后换领，写坏的那一本交回。",
}


@pytest.fixture(scope="module")
def index() -> Index:
    held = Index(load_encoder(None))
    held.add([*starter_passages(), *map(_answered, range(len(ANSWERED)), ANSWERED, ANSWERED.values())])
    return held


def _answered(number: int, question: str, text: str) -> Passage:
    content = PassageText((question,), None, text, level=Level.SCHOOL)
    return Passage(
        PassageId(9000 + number), DocumentId(f"faq-{number}"), question, DocumentKind.FAQ, 1, 0, content, date.min
    )


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("思想汇报交电子版还是纸质版", "思想汇报交电子版还是纸质版"),
        ("思想汇报要交纸质版还是电子版啊", "思想汇报交电子版还是纸质版"),
        ("志愿书写坏了 能不能再换一本", "入党志愿书写坏了能换一本吗"),
    ],
)
def test_it_answers_however_it_is_put(index: Index, asked: str, question: str) -> None:
    given = answer(index, asked, on=TODAY)

    assert ANSWERED[question] in [cited.passage.content.text for cited in given.citations]


@pytest.mark.parametrize("asked", ["思想汇报是什么", "入党志愿书什么时候填", "公示几天"])
def test_it_does_not_answer_what_it_does_not_tell(index: Index, asked: str) -> None:
    given = answer(index, asked, on=TODAY)

    assert given.answered
    assert not any(cited.passage.answered_here for cited in given.citations)
