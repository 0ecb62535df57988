"""The keyword channel: an immutable inverted index of entries (chunks of passages, or anticipated questions)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.terms import Syllables, Terms, is_pair

ROWS_AT_MOST = 1 << 22  # a term needs 42 bits, so this many rows fit beside it into 64
_ROW_BITS = np.uint64(22)
_ROW_MASK = np.uint64(ROWS_AT_MOST - 1)
K1, B = 1.2, 0.6  # BM25; the pivot length is fixed, so that segments can be merged without a second look at the text
_STEPS = 255 / (K1 + 1)
_AT_ONCE = 1 << 19  # postings that are moved in one step of a merge: about 5 ms and 15 MiB

Rows = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Field:
    """Terms of many entries, with the entry that each stands in and what one occurrence counts."""

    terms: Terms
    rows: NDArray[np.int64]
    weight: float


@dataclass(frozen=True)
class Postings:
    """For each term the rows that hold it and how strongly.

    Attributes:
        terms: ascending.
        begins: where each term's postings begin; one longer than `terms`.
        rows: entry rows, ascending within a term.
        strengths: BM25's term-frequency part, 0..K1+1 in 255 steps.
        heights: the greatest strength of each term.
        size: number of rows.
    """

    terms: Terms
    begins: NDArray[np.int64]
    rows: Rows
    strengths: NDArray[np.uint8]
    heights: NDArray[np.uint8]
    size: int

    @classmethod
    def build(cls, fields: Sequence[Field], size: int, *, pivot: int) -> Postings:
        """Index entries.

        Args:
            pivot: length, in terms, of an entry that is neither favoured nor held back.
        """
        if size > ROWS_AT_MOST:
            raise ValueError(f"a segment holds at most {ROWS_AT_MOST} entries")
        keys = np.concatenate([(field.terms << _ROW_BITS) | field.rows.astype(np.uint64) for field in fields])
        weights = np.concatenate([np.full(len(field.terms), field.weight, dtype=np.float32) for field in fields])
        order = np.argsort(keys, kind="stable")
        keys, weights = keys[order], weights[order]
        first = _firsts(keys)
        frequency = np.add.reduceat(weights, first) if len(keys) else weights
        keys = keys[first]
        rows = (keys & _ROW_MASK).astype(np.int32)
        length = np.bincount(rows, weights=frequency, minlength=size)
        scale = K1 * (1 - B + B * length / pivot)
        strengths = np.rint(frequency * (K1 + 1) / (frequency + scale[rows]) * _STEPS).astype(np.uint8)
        of = keys >> _ROW_BITS
        begins = _firsts(of)
        return cls._with_heights(of[begins], np.append(begins, len(of)), rows, strengths, size)

    @classmethod
    def _with_heights(
        cls, terms: Terms, starts: NDArray[np.int64], rows: Rows, strengths: NDArray[np.uint8], size: int
    ) -> Postings:
        heights = np.maximum.reduceat(strengths, starts[:-1]) if len(terms) else strengths
        return cls(terms, starts, rows, strengths, heights, size)

    @classmethod
    def merge(cls, parts: Sequence[tuple[Postings, Rows]], *, size: int) -> Postings:
        """One index of several.

        Args:
            parts: each with the new row of every old row, -1 where the entry is dropped; the new rows ascend, within
                a part and from part to part.
        """
        kept = [postings._without(renumbered) for postings, renumbered in parts]
        terms = np.unique(np.concatenate([postings.terms for postings, _ in kept]))
        places = [np.searchsorted(terms, postings.terms) for postings, _ in kept]
        counts = np.zeros(len(terms), dtype=np.int64)
        for place, (postings, _) in zip(places, kept, strict=True):
            counts[place] += np.diff(postings.begins)
        starts = np.concatenate([[0], np.cumsum(counts)])
        rows = np.empty(starts[-1], dtype=np.int32)
        strengths = np.empty(starts[-1], dtype=np.uint8)
        free = starts[:-1].copy()  # where the next posting of each term goes
        for place, (postings, renumbered) in zip(places, kept, strict=True):
            for begin, end in _in_steps(postings.begins):
                lengths = np.diff(postings.begins[begin : end + 1])
                old = slice(int(postings.begins[begin]), int(postings.begins[end]))
                shift = free[place[begin:end]] - postings.begins[begin:end]
                new = np.arange(old.start, old.stop) + np.repeat(shift, lengths)
                rows[new] = renumbered[postings.rows[old]]
                strengths[new] = postings.strengths[old]
                free[place[begin:end]] += lengths
        return cls._with_heights(terms, starts, rows, strengths, size)

    def _without(self, renumbered: Rows) -> tuple[Postings, Rows]:
        """Only the postings of rows that are kept."""
        if not self.size or renumbered.min() >= 0:
            return self, renumbered
        kept = renumbered[self.rows] >= 0
        before = np.concatenate([[0], np.cumsum(kept)])
        starts = before[self.begins]
        left = np.flatnonzero(np.diff(starts))
        compact = np.append(starts[:-1][left], starts[-1])
        rows, strengths = self.rows[kept], self.strengths[kept]
        return self._with_heights(self.terms[left], compact, rows, strengths, self.size), renumbered

    def find(self, terms: Terms) -> NDArray[np.int64]:
        """The place of each term in `terms`, -1 where it never occurs."""
        if not len(self.terms):
            return np.full(len(terms), -1)
        place = np.searchsorted(self.terms, terms)
        return np.where(self.terms.take(place, mode="clip") == terms, place, -1)

    def occurrences(self, terms: Terms) -> NDArray[np.int64]:
        """In how many rows each term stands."""
        place = self.find(terms)
        return np.where(place >= 0, self.begins[place + 1] - self.begins[place], 0)

    def match(self, terms: Terms, weights: Floats, *, best: int, start: Floats | None) -> Match:
        """Score the rows by the weighted sum of strengths, reading only what the best rows depend on.

        Args:
            best: how many best rows are wanted.
            start: what each row's sum begins with: 0, or minus infinity where it may not answer; None is 0 for all.
        """
        places = self.find(terms)
        order = np.argsort(-weights, kind="stable")
        order = order[places[order] >= 0]
        places, scaled = places[order], weights[order] / np.float32(_STEPS)
        ceilings = (scaled * self.heights[places]).tolist()
        left = list(accumulate(reversed(ceilings), initial=0.0))[::-1]  # what the terms from here on can add at most
        sums = np.zeros(self.size, dtype=np.float32) if start is None else start.copy()
        ends = self.begins[places + 1].tolist()
        held = [slice(begin, end) for begin, end in zip(self.begins[places].tolist(), ends, strict=True)]
        lengths = [one.stop - one.start for one in held]
        stop = bisect_right(list(accumulate(lengths)), _READ_AT_MOST)
        long = max(self.size >> 5, _QUICKLY_READ)
        read = next((at for at in range(stop) if lengths[at] > long), stop)
        if read:
            strengths = np.concatenate([self.strengths[one] for one in held[:read]])
            rows = np.concatenate([self.rows[one] for one in held[:read]])
            np.add.at(sums, rows, strengths * np.repeat(scaled[:read], lengths[:read]))
        while read < stop and not (lengths[read] > long and _decided(sums, best, left[read])):
            np.add.at(sums, self.rows[held[read]], self.strengths[held[read]] * scaled[read])
            read += 1
        return Match(self, sums, places[read:], scaled[read:], left[read])


_QUICKLY_READ = 8192  # postings of a term that are read sooner than one asks whether they have to be
_READ_AT_MOST = 2_000_000  # postings of one channel: about 5 ms
_UNDECIDED_AT_MOST = 1_000  # rows that may still be among the best when the common terms are left unread


@dataclass(frozen=True)
class Match:
    """Rows scored for one question.

    Attributes:
        sums: exact but for the unread terms.
        unread: places of the commonest terms, which are looked up for the few rows that matter.
        rest: what they can add at most.
    """

    postings: Postings
    sums: Floats
    unread: NDArray[np.int64]
    weights: Floats
    rest: float

    def best(self, count: int) -> NDArray[np.int64]:
        """The rows that score most (above 0), in no order."""
        least = max(_nth(self.sums, count) - self.rest, 1e-9)
        rows = np.flatnonzero(self.sums >= least)
        if len(rows) > _UNDECIDED_AT_MOST:
            rows = np.sort(rows[np.argpartition(-self.sums[rows], _UNDECIDED_AT_MOST)[:_UNDECIDED_AT_MOST]])
        if len(rows) <= count:
            return rows
        return rows[np.argpartition(-self.of(rows), count - 1)[:count]]

    def of(self, rows: NDArray[np.int64]) -> Floats:
        """The scores of these rows (ascending)."""
        scores, wanted = self.sums[rows], rows.astype(np.int32)
        for place, weight in zip(self.unread.tolist(), self.weights, strict=True):
            begin, end = int(self.postings.begins[place]), int(self.postings.begins[place + 1])
            holding = self.postings.rows[begin:end]
            at = np.searchsorted(holding, wanted)
            here = holding.take(at, mode="clip") == wanted
            scores[here] += self.postings.strengths[begin + at[here]] * weight
        return scores


def _decided(sums: Floats, count: int, left: float) -> bool:
    """Whether hardly more rows than wanted can be among the best once what is left has been added."""
    least = _nth(sums, count) - left
    return least > 0 and int(np.count_nonzero(sums >= least)) <= _UNDECIDED_AT_MOST


def _nth(sums: Floats, count: int) -> float:
    """A number that at least `count` of the sums reach, close to the greatest such number; 0 where they are fewer."""
    groups = min(len(sums) // 16, 4096)
    if groups < 4 * count:
        return float(np.partition(sums, -count)[-count]) if len(sums) > count else 0.0
    tops = sums[: len(sums) // groups * groups].reshape(-1, groups).max(axis=0)
    return float(np.partition(tops, -count)[-count])


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

    def alike(
        self, sounds: NDArray[np.uint32], postings: Postings
    ) -> tuple[NDArray[np.int64], Terms, NDArray[np.int64]]:
        """The terms that sound like each of these: which sound, the term, in how many rows it stands.

        Args:
            postings: those whose terms these are.
        """
        begins, ends = np.searchsorted(self.sounds, np.stack((sounds, sounds + 1)))
        lengths = ends - begins
        places = self.places[stretches(begins, lengths)]
        held = postings.begins[places + 1] - postings.begins[places]
        return np.repeat(np.arange(len(sounds)), lengths), postings.terms[places], held


def stretches(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers from each begin on, as many as its length, one stretch after the other."""
    shift = begins - (np.cumsum(lengths) - lengths)
    return np.asarray(np.arange(int(lengths.sum())) + np.repeat(shift, lengths))


def _firsts(ascending: Terms) -> NDArray[np.int64]:
    """Where each number begins."""
    return np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]])[: len(ascending)])


def _in_steps(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Stretches of terms that have about as many postings as are moved at once."""
    marks = np.searchsorted(starts, np.arange(0, starts[-1], _AT_ONCE)).tolist()
    cuts = sorted({*marks, len(starts) - 1})
    return list(pairwise(cuts))
