"""Whom a letter is for, in which language, and whether now is a time at which they may be written to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.consent import NOTICE_VERSION
from bot.preferences import rest_ends
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from bot.words import Words
from records.consent import has_consented
from records.people import Person, PersonId, person_present
from scheduler.outbox import Letter


@dataclass(frozen=True)
class Reader:
    """A person with their words."""

    person: Person
    words: Words


async def reader_of(services: Services, letter: Letter) -> Reader | Dropped | Postponed:
    """The reader; dropped when they left or withdrew their consent, postponed while they rest."""
    if letter.recipient is None:
        return Dropped("no recipient")
    async with services.database.read() as session:
        person = await person_present(session, PersonId(letter.recipient))
        agreed = person is not None and await has_consented(session, person.id, NOTICE_VERSION)
    if person is None or not agreed:
        return Dropped("left or has not agreed")
    settings = services.settings
    rest = rest_ends(
        services.clock.now().astimezone(settings.zone),
        person.quiet_from or settings.quiet_from,
        person.quiet_until or settings.quiet_until,
    )
    if rest is not None:
        return Postponed(rest)
    return Reader(person, services.locales.words(person.language or settings.language))
