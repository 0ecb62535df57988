"""Delivery truth: what reached people and what did not, as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import AccountRow, PersonRow
from scheduler.outbox import EXPIRED, Kind, State
from scheduler.tables import OutboxRow

PUSHED = tuple(kind.value for kind in Kind if kind not in (Kind.REPLY, Kind.PROGRESS))
_EXPIRED = and_(OutboxRow.state == State.CANCELLED.value, OutboxRow.last_error == EXPIRED)
_TROUBLED = or_(OutboxRow.state.in_((State.FAILED.value, State.UNCERTAIN.value)), _EXPIRED)


@dataclass(frozen=True)
class Undelivered:
    """A letter that did not arrive, or came too late to be sent, or of which nobody can know (`uncertain`)."""

    student_number: str | None
    name: str
    kind: str
    state: str
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Blocked:
    """Somebody whose every door is closed."""

    student_number: str | None
    name: str
    since: datetime


async def delivery_counts(
    session: AsyncSession, branches: Iterable[int], *, since: datetime
) -> dict[tuple[str, str], int]:
    """How many letters to people of these branches stand in each (kind, state)."""
    rows = await session.execute(
        select(OutboxRow.kind, OutboxRow.state, func.count())
        .join(PersonRow, PersonRow.id == OutboxRow.recipient_id)
        .where(PersonRow.branch_id.in_(list(branches)), OutboxRow.created_at >= since, OutboxRow.kind.in_(PUSHED))
        .group_by(OutboxRow.kind, OutboxRow.state)
    )
    return {(kind, state): count for kind, state, count in rows}


async def undelivered(
    session: AsyncSession, branches: Iterable[int], *, since: datetime, limit: int
) -> list[Undelivered]:
    """What failed, is uncertain, or was given up because its time had run out, latest first."""
    rows = await session.execute(
        select(PersonRow, OutboxRow)
        .join(OutboxRow, OutboxRow.recipient_id == PersonRow.id)
        .where(
            PersonRow.branch_id.in_(list(branches)),
            _TROUBLED,
            OutboxRow.kind.in_(PUSHED),
            OutboxRow.created_at >= since,
        )
        .order_by(OutboxRow.id.desc())
        .limit(limit)
    )
    return [
        Undelivered(
            person.student_number, person.name, row.kind, row.state, row.last_error, row.finished_at or row.created_at
        )
        for person, row in rows
    ]


async def blocked_people(session: AsyncSession, branches: Iterable[int], *, limit: int) -> list[Blocked]:
    """Who cannot be reached because they blocked the bot everywhere, latest first."""
    rows = await session.execute(
        select(PersonRow.student_number, PersonRow.name, func.max(AccountRow.blocked_at))
        .join(AccountRow, AccountRow.person_id == PersonRow.id)
        .where(PersonRow.branch_id.in_(list(branches)), PersonRow.left_at.is_(None))
        .group_by(PersonRow.id, PersonRow.student_number, PersonRow.name)
        .having(func.count() == func.count(AccountRow.blocked_at))
        .order_by(func.max(AccountRow.blocked_at).desc(), PersonRow.id)
        .limit(limit)
    )
    return [Blocked(number, name, since) for number, name, since in rows if since is not None]
