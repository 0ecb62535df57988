"""A segment: some passages with everything that is needed to search them. Never changed once built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from content.passages import DocumentId, Passage
from retrieval.chunks import chunks
from retrieval.encoder import Encoder, Vectors
from retrieval.keywords import Postings, Sounds
from retrieval.naming import article_key, place_of, title_key
from retrieval.normalise import normalise
from retrieval.terms import points, syllables, terms_of
from retrieval.vectors import VectorIndex

BODY_PIVOT, QUESTION_PIVOT = 320, 26  # terms (characters and pairs) in an entry of middling length
_TITLE_WEIGHT, _HEADING_WEIGHT = 0.6, 1.0  # of one occurrence, beside 1 in the text


@dataclass(frozen=True)
class Channel:
    """Entries of one kind: their postings, their vectors, and whose they are.

    Attributes:
        owners: passage row of each entry, ascending.
        starts: first entry of each passage row; one longer than the passages.
        texts: normalised entries, kept for questions only (a body is read from the passage).
    """

    postings: Postings
    vectors: VectorIndex
    owners: NDArray[np.int32]
    starts: NDArray[np.int64]
    texts: tuple[str, ...] = ()

    @cached_property
    def sounds(self) -> Sounds:
        """Homophones of this channel's vocabulary, made at the first question."""
        return Sounds.of(self.postings.terms, syllables())

    def entries(self, row: int) -> slice:
        """The entries of a passage."""
        return slice(int(self.starts[row]), int(self.starts[row + 1]))


@dataclass(frozen=True)
class Segment:
    """Passages and their two channels.

    Attributes:
        texts: for each passage its title, headings and text, normalised.
        alive: False where the passage was removed.
        since, until: days of validity as ordinals.
    """

    passages: tuple[Passage, ...]
    texts: tuple[str, ...]
    bodies: Channel
    questions: Channel
    alive: NDArray[np.bool_]
    since: NDArray[np.int32]
    until: NDArray[np.int32]

    @classmethod
    def build(cls, passages: Sequence[Passage], encoder: Encoder) -> Segment:
        """Read, chunk, count and encode passages: the slow part of adding, done before anybody sees it."""
        texts = tuple(searchable(passage) for passage in passages)
        return cls(
            passages=tuple(passages),
            texts=texts,
            bodies=_bodies(passages, encoder),
            questions=_questions(passages, encoder),
            alive=np.ones(len(passages), dtype=bool),
            since=np.array([p.effective_from.toordinal() for p in passages], dtype=np.int32),
            until=np.array(
                [p.effective_until.toordinal() if p.effective_until else 2**31 - 1 for p in passages], dtype=np.int32
            ),
        )

    def without(self, document: DocumentId) -> Segment:
        """The same segment with this document's passages marked as removed."""
        gone = np.array([passage.document == document for passage in self.passages], dtype=bool)
        return self if not (gone & self.alive).any() else replace(self, alive=self.alive & ~gone)

    def answering(self, on: date) -> NDArray[np.bool_] | None:
        """Which passages may answer on this day; None where all may."""
        day = on.toordinal()
        mask = self.alive & (self.since <= day) & (day < self.until)
        return None if bool(mask.all()) else mask

    @cached_property
    def by_article(self) -> dict[tuple[str, str], list[int]]:
        """Rows by title key and article key."""
        rows: dict[tuple[str, str], list[int]] = {}
        for row, passage in enumerate(self.passages):
            if passage.content.article:
                rows.setdefault((title_key(passage.title), article_key(passage.content.article)), []).append(row)
        return rows

    @classmethod
    def merge(cls, segments: Sequence[Segment]) -> Segment:
        """One segment of several, without what was removed."""
        kept = [np.flatnonzero(segment.alive) for segment in segments]
        passages = [s.passages[row] for s, rows in zip(segments, kept, strict=True) for row in rows]
        texts = [s.texts[row] for s, rows in zip(segments, kept, strict=True) for row in rows]
        renumbered, base = [], 0
        for segment, rows in zip(segments, kept, strict=True):
            new = np.full(len(segment.passages), -1, dtype=np.int32)
            new[rows] = np.arange(base, base + len(rows), dtype=np.int32)
            renumbered.append(new)
            base += len(rows)
        return cls(
            passages=tuple(passages),
            texts=tuple(texts),
            bodies=_merged([s.bodies for s in segments], renumbered, base),
            questions=_merged([s.questions for s in segments], renumbered, base),
            alive=np.ones(base, dtype=bool),
            since=np.concatenate([s.since[rows] for s, rows in zip(segments, kept, strict=True)]),
            until=np.concatenate([s.until[rows] for s, rows in zip(segments, kept, strict=True)]),
        )


def searchable(passage: Passage) -> str:
    """Title, headings and text of a passage as one normalised string."""
    return normalise("\n".join((passage.title, *passage.content.headings, passage.content.text)))


def _bodies(passages: Sequence[Passage], encoder: Encoder) -> Channel:
    entries, prefixed, owners = [], [], []
    for row, passage in enumerate(passages):
        text = passage.content.text
        title = terms_of(points(normalise(passage.title)))
        named = "\n".join((*passage.content.headings[-1:], passage.content.article or ""))
        heading = terms_of(points(normalise(named)))
        for begin, end in chunks(text):
            body = normalise(text[begin:end])
            entries.append([(terms_of(points(body)), 1.0), (title, _TITLE_WEIGHT), (heading, _HEADING_WEIGHT)])
            prefixed.append(f"{normalise(place_of(passage))} {body}")
            owners.append(row)
    return _channel(Postings.build(entries, pivot=BODY_PIVOT), encoder, prefixed, owners, len(passages), keep=False)


def _questions(passages: Sequence[Passage], encoder: Encoder) -> Channel:
    texts, owners = [], []
    for row, passage in enumerate(passages):
        own = dict.fromkeys(normalise(question) for question in passage.content.questions)
        for question in own:
            if question:
                texts.append(question)
                owners.append(row)
    entries = [[(terms_of(points(text)), 1.0)] for text in texts]
    return _channel(Postings.build(entries, pivot=QUESTION_PIVOT), encoder, texts, owners, len(passages), keep=True)


def _channel(
    postings: Postings, encoder: Encoder, texts: Sequence[str], owners: Sequence[int], passages: int, *, keep: bool
) -> Channel:
    vectors = encoder.encode(texts) if texts else np.zeros((0, encoder.dimension), dtype=np.float32)
    owner = np.asarray(owners, dtype=np.int32)
    starts = np.searchsorted(owner, np.arange(passages + 1))
    return Channel(postings, VectorIndex.build(vectors), owner, starts, tuple(texts) if keep else ())


def _merged(channels: Sequence[Channel], renumbered: Sequence[NDArray[np.int32]], passages: int) -> Channel:
    parts: list[tuple[Postings, NDArray[np.int32]]] = []
    vectors: list[Vectors] = []
    owners: list[NDArray[np.int32]] = []
    texts: list[str] = []
    base = 0
    for channel, new in zip(channels, renumbered, strict=True):
        kept = np.flatnonzero(new[channel.owners] >= 0)
        rows = np.full(len(channel.owners), -1, dtype=np.int32)
        rows[kept] = np.arange(base, base + len(kept), dtype=np.int32)
        base += len(kept)
        parts.append((channel.postings, rows))
        vectors.append(channel.vectors.reconstruct(kept))
        owners.append(new[channel.owners[kept]])
        texts += [channel.texts[row] for row in kept] if channel.texts else []
    owner = np.concatenate(owners)
    return Channel(
        Postings.merge(parts, size=base),
        VectorIndex.build(np.concatenate(vectors)),
        owner,
        np.searchsorted(owner, np.arange(passages + 1)),
        tuple(texts),
    )
