"""The outbox: what is to be sent, written in the transaction that decided it, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, NewType

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.tables import OutboxRow

LetterId = NewType("LetterId", int)


class Kind(StrEnum):
    """What a letter is, which decides its lane and whether repeating it is better than silence."""

    REPLY = "reply"
    REMINDER = "reminder"
    NOTICE = "notice"
    STUDY = "study"
    BROADCAST = "broadcast"


class Priority(IntEnum):
    """The smaller number goes first."""

    REPLY = 0
    REMINDER = 10
    NOTICE = 10
    STUDY = 20
    BROADCAST = 30


class State(StrEnum):
    """What became of a letter; every change is shown to organisers as it is."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


REPEATABLE = frozenset({Kind.REPLY, Kind.REMINDER, Kind.NOTICE, Kind.BROADCAST})
MAX_ATTEMPTS = 8
UNCOUNTED = "uncounted"  # in a payload: the platform does not count it as a message, so the limits do not either


@dataclass(frozen=True)
class Draft:
    """A letter before it is in the outbox.

    Attributes:
        unique_key: the same key is only ever kept once.
        payload: a template with its parameters, or a prepared method of the conversation framework.
        expires_at: from then on it is not sent but cancelled with that reason.
    """

    unique_key: str
    channel: str
    chat_id: int
    kind: Kind
    payload: dict[str, Any]
    not_before: datetime
    recipient: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Letter:
    """A claimed letter: ours to send until its lease ends."""

    id: LetterId
    unique_key: str
    channel: str
    chat_id: int
    recipient: int | None
    kind: Kind
    payload: dict[str, Any]
    attempts: int
    expires_at: datetime | None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is better than perhaps not at all."""
        return self.kind in REPEATABLE


@dataclass(frozen=True)
class Result:
    """What became of one attempt, as it is to be written down.

    Attributes:
        refused: the platform asked to wait; other letters to the chat wait as well.
        tried: whether it counts as an attempt.
    """

    letter: Letter
    state: State
    error: str | None = None
    message_id: int | None = None
    not_before: datetime | None = None
    refused: bool = False
    tried: bool = True


async def enqueue(session: AsyncSession, drafts: Sequence[Draft], *, now: datetime) -> int:
    """Put letters in the outbox; those whose key is known already are left as they are. Returns how many are new."""
    if not drafts:
        return 0
    rows = [
        {
            "unique_key": draft.unique_key,
            "channel": draft.channel,
            "chat_id": draft.chat_id,
            "recipient_id": draft.recipient,
            "kind": draft.kind.value,
            "priority": int(Priority[draft.kind.name]),
            "not_before": draft.not_before,
            "expires_at": draft.expires_at,
            "payload": draft.payload,
            "state": State.QUEUED.value,
            "attempts": 0,
            "created_at": now,
        }
        for draft in drafts
    ]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutboxRow).on_conflict_do_nothing(index_elements=["unique_key"])
    result = await session.scalars(statement.returning(OutboxRow.id), rows)
    return len(result.all())


async def claim(
    session: AsyncSession,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    busy_chats: Collection[tuple[str, int]],
    elsewhere: Collection[str] = (),
) -> list[Letter]:
    """Take up to `limit` letters whose time has come, at most one a chat, best priority and oldest first.

    A chat with a letter under way is passed over, so that what one person gets keeps its order.

    Args:
        elsewhere: channels that another process delivers.
    """
    busy = set(busy_chats)
    rows = await session.scalars(
        select(OutboxRow)
        .where(OutboxRow.state == State.QUEUED.value, OutboxRow.not_before <= now, *_carried_here(elsewhere))
        .order_by(OutboxRow.priority, OutboxRow.not_before, OutboxRow.id)
        .limit(limit * 4 + len(busy) * 4)
        .with_for_update(skip_locked=True)
    )
    letters: list[Letter] = []
    for row in rows:
        chat = (row.channel or "", row.chat_id or 0)
        if chat in busy or len(letters) == limit:
            continue
        busy.add(chat)
        row.state = State.SENDING.value
        row.lease_until = now + lease
        row.attempts += 1
        letters.append(_letter(row))
    return letters


async def settle(session: AsyncSession, results: Sequence[Result], *, now: datetime) -> None:
    """Write down what became of claimed letters; what was said in a reply is emptied once it is over."""
    for result in results:
        finished = result.state is not State.QUEUED
        values: dict[str, Any] = {
            "state": result.state.value,
            "last_error": result.error,
            "lease_until": None,
            "finished_at": now if finished else None,
            "attempts": result.letter.attempts - (not result.tried),
        }
        if result.message_id is not None:
            values["message_id"] = result.message_id
        if result.not_before is not None:
            values["not_before"] = result.not_before
        if finished and result.letter.kind is Kind.REPLY:
            values["payload"] = {}
        await session.execute(update(OutboxRow).where(OutboxRow.id == result.letter.id).values(values))
        if result.refused and result.not_before is not None:
            await _hold_chat(session, result.letter, result.not_before)


async def recover(session: AsyncSession, *, now: datetime, everything: bool = False) -> int:
    """Deal with letters that were under way when their process died. Returns how many.

    What may be repeated goes back to the queue; a study card becomes `uncertain`, as nobody can know.

    Args:
        everything: also those whose lease still runs (start of the only process of an installation).
    """
    stranded = OutboxRow.state == State.SENDING.value
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
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


async def next_moment(session: AsyncSession, *, elsewhere: Collection[str] = ()) -> datetime | None:
    """When the next queued letter may be sent; None when the queue is empty."""
    queued = OutboxRow.state == State.QUEUED.value
    return await session.scalar(select(func.min(OutboxRow.not_before)).where(queued, *_carried_here(elsewhere)))


def _carried_here(elsewhere: Collection[str]) -> list[ColumnElement[bool]]:
    return [OutboxRow.channel.not_in(list(elsewhere))] if elsewhere else []


async def _hold_chat(session: AsyncSession, letter: Letter, until: datetime) -> None:
    await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.state == State.QUEUED.value,
            OutboxRow.channel == letter.channel,
            OutboxRow.chat_id == letter.chat_id,
            OutboxRow.not_before < until,
        )
        .values(not_before=until)
    )


def _letter(row: OutboxRow) -> Letter:
    return Letter(
        id=LetterId(row.id),
        unique_key=row.unique_key,
        channel=row.channel or "",
        chat_id=row.chat_id or 0,
        recipient=row.recipient_id,
        kind=Kind(row.kind),
        payload=row.payload,
        attempts=row.attempts,
        expires_at=row.expires_at,
    )
