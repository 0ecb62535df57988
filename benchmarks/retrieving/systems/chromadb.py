"""chromadb in memory with the index it brings (HNSW) and cosine distance, with our encoder."""

from __future__ import annotations

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import DEPTH, Search
from retrieval.encoder import load_encoder

NEEDS = ("chromadb",)
_AT_ONCE = 5000  # it refuses more


def build(corpus: Corpus) -> Search:
    import chromadb

    encoder = load_encoder(None)
    client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("passages", metadata={"hnsw:space": "cosine"})
    texts = corpus.texts()
    for begin in range(0, len(texts), _AT_ONCE):
        some = texts[begin : begin + _AT_ONCE]
        names = [str(begin + at) for at in range(len(some))]
        collection.add(ids=names, documents=some, embeddings=encoder.encode(some))

    def search(question: str) -> list[tuple[int, float]]:
        found = collection.query(query_embeddings=encoder.encode([question]), n_results=DEPTH, include=["distances"])
        return [(int(name), -float(far)) for name, far in zip(found["ids"][0], found["distances"][0], strict=True)]

    return search
