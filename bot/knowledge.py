"""What the library knows, ready to be searched: the retrieval index kept in step with the documents in force."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import structlog

from content.aliases import Alias, own_aliases
from content.library import documents, passages_of, revision
from content.passages import DocumentId, Passage
from retrieval.answer import Answer, answer
from retrieval.encoder import load_encoder
from retrieval.search import Index, load_aliases
from retrieval.shelf import digest
from storage.database import Database

ANSWERING = ("published", "retired")  # a retired text still answers for the days on which it held
_WORTH_SAVING = 0.05  # of the passages: fewer new ones than that are encoded again at the next start

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Span:
    """What makes a document's passages other than those in the index."""

    version: int
    since: date
    until: date | None
    attached: int


class Knowledge:
    """One index for the process; when the library's revision moves, only the documents that changed are read again."""

    def __init__(self, database: Database, encoder_name: str | None, *, folder: Path | None = None) -> None:
        """Open nothing yet.

        Args:
            folder: where the index is kept between starts; None keeps none. Whatever is wrong with what stands there,
                the index is then made anew.
        """
        self._database = database
        self._encoder_name = encoder_name
        self._folder = folder
        self._index: Index | None = None
        self._revision = -1
        self._known: dict[DocumentId, _Span] = {}
        self._lock = asyncio.Lock()
        self._saving: asyncio.Task[None] | None = None

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

    async def saved(self) -> None:
        """Wait until what is being written to the folder is written."""
        if self._saving is not None:
            await self._saving

    async def _refresh(self, latest: int) -> Index:
        """Bring the index to this revision: documents that are new or hold from or until another day, and no others."""
        index = self._index
        held: dict[DocumentId, str] = {}
        if index is None:
            index = await asyncio.to_thread(_opened, self._encoder_name, self._folder)
            held = index.digests()
        async with self._database.read() as session:
            spans = {
                one.id: _Span(one.version, one.effective_from, one.effective_until, one.attached)
                for one in await documents(session, states=ANSWERING)
            }
            aliases = await own_aliases(session)
            gone = [document for document in {**self._known, **held} if document not in spans]
            coming: list[Passage] = []
            for document in (one for one in spans if spans[one] != self._known.get(one)):
                passages = await passages_of(session, document)
                if digest(passages) != held.get(
                    document
                ):  # a saved text is trusted only where the library says the same
                    gone.append(document)
                    coming += passages
        await asyncio.to_thread(index.redate, {one: (span.since, span.until) for one, span in spans.items()})
        await asyncio.to_thread(_exchange, index, gone, coming)
        index.set_aliases(_widened(load_aliases(), aliases))
        self._index, self._known, self._revision = index, spans, latest
        if len(coming) > _WORTH_SAVING * len(index) or set(gone) - set(spans):
            self._save(index)
        return index

    def _save(self, index: Index) -> None:
        """Write the index in the background; what changes meanwhile is encoded again at the next start."""
        if self._folder is not None and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(asyncio.to_thread(_save, index, self._folder))


def _opened(encoder_name: str | None, folder: Path | None) -> Index:
    index = Index(load_encoder(encoder_name))
    if folder is not None:
        index.load(folder)
    return index


def _widened(shipped: Mapping[str, tuple[str, ...]], own: Sequence[Alias]) -> dict[str, tuple[str, ...]]:
    """The shipped table with the organisers' own, which come first where both know a word."""
    table: dict[str, tuple[str, ...]] = {}
    for one in own:
        table[one.said] = (*table.get(one.said, ()), one.meant)
    return {said: (*table.get(said, ()), *shipped.get(said, ())) for said in {**table, **shipped}}


def _exchange(index: Index, gone: list[DocumentId], passages: list[Passage]) -> None:
    for document in gone:
        index.remove(document)
    index.add(passages)


def _save(index: Index, folder: Path) -> None:
    try:
        index.save(folder)
    except OSError as error:  # a full disk costs the next start a second, and this one nothing
        log.warning("index.not_saved", reason=type(error).__name__)
