"""What is nearest by two bits and then by eight is what is nearest by all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval import vectors
from retrieval.encoder import Vectors
from retrieval.vectors import VectorIndex

ROWS, QUERIES, NEAREST = 12_000, 60, 10


def of_length_one(rows: Vectors) -> Vectors:
    """Such rows as an encoder makes."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def drawn(dimension: int, count: int = ROWS + QUERIES, *, shape: str = "even") -> Vectors:
    """Rows without any clusters: the worst case, since what is nearest is hardly nearer than the rest.

    Args:
        shape: "leaning" where dimensions differ in mean and spread, as transformers' do.
    """
    chance = np.random.default_rng(4)
    rows = chance.standard_normal((count, dimension))
    if shape == "leaning":
        rows = rows * chance.uniform(0.2, 5, dimension) + chance.standard_normal(dimension) * 2
    return of_length_one(rows.astype(np.float32))


def recall(index: VectorIndex, rows: Vectors, queries: Vectors, allowed: np.ndarray | None = None) -> float:
    """The share of the ten truly nearest that are found."""
    scores = queries @ rows.T
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    exact = np.argsort(-scores, axis=1)[:, :NEAREST]
    found = [set(index.nearest(query, NEAREST, allowed)[0].tolist()) for query in queries]
    wanted = NEAREST if allowed is None else min(NEAREST, int(allowed.sum()))
    right = [len(ours & set(truth[:wanted])) for ours, truth in zip(found, exact.tolist(), strict=True)]
    return float(np.mean(right)) / wanted


@pytest.mark.parametrize("shape", ["even", "leaning"])
@pytest.mark.parametrize("dimension", [256, 257, 48])
def test_what_is_truly_nearest_is_found_of_any_vectors(dimension: int, shape: str) -> None:
    both = drawn(dimension, shape=shape)
    rows, queries = both[:ROWS], both[ROWS:]

    assert recall(VectorIndex.build(rows), rows, queries) > 0.85


def test_without_the_second_look_much_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    both = drawn(256)
    rows, queries = both[:ROWS], both[ROWS:]
    monkeypatch.setattr(vectors, "_COMPARED", 1)
    monkeypatch.setattr(vectors, "_COMPARED_AT_LEAST", 1)

    assert recall(VectorIndex.build(rows), rows, queries) < 0.8


@pytest.mark.parametrize("one_of", [2, 50, 6000])
def test_only_what_is_allowed_is_found_however_little_it_is(one_of: int) -> None:
    both = drawn(64)
    rows, queries = both[:ROWS], both[ROWS:]
    allowed = np.arange(ROWS) % one_of == 1
    index = VectorIndex.build(rows)

    assert recall(index, rows, queries, allowed) > 0.9
    for query in queries:
        found, _ = index.nearest(query, NEAREST, allowed)
        assert len(found) == min(NEAREST, int(allowed.sum()))
        assert allowed[found].all()


def test_what_is_allowed_is_found_where_all_that_is_nearer_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_FEW", 10)
    rows = drawn(64, ROWS)
    allowed = rows @ rows[0] < 0.1  # all that is near is outdated

    found, cosines = VectorIndex.build(rows).nearest(rows[0], NEAREST, allowed)

    assert len(found) == NEAREST
    assert allowed[found].all()
    assert cosines[0] == pytest.approx(float((rows @ rows[0])[allowed].max()), abs=0.01)


def test_of_parts_with_other_bounds_one_index_is_made_and_read_again(tmp_path: Path) -> None:
    rows = drawn(64, 900)
    even, sharp = rows[:600], of_length_one(rows[600:] ** 3)
    parts = [(VectorIndex.build(even), np.arange(0, 600, 2)), (VectorIndex.build(sharp), np.arange(300))]
    kept = np.concatenate([even[::2], sharp])

    built = VectorIndex.merge(parts)

    built.write(tmp_path / "rows.faiss")
    for index in (built, VectorIndex.mapped(tmp_path / "rows.faiss", built.numbers, built.bound)):
        assert index.rows == len(kept)
        assert np.allclose(index.numbers * (index.bound / 127), kept, atol=0.01)
        for at in (0, 299, 300, 599):
            found, cosines = index.nearest(kept[at], 3, None)
            assert found[0] == at
            assert cosines[0] == pytest.approx(1, abs=0.02)
        chosen = np.arange(5, 600, 7)
        assert np.allclose(index.cosines(kept[6], chosen), kept[chosen] @ kept[6], atol=0.01)


def test_nothing_is_near_to_nothing_nor_in_nothing(tmp_path: Path) -> None:
    empty = VectorIndex.build(np.zeros((0, 8), np.float32))
    full = VectorIndex.build(drawn(8, 5))
    empty.write(tmp_path / "none.faiss")
    again = VectorIndex.mapped(tmp_path / "none.faiss", empty.numbers, empty.bound)

    for index, query in ((empty, drawn(8, 1)[0]), (again, drawn(8, 1)[0]), (full, np.zeros(8, np.float32))):
        assert len(index.nearest(query, 3, None)[0]) == 0
    assert VectorIndex.merge([(empty, np.zeros(0, np.int64)), (full, np.arange(5))]).rows == 5
