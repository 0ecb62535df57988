"""A reminder: one letter a day with everything that is due, to the student and to who must act."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from aiogram.methods import SendMessage, TelegramMethod
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.recording import levels_of, recipients, reminder_settings
from bot.letters.reader import reader_of
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from bot.views.reminders import Due, show_reminders
from records.analysis import ANALYSIS, analysis_of, who_analyses
from records.cohort import facts_of_people, mentors_of_people
from records.deadline import Deadline
from records.people import Person, PersonId, people_present, person_present
from records.rules import deadlines
from scheduler.deadlines import Recipients, Reminder, reminders_planned, still_applies
from scheduler.outbox import Letter


async def write(services: Services, letter: Letter) -> TelegramMethod[Any] | Dropped | Postponed:
    """What still applies at this moment, in the reader's language; dropped when nothing does."""
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    planned_at = datetime.fromisoformat(letter.payload["planned_at"])
    async with services.database.read() as session:
        due = await due_of(session, services, reader.person.id, planned_at=planned_at)
    if not due:
        return Dropped("no longer applies")
    shown = show_reminders(due, reader.person, planned_at, services.clock.today(), reader.words)
    return SendMessage(chat_id=letter.chat_id, **shown)


async def due_of(session: AsyncSession, services: Services, recipient: PersonId, *, planned_at: datetime) -> list[Due]:
    """What a letter planned at that instant reminds of, each date once, soonest first.

    Left out is what was done meanwhile, and what is no longer the recipient's to hear of: the student is paused or has
    left, or somebody else holds the role now.
    """
    found: dict[tuple[int, str, str], Due] = {}
    settings = reminder_settings(services)
    reminders = await reminders_planned(session, recipient, planned_at=planned_at)
    subjects = await _subjects(session, services, {one.subject for one in reminders if one.rule != ANALYSIS})
    for item, reminder in enumerate(reminders):
        if reminder.rule == ANALYSIS:
            if (due := await _analysis(session, services, recipient, reminder, item)) is not None:
                found.setdefault((recipient, reminder.rule, reminder.occurrence), due)
            continue
        if (subject := subjects.get(reminder.subject)) is None:
            continue
        deadline = still_applies(reminder, subject.dates, subject.recipients, settings=settings)
        if deadline is not None:
            due = Due(item, subject.person, deadline)
            found.setdefault((reminder.subject, reminder.rule, reminder.occurrence), due)
    return list(found.values())


async def _analysis(
    session: AsyncSession, services: Services, recipient: PersonId, reminder: Reminder, item: int
) -> Due | None:
    """This year's analysis, as long as a committee of the recipient's is still to make it."""
    today = services.clock.today()
    deadline = analysis_of(services.track, today)
    person = await person_present(session, recipient)
    if person is None or deadline.occurrence != reminder.occurrence:
        return None
    return Due(item, person, deadline) if recipient in await who_analyses(session, today=today) else None


class Subject(NamedTuple):
    """Somebody whose dates a letter is about, with who is to be told of them now."""

    person: Person
    dates: list[Deadline]
    recipients: Recipients


async def _subjects(session: AsyncSession, services: Services, numbers: Iterable[int]) -> dict[int, Subject]:
    """Those of them who have not left, read together: a committee's letter may be about hundreds."""
    today = services.clock.today()
    people = await people_present(session, [PersonId(one) for one in numbers])
    facts = await facts_of_people(session, [one.id for one in people])
    mentors = await mentors_of_people(session, [one.id for one in people], today=today)
    levels = {branch: await levels_of(session, branch) for branch in {one.branch_id for one in people}}
    track, calendar, readings = services.track, services.calendar, services.readings
    return {
        one.id: Subject(
            one,
            deadlines(track, facts[one.id], today=today, calendar=calendar, readings=readings),
            recipients(levels[one.branch_id], mentors.get(one.id, ())),
        )
        for one in people
    }
