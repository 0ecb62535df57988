"""The clustered index reads as many lists as its own check of the recall asks for."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval import vectors
from retrieval.vectors import VectorIndex

ROWS, DIMENSION, QUERIES, NEAREST = 6_000, 48, 40, 10
FIRST_TRIED = 8


def recall(index: VectorIndex, rows: vectors.Vectors, queries: vectors.Vectors) -> float:
    """The share of the ten truly nearest that are found."""
    exact = np.argsort(-(queries @ rows.T), axis=1)[:, :NEAREST]
    found = [set(index.nearest(query, NEAREST, None)[0].tolist()) for query in queries]
    return float(np.mean([len(found[at] & set(exact[at].tolist())) for at in range(len(queries))])) / NEAREST


def test_where_few_clusters_miss_what_is_nearest_more_of_them_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "HALVED_AT_MOST", 1_000)
    monkeypatch.setattr(vectors, "CLUSTERED_FROM", 5_000)
    chance = np.random.default_rng(4)
    # Vectors without any clusters are the worst case: the nearest lie anywhere.
    drawn = chance.standard_normal((ROWS + QUERIES, DIMENSION)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    rows, queries = drawn[:ROWS], drawn[ROWS:]

    index = VectorIndex.merge([(VectorIndex.build(rows), np.arange(ROWS))])

    chosen = index._index.nprobe
    assert recall(index, rows, queries) > 0.9
    index._index.nprobe = FIRST_TRIED
    assert recall(index, rows, queries) < 0.6  # what it would be without the check
    assert chosen > FIRST_TRIED
