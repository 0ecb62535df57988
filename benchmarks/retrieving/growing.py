"""Our index alone by the number of passages: built, saved, read from its files and checked against itself."""

from __future__ import annotations

import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.retrieving.apart import memory
from benchmarks.retrieving.corpora import recombined, student_questions, texts_of
from benchmarks.retrieving.measuring import percentiles, timed
from retrieval.encoder import Vectors, load_encoder
from retrieval.material import starter_passages
from retrieval.normalise import normalise
from retrieval.search import Index
from retrieval.tuning import TODAY
from retrieval.vectors import VectorIndex

_NEAREST, _CHECKED, _AT_ONCE = 10, 100, 8192


def growing(size: int, data: Path) -> dict[str, Any]:
    """Speed, memory and recall; all searching but `built_p99_ms` is of the index as the next start has it."""
    asked = [one.question for one in student_questions("dev") if one.question.strip()]
    with tempfile.TemporaryDirectory() as folder:
        index = Index(load_encoder(None))
        began = time.perf_counter()
        builder = index.builder()
        builder.add(chain(starter_passages(), recombined(texts_of(data), size)))
        index.publish(builder)
        indexing = time.perf_counter() - began
        del builder
        _, built = timed(asked, lambda question: index.search(question, on=TODAY))
        most = memory()["rss_mib"]
        index.save(Path(folder) / "index")
        saved = Index(load_encoder(None))
        began = time.perf_counter()
        loaded = saved.load(Path(folder) / "index")
        loading = time.perf_counter() - began
        _, times = timed(asked, lambda question: saved.search(question, on=TODAY))
        on_disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 2**20
        recall = _recall(saved, asked[:_CHECKED])
    return {
        "passages": len(saved) if loaded else 0,
        **percentiles(times),
        "built_p99_ms": percentiles(built)["p99_ms"],
        "index_s": indexing,
        "load_s": loading,
        "recall@10": recall,
        "building_rss_mib": most,
        "on_disk_mib": on_disk,
    }


def _recall(index: Index, questions: list[str]) -> float:
    """The share of the truly nearest bodies that the vector side finds, over the largest segment."""
    vectors = max((segment.bodies.vectors for segment in index._segments), key=lambda one: one.rows)
    asked = index.encoder.encode([normalise(question) for question in questions])
    found = [set(vectors.nearest(one, _NEAREST, None)[0].tolist()) for one in asked]
    truth = _nearest(vectors, asked)
    return float(np.mean([len(ours & theirs) / _NEAREST for ours, theirs in zip(found, truth, strict=True)]))


def _nearest(vectors: VectorIndex, asked: Vectors) -> list[set[int]]:
    """By looking at every row."""
    best, rows = np.zeros((len(asked), 0), np.float32), np.zeros((len(asked), 0), np.int64)
    for begin in range(0, vectors.rows, _AT_ONCE):
        block = np.arange(begin, min(begin + _AT_ONCE, vectors.rows))
        best = np.concatenate([best, asked @ vectors.numbers[block].astype(np.float32).T], axis=1)
        rows = np.concatenate([rows, np.tile(block, (len(asked), 1))], axis=1)
        nearest = np.argsort(-best, axis=1)[:, :_NEAREST]
        best, rows = np.take_along_axis(best, nearest, 1), np.take_along_axis(rows, nearest, 1)
    return [set(row) for row in rows.tolist()]
