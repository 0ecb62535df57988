"""The planner: finds, once a minute, whose study time or reminder has come, and writes their letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import ConsentRow, PersonRow, RoleRow, StudyTurnRow
from scheduler.mailing import write_letters
from scheduler.outbox import Kind
from scheduler.tables import OutboxRow, ReminderRow
from storage.database import Database
from storage.settings import put_setting

CATCH_UP = timedelta(hours=3)  # a study time missed by more (an outage) is let go until tomorrow
PLANNING_LOCK = 0x77617970  # the number of PostgreSQL's advisory lock: one process at a time plans
ASK_AGAIN_SECONDS = 3.0  # so long after the death of whoever plans another takes over
STANDSTILL = "SET LOCAL idle_in_transaction_session_timeout = '20s'"  # whoever plans and stands still has to let go
PLANNED_AT = "planner.ran_at"  # the setting that remembers when planning was done last


@dataclass(frozen=True)
class Planning:
    """The school's times of day, local to `zone`."""

    zone: ZoneInfo
    study_time: time
    reminder_time: time


async def plan_when_free(
    database: Database,
    planning: Planning,
    clock: Callable[[], datetime],
    *,
    ask_again_seconds: float = ASK_AGAIN_SECONDS,
) -> int:
    """Plan as soon as no other process does; when that one dies, within seconds. Returns how many letters there are."""
    while True:
        async with database.write() as session:
            written = await plan(session, planning, now=clock())
            if written is not None:
                await note_planned(session, now=clock())
                return written
        await asyncio.sleep(ask_again_seconds)


async def note_planned(session: AsyncSession, *, now: datetime) -> None:
    """Remember that planning was done, for whoever looks after the installation."""
    await put_setting(session, PLANNED_AT, now.isoformat())


async def plan(session: AsyncSession, planning: Planning, *, now: datetime) -> int | None:
    """Write every letter whose time has come; planning the same minute again writes nothing.

    Returns how many; None where another process is planning.
    """
    if not await _is_ours(session):
        return None
    return await plan_study(session, planning, now=now) + await plan_reminders(session, planning, now=now)


async def _is_ours(session: AsyncSession) -> bool:
    if session.get_bind().dialect.name != "postgresql":
        return True
    await session.execute(text(STANDSTILL))
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
        expires_at=_midnight_after(day, planning),
        now=now,
    )


async def plan_reminders(session: AsyncSession, planning: Planning, *, now: datetime) -> int:
    """One letter a day and person for all reminders whose moment has come, from the day's time of reminding on.

    Who already had today's letter hears of new ones tomorrow at that time, together with tomorrow's: a letter before it
    (after midnight, after an outage) would take the day's place, and what is due that day would come a day late.
    What a letter says is decided, and checked again, at sending. One that has not left by midnight is let go, and what
    it was about stands in the next day's: two on one day would be one too many.
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
        expires_at=_midnight_after(day, planning),
        now=now,
    )


def _midnight_after(day: date, planning: Planning) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0, 0), planning.zone).astimezone(UTC)
