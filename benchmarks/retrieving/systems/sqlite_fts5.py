"""SQLite's full-text search over pairs of characters."""

from __future__ import annotations

import sqlite3

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import DEPTH, Search
from benchmarks.retrieving.systems._words import pairs

NEEDS = ()


def build(corpus: Corpus) -> Search:
    base = sqlite3.connect(":memory:")
    base.execute("create virtual table t using fts5(body)")
    base.executemany(
        "insert into t(rowid, body) values (?, ?)",
        ((row, " ".join(pairs(text))) for row, text in enumerate(corpus.texts())),
    )

    def search(question: str) -> list[tuple[int, float]]:
        words = " OR ".join(f'"{pair}"' for pair in dict.fromkeys(pairs(question)) if '"' not in pair)
        if not words:
            return []
        query = "select rowid, bm25(t) from t where t match ? order by bm25(t) limit ?"
        return [(int(row), -float(score)) for row, score in base.execute(query, (words, DEPTH))]

    return search
