"""bm25s over pairs of characters."""

from __future__ import annotations

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import Search
from benchmarks.retrieving.systems._words import best, pairs

NEEDS = ("bm25s",)


def build(corpus: Corpus) -> Search:
    import bm25s

    index = bm25s.BM25()
    index.index([pairs(text) for text in corpus.texts()], show_progress=False)

    def search(question: str) -> list[tuple[int, float]]:
        words = pairs(question)
        return best(index.get_scores(words)) if words else []

    return search
