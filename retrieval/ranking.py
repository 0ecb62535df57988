"""The light re-ranker: a few telling numbers about a question and a candidate, and how much each says."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.passages import DocumentKind, Passage
from retrieval.naming import article_key, title_key
from retrieval.normalise import normalise
from retrieval.queries import Query, Weighed, homophones

WEIGHTS = Path(__file__).parent / "weights.json"
FEATURES = (
    "keyword", "keyword_relative", "question", "question_relative", "dense", "dense_relative", "dense_question",
    "dense_question_relative", "coverage", "longest_run", "question_dice", "question_run", "heading", "title",
    "article", "official", "has_questions",
)  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """What the four channels say of a candidate, 0..1 each (cosines may be below 0)."""

    keyword: float
    question: float
    dense: float
    dense_question: float


@dataclass(frozen=True)
class Candidate:
    """A passage that may answer.

    Attributes:
        text: title, headings and text, normalised.
        closest: the anticipated question that is nearest, "" where there is none.
    """

    passage: Passage
    text: str
    scores: Scores
    closest: str


@dataclass(frozen=True)
class Weights:
    """Learned by `python -m retrieval.tuning`, kept in weights.json.

    Attributes:
        fusion: weights of the four channels, for choosing candidates.
        ranker: one weight a feature.
        calibration: constant and weights of `confidence`'s numbers.
        gate: confidence from which a question is answered.
    """

    fusion: tuple[float, float, float, float]
    ranker: tuple[float, ...]
    calibration: tuple[float, ...]
    temperature: float
    gate: float


@lru_cache(maxsize=4)
def load_weights(path: Path = WEIGHTS) -> Weights:
    """The learned numbers; every feature must have its weight."""
    data = json.loads(path.read_text("utf-8"))
    return Weights(
        fusion=tuple(data["fusion"][name] for name in ("keyword", "question", "dense", "dense_question")),
        ranker=tuple(data["ranker"][name] for name in FEATURES),
        calibration=tuple(data["calibration"][name] for name in ("constant", *CONFIDENCE)),
        temperature=data["temperature"],
        gate=data["gate"],
    )


def features(query: Query, weighed: Weighed, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """One row a candidate, one column a feature."""
    if not candidates:
        return np.zeros((0, len(FEATURES)))
    tops = [max(1e-6, *(getattr(c.scores, name) for c in candidates)) for name in Scores.__dataclass_fields__]
    slips = homophones(weighed)
    core = query.core
    own = [gram for gram in weighed.grams if gram.weight > 0][: len(query.grams)]
    mass = sum(gram.weight for gram in own) or 1.0
    pairs = _pairs(core)
    rows = []
    for candidate in candidates:
        scores = candidate.scores
        closest = "".join(character for character in candidate.closest if character.isalnum())
        covered = 0.0
        for gram in own:
            if gram.string in candidate.text:
                covered += gram.weight
            elif any(slip in candidate.text for slip in slips.get(gram.term, ())):
                covered += 0.7 * gram.weight
        rows.append(
            (
                min(scores.keyword, 1.5),
                scores.keyword / tops[0],
                min(scores.question, 1.5),
                scores.question / tops[1],
                scores.dense,
                max(scores.dense, 0) / tops[2],
                scores.dense_question,
                max(scores.dense_question, 0) / tops[3],
                covered / mass,
                longest_run(core, candidate.text) / max(len(core), 4),
                _dice(pairs, _pairs(closest)),
                longest_run(core, closest) / max(len(core), 4),
                _heading(query, candidate.passage),
                _title(query, candidate.passage),
                _article(query, candidate.passage),
                float(candidate.passage.kind is DocumentKind.OFFICIAL),
                float(bool(closest)),
            )
        )
    return np.array(rows)


CONFIDENCE = ("score", "margin", "keyword", "question", "dense", "dense_question", "coverage", "run", "dice", "length")


def confidence_features(query: Query, scores: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the probability that the first of the ranked candidates answers is computed from."""
    column = {name: place for place, name in enumerate(FEATURES)}
    top = rows[0]
    margin = float(scores[0] - scores[1]) if len(scores) > 1 else 2.0
    return np.array(
        [
            scores[0],
            min(margin, 3.0),
            top[column["keyword"]],
            rows[:, column["question"]].max(),
            rows[:, column["dense"]].max(),
            rows[:, column["dense_question"]].max(),
            top[column["coverage"]],
            top[column["longest_run"]],
            top[column["question_dice"]],
            math.log(max(len(query.core), 1)) - 2.5,
        ]
    )


def probability(numbers: NDArray[np.float64], weights: Weights) -> float:
    """The calibrated probability, 0..1."""
    logit = weights.calibration[0] + float(np.dot(weights.calibration[1:], numbers))
    return 1 / (1 + math.exp(-max(min(logit, 30.0), -30.0)))


def longest_run(needle: str, text: str) -> int:
    """Length of the longest piece of `needle` that stands in `text`."""
    best = 0
    for at in range(len(needle)):
        while at + best < len(needle) and needle[at : at + best + 1] in text:
            best += 1
    return best


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def _dice(left: frozenset[str], right: frozenset[str]) -> float:
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def _heading(query: Query, passage: Passage) -> float:
    """Share of the innermost heading that the question says."""
    headings = passage.content.headings
    pairs = _pairs(normalise(headings[-1])) if headings else frozenset()
    return sum(pair in query.text for pair in pairs) / len(pairs) if pairs else 0.0


def _title(query: Query, passage: Passage) -> float:
    """Whether the question names the document."""
    key = title_key(passage.title)
    return 1.0 if len(key) > 2 and key in query.core else 0.0


def _article(query: Query, passage: Passage) -> float:
    """1 for an article that the question names, -1 for another when it names one."""
    if not query.articles or not passage.content.article:
        return 0.0
    return 1.0 if article_key(passage.content.article) in query.articles else -1.0
