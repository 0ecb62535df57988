"""The light re-ranker: a few telling numbers about a question and a candidate, and how much each says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from content.passages import Level, Passage
from retrieval.elsewhere import Nearness
from retrieval.matters import Matter
from retrieval.naming import title_key
from retrieval.queries import Query, Weighed, homophones
from retrieval.reading import Reading, clauses
from retrieval.sharing import dice, letters, longest_run, pairs, threes
from retrieval.terms import Gram
from retrieval.wording import asks_for_explanation

WEIGHTS = Path(__file__).parent / "weights.json"
FEATURES = (
    "keyword", "keyword_relative", "question", "question_relative", "dense", "dense_relative", "dense_question",
    "dense_question_relative", "coverage", "longest_run", "question_dice", "heading", "title",
    "article", "coverage_all", "missing", "support", "school", "sentence", "clause", "threes", "term",
    "matter", "matter_relative",
)  # fmt: skip


class Scores(NamedTuple):
    """What the four channels say of a candidate, 0..1 each (cosines may be below 0), and how many questions agree."""

    keyword: float
    question: float
    dense: float
    dense_question: float
    support: float  # mean of the three best cosines among its questions


@dataclass(frozen=True)
class Candidate:
    """A passage that may answer; `closest` is the anticipated question that is nearest, "" where there is none."""

    reading: Reading
    scores: Scores
    closest: str

    @property
    def passage(self) -> Passage:
        return self.reading.passage

    @property
    def text(self) -> str:
        """Title, headings and text, normalised."""
        return self.reading.text


@dataclass(frozen=True)
class Weights:
    """Learned by `python -m retrieval.tuning`, kept in weights.json.

    Attributes:
        fusion: weights of the four channels, for choosing candidates.
        ranker: one weight a feature.
        ranker_elsewhere: the same for questions of other matters, which the encoder was not taught.
        calibration: constant and weights of `confidence`'s numbers.
        calibration_plain: the same where the first candidate has no anticipated questions, as in a fresh upload.
        gate, gate_plain: confidence from which a question is answered.
    """

    fusion: tuple[float, float, float, float]
    ranker: tuple[float, ...]
    ranker_elsewhere: tuple[float, ...]
    calibration: tuple[float, ...]
    calibration_plain: tuple[float, ...]
    temperature: float
    gate: float
    gate_plain: float


@lru_cache(maxsize=4)
def load_weights(path: Path = WEIGHTS) -> Weights:
    """The learned numbers; every feature must have its weight."""
    data = json.loads(path.read_text("utf-8"))
    return Weights(
        fusion=tuple(data["fusion"][name] for name in ("keyword", "question", "dense", "dense_question")),
        ranker=tuple(data["ranker"][name] for name in FEATURES),
        ranker_elsewhere=tuple(data["ranker_elsewhere"][name] for name in FEATURES),
        calibration=tuple(data["calibration"][name] for name in ("constant", *CONFIDENCE)),
        calibration_plain=tuple(data["calibration_plain"][name] for name in ("constant", *CONFIDENCE)),
        temperature=data["temperature"],
        gate=data["gate"],
        gate_plain=data["gate_plain"],
    )


def plain_ranker(own: Sequence[float], elsewhere: Sequence[float], matter: Matter) -> NDArray[np.float64]:
    """Weights of features where no candidate has anticipated questions: the more by words alone, the less it is ours.

    Args:
        own, elsewhere: weights for questions of our own matter, and of those that the encoder was not taught.
    """
    away = 1 / (1 + math.exp(-matter.elsewhere - _DOUBTED))
    return np.asarray((1 - away) * np.array(own) + away * np.array(elsewhere))


_DOUBTED = 3.0  # a logit: so much must speak for a question's being ours before the encoder is trusted


def features(query: Query, weighed: Weighed, candidates: Sequence[Candidate], matter: Matter) -> NDArray[np.float64]:
    """One row a candidate, one column a feature."""
    if not candidates:
        return np.zeros((0, len(FEATURES)))
    core, readings = query.core, [candidate.reading for candidate in candidates]
    channels = np.array([candidate.scores for candidate in candidates])
    keyword, question, dense, dense_question, support = channels.T
    tops = np.maximum(channels[:, :4].max(axis=0), _RELATIVE_TO_AT_LEAST)
    relative = (np.maximum(channels[:, :4], 0) / tops).T
    own_pairs = pairs(core)
    runs = [longest_run(core, one.text) for one in readings]
    alike = [dice(own_pairs, _question_pairs(candidate.closest)) for candidate in candidates]
    shares = np.array([_share_of(matter, one, near) for one, near in zip(candidates, alike, strict=True)])
    text_pairs, own_threes = pairs(query.text), threes(core)
    explained = asks_for_explanation(core)
    columns = {
        "keyword": np.minimum(keyword, 1.5),
        "keyword_relative": relative[0],
        "question": np.minimum(question, 1.5),
        "question_relative": relative[1],
        "dense": dense,
        "dense_relative": relative[2],
        "dense_question": dense_question,
        "dense_question_relative": relative[3],
        "longest_run": np.array(runs) / max(len(core), 4),
        "question_dice": alike,
        "heading": [len(one.heading & text_pairs) / max(len(one.heading), 1) for one in readings],
        "title": [len(one.title) > _SHORT_TITLE and one.title in core for one in readings],
        "article": [_article(query, one) for one in readings],
        "support": support,
        "school": [one.passage.content.level is Level.SCHOOL for one in readings],
        "threes": [_held(own_threes, one.text, run) for one, run in zip(readings, runs, strict=True)],
        "term": [not explained and one.title == _GLOSSARY for one in readings],
        "matter": shares,
        "matter_relative": shares / max(_SHARE_RELATIVE_TO_AT_LEAST, float(shares.max())),
        **_covered(readings, weighed.grams, {**homophones(weighed), **query.meant}),
    }
    return np.array([columns[name] for name in FEATURES], dtype=np.float64).T


_RELATIVE_TO_AT_LEAST = (0.15, 0.25, 0.3, 0.4)  # so that the best of a channel with nothing to say is not a winner
_SHARE_RELATIVE_TO_AT_LEAST = 0.1
_SHORT_TITLE = 2  # characters of a key that may stand in a question by chance


def _share_of(matter: Matter, candidate: Candidate, alike: float) -> float:
    """How likely the question is about a candidate; what nobody taught is judged by its nearest question."""
    share = matter.share(candidate.reading.target) if candidate.closest else 0.0
    return min(_RESEMBLES * alike, 1.0) if share is None else share


def _held(own_threes: frozenset[str], text: str, longest: int) -> float:
    """The share of a question's runs of three that a text holds, whose longest run in common is known."""
    return sum([three in text for three in own_threes]) / len(own_threes) if longest >= _THREE else 0.0


_THREE = 3
_RESEMBLES = 2.0  # half of the pairs is as good as certainty


_GLOSSARY = title_key("名词解释")  # it repeats a term in all its forms, and seldom answers what is asked about it
_SLIPPED = 0.8  # how surely a text says a gram that says what this may be a slip or a short form for


def _covered(
    readings: Sequence[Reading], grams: Sequence[Gram], slips: Mapping[int, tuple[str, ...]]
) -> dict[str, NDArray[np.float64]]:
    """How much of a question each candidate says, by the weight of its grams.

    Shares said by the text, and by text or questions; the weightiest gram that neither says (0..1). Then the shares
    that one sentence and one clause say alone, slips left out.
    """
    grams = sorted(grams, key=lambda gram: gram.term in slips)
    strings = [gram.string for gram in grams]
    meant = [(at, slips[gram.term]) for at, gram in enumerate(grams) if gram.term in slips]
    plain = [(gram.string, gram.weight) for gram in grams[: len(grams) - len(meant)]]
    weights = np.array([gram.weight for gram in grams])
    mass, heaviest = float(weights.sum()) or 1.0, float(weights.max(initial=0.0)) or 1.0
    texts, asked = [one.text for one in readings], [one.asked for one in readings]
    in_text = [[string in text for string in strings] for text in texts]
    text = _said(in_text, texts, meant)
    either = np.maximum(text, _said([[string in one for string in strings] for one in asked], asked, meant))
    at_once = np.array(
        [_at_once(one, list(compress(plain, held))) for one, held in zip(readings, in_text, strict=True)]
    )
    return {
        "coverage": (text * weights).sum(axis=1) / mass,
        "coverage_all": (either * weights).sum(axis=1) / mass,
        "missing": ((1 - either) * weights).max(axis=1, initial=0.0) / heaviest,
        "sentence": at_once[:, 0] / mass,
        "clause": at_once[:, 1] / mass,
    }


def _said(
    held: Sequence[Sequence[bool]], texts: Sequence[str], meant: Sequence[tuple[int, tuple[str, ...]]]
) -> NDArray[np.float64]:
    """How surely each text (a row) says each gram (a column), 0..1.

    Args:
        meant: columns of grams with what they may stand for.
    """
    said = np.array(held, dtype=np.bool_).astype(np.float64)
    for column, others in meant:
        for row, text in enumerate(texts):
            if not held[row][column] and any(other in text for other in others):
                said[row, column] = _SLIPPED
    return said


def _at_once(reading: Reading, written: Sequence[tuple[str, float]]) -> tuple[float, float]:
    """The most weight of strings that one sentence holds, and one clause."""
    sentence = clause = 0.0
    for one in reading.sentences:
        held = [pair for pair in written if pair[0] in one]
        weight = sum([weight for _, weight in held])
        if weight > sentence:
            sentence = weight
        if weight > clause:  # else none of its clauses holds more
            each = [sum([weight for string, weight in held if string in part]) for part in clauses(one)]
            clause = max(clause, *(each or [weight]))
    return sentence, clause


CONFIDENCE = (
    "score", "margin", "keyword", "question", "dense", "dense_question", "coverage", "run", "dice", "length",
    "coverage_all", "missing", "support", "unknown", "elsewhere", "elsewhere_support", "elsewhere_dice",
    "elsewhere_worded", "matter",
)  # fmt: skip
_COLUMN = {name: place for place, name in enumerate(FEATURES)}


def confidence_features(
    query: Query,
    candidates: Sequence[Candidate],
    unknown: float,
    elsewhere: Nearness,
    matter: Matter,
    scores: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What the probability that the first of the ranked candidates answers is computed from.

    Args:
        unknown: share of the question that stands nowhere in the index.
        elsewhere: of the question to those that nothing here answers. Not looked at where the first candidate has no
            anticipated questions, as in a fresh upload: it may be what answers them.
    """
    rest_on = [candidate.reading.rests_on for candidate in candidates]
    rivals = [score for score, target in zip(scores, rest_on, strict=True) if target != rest_on[0]]
    top, column = rows[0], _COLUMN
    margin = float(scores[0] - rivals[0]) if rivals else 2.0
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
            math.log(max(_length(query.core), 1)) - 2.5,
            top[column["coverage_all"]],
            top[column["missing"]],
            rows[:, column["support"]].max(),
            unknown,
            *(_elsewhere(elsewhere, rows) if candidates[0].closest else (0.0, 0.0, 0.0)),
            *_matter(matter, candidates[0], float(top[column["matter"]])),
        ]
    )


def _elsewhere(elsewhere: Nearness, rows: NDArray[np.float64]) -> tuple[float, ...]:
    """By how much the question is nearer to what is asked elsewhere than to what is expected here."""
    column = _COLUMN
    here = rows[:, column["dense_question"]].max(), rows[:, column["support"]].max(), rows[0, column["question_dice"]]
    nearer = zip(elsewhere, here, _NEARER_IS_ENOUGH, strict=True)
    return tuple(max(float(there - known), -least) for there, known, least in nearer)


def _matter(matter: Matter, first: Candidate, share: float) -> tuple[float, float]:
    """How it is worded as what belongs elsewhere is, and the share of the first candidate; 0 where it is not known."""
    if matter.share(first.reading.target) is None or not first.closest:
        return 0.0, 0.0
    return min(max(matter.elsewhere, -_WORDED_AT_MOST), _WORDED_AT_MOST), share


def _length(core: str) -> int:
    """Characters up to what the calibration has seen; one that comes again and again says nothing new."""
    return min(len(core), 3 * len(set(core)), _LONGEST_LEARNED)


def probability(numbers: NDArray[np.float64], calibration: Sequence[float]) -> float:
    """The calibrated probability, 0..1."""
    logit = calibration[0] + float(np.dot(calibration[1:], numbers))
    return 1 / (1 + math.exp(-max(min(logit, 30.0), -30.0)))


_NEARER_IS_ENOUGH = (0.3, 0.3, 0.4)  # to what is expected here: nearer than that says nothing more
_WORDED_AT_MOST = 8.0  # a logit that says no more beyond
_LONGEST_LEARNED = 32  # characters; hardly a question that was learned from is longer


@lru_cache(maxsize=8192)
def _question_pairs(text: str) -> frozenset[str]:
    return pairs(letters(text))


def _article(query: Query, reading: Reading) -> float:
    """1 for an article that the question names, -1 for another when it names one."""
    if not query.articles or not reading.article:
        return 0.0
    return 1.0 if query.names(reading.title, reading.article) else -1.0
