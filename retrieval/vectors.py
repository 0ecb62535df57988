"""The vector channel: faiss over the entries of one segment."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Vectors

FLAT_AT_MOST = 50_000  # rows kept as they are; above, eight bits a dimension (4 times less memory, recall@10 > .99)
CLUSTERED_FROM = 500_000  # rows from which only the nearest clusters are read
_TRAINING_ROWS = 60_000
_RECALL_WANTED = 0.95


class VectorIndex:
    """Rows of length 1, compared by inner product. Never changed once built, so it needs no lock."""

    def __init__(self, faiss_index: Any, rows: int) -> None:
        self._index = faiss_index
        self.rows = rows

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """The index fit for this many rows: exact, then eight-bit, then clustered with a checked recall."""
        faiss = _faiss()
        rows, dimension = vectors.shape
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if rows <= FLAT_AT_MOST:
            inner = faiss.IndexFlatIP(dimension)
        elif rows < CLUSTERED_FROM:
            inner = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
            inner.train(vectors[:: max(1, rows // _TRAINING_ROWS)])
        else:
            return cls(_clustered(vectors), rows)
        inner.add(vectors)
        return cls(inner, rows)

    def nearest(
        self, query: Vectors, count: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Rows nearest to one vector, best first, and their cosines.

        Args:
            allowed: one flag a row; None allows all.
        """
        faiss = _faiss()
        parameters: Any = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(bits)
            if isinstance(self._index, faiss.IndexIVF):
                parameters = faiss.SearchParametersIVF(sel=selector, nprobe=self._index.nprobe)
            else:
                parameters = faiss.SearchParameters(sel=selector)
        scores, rows = self._index.search(query.reshape(1, -1), min(count, max(self.rows, 1)), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def reconstruct(self, rows: NDArray[np.int64]) -> Vectors:
        """The vectors of these rows, as exact as they are kept."""
        if not len(rows):
            return np.zeros((0, self._index.d), dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(np.asarray(rows, dtype=np.int64)), dtype=np.float32)

    def as_bytes(self) -> NDArray[np.uint8]:
        """What `from_bytes` reads."""
        return np.asarray(_faiss().serialize_index(self._index), dtype=np.uint8)

    @classmethod
    def from_bytes(cls, data: NDArray[np.uint8]) -> VectorIndex:
        """The index that `as_bytes` wrote."""
        faiss_index = _faiss().deserialize_index(data)
        return cls(faiss_index, int(faiss_index.ntotal))


def _faiss() -> Any:
    """faiss, untyped: its stubs do not know its own keyword arguments."""
    import faiss

    module: ModuleType = faiss
    return module


def _clustered(vectors: Vectors) -> Any:
    """Inverted lists of eight-bit rows, reading as many lists as it takes for the recall we want on a sample."""
    faiss = _faiss()
    rows, dimension = vectors.shape
    lists = int(4 * rows**0.5)
    quantiser = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFScalarQuantizer(
        quantiser, dimension, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.train(vectors[:: max(1, rows // (lists * 40))])
    index.add(vectors)
    index.make_direct_map()
    sample = vectors[:: max(1, rows // 64)][:64]
    truth = np.argsort(-(sample @ vectors.T), axis=1)[:, :10]
    index.nprobe = _probes_needed(index.search, truth, sample, index, lists)
    return index


def _probes_needed(
    search: Callable[..., Any], truth: NDArray[np.int64], sample: Vectors, index: Any, lists: int
) -> int:
    probes = 8
    while probes < lists:
        index.nprobe = probes
        _, found = search(sample, 10)
        recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.tolist(), truth.tolist(), strict=True)])
        if recall >= _RECALL_WANTED:
            break
        probes *= 2
    return probes
