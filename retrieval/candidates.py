"""Which passages are worth a second look: the best of four channels over all segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.queries import Query, Weighed
from retrieval.ranking import Candidate, Scores
from retrieval.segments import Allowed, Channel, Segment
from retrieval.shelf import number_of

_FROM_EACH = 14  # candidates that each of the four channels proposes
_RERANKED = 18
_OWN_RERANKED = 5  # further candidates that are the organisation's own rules
_NAMED_AT_MOST = 200  # articles of one number: more of them tell nothing


def candidates(
    segments: Sequence[Segment],
    query: Query,
    bodies: Weighed,
    questions: Weighed,
    *,
    on: date,
    fusion: tuple[float, float, float, float],
) -> list[Candidate]:
    """Passages that may answer on this day, by the weighted sum of the four channels, best first."""
    found = [one for segment in segments for one in _of_segment(segment, query, bodies, questions, on)]
    found.sort(key=lambda one: -_fused(one.scores, fusion))
    own = [one for one in found[_RERANKED:] if one.segment.shelf.own[one.row]]
    return [one.read() for one in found[:_RERANKED] + own[:_OWN_RERANKED]]


def _fused(scores: Scores, fusion: tuple[float, float, float, float]) -> float:
    parts = (scores.keyword, scores.question, scores.dense, scores.dense_question)
    return sum(weight * part for weight, part in zip(fusion, parts, strict=True))


@dataclass(frozen=True)
class _Found:
    """A row of a segment, not read yet; `closest` is the nearest anticipated question's entry, -1 for none."""

    segment: Segment
    row: int
    scores: Scores
    closest: int

    def read(self) -> Candidate:
        passage, text, asked = self.segment.reading(self.row)
        closest = self.segment.questions.texts[self.closest] if self.closest >= 0 else ""
        return Candidate(passage, text, self.scores, closest, asked)


def _of_segment(segment: Segment, query: Query, bodies: Weighed, questions: Weighed, on: date) -> list[_Found]:
    answering = segment.answering(on)
    by_body = _Scored(segment.bodies, query, bodies, answering.bodies)
    by_question = _Scored(segment.questions, query, questions, answering.questions)
    named = _named(segment, query, answering.rows)
    rows = np.unique(np.concatenate([by_body.best_rows, by_question.best_rows, named])).tolist()
    body_scores, question_scores = by_body.of_rows(rows), by_question.of_rows(rows)
    return [
        _Found(segment, row, Scores(body.keyword, asked.keyword, body.cosine, asked.cosine, asked.support), asked.best)
        for row, body, asked in zip(rows, body_scores, question_scores, strict=True)
    ]


def _named(segment: Segment, query: Query, allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Rows of the articles that the question names, of the document that it names if it does."""
    if not query.articles:
        return np.zeros(0, np.int64)
    shelf = segment.shelf
    rows = np.flatnonzero(np.isin(shelf.article, [number_of(article) for article in query.articles]))
    titles = np.unique(shelf.title[rows])
    said = [title for title in titles.tolist() if shelf.titles[title] in query.core]
    if said:
        rows = rows[np.isin(shelf.title[rows], said)]
    if len(rows) >= _NAMED_AT_MOST:
        return np.zeros(0, np.int64)
    return rows if allowed is None else rows[allowed[rows]]


class _Best(NamedTuple):
    """The best of a passage's entries in one channel; `best` is the entry, -1 where there is none."""

    keyword: float
    cosine: float
    support: float
    best: int


_NOTHING = _Best(0.0, 0.0, 0.0, -1)


class _Scored:
    """One channel of one segment, scored for one query."""

    def __init__(self, channel: Channel, query: Query, weighed: Weighed, allowed: Allowed | None) -> None:
        self._channel, self._query = channel, query
        if not len(channel):
            self.best_rows = channel.owners
            return
        terms, weights = weighed.terms
        start, bits = (None, None) if allowed is None else (allowed.start, allowed.bits)
        self._match = channel.postings.match(terms, weights, best=_FROM_EACH, start=start)
        best = self._match.best(_FROM_EACH)
        if query.vector.any():
            best = np.concatenate([best, channel.vectors.nearest(query.vector, _FROM_EACH, bits)[0]])
        self.best_rows = channel.owners[best]

    def of_rows(self, rows: Sequence[int]) -> list[_Best]:
        """For each passage (ascending) what its best entries score."""
        if not len(self._channel):
            return [_NOTHING] * len(rows)
        starts = self._channel.starts
        spans = [(int(starts[row]), int(starts[row + 1])) for row in rows]
        entries = np.concatenate([np.zeros(0, np.int64), *(np.arange(*span) for span in spans)])
        cosines = self._channel.vectors.cosines(self._query.vector, entries).tolist()
        keywords = self._match.of(entries).tolist()
        result, at = [], 0
        for begin, end in spans:
            upto = at + end - begin
            word, cosine = keywords[at:upto], cosines[at:upto]
            at = upto
            if not word:
                result.append(_NOTHING)
                continue
            both = [left + right for left, right in zip(word, cosine, strict=True)]
            nearest = sorted(cosine, reverse=True)[:3]
            best = begin + both.index(max(both))
            result.append(_Best(max(word), nearest[0], sum(nearest) / len(nearest), best))
        return result
