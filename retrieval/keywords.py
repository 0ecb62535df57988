"""The keyword channel: an immutable inverted index of entries (chunks of passages, or anticipated questions)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.terms import Syllables, Terms, is_pair

_ROW_BITS = np.uint64(22)
_ROW_MASK = np.uint64((1 << 22) - 1)
ROWS_AT_MOST = 1 << 22
K1, B = 1.2, 0.6  # BM25; the pivot length is fixed, so that segments can be merged without a second look at the text
_STEPS = 255 / (K1 + 1)


@dataclass(frozen=True)
class Postings:
    """For each term the rows that hold it and how strongly.

    Attributes:
        terms: ascending.
        starts: where each term's postings begin; one longer than `terms`.
        rows: entry rows, ascending within a term.
        strengths: BM25's term-frequency part, 0..K1+1 in 255 steps.
        size: number of rows.
    """

    terms: Terms
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    strengths: NDArray[np.uint8]
    size: int

    @classmethod
    def build(cls, entries: Sequence[Sequence[tuple[Terms, float]]], *, pivot: int) -> Postings:
        """Index entries, each given as fields (its terms, the weight of one occurrence).

        Args:
            pivot: length, in terms, of an entry that is neither favoured nor held back.
        """
        if len(entries) > ROWS_AT_MOST:
            raise ValueError(f"a segment holds at most {ROWS_AT_MOST} entries")
        keys, weights = _pack(entries)
        order = np.argsort(keys, kind="stable")
        keys, weights = keys[order], weights[order]
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, int)
        frequency = np.add.reduceat(weights, first) if len(keys) else np.zeros(0, np.float32)
        keys = keys[first]
        rows = (keys & _ROW_MASK).astype(np.int32)
        length = np.bincount(rows, weights=frequency, minlength=len(entries))
        scale = K1 * (1 - B + B * length / pivot)
        strength = frequency * (K1 + 1) / (frequency + scale[rows])
        return cls._of_sorted(keys >> _ROW_BITS, rows, np.rint(strength * _STEPS).astype(np.uint8), len(entries))

    @classmethod
    def _of_sorted(cls, of: Terms, rows: NDArray[np.int32], strengths: NDArray[np.uint8], size: int) -> Postings:
        begins = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]])) if len(of) else np.zeros(0, int)
        starts = np.concatenate([begins, [len(of)]]).astype(np.int64)
        return cls(of[begins].copy(), starts, rows, strengths, size)

    @classmethod
    def merge(cls, parts: Sequence[tuple[Postings, NDArray[np.int32]]], *, size: int) -> Postings:
        """One index of several.

        Args:
            parts: each with the new row of every old row, -1 where the entry is dropped.
        """
        columns = []
        for part, renumbered in parts:
            of = np.repeat(part.terms, np.diff(part.starts))
            rows = renumbered[part.rows]
            kept = rows >= 0
            columns.append((of[kept], rows[kept], part.strengths[kept]))
        of = np.concatenate([column[0] for column in columns])
        rows = np.concatenate([column[1] for column in columns])
        strengths = np.concatenate([column[2] for column in columns])
        order = np.argsort((of << _ROW_BITS) | rows.astype(np.uint64), kind="stable")
        return cls._of_sorted(of[order], rows[order], strengths[order], size)

    def find(self, terms: Terms) -> NDArray[np.int64]:
        """The place of each term in `terms`, -1 where it never occurs."""
        place = np.searchsorted(self.terms, terms)
        place[place == len(self.terms)] = 0
        known = self.terms[place] == terms if len(self.terms) else np.zeros(len(terms), bool)
        return np.where(known, place, -1)

    def occurrences(self, terms: Terms) -> NDArray[np.int64]:
        """In how many rows each term stands."""
        place = self.find(terms)
        return np.where(place >= 0, self.starts[place + 1] - self.starts[place], 0)

    def score(self, places: NDArray[np.int64], weights: NDArray[np.float32], *, budget: int) -> NDArray[np.float32]:
        """The weighted sum of strengths for every row.

        Args:
            places: terms as `find` gives them.
            budget: postings to be read at most; the heaviest terms go first, so what is left out counts least.
        """
        scores = np.zeros(self.size, dtype=np.float32)
        for at in np.argsort(-weights, kind="stable"):
            place = places[at]
            if place < 0:
                continue
            begin, end = self.starts[place], self.starts[place + 1]
            budget -= end - begin
            if budget < 0:
                break
            scores[self.rows[begin:end]] += self.strengths[begin:end] * np.float32(weights[at] / _STEPS)
        return scores


@dataclass(frozen=True)
class Sounds:
    """Which pairs of a vocabulary sound alike, for homophone slips (自愿书 for 志愿书)."""

    sounds: NDArray[np.uint32]
    places: NDArray[np.int32]

    @classmethod
    def of(cls, terms: Terms, syllables: Syllables) -> Sounds:
        pairs = np.flatnonzero(is_pair(terms))
        sounds = syllables.of_pairs(terms[pairs])
        order = np.argsort(sounds, kind="stable")
        order = order[sounds[order] != 0]
        return cls(sounds[order], pairs[order].astype(np.int32))

    def alike(self, sound: int) -> NDArray[np.int32]:
        """Places of the terms that sound so."""
        begin = np.searchsorted(self.sounds, np.uint32(sound), side="left")
        end = np.searchsorted(self.sounds, np.uint32(sound), side="right")
        return self.places[begin:end]


def _pack(entries: Sequence[Sequence[tuple[Terms, float]]]) -> tuple[Terms, NDArray[np.float32]]:
    keys: list[Terms] = []
    weights: list[NDArray[np.float32]] = []
    for row, fields in enumerate(entries):
        for terms, weight in fields:
            keys.append((terms << _ROW_BITS) | np.uint64(row))
            weights.append(np.full(len(terms), weight, dtype=np.float32))
    if not keys:
        return np.zeros(0, np.uint64), np.zeros(0, np.float32)
    return np.concatenate(keys), np.concatenate(weights)
