"""Claiming: who sends which letter, settled between any number of processes, and what a dead process leaves behind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    CursorResult,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    not_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.outbox import LANES, MAX_ATTEMPTS, REPEATABLE, Kind, Letter, LetterId, Priority, State
from scheduler.tables import OutboxRow
from storage.among import among

CLAIMING = 0x77617973  # the number of PostgreSQL's advisory lock: one process at a time claims
STANDSTILL = "10s"  # whoever claims and stands still has to let the others claim
_LETTER = (
    OutboxRow.id,
    OutboxRow.unique_key,
    OutboxRow.channel,
    OutboxRow.chat_id,
    OutboxRow.recipient_id,
    OutboxRow.kind,
    OutboxRow.priority,
    OutboxRow.payload,
    OutboxRow.attempts,
    OutboxRow.expires_at,
    OutboxRow.not_before,
)


async def due_lanes(session: AsyncSession, channels: Sequence[str]) -> dict[str, dict[int, datetime]]:
    """By channel and priority: when the next letter may be sent. Priorities without letters are missing."""
    found: dict[str, dict[int, datetime]] = {channel: {} for channel in channels}
    names = {_channel(number): channel for number, channel in enumerate(channels)}
    for number, lane, moment in await session.execute(_next_of(len(channels)), names) if channels else ():
        found[channels[number]][int(lane)] = moment
    return found


@cache
def _next_of(channels: int) -> CompoundSelect[Any]:
    """One statement for so many channels, made once: it is asked for every second."""
    return union_all(*(_next(number, lane) for number in range(channels) for lane in LANES))


def _next(number: int, lane: int) -> Select[Any]:
    first = (
        select(_fixed(number).label("channel"), _fixed(lane).label("priority"), OutboxRow.not_before)
        .where(
            OutboxRow.state == State.QUEUED.value,
            OutboxRow.priority == _fixed(lane),
            OutboxRow.channel == bindparam(_channel(number)),
        )
        .order_by(OutboxRow.not_before)
        .limit(1)
    )
    return select(first.subquery())


def _fixed(number: int) -> ColumnElement[int]:
    return literal_column(str(int(number)), Integer)


def _channel(number: int) -> str:
    return f"channel_{number}"


async def queue_for_claiming(session: AsyncSession) -> None:
    """Wait until no other process claims, until the end of this transaction.

    Claims are short; one after the other they see each other's letters, which keeps every chat in its order.
    """
    if session.get_bind().dialect.name == "postgresql":
        standstill = func.set_config("idle_in_transaction_session_timeout", STANDSTILL, literal(value=True))
        await session.execute(select(standstill, func.pg_advisory_xact_lock(CLAIMING)))


async def chats_under_way(session: AsyncSession, channel: str) -> set[int]:
    """Chats with a letter that some process is sending at this moment."""
    sending = and_(OutboxRow.state == State.SENDING.value, OutboxRow.channel == channel)
    return {chat or 0 for chat in await session.scalars(select(OutboxRow.chat_id).where(sending))}


async def claim(
    session: AsyncSession,
    channel: str,
    *,
    now: datetime,
    lease_until: datetime,
    limit: int,
    busy_chats: Collection[int] = (),
    lanes: Sequence[int] = LANES,
) -> list[Letter]:
    """Take up to `limit` letters whose time has come, at most one a chat, lane by lane, oldest first.

    A chat with a letter under way is passed over, so that what one person gets keeps its order.

    Args:
        lanes: priorities in the order in which they are asked.
    """
    busy = set(busy_chats)
    letters: list[Letter] = []
    for lane in lanes:
        if len(letters) < limit:
            letters += await _claim_lane(session, channel, lane, now, limit - len(letters), busy)
    if letters:
        await session.execute(
            update(OutboxRow)
            .where(among(session, OutboxRow.id, [letter.id for letter in letters]))
            .values(state=State.SENDING.value, lease_until=lease_until, attempts=OutboxRow.attempts + 1)
            .execution_options(synchronize_session=False)
        )
    return letters


async def _claim_lane(
    session: AsyncSession, channel: str, lane: int, now: datetime, limit: int, busy: set[int]
) -> list[Letter]:
    rows = await session.execute(
        select(*_LETTER)
        .where(
            OutboxRow.state == State.QUEUED.value,
            OutboxRow.priority == lane,
            OutboxRow.not_before <= now,
            OutboxRow.channel == channel,
            not_(among(session, OutboxRow.chat_id, sorted(busy))),
        )
        .order_by(OutboxRow.not_before, OutboxRow.id)
        .limit(limit * 2 + 8)  # some may be to the same chat
        .with_for_update(skip_locked=True)
    )
    letters: list[Letter] = []
    for row in rows:
        if row.chat_id not in busy and len(letters) < limit:
            busy.add(row.chat_id)
            letters.append(_letter(row))
    return letters


async def renew(session: AsyncSession, letters: Sequence[LetterId], *, lease_until: datetime) -> None:
    """Say that the letters are still being sent."""
    await session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_(letters), OutboxRow.state == State.SENDING.value)
        .values(lease_until=lease_until)
        .execution_options(synchronize_session=False)
    )


async def recover(
    session: AsyncSession, *, now: datetime, everything: bool = False, except_for: Collection[LetterId] = ()
) -> int:
    """Deal with letters that were under way when their process died. Returns how many.

    What may be repeated goes back to the queue; a study card becomes `uncertain`, as nobody can know.

    Args:
        everything: also those whose lease still runs (the only process of an installation).
        except_for: letters that this process is sending.
    """
    stranded = and_(OutboxRow.state == State.SENDING.value, OutboxRow.id.not_in(list(except_for)))
    if not everything:
        stranded = and_(stranded, OutboxRow.lease_until < now)
    repeat = OutboxRow.kind.in_([kind.value for kind in REPEATABLE])
    again = and_(repeat, OutboxRow.attempts < MAX_ATTEMPTS)
    result = await session.execute(
        update(OutboxRow)
        .where(stranded)
        .values(
            state=case((again, State.QUEUED.value), else_=State.UNCERTAIN.value),
            last_error="interrupted",
            lease_until=None,
            finished_at=case((again, None), else_=now),
        )
        .execution_options(synchronize_session=False)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


async def bring_forward(session: AsyncSession, *, now: datetime, horizon: datetime) -> None:
    """After the clock was set back: replies that seem to lie in the future, further than any pause, go now."""
    await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.state == State.QUEUED.value,
            OutboxRow.priority == int(Priority.REPLY),
            OutboxRow.not_before > horizon,
        )
        .values(not_before=now)
        .execution_options(synchronize_session=False)
    )


async def give_up_closed(session: AsyncSession, channels: Collection[str], *, now: datetime) -> None:
    """Letters to doors that are open nowhere fail, visibly.

    Args:
        channels: the open ones, in whatever process.
    """
    await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.state == State.QUEUED.value,
            func.coalesce(OutboxRow.channel, "").not_in(sorted(channels)),
            OutboxRow.not_before <= now,
        )
        .values(state=State.FAILED.value, last_error="this door is not open", finished_at=now)
        .execution_options(synchronize_session=False)
    )


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        id=LetterId(row.id),
        unique_key=row.unique_key,
        channel=row.channel or "",
        chat_id=row.chat_id or 0,
        recipient=row.recipient_id,
        kind=Kind(row.kind),
        payload=row.payload,
        attempts=row.attempts + 1,
        expires_at=row.expires_at,
        priority=row.priority,
        due_at=row.not_before,
    )
