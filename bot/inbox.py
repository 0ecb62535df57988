"""The durable inbox: an update is kept before it is confirmed, handled once, and never handled twice."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import save_conversations
from bot.tables import HANDLED, PARKED, WAITING, InboxRow
from bot.turn import Turn, taking
from scheduler import outbox
from storage.database import Database

MAX_ATTEMPTS = 3
LANES = 16
IDLE_SECONDS = 1.0
EMPTY_AFTER = timedelta(minutes=30)  # what a person wrote is gone within the hour; the job runs every ten minutes
FORGET_AFTER = timedelta(days=14)  # longer than any platform repeats an update

log = structlog.get_logger(__name__)
Json = dict[str, Any]


def lane_of(payload: Json) -> str:
    """Who an update is from: one person's updates are handled in their order."""
    for value in payload.values():
        if isinstance(value, dict):
            sender = value.get("from") or value.get("chat") or value.get("user")
            if isinstance(sender, dict) and "id" in sender:
                return str(sender["id"])
    return "0"


class Inbox:
    """Takes updates in from every door and feeds them to the dispatcher."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        bots: Mapping[str, Bot],
        clock: Callable[[], datetime],
        delivered: Callable[[], None],
    ) -> None:
        """Args:
        bots: by channel, as handlers see them.
        delivered: called after a commit that may have put letters in the outbox.
        """
        self._database = database
        self._dispatcher = dispatcher
        self._bots = bots
        self._clock = clock
        self._delivered = delivered
        self._wake = asyncio.Event()
        self._lanes: dict[tuple[str, str], deque[tuple[str, int]]] = {}
        self._known: set[tuple[str, int]] = set()
        self._room = asyncio.Semaphore(LANES)
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, channel: str, updates: Iterable[Json]) -> int:
        """Keep updates that are not known yet; when this returns they survive a crash. Returns how many are new."""
        now = self._clock()
        rows = [
            {
                "channel": channel,
                "update_id": payload["update_id"],
                "lane": lane_of(payload),
                "payload": payload,
                "received_at": now,
                "state": WAITING,
                "attempts": 0,
            }
            for payload in updates
        ]
        if not rows:
            return 0
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(InboxRow).on_conflict_do_nothing().returning(InboxRow.update_id)
        async with self._database.write() as session:
            new = len((await session.scalars(statement, rows)).all())
        self._wake.set()
        return new

    async def run(self) -> None:
        """Handle what comes in until cancelled."""
        try:
            while True:
                self._wake.clear()
                await self._gather()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=10)

    async def drain(self) -> None:
        """Handle all that waits, then return (tests)."""
        while await self._gather() or self._tasks:
            await asyncio.wait(self._tasks)

    async def tidy(self) -> None:
        """Empty what people wrote from handled updates; forget ids that no platform will repeat."""
        now = self._clock()
        async with self._database.write() as session:
            await session.execute(
                update(InboxRow)
                .where(InboxRow.state == HANDLED, InboxRow.handled_at < now - EMPTY_AFTER)
                .values(payload={})
            )
            await session.execute(
                delete(InboxRow).where(InboxRow.state == HANDLED, InboxRow.handled_at < now - FORGET_AFTER)
            )

    async def _gather(self) -> int:
        async with self._database.read() as session:
            waiting = await session.execute(
                select(InboxRow.channel, InboxRow.update_id, InboxRow.lane)
                .where(InboxRow.state == WAITING, InboxRow.channel.in_(list(self._bots)))
                .order_by(InboxRow.received_at, InboxRow.update_id)
                .limit(1000)
            )
            found = [(row.channel, row.update_id, row.lane) for row in waiting]
        by_lane: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for channel, update_id, lane in found:
            if (channel, update_id) not in self._known:
                self._known.add((channel, update_id))
                by_lane[channel, lane].append((channel, update_id))
        for lane_key, keys in by_lane.items():
            if lane_key in self._lanes:
                self._lanes[lane_key].extend(keys)
            else:
                self._lanes[lane_key] = deque(keys)
                task = asyncio.create_task(self._walk(lane_key))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return len(by_lane)

    async def _walk(self, lane: tuple[str, str]) -> None:
        """Handle one person's updates in their order."""
        queue = self._lanes[lane]
        try:
            while queue:
                key = queue.popleft()
                async with self._room:
                    try:
                        await self._handle(key)
                    finally:
                        self._known.discard(key)
        finally:
            for key in queue:
                self._known.discard(key)
            del self._lanes[lane]

    async def _handle(self, key: tuple[str, int]) -> None:
        channel, update_id = key
        try:
            await self._take_turn(channel, update_id)
        except Exception as error:  # a handler's bug must not stop the house; it is counted and parked
            log.error("inbox.failed", channel=channel, update=update_id, exc_info=error)
            await self._failed(channel, update_id, error)
        self._delivered()

    async def _take_turn(self, channel: str, update_id: int) -> None:
        async with self._database.read() as reading:
            row = await reading.get(InboxRow, (channel, update_id))
        if row is None or row.state != WAITING:
            return
        bot = self._bots[channel]
        async with self._database.session() as session:
            if not await self._is_ours(session, row):
                return
            turn = Turn(channel, update_id, int(row.lane), session, self._clock())
            with taking(turn):
                event = Update.model_validate(row.payload, context={"bot": bot})
                await self._dispatcher.feed_update(bot, event, session=session, turn=turn, last_try=_last(row))
                await save_conversations(turn)
                await outbox.enqueue(session, turn.letters, now=turn.now)
            await self._close(session, turn)
            await session.commit()

    async def _is_ours(self, session: AsyncSession, row: InboxRow) -> bool:
        """Where several processes share an inbox, one at a time speaks with a person, until its turn is committed."""
        if self._database.is_sqlite:
            return True
        lane = func.hashtextextended(f"{row.channel}:{row.lane}", 0)
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(lane))):
            return False
        key = (InboxRow.channel == row.channel, InboxRow.update_id == row.update_id)
        return bool(await session.scalar(select(InboxRow.state).where(*key)) == WAITING)

    async def _failed(self, channel: str, update_id: int, error: Exception) -> None:
        async with self._database.write() as session:
            row = await session.get(InboxRow, (channel, update_id))
            if row is None:
                return
            row.attempts += 1
            row.error = type(error).__name__  # the message of an error may hold what a person wrote
            if row.attempts >= MAX_ATTEMPTS:
                row.state = PARKED
                row.handled_at = self._clock()
        self._wake.set()

    async def _close(self, session: AsyncSession, turn: Turn) -> None:
        values = {"state": PARKED if turn.parked else HANDLED, "error": turn.parked, "handled_at": turn.now}
        await session.execute(
            update(InboxRow)
            .where(InboxRow.channel == turn.channel, InboxRow.update_id == turn.update_id)
            .values(values)
        )


def _last(row: InboxRow) -> bool:
    return row.attempts + 1 >= MAX_ATTEMPTS
