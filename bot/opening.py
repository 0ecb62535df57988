"""Opening the house: the services that handlers and commands work with, before any door.

Nothing here imports the conversation framework, which takes seconds: most commands need no door.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.database import require_database, told_plainly
from bot.knowledge import PATIENCE_SECONDS, WAITED_FOR, Knowledge
from bot.lock import make_folder
from bot.rephrasing import Rephraser
from bot.schema import metadata
from bot.services import Services
from bot.settings import Settings
from bot.words import Locales
from content.starter import load_starter
from records.rules import Readings
from records.track import load_track
from records.workdays import WorkCalendar
from storage.database import Database, first_come
from storage.migrations import upgrade


@asynccontextmanager
async def open_services(
    settings: Settings, clock: Clock | None = None, *, only_read: bool = False
) -> AsyncIterator[Services]:
    """The house without doors: database brought up to date, starter library loaded.

    Args:
        only_read: nobody wants to keep anything, so that a database that is not there is not made either.
    """
    if not settings.database_url and not only_read:
        make_folder(settings.data)
    metadata()  # every table is known before the first is used: they refer to each other
    clock = clock or Clock(settings.zone)
    locales = Locales(default=settings.language)
    track = load_track(school=settings.school_track)
    locales.teach(track.own_names)
    calendar = WorkCalendar.standard(*([settings.work_calendar] if settings.work_calendar else []))
    database = Database(settings.database)
    folder = settings.data / "index"
    knowledge = Knowledge(
        database,
        settings.encoder or None,
        folder=folder,
        patience_seconds=PATIENCE_SECONDS,
        waited_for=WAITED_FOR,
    )
    try:
        with told_plainly(database, settings):
            if only_read:
                await require_database(database)
            await upgrade(database)
        async with database.write() as session:
            await first_come(session)
            await load_starter(session, now=clock.now())
        yield Services(
            settings=settings,
            database=database,
            clock=clock,
            locales=locales,
            track=track,
            calendar=calendar,
            readings=Readings(
                strict_next_day=settings.strict_next_day,
                activist_base=settings.activist_base,
                count_posting_day=settings.count_posting_day,
            ),
            knowledge=knowledge,
            rephraser=rephraser_of(settings, clock),
        )
    finally:
        await knowledge.close()
        await database.close()


def rephraser_of(settings: Settings, clock: Clock) -> Rephraser | None:
    """The endpoint that the settings name, if any."""
    if not settings.rephrase_url:
        return None
    key, seconds = settings.rephrase_key.get_secret_value(), settings.rephrase_seconds
    return Rephraser(settings.rephrase_url, settings.rephrase_model, key, seconds=seconds, clock=clock.now)
