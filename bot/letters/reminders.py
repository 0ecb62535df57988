"""A reminder: one letter a day with everything that is due, to the student and to who must act."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiogram.methods import SendMessage, TelegramMethod
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.standing import standing_of
from bot.letters.reader import reader_of
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from bot.views.reminders import Due, show_reminders
from records.people import PersonId, person_by_id
from scheduler.deadlines import reminders_planned, still_applies
from scheduler.outbox import Letter


async def write(services: Services, letter: Letter) -> TelegramMethod[Any] | Dropped | Postponed:
    """What still applies at this moment, in the reader's language; dropped when all was done meanwhile."""
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    planned_at = datetime.fromisoformat(letter.payload["planned_at"])
    async with services.database.read() as session:
        due = await due_of(session, services, reader.person.id, planned_at=planned_at)
    if not due:
        return Dropped("done meanwhile")
    shown = show_reminders(due, reader.person, planned_at, services.clock.today(), reader.words)
    return SendMessage(chat_id=letter.chat_id, **shown)


async def due_of(session: AsyncSession, services: Services, recipient: PersonId, *, planned_at: datetime) -> list[Due]:
    """What a letter planned at that instant reminds of and still stands unanswered, each date once, soonest first."""
    today = services.clock.today()
    found: dict[tuple[int, str, str], Due] = {}
    standings: dict[int, Any] = {}
    for item, reminder in enumerate(await reminders_planned(session, recipient, planned_at=planned_at)):
        if reminder.subject not in standings:
            subject = await person_by_id(session, PersonId(reminder.subject))
            dates = (await standing_of(session, services, PersonId(reminder.subject), today=today)).dates
            standings[reminder.subject] = (subject, dates)
        subject, dates = standings[reminder.subject]
        if subject is None or not still_applies(reminder, dates):
            continue
        deadline = next(
            one for one in dates if one.rule == reminder.rule and one.occurrence == reminder.occurrence and one.is_open
        )
        found.setdefault((reminder.subject, reminder.rule, reminder.occurrence), Due(item, subject, deadline))
    return list(found.values())
