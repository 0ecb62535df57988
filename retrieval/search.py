"""The index: passages in, hits out. One writer and any number of readers."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from content.passages import DocumentId, DocumentKind, Level, Passage
from retrieval.encoder import Encoder, Vectors
from retrieval.naming import article_key, title_key
from retrieval.normalise import normalise
from retrieval.persistence import load_segments, save_segments
from retrieval.precedence import own_rules_first
from retrieval.queries import (
    LONGEST,
    Query,
    Weighed,
    letters,
    prepare,
    score_entries,
    spelled_out,
    unknown_share,
    weigh,
)
from retrieval.ranking import (
    FEATURES,
    Candidate,
    Scores,
    Weights,
    confidence_features,
    features,
    load_weights,
    probability,
)
from retrieval.segments import Channel, Segment

ALIASES = Path(__file__).parent / "aliases.yaml"
_FROM_EACH = 14  # candidates that each of the four channels proposes
_RERANKED = 18
_OWN_RERANKED = 5  # further candidates that are the organisation's own rules
_ASKED_SO = 0.95  # the question is, to the letter, one that a person has mapped to this passage
_SEGMENTS_AT_MOST = 8
_COVERAGE, _IN_TEXT = FEATURES.index("coverage_all"), FEATURES.index("coverage")
_ALIKE = FEATURES.index("question_dice")
_SAME_QUESTION = 0.5  # of the pairs of two questions: from here the one asked is the one anticipated
_PROCEDURE = re.compile(
    r"什么时候|啥时候|何时|多久|多长|多少|几[天个次份名年月]|怎么办|咋办|找谁|在哪|去哪|交给|手续|流程|步骤|要不要|需不需要"
)
_NOBODY: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A passage that may answer.

    Attributes:
        score: calibrated probability that it answers the question.
        closest: the anticipated question nearest to what was asked, "" where there is none; never shown as text.
        coverage: share of the question, by weight, that the passage says; with its anticipated questions where the
            nearest of them is the same question.
    """

    passage: Passage
    score: float
    closest: str = ""
    coverage: float = 0.0

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


@dataclass(frozen=True)
class Ranked:
    """A search before it becomes hits: what tuning and the benchmarks look at."""

    query: Query
    candidates: tuple[Candidate, ...]
    unknown: float
    rows: NDArray[np.float64]
    scores: NDArray[np.float64]
    weighed: Weighed

    def own_rules_first(self) -> Ranked:
        """The same with the organisation's own rules before the practice that they stand for, at its score."""
        places = own_rules_first(self.query, self.weighed, self.candidates, self.scores.tolist())
        order, held = [at for at, _ in places], [place for _, place in places]
        rows = self.rows[order]
        if len(rows):
            lifted = np.array(order) != np.array(held)
            rows[lifted, _IN_TEXT] = np.maximum(rows[lifted, _COVERAGE], self.rows[held][lifted, _COVERAGE])
        return replace(self, candidates=tuple(self.candidates[at] for at in order), rows=rows, scores=self.scores[held])


class Index:
    """Passages, searchable. Readers work on the state they found; `add` and `remove` publish a new one at the end."""

    def __init__(
        self,
        encoder: Encoder,
        aliases: Mapping[str, Sequence[str]] | None = None,
        *,
        weights: Weights | None = None,
    ) -> None:
        """Make an empty index.

        Args:
            aliases: what people say → what the texts call it; None takes the shipped table.
        """
        self._encoder = encoder
        self._weights = weights or load_weights()
        self._segments = _NOBODY
        self._writing = threading.Lock()
        self.set_aliases(load_aliases() if aliases is None else aliases)

    @property
    def fingerprint(self) -> str:
        """Changes when the stored vectors would: with the encoder and with the layout of entries."""
        return f"1-{self._encoder.fingerprint}"

    @property
    def encoder(self) -> Encoder:
        return self._encoder

    def __len__(self) -> int:
        return sum(int(segment.alive.sum()) for segment in self._segments)

    def set_aliases(self, aliases: Mapping[str, Sequence[str]]) -> None:
        """Replace the alias table; questions asked from now on use it."""
        self._aliases = {normalise(said): tuple(normalise(full) for full in meant) for said, meant in aliases.items()}

    def add(self, passages: Iterable[Passage]) -> None:
        """Make passages answerable; those who are searching meanwhile do not wait."""
        new = list(passages)
        if not new:
            return
        with self._writing:
            segments = [*self._segments, Segment.build(new, self._encoder)]
            self._segments = tuple(segments)
            if len(segments) > _SEGMENTS_AT_MOST:
                self._segments = _compacted(segments)

    def remove(self, document: DocumentId) -> None:
        """Forget a document; nothing happens where it is unknown."""
        with self._writing:
            left = [segment.without(document) for segment in self._segments]
            self._segments = tuple(segment for segment in left if segment.alive.any())

    def documents(self) -> dict[DocumentId, int]:
        """How many passages of each document are held."""
        counted: dict[DocumentId, int] = {}
        for segment in self._segments:
            for passage, alive in zip(segment.passages, segment.alive, strict=True):
                if alive:
                    counted[passage.document] = counted.get(passage.document, 0) + 1
        return counted

    def held(self) -> dict[DocumentId, list[Passage]]:
        """The passages of each document, in their order."""
        found: dict[DocumentId, list[Passage]] = {}
        for segment in self._segments:
            for passage, alive in zip(segment.passages, segment.alive, strict=True):
                if alive:
                    found.setdefault(passage.document, []).append(passage)
        return found

    def save(self, path: Path) -> None:
        """Write the index as it stands to a folder, so that the next start need not encode everything again."""
        save_segments(path, self._segments, self.fingerprint)

    def load(self, path: Path) -> bool:
        """Take over what was saved; False (nothing changed) where it is missing, half-written or another model's."""
        with self._writing:
            segments = load_segments(path, self.fingerprint)
            if segments is not None:
                self._segments = segments
        return segments is not None

    def search(self, question: str, *, on: date, limit: int = 5) -> list[Hit]:
        """The passages in force on this day that answer best, the likeliest first.

        Where a passage of the handbook rests on an article whose official text is held, that text comes before it.
        """
        return list(self.look_up(question, on=on, limit=limit).hits)

    def look_up(self, question: str, *, on: date, limit: int = 5) -> LookUp:
        """As `search`, with the question as it was understood and the gate that the first hit has to pass."""
        segments = self._segments
        ranked = self._learned(question, on=on, segments=segments)
        if not ranked.candidates:
            return LookUp(ranked.query, (), 1.0)
        numbers = confidence_features(ranked.query, ranked.candidates, ranked.unknown, ranked.scores, ranked.rows)
        learned = self._weights
        plain = not ranked.candidates[0].closest
        confidence = probability(numbers, learned.calibration_plain if plain else learned.calibration)
        if letters(normalise(ranked.candidates[0].closest)) == ranked.query.core:
            confidence = max(confidence, _ASKED_SO)
        ranked = ranked.own_rules_first()  # as sure as of the practice that they stand for
        likelihood = np.exp((ranked.scores - ranked.scores[0]) / learned.temperature)
        hits = [
            Hit(candidate.passage, float(confidence * share), candidate.closest, float(said))
            for candidate, share, said in zip(ranked.candidates, likelihood, _said(ranked.rows), strict=True)
        ]
        placed = tuple(_official_first(hits, segments, on)[:limit])
        surer = not plain or _guide_on_procedure(ranked.query, ranked.candidates[0])
        return LookUp(ranked.query, placed, learned.gate if surer else learned.gate_plain)

    def rank(self, question: str, *, on: date) -> Ranked:
        """Candidates of all channels, re-ranked, best first; own rules before practice."""
        return self._learned(question, on=on, segments=self._segments).own_rules_first()

    def _learned(self, question: str, *, on: date, segments: Sequence[Segment]) -> Ranked:
        """The order of the learned re-ranker alone."""
        query = prepare(question, self._vector(normalise(question)[:LONGEST]), self._aliases)
        bodies = weigh(query, [segment.bodies for segment in segments])
        questions = weigh(query, [segment.questions for segment in segments])
        candidates: list[Candidate] = []
        for segment in segments:
            candidates += _candidates(segment, query, bodies, questions, on)
        candidates.sort(key=lambda c: -self._fused(c.scores))
        own = [candidate for candidate in candidates[_RERANKED:] if candidate.passage.own_rule]
        candidates = candidates[:_RERANKED] + own[:_OWN_RERANKED]
        rows = features(query, bodies, candidates)
        scores = rows @ np.array(self._weights.ranker)
        order = np.argsort(-scores, kind="stable")
        unknown = unknown_share(query, bodies, questions)
        return Ranked(query, tuple(candidates[at] for at in order), unknown, rows[order], scores[order], bodies)

    def _vector(self, text: str) -> Vectors:
        """The question's vector: the mean of how it is asked and how it reads with its aliases spelled out."""
        readings = list(dict.fromkeys((text, spelled_out(text, self._aliases))))
        mean = self._encoder.encode(readings).mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)

    def _fused(self, scores: Scores) -> float:
        parts = (scores.keyword, scores.question, scores.dense, scores.dense_question)
        return sum(weight * part for weight, part in zip(self._weights.fusion, parts, strict=True))


def _guide_on_procedure(query: Query, first: Candidate) -> bool:
    """A reading guide says what a text is about; on when, where and how many it is seldom the answer."""
    return first.passage.kind is DocumentKind.GUIDE and _PROCEDURE.search(query.text) is not None


def _said(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(rows[:, _ALIKE] >= _SAME_QUESTION, rows[:, _COVERAGE], rows[:, _IN_TEXT])


def load_aliases(path: Path = ALIASES) -> dict[str, tuple[str, ...]]:
    """The shipped table: entries of `say` and `mean`, each a list of words."""
    import yaml

    table: dict[str, tuple[str, ...]] = {}
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8")) or []
    for entry in entries:
        for said in entry["say"]:
            table[str(said)] = (*table.get(str(said), ()), *(str(full) for full in entry["mean"]))
    return table


def _compacted(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The largest stays as it is; the small ones become one, so that a merge never touches most of the index."""
    by_size = sorted(segments, key=lambda segment: -len(segment.passages))
    kept = [by_size[0]]
    rest = by_size[1:]
    while rest and len(rest[0].passages) > 4 * sum(len(segment.passages) for segment in rest[1:]):
        kept.append(rest.pop(0))
    return (*kept, Segment.merge(rest)) if rest else tuple(kept)


def _candidates(segment: Segment, query: Query, bodies: Weighed, questions: Weighed, on: date) -> list[Candidate]:
    allowed = segment.answering(on)
    by_body = _Scored(segment.bodies, query, bodies, allowed)
    by_question = _Scored(segment.questions, query, questions, allowed)
    rows = sorted(set(by_body.best_rows) | set(by_question.best_rows) | _named(segment, query, allowed))
    body_scores, question_scores = by_body.of_rows(rows), by_question.of_rows(rows)
    return [
        Candidate(
            segment.passages[row],
            segment.texts[row],
            Scores(body.keyword, asked.keyword, body.cosine, asked.cosine, asked.support),
            segment.questions.texts[asked.best] if asked.best >= 0 else "",
            "\n".join(segment.questions.texts[segment.questions.entries(row)]),
        )
        for row, body, asked in zip(rows, body_scores, question_scores, strict=True)
    ]


def _named(segment: Segment, query: Query, allowed: NDArray[np.bool_] | None) -> set[int]:
    """Rows of the articles that the question names."""
    if not query.articles:
        return set()
    rows = {row for (_, article), at in segment.by_article.items() if article in query.articles for row in at}
    named = {row for row in rows if title_key(segment.passages[row].title) in query.core}
    return {row for row in (named or rows) if allowed is None or allowed[row]} if len(named or rows) < 200 else set()


class _Best(NamedTuple):
    """The best of a passage's entries in one channel; `best` is the entry, -1 where there is none."""

    keyword: float
    cosine: float
    support: float
    best: int


_NOTHING = _Best(0.0, 0.0, 0.0, -1)


class _Scored:
    """One channel of one segment, scored for one query."""

    def __init__(self, channel: Channel, query: Query, weighed: Weighed, allowed: NDArray[np.bool_] | None) -> None:
        self._channel, self._query = channel, query
        self._keyword = score_entries(weighed, channel)
        mask = None if allowed is None else allowed[channel.owners]
        if mask is not None:
            self._keyword *= mask
        self.best_rows = self._best_rows(mask)

    def _best_rows(self, mask: NDArray[np.bool_] | None) -> list[int]:
        size = len(self._keyword)
        if not size:
            return []
        count = min(_FROM_EACH, size)
        best = np.argpartition(-self._keyword, count - 1)[:count]
        best = best[self._keyword[best] > 0]
        near = np.zeros(0, np.int64)
        if self._query.vector.any():
            near, _ = self._channel.vectors.nearest(self._query.vector, _FROM_EACH, mask)
        return [int(row) for row in np.unique(self._channel.owners[np.concatenate([best, near])])]

    def of_rows(self, rows: Sequence[int]) -> list[_Best]:
        """For each passage what its best entries score."""
        starts = self._channel.starts
        spans = [(int(starts[row]), int(starts[row + 1])) for row in rows]
        entries = np.concatenate([np.arange(*span) for span in spans]) if spans else np.zeros(0, int)
        cosines = (self._channel.vectors.reconstruct(entries) @ self._query.vector).tolist()
        keywords = self._keyword[entries].tolist()
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


def _official_first(hits: Sequence[Hit], segments: Sequence[Segment], on: date) -> list[Hit]:
    """Put the official text of an article before the handbook's words that rest on it."""
    placed: dict[int, Hit] = {}
    own = {hit.passage.id: hit for hit in hits}
    for hit in hits:
        basis = hit.passage.content.basis
        if basis is not None and hit.passage.kind is not DocumentKind.OFFICIAL:
            for passage in _official(basis.title, basis.article, segments, on):
                if passage.id not in placed:
                    found = own.get(passage.id, Hit(passage, 0.0))
                    placed[passage.id] = replace(found, score=max(found.score, hit.score))
        placed.setdefault(hit.passage.id, hit)
    return list(placed.values())


def _official(title: str, article: str, segments: Sequence[Segment], on: date) -> list[Passage]:
    key = (title_key(title), article_key(article))
    return [
        segment.passages[row]
        for segment in segments
        for row in segment.by_article.get(key, ())
        if segment.alive[row]
        and segment.passages[row].in_force(on)
        and segment.passages[row].kind in (DocumentKind.OFFICIAL, DocumentKind.SCHOOL)
    ]
