"""When to remind whom of which date: computed from deadlines, kept as rows for the planner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, Select, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from records.analysis import ANALYSIS
from records.dates import months_after
from records.deadline import Deadline, State, notes
from records.talks import KIND as APPOINTED
from records.workdays import WorkCalendar
from scheduler.tables import ReminderRow
from storage.among import among

STUDENT = "student"
ESCALATION = "escalation"  # the recipients one level up, for what stays overdue
THIRD_WEEK = timedelta(days=14)  # of a one-month limit: two weeks have gone by
OVERDUE_TIMES_BACK = 4  # older weekly reminders that were never planned are let go
BATCH = 500  # rows a statement; SQLite takes 32,766 values at once
MOMENTS_KEPT = 4096  # a decade of days: people share them
_OF_PEOPLE = ReminderRow.rule != ANALYSIS  # a committee's own date has no student and is looked after apart

Recipients = Mapping[str, Sequence[int]]  # actor (or ESCALATION) → person ids


@dataclass(frozen=True)
class ReminderSettings:
    """When reminders go out; `at` is the time of day in `zone`."""

    zone: ZoneInfo
    calendar: WorkCalendar
    at: time = time(9, 0)
    days_before: tuple[int, ...] = (14, 7, 1, 0)
    third_week: bool = True  # of a one-month limit
    overdue_every_days: int = 7
    overdue_times_ahead: int = 8  # rows kept ahead of today; a daily refresh moves them on
    escalate_after_days: int = 14


@dataclass(frozen=True, slots=True)
class Reminder:
    """One person reminded of one date of another (or the same) at one moment; `days_before` negative: overdue."""

    recipient: int
    subject: int
    rule: str
    occurrence: str
    days_before: int
    due: date
    remind_at: datetime

    @property
    def key(self) -> tuple[int, str, str, int]:
        """What tells it from the subject's other reminders."""
        return self.recipient, self.rule, self.occurrence, self.days_before


_BY_MOMENT = attrgetter("remind_at", "recipient", "rule", "occurrence", "days_before")


def reminders_for(
    person: int, deadlines: Iterable[Deadline], recipients: Recipients, *, today: date, settings: ReminderSettings
) -> list[Reminder]:
    """Every reminder of a person's open dates, past ones too, to the student and to whoever must act.

    While somebody is paused, they themselves are left in peace; who must act is still told.
    """
    found: list[Reminder] = []
    for deadline in deadlines:
        if deadline.state is State.DONE:
            continue
        occurrence = deadline.occurrence
        told, above = _who(person, deadline, recipients)
        for days in _days(deadline, today, settings):
            moment = _moment(deadline.due - timedelta(days=days), settings.at, settings.zone)
            for recipient in _those(days, told, above, settings):
                found.append(Reminder(recipient, person, deadline.rule, occurrence, days, deadline.due, moment))
    found.sort(key=_BY_MOMENT)
    return found


async def refresh_reminders(
    session: AsyncSession,
    person_id: int,
    deadlines: Iterable[Deadline],
    recipients: Recipients,
    *,
    now: datetime,
    settings: ReminderSettings,
) -> int:
    """Bring a person's coming reminders in line with their dates; doing it twice changes nothing.

    Rows not yet planned that no longer apply go; those already planned stay as the memory of what was sent. Nothing is
    added whose moment has passed. Returns how many rows were added, moved or removed.
    """
    today = now.astimezone(settings.zone).date()
    wanted = reminders_for(person_id, deadlines, recipients, today=today, settings=settings)
    rows = await session.execute(_rows().where(ReminderRow.subject_id == person_id, _OF_PEOPLE))
    return await _bring_in_line(session, rows, wanted, now=now)


async def refresh_analysis(
    session: AsyncSession, organiser: int, analysis: Deadline, *, now: datetime, settings: ReminderSettings
) -> int:
    """The same for a committee's yearly analysis: an organiser of it is reminded of a date of no student."""
    today = now.astimezone(settings.zone).date()
    wanted = reminders_for(organiser, [analysis], {}, today=today, settings=settings)
    rows = await session.execute(_rows().where(ReminderRow.subject_id == organiser, ReminderRow.rule == ANALYSIS))
    return await _bring_in_line(session, rows, wanted, now=now)


async def drop_analysis(session: AsyncSession, *, keep: Iterable[int]) -> int:
    """Let go what is not yet planned of a yearly analysis, of everybody but these. Returns how many."""
    gone = delete(ReminderRow).where(
        ReminderRow.rule == ANALYSIS, ReminderRow.planned_at.is_(None), ReminderRow.recipient_id.not_in(list(keep))
    )
    result = await session.execute(gone)
    return result.rowcount if isinstance(result, CursorResult) else 0


async def _bring_in_line(
    session: AsyncSession, rows: Iterable[Sequence[Any]], wanted: Iterable[Reminder], *, now: datetime
) -> int:
    gone, fresh = _difference([Standing(*row) for row in rows], wanted, now)
    for start in range(0, len(gone), BATCH):
        await session.execute(delete(ReminderRow).where(ReminderRow.id.in_(gone[start : start + BATCH])))
    for start in range(0, len(fresh), BATCH):
        await _upsert(session, fresh[start : start + BATCH])
    return len(gone) + len(fresh)


class Standing(NamedTuple):
    """A reminder as it is kept."""

    id: int
    recipient: int
    rule: str
    occurrence: str
    days_before: int
    due: date
    remind_at: datetime
    planned_at: datetime | None


async def coming_reminders(session: AsyncSession, subjects: Sequence[int]) -> dict[int, list[Standing]]:
    """What is kept of these people and not yet planned, by whom it is about."""
    rows = await session.execute(
        _rows(ReminderRow.subject_id).where(
            among(session, ReminderRow.subject_id, subjects), ReminderRow.planned_at.is_(None), _OF_PEOPLE
        )
    )
    found: dict[int, list[Standing]] = {}
    for subject, *row in rows:
        found.setdefault(subject, []).append(Standing(*row))
    return found


def in_line(coming: Iterable[Standing], wanted: Iterable[Reminder], now: datetime) -> bool:
    """Whether refreshing would change nothing, judged by what is not yet planned: it never says so wrongly."""
    return _difference(coming, wanted, now) == ([], [])


def _difference(
    kept: Iterable[Standing], wanted: Iterable[Reminder], now: datetime
) -> tuple[list[int], list[Reminder]]:
    """Which rows go, and which reminders are to be added or moved."""
    known = {row[1:5]: row for row in kept}
    asked = {one.key: one for one in wanted}
    gone = [row.id for key, row in known.items() if row.planned_at is None and key not in asked]
    return gone, [one for key, one in asked.items() if one.remind_at > now and _differs(known.get(key), one)]


def _rows(*more: InstrumentedAttribute[Any]) -> Select[*tuple[Any, ...]]:
    row = ReminderRow
    standing = (row.id, row.recipient_id, row.rule, row.occurrence, row.days_before, row.due, row.remind_at)
    return select(*more, *standing, row.planned_at)


def still_applies(
    reminder: Reminder, deadlines: Iterable[Deadline], recipients: Recipients, *, settings: ReminderSettings
) -> Deadline | None:
    """The date, if it still stands unanswered and is still its recipient's to hear of; asked again at sending."""
    for one in deadlines:
        if one.is_open and (one.rule, one.occurrence) == (reminder.rule, reminder.occurrence):
            told, above = _who(reminder.subject, one, recipients)
            return one if reminder.recipient in _those(reminder.days_before, told, above, settings) else None
    return None


async def reminders_planned(session: AsyncSession, recipient: int, *, planned_at: datetime) -> list[Reminder]:
    """What one letter is about: the reminders of a person that were planned at that instant, earliest due first."""
    rows = await session.scalars(
        select(ReminderRow)
        .where(ReminderRow.recipient_id == recipient, ReminderRow.planned_at == planned_at)
        .order_by(ReminderRow.due, ReminderRow.id)
    )
    return [
        Reminder(row.recipient_id, row.subject_id, row.rule, row.occurrence, row.days_before, row.due, row.remind_at)
        for row in rows
    ]


def _days(deadline: Deadline, today: date, settings: ReminderSettings) -> set[int]:
    """How many days before the date to remind; negative: after it."""
    days = set(settings.days_before if deadline.remind is None else deadline.remind)
    if deadline.kind == "earliest":
        return {day for day in days if day >= 0}
    due = deadline.due
    if settings.third_week and _is_a_months_limit(deadline):
        days.add((due - deadline.base_date - THIRD_WEEK).days)
    if days:
        days.add((due - settings.calendar.last_working_day(due)).days)  # a date is kept; people are told before it
    if deadline.nag:
        every = settings.overdue_every_days
        passed = max(0, (today - due).days) // every
        first = max(1, passed - OVERDUE_TIMES_BACK)
        days |= {-every * number for number in range(first, passed + settings.overdue_times_ahead + 1)}
    return days


def _is_a_months_limit(deadline: Deadline) -> bool:
    """A day that two sides agreed on may lie a month ahead too, but nobody has a month for it."""
    if deadline.remind is not None or deadline.kind == APPOINTED:
        return False
    return deadline.due == months_after(deadline.base_date, 1)


def _who(person: int, deadline: Deadline, recipients: Recipients) -> tuple[list[int], list[int]]:
    """Whom to tell, and whom once it goes to the next level."""
    paused = any(note.code == "paused" for note in notes(deadline.note))
    told = [] if paused else [person]
    told += [one for one in recipients.get(deadline.actor, ()) if one != person]
    above = [one for one in recipients.get(ESCALATION, ()) if one != person]
    return list(dict.fromkeys(told)), list(dict.fromkeys(told + above))


def _those(days: int, told: list[int], above: list[int], settings: ReminderSettings) -> list[int]:
    return above if days <= -settings.escalate_after_days else told


@lru_cache(MOMENTS_KEPT)
def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _differs(row: Standing | None, one: Reminder) -> bool:
    return row is None or (row.planned_at is None and (row.due, row.remind_at) != (one.due, one.remind_at))


async def _upsert(session: AsyncSession, reminders: list[Reminder]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(ReminderRow).values(
        [
            {
                "recipient_id": one.recipient,
                "subject_id": one.subject,
                "rule": one.rule,
                "occurrence": one.occurrence,
                "days_before": one.days_before,
                "due": one.due,
                "remind_at": one.remind_at,
                "planned_at": None,
            }
            for one in reminders
        ]
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["recipient_id", "subject_id", "rule", "occurrence", "days_before"],
            set_={"due": statement.excluded.due, "remind_at": statement.excluded.remind_at},
            where=ReminderRow.planned_at.is_(None),
        )
    )
