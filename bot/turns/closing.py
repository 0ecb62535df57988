"""Closing turns: what many of them wrote is committed together, so that a disk that flushes slowly is asked seldom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.tables import HANDLED, PARKED, WAITING, InboxRow
from bot.turns.conversation import save_conversations
from bot.turns.turn import Turn
from scheduler import outbox
from storage.among import among
from storage.database import Database

TOGETHER = 100


class AlreadyHandled(Exception):
    """Another process has handled the update: what this turn would have done is undone."""


async def close_turns(session: AsyncSession, turns: Sequence[Turn]) -> list[Turn]:
    """Mark the updates and write dialogue states and replies. Returns the turns whose update still waited."""
    ours = [turn for turn in turns if turn.parked is not None and await _mark(session, [turn])]
    plain = sorted((turn for turn in turns if turn.parked is None), key=lambda turn: turn.channel)
    for _, group in groupby(plain, key=lambda turn: turn.channel):
        of_channel = list(group)
        marked = await _mark(session, of_channel)
        ours += [turn for turn in of_channel if turn.update_id in marked]
    await save_conversations(session, ours)
    letters = [letter for turn in ours for letter in turn.letters]
    if letters:
        await outbox.enqueue(session, letters, now=max(turn.now for turn in ours))
    return ours


async def _mark(session: AsyncSession, turns: list[Turn]) -> set[int]:
    """All of one channel; the ids that were still waiting."""
    first = turns[0]
    ids = [turn.update_id for turn in turns]
    marked = await session.scalars(
        update(InboxRow)
        .where(InboxRow.channel == first.channel, among(session, InboxRow.update_id, ids), InboxRow.state == WAITING)
        .values(
            state=HANDLED if first.parked is None else PARKED,
            error=first.parked,
            handled_at=max(turn.now for turn in turns),
        )
        .returning(InboxRow.update_id)
        .execution_options(synchronize_session=False)
    )
    return set(marked)


class Closer:
    """Commits turns whose handlers wrote nothing themselves: one transaction for all that wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Turn, asyncio.Future[None]]] = []
        self._working: asyncio.Task[None] | None = None

    async def close(self, turn: Turn) -> None:
        """Returns when the turn is committed.

        Raises:
            AlreadyHandled: by another process.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        await future

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            try:
                await self._commit(batch)
            except Exception as error:
                if len(batch) == 1:
                    _tell(batch[0][1], error)
                    continue
                for one in batch:  # whose fault it is shows when each is alone
                    try:
                        await self._commit([one])
                    except Exception as its_own:
                        _tell(one[1], its_own)

    async def _commit(self, batch: list[tuple[Turn, asyncio.Future[None]]]) -> None:
        async with self._database.write() as session:
            ours = {id(turn) for turn in await close_turns(session, [turn for turn, _ in batch])}
        for turn, future in batch:
            _tell(future, None if id(turn) in ours else AlreadyHandled())


def _tell(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():  # whoever waited was cancelled
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
