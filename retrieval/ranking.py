"""The light re-ranker: a few telling numbers about a question and a candidate, and how much each says."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.passages import Level, Passage
from retrieval.elsewhere import Nearness
from retrieval.matters import Matter
from retrieval.naming import article_key, place_of, title_key
from retrieval.normalise import normalise
from retrieval.queries import Query, Weighed, homophones, letters, pairs, threes
from retrieval.terms import Gram
from retrieval.wording import asks_for_explanation

WEIGHTS = Path(__file__).parent / "weights.json"
FEATURES = (
    "keyword", "keyword_relative", "question", "question_relative", "dense", "dense_relative", "dense_question",
    "dense_question_relative", "coverage", "longest_run", "question_dice", "heading", "title",
    "article", "coverage_all", "missing", "support", "school", "sentence", "clause", "threes", "term",
    "matter", "matter_relative",
)  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """What the four channels say of a candidate, 0..1 each (cosines may be below 0), and how many questions agree."""

    keyword: float
    question: float
    dense: float
    dense_question: float
    support: float = 0.0  # mean of the three best cosines among its questions


@dataclass(frozen=True)
class Candidate:
    """A passage that may answer.

    Attributes:
        text: title, headings and text, normalised.
        closest: the anticipated question that is nearest, "" where there is none.
        asked: all anticipated questions, a line each.
    """

    passage: Passage
    text: str
    scores: Scores
    closest: str
    asked: str = ""


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
    channels = ("keyword", "question", "dense", "dense_question")
    tops = [
        max(least, *(getattr(c.scores, name) for c in candidates))
        for name, least in zip(channels, _RELATIVE_TO_AT_LEAST, strict=True)
    ]
    core = query.core
    own = [gram for gram in weighed.grams if gram.weight > 0][: len(query.grams)]
    cover = _Cover(own, {**homophones(weighed), **query.meant})
    own_pairs, own_threes = pairs(core), threes(core)
    explained = asks_for_explanation(core)
    alike = [dice(own_pairs, _question_pairs(candidate.closest)) for candidate in candidates]
    shares = [_share_of(matter, candidate, near) for candidate, near in zip(candidates, alike, strict=True)]
    top_share = max(_SHARE_RELATIVE_TO_AT_LEAST, *shares)
    rows = []
    for candidate, near, share in zip(candidates, alike, shares, strict=True):
        scores = candidate.scores
        covered, covered_all, missing, in_sentence, in_clause = cover.of(candidate)
        longest = longest_run(core, candidate.text)
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
                covered,
                longest / max(len(core), 4),
                near,
                _heading(query, candidate.passage),
                _title(query, candidate.passage),
                _article(query, candidate.passage),
                covered_all,
                missing,
                scores.support,
                float(candidate.passage.content.level is Level.SCHOOL),
                in_sentence,
                in_clause,
                sum(three in candidate.text for three in own_threes) / max(len(own_threes), 1),
                float(not explained and title_key(candidate.passage.title) == _GLOSSARY),
                share,
                share / top_share,
            )
        )
    return np.array(rows)


_RELATIVE_TO_AT_LEAST = (0.15, 0.25, 0.3, 0.4)  # so that the best of a channel with nothing to say is not a winner
_SHARE_RELATIVE_TO_AT_LEAST = 0.1


def _share_of(matter: Matter, candidate: Candidate, alike: float) -> float:
    """How likely the question is about a candidate; what nobody taught is judged by its nearest question."""
    share = matter.share(candidate.passage) if candidate.closest else 0.0
    return min(_RESEMBLES * alike, 1.0) if share is None else share


_RESEMBLES = 2.0  # half of the pairs is as good as certainty


_GLOSSARY = title_key("名词解释")  # it repeats a term in all its forms, and seldom answers what is asked about it
_SENTENCE_END, _CLAUSE_END = re.compile(r"[.!?;\n]"), re.compile(r"[.!?;\n,:]")  # in a normalised text


class _Cover:
    """How much of a question a candidate says, by the weight of its grams."""

    def __init__(self, grams: Sequence[Gram], slips: Mapping[int, tuple[str, ...]]) -> None:
        self._said = [(gram.string, gram.weight) for gram in grams if gram.term not in slips]
        self._slipped = [(gram.string, gram.weight, slips[gram.term]) for gram in grams if gram.term in slips]
        self._mass = sum(gram.weight for gram in grams) or 1.0
        self._heaviest = max((gram.weight for gram in grams), default=1.0) or 1.0

    def of(self, candidate: Candidate) -> tuple[float, float, float, float, float]:
        """Shares said by the text, and by text or questions; the weightiest gram that neither says (0..1).

        Last the shares that one sentence and one clause say alone, slips left out.
        """
        text, asked = candidate.text, candidate.asked
        by_text = by_questions = missing = 0.0
        written: list[tuple[str, float]] = []
        for string, weight in self._said:
            if string in text:
                by_text += weight
                written.append((string, weight))
            elif string in asked:
                by_questions += weight
            elif weight > missing:
                missing = weight
        for string, weight, slips in self._slipped:
            in_text, in_questions = _share(string, slips, text), _share(string, slips, asked)
            by_text += in_text * weight
            by_questions += max(in_questions - in_text, 0.0) * weight
            missing = max(missing, (1 - max(in_text, in_questions)) * weight)
        sentence, clause = _at_once(text, written)
        mass = self._mass
        return by_text / mass, (by_text + by_questions) / mass, missing / self._heaviest, sentence / mass, clause / mass


def _at_once(text: str, written: Sequence[tuple[str, float]]) -> tuple[float, float]:
    """The most weight of strings that one sentence holds, and one clause."""
    sentence = clause = 0.0
    for one in _SENTENCE_END.split(text):
        held = [(string, weight) for string, weight in written if string in one]
        weight = sum(weight for _, weight in held)
        sentence = max(sentence, weight)
        if weight > clause:  # else none of its clauses holds more
            clause = max(clause, *(sum(w for string, w in held if string in part) for part in _CLAUSE_END.split(one)))
    return sentence, clause


def _share(string: str, slips: tuple[str, ...], text: str) -> float:
    """1 where the text says it, less where it says what this may be a slip or a short form for."""
    if string in text:
        return 1.0
    return 0.8 if any(slip in text for slip in slips) else 0.0


CONFIDENCE = (
    "score", "margin", "keyword", "question", "dense", "dense_question", "coverage", "run", "dice", "length",
    "coverage_all", "missing", "support", "unknown", "elsewhere", "elsewhere_support", "elsewhere_dice",
    "elsewhere_worded", "matter",
)  # fmt: skip


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
    rest_on = [rests_on(candidate.passage) for candidate in candidates]
    rivals = [score for score, target in zip(scores, rest_on, strict=True) if target != rest_on[0]]
    column = {name: place for place, name in enumerate(FEATURES)}
    top = rows[0]
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
    column = {name: place for place, name in enumerate(FEATURES)}
    here = rows[:, column["dense_question"]].max(), rows[:, column["support"]].max(), rows[0, column["question_dice"]]
    nearer = zip(elsewhere, here, _NEARER_IS_ENOUGH, strict=True)
    return tuple(max(float(there - known), -least) for there, known, least in nearer)


def _matter(matter: Matter, first: Candidate, share: float) -> tuple[float, float]:
    """How it is worded as what belongs elsewhere is, and the share of the first candidate; 0 where it is not known."""
    if matter.share(first.passage) is None or not first.closest:
        return 0.0, 0.0
    return min(max(matter.elsewhere, -_WORDED_AT_MOST), _WORDED_AT_MOST), share


def _length(core: str) -> int:
    """Characters up to what the calibration has seen; one that comes again and again says nothing new."""
    return min(len(core), 3 * len(set(core)), _LONGEST_LEARNED)


def rests_on(passage: Passage) -> tuple[str, str]:
    """The article that a passage is or rests on; passages of one article are no rivals."""
    basis = passage.content.basis
    if basis is not None:
        return title_key(basis.title), article_key(basis.article)
    return title_key(passage.title), article_key(place_of(passage))


def probability(numbers: NDArray[np.float64], calibration: Sequence[float]) -> float:
    """The calibrated probability, 0..1."""
    logit = calibration[0] + float(np.dot(calibration[1:], numbers))
    return 1 / (1 + math.exp(-max(min(logit, 30.0), -30.0)))


def longest_run(needle: str, text: str) -> int:
    """Length of the longest piece of `needle` that stands in `text`."""
    longest = at = 0
    while at + longest < len(needle):
        while at + longest < len(needle) and needle[at : at + longest + 1] in text:
            longest += 1
        at += 1
    return longest


_NEARER_IS_ENOUGH = (0.3, 0.3, 0.4)  # to what is expected here: nearer than that says nothing more
_WORDED_AT_MOST = 8.0  # a logit that says no more beyond
_LONGEST_LEARNED = 32  # characters; hardly a question that was learned from is longer


@lru_cache(maxsize=8192)
def _question_pairs(text: str) -> frozenset[str]:
    return pairs(letters(text))


def dice(left: frozenset[str], right: frozenset[str]) -> float:
    """The share of what two sets hold that both hold, 0..1."""
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def _heading(query: Query, passage: Passage) -> float:
    """Share of the innermost heading that the question says."""
    headings = passage.content.headings
    own = _heading_pairs(headings[-1]) if headings else frozenset()
    return sum(pair in query.text for pair in own) / len(own) if own else 0.0


@lru_cache(maxsize=8192)
def _heading_pairs(heading: str) -> frozenset[str]:
    return pairs(normalise(heading))


def _title(query: Query, passage: Passage) -> float:
    """Whether the question names the document."""
    key = title_key(passage.title)
    return 1.0 if len(key) > 2 and key in query.core else 0.0


def _article(query: Query, passage: Passage) -> float:
    """1 for an article that the question names, -1 for another when it names one."""
    if not query.articles or not passage.content.article:
        return 0.0
    return 1.0 if article_key(passage.content.article) in query.articles else -1.0
