"""Haystack's in-memory store with its BM25 retriever, over pairs of characters: its own words end only at spaces."""

from __future__ import annotations

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import DEPTH, Search

NEEDS = ("haystack",)
PAIRS = r"(?=(\w\w))"  # overlapping


def build(corpus: Corpus) -> Search:
    from haystack import Document
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(bm25_tokenization_regex=PAIRS)
    store.write_documents([Document(id=str(row), content=text) for row, text in enumerate(corpus.texts())])
    retriever = InMemoryBM25Retriever(store, top_k=DEPTH)

    def search(question: str) -> list[tuple[int, float]]:
        found = retriever.run(query=question)["documents"] if question.strip() else []
        return [(int(document.id), float(document.score or 0)) for document in found]

    return search
