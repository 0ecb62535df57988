"""What a search gives back: passages that may answer, each with those that say as much of the same article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from content.passages import DocumentKind, Level, Passage, PassageId
from retrieval.naming import Target, rests_on, title_key
from retrieval.precedence import is_silent
from retrieval.queries import Query
from retrieval.segments import Segment
from retrieval.shelf import number_of

_QUOTED_FROM = 0.01  # how likely a hit answers; less is never quoted, nor what it rests on


@dataclass(frozen=True)
class Hit:
    """A passage that may answer.

    Attributes:
        score: calibrated probability that it answers the question.
        closest: the anticipated question nearest to what was asked, "" where there is none; never shown as text.
        coverage: share of the question, by weight, that the passage says; with its anticipated questions where the
            nearest of them is the same question.
        beside: what says as much, and is quoted with it: the article that it rests on, or what rests on the same.
    """

    passage: Passage
    score: float
    closest: str = ""
    coverage: float = 0.0
    beside: tuple[Hit, ...] = ()

    @property
    def level(self) -> Level:
        """Whose requirement it states."""
        return self.passage.content.level


@dataclass(frozen=True)
class LookUp:
    """A question as it was understood, what was found, and the score from which the first hit is an answer."""

    query: Query
    hits: tuple[Hit, ...]
    gate: float

    @property
    def answered(self) -> bool:
        """Whether the first hit is an answer."""
        return bool(self.hits) and self.hits[0].score >= self.gate


def together(hits: Sequence[Hit], segments: Sequence[Segment], *, on: date) -> Iterator[Hit]:
    """The hits, likeliest first, those of one article that are asked for by the same question in one place."""
    places: dict[object, list[Hit]] = {}
    for hit in hits:
        same = (rests_on(hit.passage), hit.closest) if hit.closest else hit.passage.id
        places.setdefault(same, []).append(hit)
    taken: set[PassageId] = set()
    for first, *others in places.values():
        if first.passage.id in taken:
            continue
        rules = _rules_that_say_as_much(first, others, segments, on)
        beside = {one.passage.id: one for one in (*others, *rules) if one.passage.id not in taken}
        taken |= {first.passage.id, *beside}
        yield replace(first, beside=tuple(beside.values())) if beside else first


def one_by_one(hits: Sequence[Hit]) -> list[Hit]:
    """Each followed by what says as much."""
    return [replace(one, beside=()) for hit in hits for one in (hit, *hit.beside)]


def _rules_that_say_as_much(hit: Hit, others: Sequence[Hit], segments: Sequence[Segment], on: date) -> list[Hit]:
    """The articles under a passage of ours of which the same question is anticipated, or none is; as likely as it."""
    basis = hit.passage.content.basis
    if hit.score < _QUOTED_FROM or basis is None or hit.passage.kind is DocumentKind.OFFICIAL:
        return []
    if is_silent(hit.passage.content.text):
        return []
    asked_so = {one.passage.id: one for one in others}
    found = []
    for passage in rules_at((title_key(basis.title), basis.article), segments, on=on):
        if passage.id in asked_so or not passage.content.questions:
            rule = asked_so.get(passage.id, Hit(passage, 0.0))
            found.append(replace(rule, score=max(rule.score, hit.score)))
    return found


def rules_at(target: Target, segments: Sequence[Segment], *, on: date) -> list[Passage]:
    """The articles of this title and number that are in force, in their own words."""
    title, article = target
    found = []
    for segment in segments:
        shelf, answering = segment.shelf, segment.answering(on).rows
        for row in shelf.rows_at(title, number_of(article)):
            if answering is None or answering[row]:
                passage = segment.reading(row).passage
                if not passage.retold:
                    found.append(passage)
    return found
