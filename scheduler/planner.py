"""The planner: finds, once a minute, whose study time or reminder has come, and writes their letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
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
from sqlalchemy.orm import InstrumentedAttribute

from records.tables import ConsentRow, PersonRow, RoleRow, StudyTurnRow
from scheduler.mailing import write_letters
from scheduler.outbox import Kind, State
from scheduler.snoozing import due_again
from scheduler.tables import OutboxRow, ReminderRow
from storage.among import among
from storage.database import Database
from storage.settings import get_setting, put_setting

CATCH_UP = timedelta(hours=3)  # a study time missed by more (an outage) is let go until tomorrow
PLANNING_LOCK = 0x77617970  # the number of PostgreSQL's advisory lock: one process at a time plans
ASK_AGAIN_SECONDS = 3.0  # so long after the death of whoever plans another takes over
STANDSTILL = "SET LOCAL idle_in_transaction_session_timeout = '20s'"  # whoever plans and stands still has to let go
PLANNED_AT = "planner.ran_at"  # the setting that remembers when planning was done last
PAGE = 1000  # people a transaction, some hundredths of a second: whoever else writes at everybody's hour waits so long


@dataclass(frozen=True)
class Planning:
    """The school's times of day, local to `zone`."""

    zone: ZoneInfo
    study_time: time
    reminder_time: time


class Page(NamedTuple):
    """What one transaction planned: how many letters are new, and whether more people wait for theirs."""

    letters: int
    more: bool


async def plan_when_free(
    database: Database,
    planning: Planning,
    clock: Callable[[], datetime],
    *,
    ask_again_seconds: float = ASK_AGAIN_SECONDS,
    limit: int = PAGE,
) -> int:
    """Plan, page by page, as soon as no other process does; when that one dies, within seconds.

    Each page is a transaction of its own: what a process that dies leaves is the next one's. Returns how many letters
    are new.
    """
    letters = 0
    while True:
        async with database.write() as session:
            page = await plan(session, planning, now=clock(), limit=limit)
            if page is not None and not page.more:
                await note_planned(session, now=clock())
        if page is None:
            await asyncio.sleep(ask_again_seconds)
            continue
        letters += page.letters
        if not page.more:
            return letters


async def note_planned(session: AsyncSession, *, now: datetime) -> None:
    """Remember that planning was done, for whoever looks after the installation."""
    await put_setting(session, PLANNED_AT, now.isoformat())


async def plan(session: AsyncSession, planning: Planning, *, now: datetime, limit: int = PAGE) -> Page | None:
    """Write the letters of the first people whose time has come; planning the same minute again writes nothing.

    Returns what was planned; None where another process is planning.
    """
    if not await _is_ours(session):
        return None
    cards = await plan_study(session, planning, now=now, limit=limit)
    if cards.more:
        return cards
    reminders = await plan_reminders(session, planning, now=now, limit=limit)
    return Page(cards.letters + reminders.letters, reminders.more)


async def _is_ours(session: AsyncSession) -> bool:
    if session.get_bind().dialect.name != "postgresql":
        return True
    await session.execute(text(STANDSTILL))
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(PLANNING_LOCK))))


async def plan_study(session: AsyncSession, planning: Planning, *, now: datetime, limit: int = PAGE) -> Page:
    """A study card for every student whose own time of day has come, once a day; not sent by midnight, it is let go.

    Who is paused, has muted study, left, has not consented or has no open account gets none. Everybody who was looked
    at is looked at again at their next time.
    """
    local = now.astimezone(planning.zone)
    due = select(StudyTurnRow.person_id, PersonRow.study_time).join(PersonRow, PersonRow.id == StudyTurnRow.person_id)
    found = await session.execute(due.where(StudyTurnRow.next_at <= now).order_by(StudyTurnRow.next_at).limit(limit))
    turns = {person: _turn(local, chosen or planning.study_time, planning.zone) for person, chosen in found}
    if not turns:
        return Page(0, more=False)
    theirs = [person for person, turn in turns.items() if turn <= local <= turn + CATCH_UP]
    letters = await _write_cards(session, planning, theirs, local.date(), now=now) if theirs else 0
    for turn in set(turns.values()):  # a few, as most have theirs at the same time of day
        await session.execute(
            update(StudyTurnRow)
            .where(
                among(session, StudyTurnRow.person_id, [person for person, own in turns.items() if own == turn]),
                StudyTurnRow.next_at <= now,  # unless it was changed meanwhile
            )
            .values(next_at=turn if turn > local else turn + timedelta(days=1))
            .execution_options(synchronize_session=False)
        )
    return Page(letters, more=len(turns) == limit)


def _turn(local: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Today's moment of that time of day."""
    return datetime.combine(local.date(), at, zone)


async def _write_cards(
    session: AsyncSession, planning: Planning, people: Sequence[int], day: date, *, now: datetime
) -> int:
    may_have_one = and_(
        among(session, PersonRow.id, people),
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


async def plan_reminders(session: AsyncSession, planning: Planning, *, now: datetime, limit: int = PAGE) -> Page:
    """One letter a day and person for all reminders whose moment has come, from the day's time of reminding on.

    Who already had today's letter hears of new ones tomorrow at that time, together with tomorrow's: a letter before it
    (after midnight, after an outage) would take the day's place, and what is due that day would come a day late.
    What a letter says is decided, and checked again, at sending. One that has not left by midnight is let go, and what
    it was about stands in the next day's: two on one day would be one too many. Today's also takes the place of one
    that nobody could let go meanwhile, as nothing ran.
    """
    local = now.astimezone(planning.zone)
    if local.time() < planning.reminder_time:
        return Page(0, more=False)
    day = local.date()
    due = and_(ReminderRow.planned_at.is_(None), ReminderRow.remind_at <= now)
    fresh = not_(exists().where(OutboxRow.unique_key == _key(ReminderRow.recipient_id, day)))
    found = await session.scalars(
        select(ReminderRow.recipient_id)
        .where(due, fresh)
        .order_by(ReminderRow.planned_at, ReminderRow.remind_at)  # the index's own order, or PostgreSQL sorts all
        .limit(limit)
    )
    recipients = found.all()
    if not (people := sorted(set(recipients))):
        return Page(0, more=False)
    await _take_over(session, people, await _days_before(session, day, planning), now=now)
    await session.execute(
        update(ReminderRow)
        .where(due, among(session, ReminderRow.recipient_id, people))
        .values(planned_at=now)
        .execution_options(synchronize_session=False)
    )
    letters = await write_letters(
        session,
        kind=Kind.REMINDER,
        key=_key(PersonRow.id, day),
        recipients=and_(
            among(session, PersonRow.id, people),
            PersonRow.left_at.is_(None),
            exists().where(ConsentRow.person_id == PersonRow.id, ConsentRow.withdrawn_at.is_(None)),
        ),
        payload={"template": "reminders", "day": day.isoformat(), "planned_at": now.isoformat()},
        expires_at=_midnight_after(day, planning),
        now=now,
    )
    return Page(letters, more=len(recipients) == limit)


async def _days_before(session: AsyncSession, day: date, planning: Planning) -> set[date]:
    """Of which days letters may still wait: yesterday, and the day on which planning was done last."""
    ran_at = await get_setting(session, PLANNED_AT)
    last = datetime.fromisoformat(ran_at).astimezone(planning.zone).date() if ran_at else day
    return {day - timedelta(days=1), last} - {day}


async def _take_over(session: AsyncSession, people: Sequence[int], days: Collection[date], *, now: datetime) -> None:
    """Let the letters of those days that still wait go, and what they were about be due again."""
    keys = [f"reminder:{person}:{day.isoformat()}" for person in people for day in days]
    # Asked by key alone: with the state beside it a database may go through all that is queued.
    written = await session.execute(
        select(OutboxRow.id, OutboxRow.state).where(among(session, OutboxRow.unique_key, keys))
    )
    if not (waiting := [letter for letter, state in written if state == State.QUEUED.value]):
        return
    taken = await session.execute(
        update(OutboxRow)
        .where(
            among(session, OutboxRow.id, waiting), OutboxRow.state == State.QUEUED.value
        )  # unless it leaves at this moment
        .values(state=State.CANCELLED.value, last_error="taken over", finished_at=now)
        .returning(OutboxRow.recipient_id, OutboxRow.created_at)
        .execution_options(synchronize_session=False)
    )
    await due_again(session, [(recipient, planned_at) for recipient, planned_at in taken if recipient is not None])


def _key(person: ColumnElement[int] | InstrumentedAttribute[int], day: date) -> ColumnElement[str]:
    return literal("reminder:") + cast(person, String) + literal(f":{day.isoformat()}")


def _midnight_after(day: date, planning: Planning) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0, 0), planning.zone).astimezone(UTC)
