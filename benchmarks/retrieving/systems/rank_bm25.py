"""rank-bm25 over pairs of characters."""

from __future__ import annotations

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import Search
from benchmarks.retrieving.systems._words import best, pairs

NEEDS = ("rank_bm25",)


def build(corpus: Corpus) -> Search:
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([pairs(text) for text in corpus.texts()])
    return lambda question: best(index.get_scores(pairs(question)))
