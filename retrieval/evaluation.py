"""Evaluation on questions with known answers: the same numbers for our benchmarks and for an organiser's own file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from content.passages import Passage
from retrieval.answer import answer
from retrieval.hits import Hit
from retrieval.naming import article_key, place_of, title_key
from retrieval.search import Index
from storage.errors import Term, WaymarkError

_DEEP = 10


class BadEvaluationLine(WaymarkError):
    """A line of a question file is not what `evaluate` reads."""

    key: ClassVar[str] = "error.bad_evaluation_line"
    sentence: ClassVar[str] = (
        'Line {line} can\'t be used: {problem}. A line looks like {{"id": "1", "question": "…",'
        ' "relevant": [{{"title": "…", "article": "第七条"}}]}}; relevant is [] where nothing answers.'
    )


@dataclass(frozen=True)
class Relevant:
    """A passage that answers: its document's title, and its article or heading ("" means any of the document)."""

    title: str
    article: str


@dataclass(frozen=True)
class EvaluationQuestion:
    """A question and all passages that answer it; none where it can't be answered."""

    id: str
    question: str
    relevant: tuple[Relevant, ...]


@dataclass(frozen=True)
class Miss:
    """A question that was not answered as it should be."""

    id: str
    question: str
    wanted: tuple[Relevant, ...]
    found: tuple[Relevant, ...]
    confidence: float
    answered: bool


@dataclass(frozen=True)
class Evaluation:
    """The figures; `None` where the questions don't allow one (no unanswerable ones, for example).

    Attributes:
        answer_rate: share of all questions that were answered.
        refusal_auroc: how well confidence tells answerable from unanswerable questions, 0.5..1.
        calibration_error: expected gap between confidence and being right, in ten equal bins.
    """

    n: int
    hit_at_1: float | None
    hit_at_3: float | None
    hit_at_5: float | None
    mrr_at_10: float | None
    answer_rate: float
    refusal_auroc: float | None
    refused_at_95: float | None
    calibration_error: float | None
    p50_ms: float
    p99_ms: float
    misses: tuple[Miss, ...] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The keys of `waymark evaluate --json`."""
        values = asdict(self)
        del values["misses"]
        return {
            name.replace("hit_at_", "hit@").replace("mrr_at_", "mrr@"): _rounded(value)
            for name, value in values.items()
        }


def read_questions(path: Path) -> Iterator[EvaluationQuestion]:
    """The lines of a JSONL file.

    Raises:
        BadEvaluationLine: at the first line that is not one.
    """
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            relevant = tuple(Relevant(each["title"], each.get("article") or "") for each in entry["relevant"])
            yield EvaluationQuestion(str(entry["id"]), str(entry["question"]), relevant)
        except json.JSONDecodeError as error:
            raise BadEvaluationLine(line=number, problem=Term("it is not JSON", "problem.not_json")) from error
        except (KeyError, TypeError, AttributeError) as error:
            problem = Term("id, question or relevant is missing or of another kind", "problem.not_an_evaluation_line")
            raise BadEvaluationLine(line=number, problem=problem) from error


def evaluate(
    index: Index, questions: Iterable[EvaluationQuestion], *, on: date, clock: Callable[[], float]
) -> Evaluation:
    """Ask every question and compare.

    Args:
        clock: seconds, monotonic; only differences are used.
    """
    places: list[int | None] = []
    confidences, answerable, right, milliseconds = [], [], [], []
    answered = 0
    misses: list[Miss] = []
    for asked in questions:
        began = clock()
        given = answer(index, asked.question, on=on, limit=_DEEP)
        milliseconds.append((clock() - began) * 1000)
        place = first_right(given.hits, asked.relevant)
        answered += given.answered
        confidences.append(given.confidence)
        answerable.append(bool(asked.relevant))
        right.append(place == 0)
        if asked.relevant:
            places.append(place)
        if given.answered != bool(asked.relevant) or (asked.relevant and place != 0):
            found = tuple(Relevant(hit.passage.title, place_of(hit.passage)) for hit in given.hits[:3])
            misses.append(Miss(asked.id, asked.question, asked.relevant, found, given.confidence, given.answered))
    return Evaluation(
        n=len(answerable),
        hit_at_1=_share(places, 1),
        hit_at_3=_share(places, 3),
        hit_at_5=_share(places, 5),
        mrr_at_10=_mean([0.0 if place is None else 1 / (place + 1) for place in places]),
        answer_rate=answered / max(len(answerable), 1),
        refusal_auroc=auroc(confidences, answerable),
        refused_at_95=refused_when_answering(confidences, answerable, share=0.95),
        calibration_error=calibration_error(confidences, right),
        p50_ms=_percentile(milliseconds, 50),
        p99_ms=_percentile(milliseconds, 99),
        misses=tuple(misses),
    )


def unknown_sources(questions: Iterable[EvaluationQuestion], passages: Sequence[Passage]) -> list[Relevant]:
    """What is wanted and stands nowhere among these passages, each once: misspelt, or not uploaded."""
    wanted = dict.fromkeys(each for question in questions for each in question.relevant)
    return [each for each in wanted if not any(is_wanted(passage, each) for passage in passages)]


def first_right(hits: Sequence[Hit], relevant: Sequence[Relevant]) -> int | None:
    """The place of the first hit that is wanted, counted from 0."""
    return next((at for at, hit in enumerate(hits) if any(is_wanted(hit.passage, each) for each in relevant)), None)


def is_wanted(passage: Passage, relevant: Relevant) -> bool:
    """Whether a passage is the wanted one, or our own words resting on it; editions in brackets don't matter."""
    named = [(passage.title, passage.content.article), (passage.title, place_of(passage))]
    if passage.content.basis is not None:
        named.append((passage.content.basis.title, passage.content.basis.article))
    wanted = title_key(relevant.title), article_key(relevant.article)
    return any(
        title_key(title) == wanted[0] and (not relevant.article or article_key(place or "") == wanted[1])
        for title, place in named
    )


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """The chance that a positive scores above a negative; ties count half."""
    good = np.array([score for score, is_good in zip(scores, positive, strict=True) if is_good])
    bad = np.sort([score for score, is_good in zip(scores, positive, strict=True) if not is_good])
    if not len(good) or not len(bad):
        return None
    below = np.searchsorted(bad, good, side="left")
    up_to = np.searchsorted(bad, good, side="right")
    return float((below + up_to).mean() / 2 / len(bad))


def refused_when_answering(scores: Sequence[float], positive: Sequence[bool], *, share: float) -> float | None:
    """The share of negatives below the threshold that lets this share of the positives through."""
    good = sorted((score for score, is_good in zip(scores, positive, strict=True) if is_good), reverse=True)
    bad = [score for score, is_good in zip(scores, positive, strict=True) if not is_good]
    if not good or not bad:
        return None
    threshold = good[min(int(np.ceil(share * len(good))) - 1, len(good) - 1)]
    return sum(score < threshold for score in bad) / len(bad)


def calibration_error(confidences: Sequence[float], right: Sequence[bool], *, bins: int = 10) -> float | None:
    """Expected calibration error over bins of equal width."""
    if not confidences:
        return None
    values, truth = np.array(confidences), np.array(right, dtype=float)
    bin_of = np.minimum((values * bins).astype(int), bins - 1)
    gaps = [
        abs(values[bin_of == b].mean() - truth[bin_of == b].mean()) * (bin_of == b).mean()
        for b in range(bins)
        if (bin_of == b).any()
    ]
    return float(sum(gaps))


def _share(places: Sequence[int | None], within: int) -> float | None:
    return _mean([float(place is not None and place < within) for place in places])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else 0.0


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
