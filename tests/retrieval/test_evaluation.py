"""Evaluation counts what an organiser would count by hand."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from retrieval.evaluation import (
    BadEvaluationLine,
    EvaluationQuestion,
    Relevant,
    auroc,
    calibration_error,
    evaluate,
    read_questions,
    refused_when_answering,
)
from retrieval.search import Index
from storage.errors import Term
from tests.retrieval.conftest import TODAY


def test_an_evaluation_counts_hits_refusals_and_misses(index: Index) -> None:
    questions = [
        EvaluationQuestion("1", "公示要几个工作日", (Relevant("蓝湖协会吸收会员办法", "第13条"),)),
        EvaluationQuestion("2", "学习小结能不能打印", (Relevant("入会手册", "学习小结"),)),
        EvaluationQuestion("3", "观察期多久", (Relevant("蓝湖协会吸收会员办法", "第九条"),)),
        EvaluationQuestion("4", "火星上有几座食堂", ()),
    ]

    found = evaluate(index, questions, on=TODAY, clock=count().__next__)

    assert found.n == 4
    assert found.hit_at_1 == pytest.approx(2 / 3)
    assert found.refusal_auroc == 1.0
    assert found.p50_ms == 1000  # the clock ticks once a second
    assert "3" in [miss.id for miss in found.misses]
    assert {"n", "hit@1", "hit@3", "hit@5", "mrr@10", "answer_rate", "refusal_auroc", "p50_ms", "p99_ms"} <= set(
        found.as_json()
    )


def test_nothing_to_evaluate_gives_no_figures(index: Index) -> None:
    found = evaluate(index, [], on=TODAY, clock=count().__next__)

    assert found.n == 0
    assert found.hit_at_1 is None
    assert found.refusal_auroc is None


def test_our_words_count_for_the_article_that_they_rest_on(index: Index) -> None:
    from content.passages import DocumentId

    index.remove(DocumentId("rules"))
    asked = EvaluationQuestion("1", "观察期多久", (Relevant("蓝湖协会吸收会员办法（2024年）", "第七条"),))

    assert evaluate(index, [asked], on=TODAY, clock=count().__next__).hit_at_1 == 1.0


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "Line 2 .*not JSON"),
        ('{"id": 1}', "Line 2 .*relevant"),
        ('{"id": 1, "question": "a", "relevant": [{}]}', "title"),
        ("[1]", "Line 2"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "1", "question": "问", "relevant": []}\n' + line + "\n", "utf-8")

    with pytest.raises(BadEvaluationLine, match=problem) as refused:
        list(read_questions(path))
    assert isinstance(refused.value.fields["problem"], Term)  # worded in the reader's language


def test_the_measures_agree_with_counting_by_hand() -> None:
    assert auroc([0.9, 0.8, 0.3], [True, True, False]) == 1.0
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    assert auroc([0.5], [True]) is None
    assert refused_when_answering([0.9, 0.7, 0.6, 0.8], [True, True, False, False], share=1.0) == 0.5
    assert calibration_error([0.95, 0.95], [True, False]) == pytest.approx(0.45)
