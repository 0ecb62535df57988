"""Which passages are worth a second look: the best of four channels over all segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.keywords import stretches
from retrieval.naming import is_of_kind
from retrieval.queries import Query, Weighed, looks_up
from retrieval.ranking import Candidate, Scores
from retrieval.segments import Allowed, Channel, Segment
from retrieval.shelf import number_of

_FROM_EACH = 8  # candidates that each of the four channels proposes
_RERANKED = 8
_OWN_RERANKED = 5  # further candidates that are the organisation's own rules
_LOOKED_UP_AT_MOST = 40  # … or articles of the number that is looked up, or what rests on it
_NAMED_AT_MOST = 200  # articles of one number: more of them tell nothing
_NONE = np.zeros(0, np.int64)


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
    looking = looks_up(query)
    named = [_named(segment, query, on) for segment in segments]
    if looking and not any(map(len, named)):
        named = [_resting(segment, query, on) for segment in segments]
    found = [
        _of_segment(segment, query, bodies, questions, on, rows) for segment, rows in zip(segments, named, strict=True)
    ]
    places = [(one, at) for one in found for at in range(len(one.rows))]
    fused = np.concatenate([np.zeros(0), *((one.scores[:, :4] * fusion).sum(axis=1) for one in found)])
    order = [places[at] for at in np.argsort(-fused, kind="stable").tolist()]
    further = [(one, at) for one, at in order[_RERANKED:] if one.is_own(at) or (looking and one.is_named(at))]
    further = further[: _LOOKED_UP_AT_MOST if looking else _OWN_RERANKED]
    return [one.read(at) for one, at in order[:_RERANKED] + further]


@dataclass(frozen=True)
class _Found:
    """Rows of a segment that may answer, not read yet.

    Attributes:
        scores: a row each, in the order of `Scores`.
        closest: of each the nearest anticipated question's entry, -1 for none.
        named: those of the rows that are articles which the question names, or rest on them where none is held.
    """

    segment: Segment
    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    closest: NDArray[np.int64]
    named: frozenset[int]

    def is_own(self, at: int) -> bool:
        return bool(self.segment.shelf.own[self.rows[at]])

    def is_named(self, at: int) -> bool:
        return int(self.rows[at]) in self.named

    def read(self, at: int) -> Candidate:
        closest = int(self.closest[at])
        asked = self.segment.questions.texts[closest] if closest >= 0 else ""
        return Candidate(self.segment.reading(int(self.rows[at])), Scores(*self.scores[at].tolist()), asked)


def _of_segment(
    segment: Segment, query: Query, bodies: Weighed, questions: Weighed, on: date, named: NDArray[np.int64]
) -> _Found:
    answering = segment.answering(on)
    by_body = _Scored(segment.bodies, query, bodies, answering.bodies)
    by_question = _Scored(segment.questions, query, questions, answering.questions)
    rows = np.unique(np.concatenate([by_body.best_rows, by_question.best_rows, named]))
    body, asked = by_body.of_rows(rows), by_question.of_rows(rows)
    scores = np.stack((body.keyword, asked.keyword, body.cosine, asked.cosine, asked.support), axis=1)
    return _Found(segment, rows, scores, asked.best, frozenset(named.tolist()))


def _named(segment: Segment, query: Query, on: date) -> NDArray[np.int64]:
    """Rows of the articles that the question names, of the document that it names if it does."""
    if not query.articles:
        return _NONE
    shelf = segment.shelf
    rows = np.flatnonzero(np.isin(shelf.article, _numbers(query)))
    titles = np.unique(shelf.title[rows]).tolist()
    said = [title for title in titles if shelf.titles[title] in query.core]
    meant = said or [title for title in titles if not query.kinds or is_of_kind(shelf.titles[title], query.kinds)]
    return _allowed(rows[np.isin(shelf.title[rows], meant)], segment, on)


def _resting(segment: Segment, query: Query, on: date) -> NDArray[np.int64]:
    """Rows of what rests on the articles that the question names, whichever text's."""
    return _allowed(np.flatnonzero(np.isin(segment.shelf.basis, _numbers(query))), segment, on)


def _numbers(query: Query) -> list[int]:
    return [number_of(article) for article in query.articles]


def _allowed(rows: NDArray[np.int64], segment: Segment, on: date) -> NDArray[np.int64]:
    if len(rows) >= _NAMED_AT_MOST:
        return _NONE
    allowed = segment.answering(on).rows
    return rows if allowed is None else rows[allowed[rows]]


class _Best(NamedTuple):
    """Of passages the best of their entries in one channel; `best` is an entry, -1 where a passage has none."""

    keyword: NDArray[np.float64]
    cosine: NDArray[np.float64]
    support: NDArray[np.float64]
    best: NDArray[np.int64]


class _Scored:
    """One channel of one segment, scored for one query."""

    def __init__(self, channel: Channel, query: Query, weighed: Weighed, allowed: Allowed | None) -> None:
        self._channel, self._query = channel, query
        if not len(channel):
            self.best_rows = channel.owners
            return
        terms, weights = weighed.terms
        start, flags = (None, None) if allowed is None else (allowed.start, allowed.flags)
        self._match = channel.postings.match(terms, weights, best=_FROM_EACH, start=start)
        nearest, _ = channel.vectors.nearest(query.vector, _FROM_EACH, flags)
        self.best_rows = channel.owners[np.concatenate([self._match.best(_FROM_EACH), nearest])]

    def of_rows(self, rows: NDArray[np.int64]) -> _Best:
        """What the best entries of each passage (ascending) score."""
        starts = self._channel.starts
        counts = starts[rows + 1] - starts[rows]
        having = np.flatnonzero(counts)
        keyword, cosine, support = np.zeros((3, len(rows)))
        found = _Best(keyword, cosine, support, np.full(len(rows), -1))
        if not len(having):
            return found
        counts = counts[having]
        entries = stretches(starts[rows[having]], counts)
        keywords = self._match.of(entries).astype(np.float64)
        cosines = self._channel.vectors.cosines(self._query.vector, entries).astype(np.float64)
        if len(entries) == len(having):  # one each, as most texts are of one chunk
            for column, numbers in zip(found, (keywords, cosines, cosines, entries), strict=True):
                column[having] = numbers
            return found
        firsts, groups = np.cumsum(counts) - counts, np.repeat(np.arange(len(having)), counts)
        falling = cosines[_by_group(groups, cosines)]
        found.keyword[having] = np.maximum.reduceat(keywords, firsts)
        found.cosine[having] = falling[firsts]
        found.support[having] = _mean_of_first(falling, firsts, np.minimum(counts, _SUPPORTING))
        found.best[having] = entries[_by_group(groups, keywords + cosines)[firsts]]
        return found


_SUPPORTING = 3  # of a passage's entries
_APART = 64.0  # more than numbers of one group differ by


def _by_group(groups: NDArray[np.int64], numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places of the numbers, the groups ascending, the numbers of each falling."""
    return np.argsort(groups * _APART - numbers, kind="stable")


def _mean_of_first(
    numbers: NDArray[np.float64], firsts: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The mean of so many numbers from each first on."""
    return np.add.reduceat(numbers[stretches(firsts, counts)], np.cumsum(counts) - counts) / counts
