"""The planner: finds, once a minute, whose study time or reminder has come, and writes their letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    JSON,
    ColumnElement,
    CursorResult,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import Subquery

from records.tables import AccountRow, ConsentRow, PersonRow, RoleRow
from scheduler.outbox import Kind, Priority, State
from scheduler.tables import OutboxRow, ReminderRow

CATCH_UP = timedelta(hours=3)  # a study time missed by more (an outage) is let go until tomorrow
PLANNING_LOCK = 0x77617970  # the number of PostgreSQL's advisory lock: one process at a time plans
COLUMNS = (
    "unique_key",
    "channel",
    "chat_id",
    "recipient_id",
    "kind",
    "priority",
    "not_before",
    "expires_at",
    "payload",
    "state",
    "attempts",
    "created_at",
)


@dataclass(frozen=True)
class Planning:
    """The school's times of day, local to `zone`."""

    zone: ZoneInfo
    study_time: time
    quiet_from: time


async def plan(session: AsyncSession, planning: Planning, *, now: datetime) -> int:
    """Write every letter whose time has come; planning the same minute again writes nothing. Returns how many.

    Of several processes one plans and the others leave it to it; when it dies, the next minute is another's.
    """
    if not await _is_ours(session):
        return 0
    return await plan_study(session, planning, now=now) + await plan_reminders(session, planning, now=now)


async def _is_ours(session: AsyncSession) -> bool:
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(PLANNING_LOCK))))


async def plan_study(session: AsyncSession, planning: Planning, *, now: datetime) -> int:
    """A study card for every student whose own time of day has come, once a day.

    Who is paused, has muted study, left, has not consented or has no open account gets none.
    """
    local = now.astimezone(planning.zone)
    since = (local - CATCH_UP).time() if (local - CATCH_UP).date() == local.date() else time(0, 0)
    wanted = func.coalesce(PersonRow.study_time, planning.study_time)
    people = and_(
        wanted <= local.time(),
        wanted > since,
        PersonRow.study_muted.is_(False),
        PersonRow.paused.is_(False),
        PersonRow.left_at.is_(None),
        exists().where(RoleRow.person_id == PersonRow.id, RoleRow.role == "student"),
        exists().where(ConsentRow.person_id == PersonRow.id, ConsentRow.withdrawn_at.is_(None)),
    )
    key = literal("study:") + cast(PersonRow.id, String) + literal(f":{local.date().isoformat()}")
    return await _write(
        session,
        kind=Kind.STUDY,
        key=key,
        recipients=people,
        payload={"template": "study", "day": local.date().isoformat()},
        expires_at=_at(planning, local.date(), planning.quiet_from),
        now=now,
    )


async def plan_reminders(session: AsyncSession, planning: Planning, *, now: datetime) -> int:
    """One letter a day and person for all reminders whose moment has come.

    Who already had today's letter hears of new ones tomorrow. What it says is decided, and checked again, at sending.
    """
    day = now.astimezone(planning.zone).date()
    suffix = f":{day.isoformat()}"
    key = literal("reminder:") + cast(PersonRow.id, String) + literal(suffix)
    own_key = literal("reminder:") + cast(ReminderRow.recipient_id, String) + literal(suffix)
    due = and_(ReminderRow.planned_at.is_(None), ReminderRow.remind_at <= now)
    fresh = not_(exists().where(OutboxRow.unique_key == own_key))
    marked = await session.execute(update(ReminderRow).where(due, fresh).values(planned_at=now))
    if not isinstance(marked, CursorResult) or not marked.rowcount:
        return 0
    people = and_(
        PersonRow.left_at.is_(None),
        PersonRow.id.in_(select(ReminderRow.recipient_id).where(ReminderRow.planned_at == now)),
        exists().where(ConsentRow.person_id == PersonRow.id, ConsentRow.withdrawn_at.is_(None)),
    )
    return await _write(
        session,
        kind=Kind.REMINDER,
        key=key,
        recipients=people,
        payload={"template": "reminders", "day": day.isoformat(), "planned_at": now.isoformat()},
        expires_at=now + timedelta(days=1),
        now=now,
    )


async def _write(
    session: AsyncSession,
    *,
    kind: Kind,
    key: ColumnElement[str],
    recipients: ColumnElement[bool],
    payload: dict[str, str],
    expires_at: datetime,
    now: datetime,
) -> int:
    """One INSERT … SELECT over all recipients: the people never pass through this process."""
    account = _account()
    letters = (
        select(
            key,
            account.c.channel,
            account.c.external_id,
            PersonRow.id,
            literal(kind.value),
            literal(int(Priority[kind.name])),
            bindparam("now", now, type_=OutboxRow.not_before.type),
            bindparam("expires", expires_at, type_=OutboxRow.expires_at.type),
            bindparam("payload", payload, type_=JSON),
            literal(State.QUEUED.value),
            literal(0),
            bindparam("now", now, type_=OutboxRow.created_at.type),
        )
        .join(account, and_(account.c.person_id == PersonRow.id, account.c.place == 1))
        .where(recipients, not_(exists().where(OutboxRow.unique_key == key)))
    )
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutboxRow).from_select(list(COLUMNS), letters).on_conflict_do_nothing()
    result = await session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _account() -> Subquery:
    """Each person's open doors, the one seen last first."""
    place = func.row_number().over(
        partition_by=AccountRow.person_id, order_by=(AccountRow.last_seen_at.desc(), AccountRow.id.desc())
    )
    return (
        select(AccountRow.person_id, AccountRow.channel, AccountRow.external_id, place.label("place"))
        .where(AccountRow.blocked_at.is_(None))
        .subquery()
    )


def _at(planning: Planning, day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, planning.zone).astimezone(UTC)
