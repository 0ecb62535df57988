"""What the library knows, ready to be searched: the retrieval index kept in step with the documents in force."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date

from content.library import documents, passages_of, revision
from content.passages import DocumentId, Passage
from retrieval.answer import Answer, answer
from retrieval.encoder import Encoder, load_encoder
from retrieval.search import Index
from storage.database import Database

ANSWERING = ("published", "retired")  # a retired text still answers for the days on which it held


@dataclass(frozen=True)
class _Span:
    """What makes a document's passages other than those in the index."""

    version: int
    since: date
    until: date | None


class Knowledge:
    """One index for the process; when the library's revision moves, only the documents that changed are read again."""

    def __init__(self, database: Database, encoder_name: str | None) -> None:
        self._database = database
        self._encoder_name = encoder_name
        self._encoder: Encoder | None = None
        self._index: Index | None = None
        self._revision = -1
        self._known: dict[DocumentId, _Span] = {}
        self._lock = asyncio.Lock()

    async def ask(self, question: str, *, on: date) -> Answer:
        """The answer of the documents in force on the day, as the library stands at this moment."""
        index = await self.current()
        return await asyncio.to_thread(answer, index, question, on=on)

    async def current(self) -> Index:
        """The index, brought up to date first if a document came, went or changed."""
        async with self._database.read() as session:
            latest = await revision(session)
        if self._index is not None and latest == self._revision:
            return self._index
        async with self._lock:
            if self._index is not None and latest == self._revision:
                return self._index
            return await self._refresh(latest)

    async def _refresh(self, latest: int) -> Index:
        """Bring the index to this revision: documents that are new or hold from or until another day, and no others."""
        if self._index is None:
            self._encoder = await asyncio.to_thread(load_encoder, self._encoder_name)
            self._index = Index(self._encoder)
        index = self._index
        async with self._database.read() as session:
            spans = {
                one.id: _Span(one.version, one.effective_from, one.effective_until)
                for one in await documents(session, states=ANSWERING)
            }
            gone = [document for document in self._known if self._known[document] != spans.get(document)]
            coming = [document for document in spans if spans[document] != self._known.get(document)]
            passages = [passage for document in coming for passage in await passages_of(session, document)]
        await asyncio.to_thread(_exchange, index, gone, passages)
        self._known, self._revision = spans, latest
        return index


def _exchange(index: Index, gone: list[DocumentId], passages: list[Passage]) -> None:
    for document in gone:
        index.remove(document)
    index.add(passages)
