"""A reminder: one letter a day with everything that is due, to the student and to who must act."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from aiogram.methods import SendMessage, TelegramMethod
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.recording import recipients_of, reminder_settings
from bot.deeds.standing import dates_of
from bot.letters.reader import reader_of
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from bot.views.reminders import Due, show_reminders
from records.analysis import ANALYSIS, analysis_of, who_analyses
from records.deadline import Deadline
from records.people import Person, PersonId, person_present
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
    subjects: dict[int, Subject | None] = {}
    settings = reminder_settings(services)
    for item, reminder in enumerate(await reminders_planned(session, recipient, planned_at=planned_at)):
        if reminder.rule == ANALYSIS:
            if (due := await _analysis(session, services, recipient, reminder, item)) is not None:
                found.setdefault((recipient, reminder.rule, reminder.occurrence), due)
            continue
        if reminder.subject not in subjects:
            subjects[reminder.subject] = await _subject(session, services, PersonId(reminder.subject))
        if (subject := subjects[reminder.subject]) is None:
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


async def _subject(session: AsyncSession, services: Services, number: PersonId) -> Subject | None:
    person = await person_present(session, number)
    if person is None:
        return None
    dates = await dates_of(session, services, number, today=services.clock.today())
    return Subject(person, dates, await recipients_of(services, session, person))
