"""The durable inbox: an update is kept before it is confirmed, handled once, and never handled twice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from sqlalchemy import String, and_, bindparam, cast, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.tables import HANDLED, PARKED, WAITING, InboxRow
from bot.turns.closing import AlreadyHandled, Closer, close_turns
from bot.turns.lanes import Lane, keys_for, lane_of
from bot.turns.turn import Turn, taking
from content.library import moved
from scheduler.trouble import trouble_of, will_pass
from scheduler.waking import woken
from storage.database import Database

__all__ = ["Inbox", "lane_of"]

MAX_ATTEMPTS = 3
AGAIN_SECONDS = (0.3, 2.0)  # before the second and the third try: what was the network's fault may have passed
PAUSE_SECONDS = 1.0  # after trouble with the database
HANDLERS = 16
AT_HAND = 1000  # updates kept in memory; the rest waits in the database
IDLE_SECONDS = 1.0
EMPTY_AFTER = timedelta(minutes=30)  # what a person wrote is gone within the hour; the job runs every ten minutes
FORGET_AFTER = timedelta(days=14)  # longer than any platform repeats an update

# Made once: it is asked for every second.
_WAITING = (
    select(InboxRow.channel, InboxRow.update_id, InboxRow.lane)
    .where(InboxRow.state == WAITING, InboxRow.channel.in_(bindparam("channels", expanding=True)))
    .order_by(InboxRow.received_at, InboxRow.update_id)
    .limit(AT_HAND)
)

log = structlog.get_logger(__name__)
Json = dict[str, Any]


@dataclass
class Incoming:
    """An update at hand."""

    channel: str
    update_id: int
    lane: str
    payload: Json
    attempts: int = 0

    @property
    def is_last_try(self) -> bool:
        """Whether it is parked if it fails once more."""
        return self.attempts + 1 >= MAX_ATTEMPTS


class Inbox:
    """Takes updates in from every door and feeds them to the dispatcher."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        bots: Mapping[str, Bot],
        clock: Callable[[], datetime],
        delivered: Callable[[], None],
        watch: Callable[[str, float], None] | None = None,
        published: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Args:
        bots: by channel, as handlers see them.
        delivered: called after a commit that may have put letters in the outbox.
        watch: told of every handled update, with the seconds that its handler took (metrics).
        published: waited for when a turn changed the library, before this person's next update.
        """
        self._database = database
        self._dispatcher = dispatcher
        self._bots = bots
        self._clock = clock
        self._delivered = delivered
        self._watch = watch
        self._published = published
        self._wake = asyncio.Event()
        self._keys = keys_for(database)
        self._closer = Closer(database)
        self._lanes: dict[Lane, deque[Incoming]] = {}
        self._known: set[tuple[str, int]] = set()
        self._room = asyncio.Semaphore(HANDLERS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._left: list[Lane] = []  # ours still, nobody is in them
        self._walked: set[Lane] = set()
        self._more = False
        self._latest: datetime | None = None

    async def put(self, channel: str, updates: Iterable[Json]) -> int:
        """Keep updates that are not known yet; when this returns they survive a crash. Returns how many are new."""
        payloads = list(updates)
        if not payloads:
            return 0
        now = await self._moment()
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
            for payload in payloads
        ]
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(InboxRow).on_conflict_do_nothing().returning(InboxRow.update_id)
        async with self._database.write() as session:
            new = len((await session.scalars(statement, rows)).all())
        self._wake.set()
        return new

    async def run(self) -> None:
        """Handle what comes in until cancelled; trouble with the database is waited out."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self._gather()
                except Exception as error:
                    if not will_pass(error):
                        raise
                    log.warning("inbox.database_trouble", trouble=trouble_of(error), error=type(error).__name__)
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue
                await woken(self._wake, IDLE_SECONDS)
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=10)
            await self._keys.close()

    async def drain(self) -> None:
        """Handle all that waits, then return (tests)."""
        while await self._gather() or self._tasks:
            await asyncio.wait(self._tasks)
        await self._keys.close()

    async def tidy(self) -> None:
        """Empty what people wrote from handled updates; forget ids that no platform will repeat."""
        now = self._clock()
        said = and_(
            InboxRow.state == HANDLED, InboxRow.handled_at < now - EMPTY_AFTER, cast(InboxRow.payload, String) != "{}"
        )
        async with self._database.read() as session:  # looked for here, so that nobody waits to write meanwhile
            keys = [
                tuple(row) for row in await session.execute(select(InboxRow.channel, InboxRow.update_id).where(said))
            ]
        for start in range(0, len(keys), AT_HAND):
            async with self._database.write() as session:
                await session.execute(
                    update(InboxRow)
                    .where(tuple_(InboxRow.channel, InboxRow.update_id).in_(keys[start : start + AT_HAND]))
                    .values(payload={})
                    .execution_options(synchronize_session=False)
                )
        async with self._database.write() as session:
            await session.execute(
                delete(InboxRow).where(InboxRow.state == HANDLED, InboxRow.handled_at < now - FORGET_AFTER)
            )

    async def _moment(self) -> datetime:
        """Now, but never before what came in earlier, so that a clock that is set back cannot turn the order."""
        if self._latest is None:
            async with self._database.read() as session:
                self._latest = await session.scalar(
                    select(func.max(InboxRow.received_at)).where(InboxRow.state == WAITING)
                )
        now = self._clock()
        self._latest = now if self._latest is None else max(now, self._latest + timedelta(microseconds=1))
        return self._latest

    async def _gather(self) -> int:
        """Hand waiting updates to their lanes. Returns how many."""
        left, self._left = [lane for lane in self._left if lane not in self._lanes], []
        if left:
            await self._keys.give_back(left)
        if len(self._known) >= AT_HAND:
            return 0
        async with self._database.glance() as session:
            rows = await session.execute(_WAITING, {"channels": list(self._bots)})
            found = [(row.channel, row.update_id, row.lane) for row in rows]
        self._more = len(found) == AT_HAND
        fresh = [one for one in found if one[:2] not in self._known]
        wanted = {(channel, lane) for channel, _, lane in fresh} - self._lanes.keys()
        ours = self._lanes.keys() | (await self._keys.take(wanted) if wanted else set())
        keys = [(channel, update_id) for channel, update_id, lane in fresh if (channel, lane) in ours]
        updates = await self._read(keys)
        for one in updates:
            self._known.add((one.channel, one.update_id))
            self._lanes.setdefault((one.channel, one.lane), deque()).append(one)
        for lane in self._lanes.keys() - self._walked:
            self._walked.add(lane)
            task = asyncio.create_task(self._walk(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._left += (wanted & ours) - self._lanes.keys()  # another process has handled what we saw waiting
        return len(updates)

    async def _read(self, keys: list[tuple[str, int]]) -> list[Incoming]:
        """Those that still wait, now that their lanes are ours, in their order."""
        if not keys:
            return []
        async with self._database.glance() as session:
            rows = await session.execute(
                select(InboxRow.channel, InboxRow.update_id, InboxRow.lane, InboxRow.payload, InboxRow.attempts)
                .where(tuple_(InboxRow.channel, InboxRow.update_id).in_(keys), InboxRow.state == WAITING)
                .order_by(InboxRow.received_at, InboxRow.update_id)
            )
            return [Incoming(*row) for row in rows]

    async def _walk(self, lane: Lane) -> None:
        """Handle one person's updates in their order."""
        queue = self._lanes[lane]
        try:
            while queue:
                async with self._room:
                    await self._handle(queue[0])
                done = queue.popleft()
                self._known.discard((done.channel, done.update_id))
                if self._more and len(self._known) < AT_HAND // 2:
                    self._more = False
                    self._wake.set()
        finally:
            for one in queue:
                self._known.discard((one.channel, one.update_id))
            del self._lanes[lane]
            self._walked.discard(lane)
            self._left.append(lane)

    async def _handle(self, incoming: Incoming) -> None:
        """Until it is handled or parked; whoever is behind it in the lane waits, and nobody else."""
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._take_turn(incoming)
            except AlreadyHandled:
                log.info("inbox.handled_elsewhere", channel=incoming.channel, update=incoming.update_id)
            except Exception as error:
                if not will_pass(error):
                    # A handler's bug must not stop the house; it is counted and parked.
                    log.error("inbox.failed", channel=incoming.channel, update=incoming.update_id, exc_info=error)
                    incoming.attempts += 1
                    if not await self._count(incoming, error):
                        await asyncio.sleep(AGAIN_SECONDS[min(incoming.attempts, len(AGAIN_SECONDS)) - 1])
                        continue
                else:
                    log.warning("inbox.database_trouble", trouble=trouble_of(error), error=type(error).__name__)
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue
            if self._watch is not None:
                self._watch(incoming.channel, asyncio.get_running_loop().time() - began)
            self._delivered()
            return

    async def _take_turn(self, incoming: Incoming) -> None:
        bot = self._bots[incoming.channel]
        async with self._database.session() as session:
            turn = Turn(incoming.channel, incoming.update_id, int(incoming.lane), session, self._clock())
            with taking(turn):
                event = Update.model_validate(incoming.payload, context={"bot": bot})
                if _is_known(event):
                    await self._dispatcher.feed_update(
                        bot, event, session=session, turn=turn, last_try=incoming.is_last_try
                    )
            if session.in_transaction() or session.new or session.dirty or session.deleted:
                if not await close_turns(session, [turn]):
                    raise AlreadyHandled
                await session.commit()
                if self._published is not None and moved(session):
                    await self._published()
                return
        await self._closer.close(turn)

    async def _count(self, incoming: Incoming, error: Exception) -> bool:
        """Write the failure down; whether the update is parked now."""
        parked = incoming.attempts >= MAX_ATTEMPTS
        values: Json = {"attempts": incoming.attempts, "error": type(error).__name__}  # its text may be a person's
        if parked:
            values |= {"state": PARKED, "handled_at": self._clock()}
        while True:
            try:
                async with self._database.write() as session:
                    await session.execute(
                        update(InboxRow)
                        .where(InboxRow.channel == incoming.channel, InboxRow.update_id == incoming.update_id)
                        .values(values)
                    )
                return parked
            except Exception as trouble:
                if not will_pass(trouble):
                    raise
                await asyncio.sleep(PAUSE_SECONDS)


def _is_known(event: Update) -> bool:
    """Whether aiogram knows the kind; of others it warns with everything that stands in them."""
    try:
        return bool(event.event_type)
    except UpdateTypeLookupError:
        return False
