"""Broadcasts: one text to everybody of a branch or a stage: whom it is for, how far it has come, who got it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    collate,
    exists,
    func,
    not_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import ConsentRow, PersonRow, RoleRow
from scheduler.mailing import has_open_door
from scheduler.outbox import BLOCKED, Kind, State
from scheduler.tables import OutboxRow
from storage.settings import SettingRow, get_setting, put_setting

NOT_REACHED = "not_reached"
RECENT = timedelta(minutes=1)  # what was sent within it tells how fast it goes
SPREADING = "spreading"  # the setting that tells what is left to do, by broadcast
_KEY = "broadcast."


class Standing(StrEnum):
    """What was last decided about a broadcast as a whole."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Broadcast:
    """A text and whom it is for; `stage` None is everybody, and so is `lacking`, a step that is outstanding.

    `begun_at` is an ISO moment, `people` how many it reached when it began.
    """

    id: str
    text: str
    sender: int
    branches: tuple[int, ...]
    branch_name: str
    stage: str | None
    begun_at: str
    standing: Standing = Standing.RUNNING
    lacking: str | None = None
    people: int = 0


@dataclass(frozen=True)
class Audience:
    """Who would get it: `reachable` by an open door; the others of `people` have not joined, agreed or have blocked."""

    people: int
    reachable: int


@dataclass(frozen=True)
class Progress:
    """Delivery truth in numbers; `unsure`: the platform's reply was lost.

    Attributes:
        pace: letters a second that came to their end within the last minute.
        next_at: when the next of those that wait may be sent.
    """

    sent: int
    waiting: int
    blocked: int
    failed: int
    unsure: int
    cancelled: int
    pace: float = 0
    next_at: datetime | None = None

    @property
    def total(self) -> int:
        """All letters."""
        return self.sent + self.waiting + self.blocked + self.failed + self.unsure + self.cancelled

    def rests_until(self, now: datetime) -> datetime | None:
        """When it goes on, if nothing of what waits may be sent within the next minute."""
        return self.next_at if self.next_at is not None and self.next_at > now + RECENT else None

    def time_left(self, now: datetime) -> timedelta | None:
        """At the pace of the last minute; None while nobody can know."""
        if not self.waiting or not self.pace or self.rests_until(now):
            return None
        return timedelta(seconds=self.waiting / self.pace)


@dataclass(frozen=True)
class Delivered:
    """What became of one person's letter."""

    student_number: str | None
    name: str
    branch_id: int
    state: str
    reason: str | None
    finished_at: datetime | None


async def audience(
    session: AsyncSession,
    branches: Sequence[int],
    *,
    stage: str | None,
    sender: int,
    notice_version: str,
    only: Collection[int] | None = None,
) -> Audience:
    """How many people a broadcast would be for, and how many of them it can reach.

    Args:
        only: of all these people, none but those.
    """
    people = people_of(branches, stage, sender, only)
    reached = select(func.count()).select_from(PersonRow).where(people, has_agreed(notice_version), has_open_door())
    everybody = select(func.count()).select_from(PersonRow).where(people)
    return Audience(await session.scalar(everybody) or 0, await session.scalar(reached) or 0)


async def keep(session: AsyncSession, broadcast: Broadcast) -> None:
    """Remember it, with what was last decided about it."""
    stored = asdict(broadcast) | {"branches": list(broadcast.branches), "standing": broadcast.standing.value}
    await put_setting(session, _KEY + broadcast.id, stored)


async def broadcast_of(session: AsyncSession, broadcast: str) -> Broadcast | None:
    """The broadcast of that id."""
    stored = await get_setting(session, _KEY + broadcast)
    return None if stored is None else _restored(stored)


async def broadcasts(session: AsyncSession, *, limit: int = 10) -> list[Broadcast]:
    """The latest ones, newest first."""
    rows = await session.scalars(
        select(SettingRow).where(SettingRow.key.startswith(_KEY, autoescape=True)).order_by(SettingRow.key.desc())
    )
    found = sorted((_restored(row.value) for row in rows), key=lambda one: one.begun_at, reverse=True)
    return found[:limit]


async def progress_of(session: AsyncSession, broadcast: str, *, now: datetime) -> Progress:
    """How many letters stand where, and how fast they go."""
    ended = func.count().filter(OutboxRow.finished_at > now - RECENT)
    earliest = func.min(OutboxRow.not_before), func.min(OutboxRow.created_at)
    rows = await session.execute(
        select(OutboxRow.state, OutboxRow.last_error, func.count(), ended, *earliest)
        .where(letters_of(session, broadcast))
        .group_by(OutboxRow.state, OutboxRow.last_error)
    )
    counts: Counter[tuple[str, bool]] = Counter()
    recent, coming, begun = 0, [], now - RECENT
    for state, error, count, lately, not_before, created in rows:
        counts[state, error == BLOCKED] += count
        recent += lately
        begun = max(begun, created)
        if state == State.QUEUED.value:
            coming.append(not_before)

    def of(*states: State) -> int:
        return sum(count for (state, _), count in counts.items() if state in states)

    blocked = counts[State.FAILED.value, True]
    begun_by = await broadcast_of(session, broadcast)
    stopped = begun_by is not None and begun_by.standing is Standing.CANCELLED
    waiting = of(State.QUEUED) + await _unwritten(session, begun_by, sum(counts.values()))
    return Progress(
        sent=of(State.SENT),
        waiting=of(State.SENDING) + (0 if stopped else waiting),
        blocked=blocked,
        failed=of(State.FAILED) - blocked,
        unsure=of(State.UNCERTAIN),
        cancelled=of(State.CANCELLED) + (waiting if stopped else 0),  # none of them is sent any more
        pace=recent / max(1.0, (now - begun).total_seconds()),
        next_at=min(coming, default=None),
    )


async def _unwritten(session: AsyncSession, broadcast: Broadcast | None, written: int) -> int:
    """How many letters are still to be written."""
    rest = (await get_setting(session, SPREADING) or {}).get(broadcast.id) if broadcast is not None else None
    return max(1, broadcast.people - written) if broadcast and rest and rest["written"] is not None else 0


async def not_reached(session: AsyncSession, broadcast: Broadcast, only: Collection[int] | None) -> list[Delivered]:
    """For whom it is as well but who got no letter: they had not joined or agreed, or had blocked every door."""
    letter = exists().where(letters_of(session, broadcast.id), OutboxRow.recipient_id == PersonRow.id)
    rows = await session.scalars(
        select(PersonRow)
        .where(people_of(broadcast.branches, broadcast.stage, broadcast.sender, only), not_(letter))
        .order_by(PersonRow.student_number.is_(None), PersonRow.student_number, PersonRow.id)
    )
    return [Delivered(one.student_number, one.name, one.branch_id, NOT_REACHED, NOT_REACHED, None) for one in rows]


async def report_of(session: AsyncSession, broadcast: str) -> list[Delivered]:
    """What became of everybody's letter, by student number."""
    rows = await session.execute(
        select(PersonRow, OutboxRow.state, OutboxRow.last_error, OutboxRow.finished_at)
        .join(OutboxRow, OutboxRow.recipient_id == PersonRow.id)
        .where(letters_of(session, broadcast))
        .order_by(PersonRow.student_number.is_(None), PersonRow.student_number, PersonRow.id)
    )
    return [
        Delivered(person.student_number, person.name, person.branch_id, state, reason, finished_at)
        for person, state, reason, finished_at in rows
    ]


def people_of(
    branches: Iterable[int], stage: str | None, sender: int, only: Collection[int] | None
) -> ColumnElement[bool]:
    """Whom it is for, whether they can be reached or not."""
    conditions = [PersonRow.left_at.is_(None), PersonRow.branch_id.in_(list(branches)), PersonRow.id != sender]
    if only is not None:
        conditions.append(PersonRow.id.in_(sorted(only)))
    if stage is not None:
        conditions += [
            PersonRow.stage == stage,
            exists().where(RoleRow.person_id == PersonRow.id, RoleRow.role == "student"),
        ]
    return and_(*conditions)


def has_agreed(version: str, *, after: int = 0) -> ColumnElement[bool]:
    """Whether the person of the query around it has agreed to that notice.

    Args:
        after: the query wants later people only. PostgreSQL would read the consents of all before them each time.
    """
    return exists().where(
        ConsentRow.person_id == PersonRow.id,
        ConsentRow.person_id > after,
        ConsentRow.version == version,
        ConsentRow.withdrawn_at.is_(None),
    )


def letters_of(
    session: AsyncSession, broadcast: str, *, after: str = "", last: str | None = None
) -> ColumnElement[bool]:
    """A range and not LIKE, so that SQLite uses the index of unique keys.

    Args:
        after: only those with a later key.
        last: none with a later key than this. Of two bounds on the same side SQLite would use any one.
    """
    begin = f"broadcast:{broadcast}:"
    key = key_of(session)
    end = key < begin[:-1] + ";" if last is None else key <= last
    return and_(OutboxRow.kind == Kind.BROADCAST.value, key > max(begin, after), end)


def key_of(session: AsyncSession) -> ColumnElement[str]:
    """A letter's key, ordered by its bytes: PostgreSQL's own collations pass over punctuation."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    return collate(OutboxRow.unique_key, "C") if is_postgres else OutboxRow.unique_key.expression


def _restored(stored: dict[str, Any]) -> Broadcast:
    return Broadcast(**stored | {"branches": tuple(stored["branches"]), "standing": Standing(stored["standing"])})
