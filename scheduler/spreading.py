"""Spreading: a broadcast's letters are written, held back, let go and stopped page by page, so that nobody waits long.

What is still to be done stands in one row, changed in the transaction of each page: whoever goes on, after a kill too,
leaves nobody out and does nobody twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import String, and_, cast, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import PersonRow
from scheduler.broadcasts import (
    SPREADING,
    Broadcast,
    Standing,
    broadcast_of,
    has_agreed,
    keep,
    key_of,
    letters_of,
    people_of,
)
from scheduler.mailing import write_letters
from scheduler.outbox import Kind, State
from scheduler.tables import OutboxRow
from scheduler.trouble import trouble_of, will_pass
from storage.database import Database
from storage.settings import SettingRow, get_setting, put_setting

PAGE = 500  # letters a transaction, about a hundredth of a second: whoever else writes waits so long
IDLE_SECONDS = 1.0  # the first page is written at once and takes longer to be sent
LONGEST_REST_SECONDS = 0.2  # a turn writes several times, and is not to meet a page each time
VALID_FOR = timedelta(days=3)
PAUSED, CANCELLED = "paused", "cancelled"
_NEVER = datetime(9000, 1, 1, tzinfo=UTC)  # the moment of a letter that is paused

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rest:
    """What is left to do for a broadcast.

    Attributes:
        decided: up to which key of a letter the latest decision has been carried out; None: for all.
        written: up to which person letters have been written; None: for all.
        only: of all whom it is for, none but those.
    """

    notice_version: str = ""
    decided: str | None = None
    written: int | None = None
    only: list[int] | None = None


async def begin(
    session: AsyncSession,
    broadcast: Broadcast,
    *,
    notice_version: str,
    now: datetime,
    only: Collection[int] | None = None,
    page: int = PAGE,
) -> int:
    """Write the first letters; `keep_spreading` writes the others. Returns how many are new.

    Args:
        only: of all whom it is for, none but those.
    """
    await keep(session, broadcast)
    rest = Rest(notice_version, written=0, only=None if only is None else sorted(only))
    return await _go_on(session, broadcast, rest, now=now, page=page)


async def decide(
    session: AsyncSession, broadcast: Broadcast, standing: Standing, *, now: datetime, page: int = PAGE
) -> Broadcast:
    """Pause, resume or stop; what is under way at this instant still goes.

    It holds at once, as every letter is looked up when it is sent; those that wait are changed page by page.
    """
    rest = (await _rests(session)).get(broadcast.id, Rest())
    changed = replace(broadcast, standing=standing)
    await keep(session, changed)
    await _go_on(session, changed, replace(rest, decided=""), now=now, page=page)
    return changed


async def keep_spreading(database: Database, clock: Callable[[], datetime], wrote: Callable[[], None]) -> None:
    """Go on with what was begun until cancelled, half of the time. `wrote` is called after each page."""
    time = asyncio.get_running_loop().time
    while True:
        try:
            began = time()
            while await spread(database, now=clock()):
                wrote()
                await asyncio.sleep(min(time() - began, LONGEST_REST_SECONDS))
                began = time()
        except Exception as error:  # the next round comes all the same
            if not will_pass(error):
                log.error("spreading.failed", error=type(error).__name__)
            else:
                log.warning("spreading.database_trouble", trouble=trouble_of(error), error=type(error).__name__)
        await asyncio.sleep(IDLE_SECONDS)


async def spread(database: Database, *, now: datetime, page: int = PAGE) -> bool:
    """One page of whatever is left to do; whether there was any."""
    async with database.glance() as session:
        if not await get_setting(session, SPREADING):
            return False
    async with database.write() as session:
        for number, rest in (await _rests(session)).items():
            broadcast = await broadcast_of(session, number)
            if broadcast is None:
                await _note(session, number, None)
            else:
                await _go_on(session, broadcast, rest, now=now, page=page)
            return True
    return False


async def _go_on(session: AsyncSession, broadcast: Broadcast, rest: Rest, *, now: datetime, page: int) -> int:
    """What waits follows the latest decision first; then more is written, as it stands now."""
    letters = 0
    if rest.decided is not None:
        rest = replace(rest, decided=await _carry_out(session, broadcast, rest.decided, now=now, page=page))
    elif rest.written is not None:
        people = await _next_people(session, broadcast, rest, page)
        letters = await _write(session, broadcast, people, now=now) if people else 0
        rest = replace(rest, written=people[-1] if len(people) == page else None)
    await _note(session, broadcast.id, None if rest.decided is None and rest.written is None else rest)
    return letters


async def _carry_out(
    session: AsyncSession, broadcast: Broadcast, after: str, *, now: datetime, page: int
) -> str | None:
    """Up to which letter it has been carried out now; None: for all."""
    key = key_of(session)
    there = letters_of(session, broadcast.id, after=after)
    last = await session.scalar(select(key).where(there).order_by(key).offset(page - 1).limit(1))
    there = letters_of(session, broadcast.id, after=after, last=last)
    # Not the bare column: SQLite would look through all that waits for whatever reason, page after page.
    waiting = and_(there, func.coalesce(OutboxRow.state, "") == State.QUEUED.value)
    if session.get_bind().dialect.name == "postgresql":  # in the order in which whoever holds a chat locks them
        held = select(OutboxRow.id).where(waiting).order_by(OutboxRow.chat_id).with_for_update().subquery()
        await session.execute(select(func.count()).select_from(held))
    await session.execute(
        update(OutboxRow)
        .where(waiting)
        .values(**_waiting(broadcast.standing, now))
        .execution_options(synchronize_session=False)
    )
    return last


async def _next_people(session: AsyncSession, broadcast: Broadcast, rest: Rest, page: int) -> list[int]:
    people = people_of(broadcast.branches, broadcast.stage, broadcast.sender, rest.only)
    after = rest.written or 0
    rows = await session.scalars(
        select(PersonRow.id)
        .where(people, has_agreed(rest.notice_version, after=after), PersonRow.id > after)
        .order_by(PersonRow.id)
        .limit(page)
    )
    return list(rows)


async def _write(session: AsyncSession, broadcast: Broadcast, people: list[int], *, now: datetime) -> int:
    return await write_letters(
        session,
        kind=Kind.BROADCAST,
        key=literal(f"broadcast:{broadcast.id}:") + cast(PersonRow.id, String),
        recipients=PersonRow.id.in_(people),
        payload={"template": "broadcast", "broadcast": broadcast.id},
        now=now,
        **_waiting(broadcast.standing, now),
    )


def _waiting(standing: Standing, now: datetime) -> dict[str, Any]:
    """How a letter stands that has not been sent."""
    match standing:
        case Standing.RUNNING:
            return {"not_before": now, "expires_at": now + VALID_FOR, "last_error": None}
        case Standing.PAUSED:
            return {"not_before": _NEVER, "expires_at": None, "last_error": PAUSED}
        case Standing.CANCELLED:
            return {"state": State.CANCELLED.value, "last_error": CANCELLED, "finished_at": now}


async def _rests(session: AsyncSession) -> dict[str, Rest]:
    """By broadcast, in their turn; nobody else changes them until this transaction ends."""
    row = await session.get(SettingRow, SPREADING, with_for_update=True)
    return {} if row is None else {number: Rest(**rest) for number, rest in row.value.items()}


async def _note(session: AsyncSession, broadcast: str, rest: Rest | None) -> None:
    rests = await _rests(session)
    if rest is None and broadcast not in rests:
        return
    rests.pop(broadcast, None)
    changed = rests | ({} if rest is None else {broadcast: rest})
    await put_setting(session, SPREADING, {number: asdict(one) for number, one in changed.items()})
