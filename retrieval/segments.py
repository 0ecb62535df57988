"""A segment: some passages with everything that is needed to search them. Never changed once built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.passages import DocumentId, Passage, PassageId
from retrieval.chunks import chunks
from retrieval.encoder import Encoder, Vectors
from retrieval.keywords import Field, Postings, Sounds
from retrieval.naming import place_of
from retrieval.normalise import normalise
from retrieval.reading import Reading
from retrieval.shelf import Shelf
from retrieval.terms import syllables, terms_of
from retrieval.texts import Texts
from retrieval.vectors import VectorIndex

BODY_PIVOT, QUESTION_PIVOT = 320, 26  # terms (characters and pairs) in an entry of middling length
_TITLE_WEIGHT, _HEADING_WEIGHT = 0.6, 1.0  # of one occurrence, beside 1 in the text
_KEPT_READ = 1024  # passages that are found again and again: about 8 MiB


@dataclass(frozen=True)
class Channel:
    """Entries of one kind: their postings, their vectors, and whose they are.

    Attributes:
        owners: passage row of each entry, ascending.
        starts: first entry of each passage row; one longer than the passages.
        texts: normalised entries, kept for questions only (a body is read from the passage).
        sounds: homophones of the vocabulary.
    """

    postings: Postings
    vectors: VectorIndex
    owners: NDArray[np.int32]
    starts: NDArray[np.int64]
    texts: Texts
    sounds: Sounds

    def __len__(self) -> int:
        return len(self.owners)

    @classmethod
    def of(
        cls, postings: Postings, vectors: VectorIndex, owners: NDArray[np.int32], passages: int, texts: Texts
    ) -> Channel:
        starts = np.searchsorted(owners, np.arange(passages + 1))
        return cls(postings, vectors, owners, starts, texts, Sounds.of(postings.terms, syllables()))


@dataclass(frozen=True)
class Allowed:
    """Which entries of a channel may answer.

    Attributes:
        start: 0 for them and minus infinity for the others.
    """

    flags: NDArray[np.bool_]
    start: NDArray[np.float32]

    @classmethod
    def of(cls, rows: NDArray[np.bool_], channel: Channel) -> Allowed:
        flags = rows[channel.owners]
        return cls(flags, np.where(flags, np.float32(0), np.float32(-np.inf)))


@dataclass(frozen=True)
class Answering:
    """Which passages may answer on a day, and which entries of each channel; None in all where every one may."""

    rows: NDArray[np.bool_] | None
    bodies: Allowed | None
    questions: Allowed | None


@dataclass(frozen=True)
class Kept:
    """Where a segment stands on disk.

    Attributes:
        mark: by which the folder is told from another one of its name.
        checksums: of its files, by their names without the number.
    """

    folder: Path
    mark: tuple[int, int]
    number: int
    checksums: Mapping[str, str]

    def stands(self) -> bool:
        """Whether it is still there."""
        try:
            return mark_of(self.folder) == self.mark
        except OSError:
            return False


def mark_of(folder: Path) -> tuple[int, int]:
    """A number and the moment of the last file: the number alone is soon given to another folder."""
    found = folder.stat()
    return found.st_ino, found.st_mtime_ns


@dataclass(frozen=True)
class Segment:
    """Passages and their two channels.

    Attributes:
        alive: False where the passage was removed.
        kept: where it stands on disk, but for what was removed and for other days; None where it does not.
    """

    shelf: Shelf
    bodies: Channel
    questions: Channel
    alive: NDArray[np.bool_]
    kept: Kept | None = None
    _answering: dict[date, Answering] = field(default_factory=dict, compare=False)

    @classmethod
    def build(cls, passages: Sequence[Passage], encoder: Encoder) -> Segment:
        """Read, chunk, count and encode passages: the slow part of adding, done before anybody sees it."""
        texts, bodies = _bodies(passages, encoder)
        return cls(
            shelf=Shelf.of(passages, texts),
            bodies=bodies,
            questions=_questions(passages, encoder),
            alive=np.ones(len(passages), dtype=bool),
        )

    def without(self, document: DocumentId) -> Segment:
        """The same segment with this document's passages marked as removed."""
        gone = self.shelf.rows_of(document)
        if gone is None or not (gone & self.alive).any():
            return self
        return replace(self, alive=self.alive & ~gone, _answering={})

    def redated(self, spans: Mapping[DocumentId, tuple[date, date | None]]) -> Segment:
        """The same segment with these documents holding on other days."""
        shelf = self.shelf.redated(spans)
        return self if shelf is self.shelf else replace(self, shelf=shelf, _answering={})

    def answering(self, on: date) -> Answering:
        """Which passages may answer on this day; kept for the day that was asked for last."""
        found = self._answering.get(on)
        if found is None:
            day = on.toordinal()
            mask = self.alive & (self.shelf.since <= day) & (day < self.shelf.until)
            if mask.all():
                found = Answering(None, None, None)
            else:
                found = Answering(mask, Allowed.of(mask, self.bodies), Allowed.of(mask, self.questions))
            self._answering.clear()
            self._answering[on] = found
        return found

    @cached_property
    def reading(self) -> Callable[[int], Reading]:
        """Reads a row; those read last are kept."""
        return lru_cache(maxsize=_KEPT_READ)(self._read)

    def _read(self, row: int) -> Reading:
        questions = self.questions
        asked = questions.texts.lines(int(questions.starts[row]), int(questions.starts[row + 1]))
        return Reading(self.shelf.passage(row), self.shelf.texts[row], asked)

    def nearest(self, vector: Vectors, count: int) -> list[PassageId]:
        """Passages that have one of so many nearest bodies."""
        if not self.bodies.vectors.rows or not vector.any():
            return []
        alive = None if self.alive.all() else self.alive[self.bodies.owners]
        entries, _ = self.bodies.vectors.nearest(vector, count, alive)
        return [self.shelf.passage(row).id for row in np.unique(self.bodies.owners[entries]).tolist()]

    @cached_property
    def ended(self) -> frozenset[tuple[date, date]]:
        """From and until which day its passages held that have an end."""
        return self.shelf.ended(self.alive)

    @cached_property
    def begins(self) -> frozenset[date]:
        """From which days its passages hold."""
        return self.shelf.begins(self.alive)

    @classmethod
    def merge(cls, segments: Sequence[Segment]) -> Segment:
        """One segment of several, without what was removed."""
        kept = [np.flatnonzero(segment.alive) for segment in segments]
        renumbered, base = [], 0
        for segment, rows in zip(segments, kept, strict=True):
            renumbered.append(_renumbered(rows, len(segment.shelf), base))
            base += len(rows)
        return cls(
            shelf=Shelf.merge([(segment.shelf, rows) for segment, rows in zip(segments, kept, strict=True)]),
            bodies=_merged([segment.bodies for segment in segments], renumbered, base),
            questions=_merged([segment.questions for segment in segments], renumbered, base),
            alive=np.ones(base, dtype=bool),
        )


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    """A title or heading, which many passages have in common, normalised."""
    return normalise(name)


def _bodies(passages: Sequence[Passage], encoder: Encoder) -> tuple[list[str], Channel]:
    """The searchable text of each passage, and the channel of their chunks."""
    texts, bodies, titles, headings, prefixed, owners = [], [], [], [], [], []
    for row, passage in enumerate(passages):
        content = passage.content
        title = _folded(passage.title)
        named = _folded("\n".join((*content.headings[-1:], content.article or "")))
        place = _folded(place_of(passage))
        pieces = [normalise(content.text[begin:end]) for begin, end in chunks(content.text)]
        for body in pieces:
            bodies.append(body)
            titles.append(title)
            headings.append(named)
            prefixed.append(f"{place} {body}")
            owners.append(row)
        whole = pieces[0] if len(pieces) == 1 else normalise(content.text)
        texts.append(" ".join(filter(None, (title, *map(_folded, content.headings), whole))))
    counted = ((bodies, 1.0), (titles, _TITLE_WEIGHT), (headings, _HEADING_WEIGHT))
    postings = Postings.build(
        [Field(*terms_of(entries), weight) for entries, weight in counted], len(bodies), pivot=BODY_PIVOT
    )
    return texts, _channel(postings, encoder, prefixed, owners, len(passages), Texts.of(()))


def _questions(passages: Sequence[Passage], encoder: Encoder) -> Channel:
    texts, owners = [], []
    for row, passage in enumerate(passages):
        own = dict.fromkeys(normalise(question) for question in passage.asked)
        for question in own:
            if question:
                texts.append(question)
                owners.append(row)
    postings = Postings.build([Field(*terms_of(texts), 1.0)], len(texts), pivot=QUESTION_PIVOT)
    return _channel(postings, encoder, texts, owners, len(passages), Texts.of(texts))


def _channel(
    postings: Postings, encoder: Encoder, texts: Sequence[str], owners: Sequence[int], passages: int, kept: Texts
) -> Channel:
    vectors = encoder.encode(texts) if texts else np.zeros((0, encoder.dimension), dtype=np.float32)
    return Channel.of(postings, VectorIndex.build(vectors), np.asarray(owners, dtype=np.int32), passages, kept)


def _merged(channels: Sequence[Channel], renumbered: Sequence[NDArray[np.int32]], passages: int) -> Channel:
    owners: list[NDArray[np.int32]] = []
    kept: list[NDArray[np.int64]] = []
    rows: list[NDArray[np.int32]] = []
    base = 0
    for channel, new in zip(channels, renumbered, strict=True):
        entries = np.flatnonzero(new[channel.owners] >= 0)
        kept.append(entries)
        rows.append(_renumbered(entries, len(channel.owners), base))
        owners.append(new[channel.owners[entries]])
        base += len(entries)
    return Channel.of(
        Postings.merge([(channel.postings, new) for channel, new in zip(channels, rows, strict=True)], size=base),
        VectorIndex.merge([(one.vectors, entries) for one, entries in zip(channels, kept, strict=True)]),
        np.concatenate(owners),
        passages,
        Texts.merge([(one.texts, entries) for one, entries in zip(channels, kept, strict=True) if len(one.texts)]),
    )


def _renumbered(kept: NDArray[np.int64], size: int, base: int) -> NDArray[np.int32]:
    """The new number of each of so many old rows, from `base` on; -1 where a row is not kept."""
    new = np.full(size, -1, dtype=np.int32)
    new[kept] = np.arange(base, base + len(kept), dtype=np.int32)
    return new
