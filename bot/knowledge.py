"""What the library knows, ready to be searched: one index, always at hand and kept in step."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import structlog

from bot.mirror import Mirror, Reading
from content.documents import stored
from content.library import revision
from content.passages import PassageId, PassageText
from retrieval.answer import Answer, answer
from retrieval.encoder import load_encoder
from retrieval.memory import give_back
from retrieval.refusals import Refusal
from retrieval.search import Index
from scheduler.trouble import will_pass
from storage.database import Database
from storage.errors import WaymarkError

PATIENCE_SECONDS = 0.03  # that a question waits for the library's latest change, before it is answered without
WAITED_FOR = 5_000  # passages; a question waits until a library of so many is read for the first time: some seconds
_ANY_QUESTION = "预备期多长"
_PUBLISHING_SECONDS = 2.0
_LOOK_SECONDS = 0.5  # between two looks whether another process changed the library

log = structlog.get_logger(__name__)


class LibraryBeingRead(WaymarkError):
    """A large library is read for the first time, and nothing can be looked up in it yet."""

    key = "error.library_being_read"
    sentence = "The library is still being read ({read} of {of} passages). Ask again in a few minutes."


class Knowledge:
    """Answers from the index at hand; what the library changed, or another encoder, is made ready in the background."""

    def __init__(
        self,
        database: Database,
        encoder_name: str | None,
        *,
        folder: Path | None = None,
        patience_seconds: float | None = None,
        waited_for: int | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            folder: where the index is kept between starts; None keeps none. Whatever is wrong with what stands there,
                the index is then made anew.
            patience_seconds: how long a question waits for what the library says now; None is for as long as it takes.
            waited_for: passages of the largest library for whose first reading a question waits; None is for any.
        """
        self._database = database
        self._encoder_name = encoder_name
        self._folder = folder
        self._patience = patience_seconds
        self._waited_for = waited_for
        self._reading = Reading()
        self._mirror: Mirror | None = None
        self._coming: Mirror | None = None  # with the encoder that is wanted, while another one still answers
        self._catching_up: asyncio.Task[None] | None = None
        self._changing: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None

    async def ask(self, question: str, *, on: date) -> Answer:
        """The answer of the documents in force on the day; every quotation stands in the library at this moment.

        Raises:
            LibraryBeingRead: it is large, and not yet read for the first time.
        """
        given = await asyncio.to_thread(answer, await self.at_hand(), question, on=on)
        if await self._stands(given, on):
            return given
        log.warning("answer.not_verified", documents=sorted({one.passage.document for one in given.citations}))
        await self._come_abreast(_PUBLISHING_SECONDS)
        given = await asyncio.to_thread(answer, self._present().index, question, on=on)
        if await self._stands(given, on):
            return given
        return replace(given, answered=False, citations=(), refusal=Refusal.NOTHING_FOUND, former=False, coming=False)

    async def _stands(self, given: Answer, on: date) -> bool:
        """Whether every quotation is in its stored passage word for word, and the text in force unless asked as old."""
        if not given.citations:
            return True
        async with self._database.read() as session:
            kept = await stored(session, [citation.passage.id for citation in given.citations])
        return all(
            (text := kept.get(citation.passage.id)) is not None
            and all(quote in text.text for quote in citation.quotes)
            and (given.former or given.coming or text.holds(on))
            for citation in given.citations
        )

    async def resembling(self, passages: Sequence[PassageText]) -> set[PassageId]:
        """The passages held that any of these may nearly repeat: a look at a few of each, not at the whole library."""
        index = await self.at_hand()
        return await asyncio.to_thread(index.resembling, [passage.text for passage in passages])

    async def at_hand(self) -> Index:
        """The index as the library stands, or as it stood a moment ago where bringing it up to date takes long."""
        if self._mirror is None and await self._is_read_at_length():
            raise LibraryBeingRead(read=self._reading.read, of=self._reading.of)
        await self._come_abreast(None if self._mirror is None else self._patience)
        return self._present().index

    async def current(self) -> Index:
        """The index of this very revision and of the encoder that is wanted, however long that takes."""
        while True:
            if not await self._is_latest():
                await asyncio.shield(self._caught_up())
            elif self._coming is not None and self._changing is not None:
                await asyncio.shield(self._changing)
            else:
                return self._present().index

    async def opened(self) -> None:
        """Return when the library is read for the first time, however long that takes."""
        await self._come_abreast(None)

    async def published(self) -> None:
        """Something was published here: return when it answers, or when that takes longer than a person should wait."""
        await self._come_abreast(_PUBLISHING_SECONDS)

    async def keep(self, opened: Callable[[], None] | None = None) -> None:
        """Stay in step until cancelled, so that what another process published answers within a second.

        Trouble with the database is waited out, also before the library was read for the first time.

        Args:
            opened: called once, when it was.
        """
        while True:
            try:
                await self._come_abreast(None)
                if opened is not None:
                    opened()
                    opened = None
            except Exception as error:
                if not will_pass(error):
                    raise
                log.warning("index.not_looked", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def saved(self) -> None:
        """Wait until what is being written to the folder is written."""
        if self._saving is not None:
            await self._saving

    async def close(self) -> None:
        """Give up what is being made ready."""
        for task in (self._catching_up, self._changing):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _come_abreast(self, seconds: float | None) -> None:
        """Return when the index is of the library's latest revision, or when that takes long or cannot be done."""
        while not await self._is_latest():
            work = self._caught_up()
            await asyncio.wait({work}, timeout=seconds)
            if not work.done():
                return
            if work.exception() is not None:  # which is logged
                if self._mirror is None:
                    await work
                return  # the index at hand answers

    async def _is_read_at_length(self) -> bool:
        """Whether the first reading goes on and is of more passages than a question waits for."""
        if self._waited_for is None:
            return False
        work, counted = self._caught_up(), asyncio.ensure_future(self._reading.counted.wait())
        await asyncio.wait({work, counted}, return_when=asyncio.FIRST_COMPLETED)
        counted.cancel()
        return not work.done() and self._reading.of > self._waited_for

    def _present(self) -> Mirror:
        if self._mirror is None:
            raise RuntimeError("the index is opened before it is used")
        return self._mirror

    async def _is_latest(self) -> bool:
        if self._mirror is None:
            return False
        async with self._database.glance() as session:
            return await revision(session) == self._mirror.revision

    def _caught_up(self) -> asyncio.Task[None]:
        """The work that brings the index up to date: one for all who wait."""
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = _in_background(self._catch_up(), "index.not_caught_up")
        return self._catching_up

    async def _catch_up(self) -> None:
        if self._mirror is None:
            mirror, coming = await asyncio.to_thread(_opened, self._encoder_name, self._folder)
            await mirror.catch_up(self._database, self._reading)
            await asyncio.to_thread(answer, mirror.index, _ANY_QUESTION, on=date.min)  # loads what a question needs
            await asyncio.to_thread(give_back)
            self._mirror, self._coming = mirror, coming
            if coming is not None:
                self._changing = _in_background(self._change(coming), "index.not_encoded_anew")
        else:
            mirror = self._mirror
            await mirror.catch_up(self._database)
        await asyncio.to_thread(mirror.index.compact)
        self._save(mirror)

    async def _change(self, coming: Mirror) -> None:
        """Encode everything with the encoder that is wanted, then answer with it."""
        log.info("index.encoding_anew", encoder=self._encoder_name)
        while coming.revision != self._present().revision:
            await coming.catch_up(self._database)
        self._mirror, self._coming = coming, None
        log.info("index.encoded_anew", encoder=self._encoder_name, passages=len(coming.index))
        await self.saved()
        self._save(coming)

    def _save(self, mirror: Mirror) -> None:
        """Write the index in the background; what changes meanwhile is encoded again at the next start."""
        if self._folder is not None and mirror.changed and (self._saving is None or self._saving.done()):
            mirror.changed = False
            self._saving = asyncio.create_task(asyncio.to_thread(_save, mirror.index, self._folder))


def _in_background(work: Coroutine[None, None, None], trouble: str) -> asyncio.Task[None]:
    """A task whose failure is logged where nobody waits for it."""

    def look(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning(trouble, error=type(error).__name__)

    task = asyncio.ensure_future(work)
    task.add_done_callback(look)
    return task


def _opened(encoder_name: str | None, folder: Path | None) -> tuple[Mirror, Mirror | None]:
    """The index as it was saved, else an empty one; and the one that shall take its place.

    Where the saved one is not of the encoder that is wanted, the shipped encoder answers until everything is encoded
    anew.
    """
    aside = None if folder is None else _aside(folder)
    wanted = Index(load_encoder(encoder_name))
    if (folder is not None and wanted.load(folder)) or not encoder_name:
        return Mirror(wanted, aside), None
    shipped = Index(load_encoder(None))
    if folder is not None:
        shipped.load(folder)
    return Mirror(shipped, aside), Mirror(wanted, aside)


def _aside(folder: Path) -> Path:
    """Where what is being built stands meanwhile."""
    return folder.with_name(f"{folder.name}.building")


def _save(index: Index, folder: Path) -> None:
    try:
        index.save(folder)
    except (
        OSError,
        RuntimeError,
    ) as error:  # a full disk costs the next start time, and this one nothing
        log.warning("index.not_saved", reason=type(error).__name__)
    finally:
        shutil.rmtree(_aside(folder), ignore_errors=True)  # also what a kill left; what is being built goes on without
