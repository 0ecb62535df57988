"""The vector channel: faiss over the entries of one segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Vectors

HALVED_AT_MOST = 50_000  # rows of a whole index with sixteen bits a dimension; above, eight (recall@10 > .99)
CLUSTERED_FROM = 500_000  # rows from which only the nearest clusters are read
_TRAINING_ROWS = 16_000  # that tell between which bounds the numbers of each dimension lie
_AT_ONCE = 8192  # rows that are written in one step
_POINTS_A_LIST = 40
_RECALL_WANTED = 0.95
_READ_ONE_OF = 500  # rows: fewer are read faster by themselves than by looking which are wanted
_QUERIES, _NEAREST = 64, 10  # of the check


class VectorIndex:
    """Rows of length 1, compared by inner product. Never changed once built, so it needs no lock."""

    def __init__(self, faiss_index: Any) -> None:
        self._index = faiss_index
        self.rows = int(faiss_index.ntotal)

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """The index of a few rows: sixteen bits a dimension, which no score shows and is read in half the time."""
        index = _halved(_faiss(), vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def merge(cls, parts: Sequence[tuple[VectorIndex, NDArray[np.int64]]], *, beside: int = 0) -> VectorIndex:
        """The index fit for these rows of several: sixteen bits, then eight, then clustered with a checked recall.

        Args:
            beside: rows of the same channel in other segments.
        """
        faiss = _faiss()
        rows = sum(len(chosen) for _, chosen in parts)
        dimension = parts[0][0]._index.d
        if rows + beside <= HALVED_AT_MOST:
            index = _halved(faiss, dimension)
        elif rows < CLUSTERED_FROM:
            index = faiss.IndexScalarQuantizer(dimension, *_eight_bit(faiss))
            index.train(_sample(parts, max(1, rows // _TRAINING_ROWS)))
        else:
            lists = int(4 * rows**0.5)
            index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(dimension), dimension, lists, *_eight_bit(faiss))
            index.train(_sample(parts, max(1, rows // (lists * _POINTS_A_LIST))))
        for block in _blocks(parts):
            index.add(block)
        if rows + beside > HALVED_AT_MOST and rows >= CLUSTERED_FROM:
            index.make_direct_map()
            index.nprobe = _probes_needed(index, _sample(parts, max(1, rows // _QUERIES))[:_QUERIES], _blocks(parts))
        return cls(index)

    def nearest(
        self, query: Vectors, count: int, allowed: NDArray[np.uint8] | None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Rows nearest to one vector, best first, and their cosines.

        Args:
            allowed: one bit a row, the lowest first; None allows all.
        """
        faiss = _faiss()
        parameters: Any = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(allowed)
            if isinstance(self._index, faiss.IndexIVF):
                parameters = faiss.SearchParametersIVF(sel=selector, nprobe=self._index.nprobe)
            else:
                parameters = faiss.SearchParameters(sel=selector)
        scores, rows = self._index.search(query.reshape(1, -1), min(count, max(self.rows, 1)), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def cosines(self, query: Vectors, rows: NDArray[np.int64]) -> Vectors:
        """Of these rows (ascending) with one vector."""
        faiss = _faiss()
        if isinstance(self._index, faiss.IndexIVF) or self.rows > _READ_ONE_OF * len(rows):
            return np.asarray(self.reconstruct(rows) @ query, dtype=np.float32)
        chosen = np.zeros(self.rows, dtype=bool)
        chosen[rows] = True
        selector = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))
        parameters = faiss.SearchParameters(sel=selector)
        scores, found = self._index.search(query.reshape(1, -1), len(rows), params=parameters)
        return np.asarray(scores[0][np.argsort(found[0])], dtype=np.float32)

    def reconstruct(self, rows: NDArray[np.int64]) -> Vectors:
        """The vectors of these rows, as exact as they are kept."""
        if not len(rows):
            return np.zeros((0, self._index.d), dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(np.asarray(rows, dtype=np.int64)), dtype=np.float32)

    def write(self, file: Path) -> None:
        """Save to a file that `mapped` reads."""
        _faiss().write_index(self._index, str(file))

    @classmethod
    def mapped(cls, file: Path) -> VectorIndex:
        """A saved index; the rows stay in the file, except where they are clustered."""
        faiss = _faiss()
        index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
        return cls(index)


def _faiss() -> Any:
    """faiss, untyped (its stubs do not know its own keyword arguments), on the one thread that asks.

    Its helpers would wait for work by spinning: beside any other load, several of them are slower than one.
    """
    import faiss

    module: ModuleType = faiss
    module.omp_set_num_threads(1)
    return module


def _halved(faiss: Any, dimension: int) -> Any:
    return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _eight_bit(faiss: Any) -> tuple[Any, Any]:
    return faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT


def _blocks(parts: Sequence[tuple[VectorIndex, NDArray[np.int64]]]) -> Iterator[Vectors]:
    for index, rows in parts:
        for at in range(0, len(rows), _AT_ONCE):
            yield index.reconstruct(rows[at : at + _AT_ONCE])


def _sample(parts: Sequence[tuple[VectorIndex, NDArray[np.int64]]], every: int) -> Vectors:
    return np.concatenate([index.reconstruct(rows[::every]) for index, rows in parts])


def _probes_needed(index: Any, queries: Vectors, blocks: Iterable[Vectors]) -> int:
    """How many lists to read so that the nearest rows are those of an exact search, on a sample."""
    best, places = np.zeros((len(queries), 0), np.float32), np.zeros((len(queries), 0), np.int64)
    begin = 0
    for block in blocks:
        scores = queries @ block.T
        best = np.concatenate([best, scores], axis=1)
        places = np.concatenate([places, np.tile(np.arange(begin, begin + len(block)), (len(queries), 1))], axis=1)
        begin += len(block)
        nearest = np.argpartition(-best, min(_NEAREST, best.shape[1]) - 1, axis=1)[:, :_NEAREST]
        best, places = np.take_along_axis(best, nearest, 1), np.take_along_axis(places, nearest, 1)
    probes = 8
    while probes < index.nlist:
        index.nprobe = probes
        _, found = index.search(queries, _NEAREST)
        hits = [len(set(ours) & set(theirs)) for ours, theirs in zip(found.tolist(), places.tolist(), strict=True)]
        if np.mean(hits) >= _RECALL_WANTED * places.shape[1]:
            break
        probes *= 2
    return min(probes, int(index.nlist))
