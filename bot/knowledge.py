"""What the library knows, ready to be searched: the retrieval index kept in step with the documents in force."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from content.library import all_passages, library_revision
from retrieval.answer import Answer, answer
from retrieval.encoder import Encoder, load_encoder
from retrieval.search import Index
from storage.database import Database


class Knowledge:
    """One index for the process, rebuilt or extended when the library's revision moves."""

    def __init__(self, database: Database, encoder_name: str | None) -> None:
        self._database = database
        self._encoder_name = encoder_name
        self._encoder: Encoder | None = None
        self._index: Index | None = None
        self._revision = -1
        self._documents: dict[str, int] = {}
        self._lock = asyncio.Lock()

    async def ask(self, question: str, *, on: date) -> Answer:
        """The answer of the documents in force on the day, as the library stands at this moment."""
        index = await self.current()
        return await asyncio.to_thread(answer, index, question, on=on)

    async def current(self) -> Index:
        """The index, brought up to date first if a document came, went or changed."""
        async with self._database.read() as session:
            revision = await library_revision(session)
        if self._index is None or revision != self._revision:
            async with self._lock:
                if self._index is None or revision != self._revision:
                    await self._refresh(revision)
        assert self._index is not None  # noqa: S101 (set just above; for the type checker)
        return self._index

    async def _refresh(self, revision: int) -> None:
        async with self._database.read() as session:
            passages = await all_passages(session)
        documents: dict[str, list[object]] = {}
        for passage in passages:
            documents.setdefault(passage.document, []).append(passage)
        raise NotImplementedError


Ask = Callable[[str], Answer]
