"""One system on one corpus: how well it finds what answers, how fast, and what it costs."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.retrieving.apart import memory
from benchmarks.retrieving.corpora import Corpus, corpus_of, scaled
from benchmarks.retrieving.systems import Search, build
from retrieval.evaluation import auroc

WARM = 20  # questions that are asked before the clock runs


def quality(system: str, name: str, data: Path, split: str, at_most: int) -> dict[str, Any]:
    """Recall, how well scores tell answerable questions from others, speed and cost.

    Args:
        at_most: questions of the corpus that are asked, drawn by seeded chance.
    """
    corpus = corpus_of(name, data, split)
    search, costs = _built(system, corpus)
    questions = list(corpus.questions)
    random.Random(7).shuffle(questions)
    asked, times = timed([question for question, _ in questions[:at_most]], search)
    places, scores, answerable = [], [], []
    for (_, relevant), found in zip(questions, asked, strict=False):
        if relevant:
            places.append(next((at for at, (row, _) in enumerate(found) if row in relevant), 99))
        scores.append(found[0][1] if found else 0.0)
        answerable.append(bool(relevant))
    right = {f"R@{depth}": float(np.mean([place < depth for place in places])) for depth in (1, 3, 5)}
    known = {"auroc": auroc(scores, answerable)}
    return {"corpus": name, "system": system, "n": len(asked), **right, **known, **percentiles(times), **costs}


def scale(system: str, size: int, data: Path) -> dict[str, Any]:
    """Speed and cost at this many passages."""
    corpus = scaled(size, data)
    search, costs = _built(system, corpus)
    _, times = timed([question for question, _ in corpus.questions], search)
    return {"system": system, "passages": size, **percentiles(times), **costs}


def timed(questions: Sequence[str], ask: Callable[[str], Any]) -> tuple[list[Any], list[float]]:
    """What was answered, one question after the other on one thread, and in how many milliseconds each."""
    for question in questions[:WARM]:
        ask(question)
    answers, times = [], []
    for question in questions:
        began = time.perf_counter()
        answers.append(ask(question))
        times.append((time.perf_counter() - began) * 1000)
    return answers, times


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """The middle, and what one of a hundred exceeds."""
    return {"p50_ms": float(np.percentile(milliseconds, 50)), "p99_ms": float(np.percentile(milliseconds, 99))}


def _built(system: str, corpus: Corpus) -> tuple[Search, dict[str, float]]:
    gc.collect()
    before = memory()["rss_mib"]
    began = time.perf_counter()
    search = build(system, corpus)
    indexing = time.perf_counter() - began
    for question, _ in corpus.questions[:WARM]:
        search(question)
    gc.collect()
    return search, {"index_s": indexing, "added_mib": memory()["rss_mib"] - before}
