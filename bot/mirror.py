"""An index that mirrors the library: only documents that changed are read again, and answers go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from content.aliases import Alias, own_aliases
from content.documents import Edition, editions, passages_held, passages_of_each
from content.library import revision
from content.passages import DocumentId, Passage
from retrieval.building import Builder
from retrieval.search import Index, load_aliases
from retrieval.shelf import digest
from storage.database import Database

ANSWERING = ("published", "retired")  # a retired text still answers for the days on which it held
_WORTH_SAVING = 0.05  # of the passages: fewer new ones than that are encoded again at the next start
_AT_ONCE = 512  # passages that are given to the builder in one step


class Reading:
    """How far a library is read for the first time: passages, and of how many, once they are `counted`.

    Attributes:
        of: 0 where there is an index as it was saved, which has only to be compared.
    """

    def __init__(self) -> None:
        self.read = self.of = 0
        self.counted = asyncio.Event()

    def begins(self, of: int) -> None:
        """So many are to be read."""
        self.read, self.of = 0, of
        self.counted.set()


class Mirror:
    """One index, and what it knows of the library.

    Attributes:
        revision: of the library, as far as the index has come; -1 before the first look.
        changed: enough since it was last saved that saving is worth it.
    """

    def __init__(self, index: Index, aside: Path | None = None) -> None:
        """Take an empty index, or one as it was saved.

        Args:
            aside: the folder in which large parts of it stand while it is built; None keeps them in memory.
        """
        self.index = index
        self._aside = aside
        self.revision = -1
        self.changed = False
        self._editions: dict[DocumentId, Edition] = {}

    async def catch_up(self, database: Database, reading: Reading | None = None) -> None:
        """Bring the index to the library's latest revision; until the last moment the old one answers.

        Args:
            reading: kept up to date meanwhile.
        """
        reading = reading or Reading()
        saved = await asyncio.to_thread(self.index.digests) if self.revision < 0 else {}
        builder = self.index.builder(self._aside)
        async with database.read() as session:
            latest = await revision(session)
            now = await editions(session, states=ANSWERING)
            aliases = await own_aliases(session)
            gone = [name for name in {**self._editions, **saved} if name not in now]
            other = [name for name in now if now[name] != self._editions.get(name)]
            if self.revision < 0:
                reading.begins(0 if saved else await passages_held(session, states=ANSWERING))
            held: list[Passage] = []
            async for name, passages in passages_of_each(session, other):
                reading.read += len(passages)
                # A saved text is trusted only where the library says the same.
                if name not in saved or digest(passages) != saved[name]:
                    gone.append(name)
                    held += passages
                if len(held) >= _AT_ONCE:
                    held = await _given(builder, held)
            await _given(builder, held)
        spans = {name: (now[name].since, now[name].until) for name in other}
        await asyncio.to_thread(self.index.publish, builder, instead_of=gone, spans=spans)
        self.index.set_aliases(_widened(await asyncio.to_thread(load_aliases), aliases))
        self.changed = self.changed or len(builder) > _WORTH_SAVING * len(self.index) or not now.keys() >= set(gone)
        self._editions, self.revision = now, latest


def _widened(shipped: Mapping[str, tuple[str, ...]], own: Sequence[Alias]) -> dict[str, tuple[str, ...]]:
    """The shipped table with the organisers' own, which come first where both know a word."""
    table: dict[str, tuple[str, ...]] = {}
    for one in own:
        table[one.said] = (*table.get(one.said, ()), one.meant)
    return {said: (*table.get(said, ()), *shipped.get(said, ())) for said in {**table, **shipped}}


async def _given(builder: Builder, passages: list[Passage]) -> list[Passage]:
    """Nothing is left to give."""
    await asyncio.to_thread(builder.add, passages)
    return []
