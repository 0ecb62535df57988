"""The vector channel: which rows of one segment are nearest to a query.

faiss looks at two bits of each dimension, sixteen rows at a time, for some candidates; these are compared by eight.
Every row is looked at, whatever was added, removed or outdated. What two bits cannot tell apart can still be missed: of
the ten nearest .99 are found for our encoder, .89 to .97 for vectors without any structure (`tests/retrieval`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Vectors

_AT_ONCE = 2048  # rows that are written in one step
_COMPARED, _COMPARED_AT_LEAST = 12, 64  # rows that are compared by eight bits, times those wanted (recall@10 > .99)
_FEW = 512  # rows that are all compared by eight bits
_GREATEST = 127  # of what eight bits hold with a sign
_BOUNDS_APART = 32  # so many bounds between 0 and 1: parts that are merged mostly have the same
_LEVELS = (-1.510, -0.4528, 0.4528, 1.510)  # of two bits, in standard deviations (Max 1960)

Numbers = NDArray[np.int8]


class VectorIndex:
    """Rows of length 1, compared by inner product. Never changed once built, so it needs no lock."""

    def __init__(self, numbers: Numbers, bound: float, first_look: Any) -> None:
        """Take what `build`, `merge` or `write` made.

        Args:
            numbers: of each row (rows × dimensions).
            bound: what the greatest number stands for.
            first_look: faiss' index of the same rows; None where there are none.
        """
        self.numbers, self.bound = numbers, bound
        self._first_look = first_look

    @property
    def rows(self) -> int:
        return len(self.numbers)

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """The index of these rows."""
        bound = max(ceil(float(np.abs(vectors).max(initial=0)) * _BOUNDS_APART), 1) / _BOUNDS_APART
        numbers = _whole(vectors, bound).astype(np.int8)
        return cls(numbers, bound, _first_look(numbers))

    @classmethod
    def merge(cls, parts: Sequence[tuple[VectorIndex, NDArray[np.int64]]]) -> VectorIndex:
        """One index of these rows of several."""
        bound = max(one.bound for one, _ in parts)
        rows, dimension = sum(len(chosen) for _, chosen in parts), parts[0][0].numbers.shape[1]
        numbers = np.empty((rows, dimension), dtype=np.int8)
        begin = 0
        for one, chosen in parts:
            for at in range(0, len(chosen), _AT_ONCE):
                block = one.numbers[chosen[at : at + _AT_ONCE]]
                same = one.bound == bound
                numbers[begin : begin + len(block)] = block if same else np.rint(block * (one.bound / bound))
                begin += len(block)
        return cls(numbers, bound, _first_look(numbers))

    def nearest(
        self, query: Vectors, count: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Rows nearest to one vector, best first, and their cosines; none to the vector of a text without words.

        Args:
            allowed: a flag a row; None allows all.
        """
        rows = self._worth_comparing(query, count, allowed) if query.any() else np.zeros(0, np.int64)
        cosines = self.cosines(query, rows)
        order = np.argsort(-cosines, kind="stable")[:count]
        return rows[order], cosines[order]

    def _worth_comparing(self, query: Vectors, count: int, allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """More rows than wanted, by two bits a dimension; all that are allowed where these are few."""
        may = self.rows if allowed is None else int(np.count_nonzero(allowed))
        looked_at = max(_COMPARED * count, _COMPARED_AT_LEAST) * self.rows / max(may, 1)
        while may > _FEW and looked_at < self.rows:
            _, found = self._first_look.search(_even(query.reshape(1, -1)), int(looked_at))
            rows: NDArray[np.int64] = found[0][found[0] >= 0]
            if allowed is not None:
                rows = rows[allowed[rows]]
            if len(rows) >= count:
                return rows
            looked_at *= _COMPARED
        return np.arange(self.rows) if allowed is None else np.flatnonzero(allowed)

    def cosines(self, query: Vectors, rows: NDArray[np.int64]) -> Vectors:
        """Of these rows with one vector."""
        unit = np.float32(self.bound / _GREATEST)
        # the product with a matrix would wake further threads
        return np.asarray(np.vecdot(self.numbers.take(rows, axis=0).astype(np.float32), query) * unit, dtype=np.float32)

    def write(self, file: Path) -> None:
        """Save what faiss looks at to a file that `mapped` reads; the numbers are the caller's to keep."""
        if self.rows:
            _faiss().write_index(self._first_look, str(file))
        else:
            file.touch()

    @classmethod
    def mapped(cls, file: Path, numbers: Numbers, bound: float) -> VectorIndex:
        """What was saved, with its numbers and their bound."""
        return cls(numbers, bound, _faiss().read_index(str(file)) if len(numbers) else None)


def _faiss() -> Any:
    """faiss, untyped (its stubs do not know its own keyword arguments), on the one thread that asks.

    Its helpers would wait for work by spinning: beside any other load, several of them are slower than one.
    """
    import faiss

    module: ModuleType = faiss
    module.omp_set_num_threads(1)
    return module


def _first_look(numbers: Numbers) -> Any:
    """Two bits a dimension, at the levels that suit a bell curve of its mean and deviation: nothing to be trained."""
    if not len(numbers):
        return None
    faiss, numbers = _faiss(), _even(numbers)
    dimension = numbers.shape[1]
    mean, deviation = _mean_and_deviation(numbers)
    levels = mean[:, None] + deviation[:, None] * np.array(_LEVELS)
    pairs = levels.reshape(-1, 2, 4)  # of dimensions: sixteen points each
    points = np.stack((np.tile(pairs[:, 0], 4), np.repeat(pairs[:, 1], 4, axis=1)), axis=2)
    index = faiss.IndexPQFastScan(dimension, dimension // 2, 4, faiss.METRIC_INNER_PRODUCT)
    faiss.copy_array_to_vector(points.astype(np.float32).ravel(), index.pq.centroids)
    index.is_trained = True
    for at in range(0, len(numbers), _AT_ONCE):
        index.add(numbers[at : at + _AT_ONCE].astype(np.float32))
    return index


def _mean_and_deviation(numbers: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each dimension."""
    sums = np.zeros((2, numbers.shape[1]))
    for at in range(0, len(numbers), _AT_ONCE):
        block = numbers[at : at + _AT_ONCE].astype(np.float32)
        sums += block.sum(axis=0), (block**2).sum(axis=0)
    mean, square = sums / len(numbers)
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _even(rows: NDArray[Any]) -> NDArray[Any]:
    """All dimensions, or all but the last of an odd number: the first look takes them in pairs."""
    return np.ascontiguousarray(rows[:, : rows.shape[1] // 2 * 2])


def _whole(vectors: Vectors, bound: float) -> Vectors:
    """Whole numbers that eight bits hold."""
    return np.asarray(np.rint(vectors * (_GREATEST / bound)), dtype=np.float32)
