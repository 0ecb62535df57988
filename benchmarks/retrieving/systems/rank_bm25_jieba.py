"""rank-bm25 over jieba's words, its usual companion."""

from __future__ import annotations

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import Search
from benchmarks.retrieving.systems._words import best

NEEDS = ("rank_bm25", "jieba")


def build(corpus: Corpus) -> Search:
    import jieba
    from rank_bm25 import BM25Okapi

    jieba.setLogLevel(60)
    index = BM25Okapi([jieba.lcut(text) for text in corpus.texts()])
    return lambda question: best(index.get_scores(jieba.lcut(question)))
