"""The message that shows its sender how far a broadcast has come: it is changed as the broadcast goes on."""

from __future__ import annotations

from aiogram.methods import EditMessageText

from bot.services import Services
from bot.turns.carrier import Composed, Dropped, Repeated
from bot.views.organiser_broadcast import show_progress
from records.people import PersonId, person_by_id
from scheduler.broadcasts import Standing, broadcast_of, progress_of
from scheduler.outbox import Letter
from scheduler.watching import next_look


async def write(services: Services, letter: Letter) -> Composed:
    """What it says now; again later as long as something waits and nobody has stopped it."""
    now = services.clock.now()
    async with services.database.read() as session:
        broadcast = await broadcast_of(session, letter.payload["broadcast"])
        person = await person_by_id(session, PersonId(letter.recipient)) if letter.recipient else None
        if broadcast is None or person is None:
            return Dropped("no longer applies")
        progress = await progress_of(session, broadcast.id, now=now)
    words = services.locales.words(person.language or services.settings.language)
    shown = show_progress(broadcast, progress, words, now=now, zone=services.settings.zone)
    edit = EditMessageText(chat_id=letter.chat_id, message_id=letter.payload["message"], **shown)
    if progress.waiting and broadcast.standing is Standing.RUNNING:
        return Repeated(edit, next_look(progress, now=now))
    return edit
