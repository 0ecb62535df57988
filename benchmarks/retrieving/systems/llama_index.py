"""LlamaIndex's VectorStoreIndex over the store it brings, with our encoder."""

from __future__ import annotations

from benchmarks.retrieving.corpora import Corpus
from benchmarks.retrieving.systems import DEPTH, Search
from retrieval.encoder import load_encoder

NEEDS = ("llama_index",)


def build(corpus: Corpus) -> Search:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.schema import TextNode

    encoder = load_encoder(None)

    class Ours(BaseEmbedding):  # type: ignore[misc]  # untyped where the peer is not installed
        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = encoder.encode(texts).tolist()
            return vectors

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        _get_query_embedding = _get_text_embedding

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    nodes = [TextNode(id_=str(row), text=text) for row, text in enumerate(corpus.texts())]
    index = VectorStoreIndex(nodes, embed_model=Ours(embed_batch_size=256))
    retriever = index.as_retriever(similarity_top_k=DEPTH)
    return lambda question: [(int(one.node.node_id), float(one.score or 0)) for one in retriever.retrieve(question)]
