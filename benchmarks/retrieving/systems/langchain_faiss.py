"""LangChain's FAISS vector store (langchain-community), with our encoder."""

from __future__ import annotations

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import DEPTH, Search
from retrieval.encoder import load_encoder

NEEDS = ("langchain_community",)


def build(corpus: Corpus) -> Search:
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings

    encoder = load_encoder(None)

    class Ours(Embeddings):  # type: ignore[misc]  # untyped where the peer is not installed
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = encoder.encode(texts).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    texts = corpus.texts()
    store = FAISS.from_texts(texts, Ours(), metadatas=[{"row": row} for row in range(len(texts))])

    def search(question: str) -> list[tuple[int, float]]:
        found = store.similarity_search_with_score(question, k=DEPTH)
        return [(document.metadata["row"], -float(distance)) for document, distance in found]

    return search
