"""The planner: finds, once a minute, whose study time or reminder has come, and writes their letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import ConsentRow, PersonRow, RoleRow, StudyTurnRow
from scheduler.mailing import write_letters
from scheduler.outbox import Kind
from scheduler.tables import OutboxRow, ReminderRow

CATCH_UP = timedelta(hours=3)  # a study time missed by more (an outage) is let go until tomorrow
PLANNING_LOCK = 0x77617970  # the number of PostgreSQL's advisory lock: one process at a time plans


@dataclass(frozen=True)
class Planning:
    """The school's times of day, local to `zone`."""

    zone: ZoneInfo
    study_time: time
    reminder_time: time


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
    """A study card for every student whose own time of day has come, once a day; not sent by midnight, it is let go.

    Who is paused, has muted study, left, has not consented or has no open account gets none. Everybody who was looked
    at is looked at again at their next time.
    """
    local = now.astimezone(planning.zone)
    due = StudyTurnRow.next_at <= now
    times = select(PersonRow.study_time).join(StudyTurnRow, StudyTurnRow.person_id == PersonRow.id).where(due)
    written = 0
    for chosen in (await session.scalars(times.distinct().order_by(PersonRow.study_time))).all():
        turn = datetime.combine(local.date(), chosen or planning.study_time, planning.zone)
        theirs = PersonRow.study_time.is_not_distinct_from(chosen)
        if turn <= local <= turn + CATCH_UP:
            people = and_(PersonRow.id.in_(select(StudyTurnRow.person_id).where(due)), theirs)
            written += await _write_cards(session, planning, people, now=now)
        again = turn if turn > local else turn + timedelta(days=1)
        await session.execute(
            update(StudyTurnRow)
            .where(due, exists().where(PersonRow.id == StudyTurnRow.person_id, theirs))
            .values(next_at=again)
            .execution_options(synchronize_session=False)
        )
    return written


async def _write_cards(session: AsyncSession, planning: Planning, people: ColumnElement[bool], *, now: datetime) -> int:
    day = now.astimezone(planning.zone).date()
    may_have_one = and_(
        people,
        PersonRow.study_muted.is_(False),
        PersonRow.paused.is_(False),
        PersonRow.left_at.is_(None),
        exists().where(RoleRow.person_id == PersonRow.id, RoleRow.role == "student"),
        exists().where(ConsentRow.person_id == PersonRow.id, ConsentRow.withdrawn_at.is_(None)),
    )
    return await write_letters(
        session,
        kind=Kind.STUDY,
        key=literal("study:") + cast(PersonRow.id, String) + literal(f":{day.isoformat()}"),
        recipients=may_have_one,
        payload={"template": "study", "day": day.isoformat()},
        expires_at=datetime.combine(day + timedelta(days=1), time(0, 0), planning.zone).astimezone(UTC),
        now=now,
    )


async def plan_reminders(session: AsyncSession, planning: Planning, *, now: datetime) -> int:
    """One letter a day and person for all reminders whose moment has come, from the day's time of reminding on.

    Who already had today's letter hears of new ones tomorrow at that time, together with tomorrow's: a letter before it
    (after midnight, after an outage) would take the day's place, and what is due that day would come a day late.
    What a letter says is decided, and checked again, at sending.
    """
    local = now.astimezone(planning.zone)
    if local.time() < planning.reminder_time:
        return 0
    day = local.date()
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
    return await write_letters(
        session,
        kind=Kind.REMINDER,
        key=key,
        recipients=people,
        payload={"template": "reminders", "day": day.isoformat(), "planned_at": now.isoformat()},
        expires_at=now + timedelta(days=1),
        now=now,
    )
