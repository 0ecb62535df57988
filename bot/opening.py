"""Opening the house: the services that handlers and commands work with, before any door.

Nothing here imports the conversation framework, which takes seconds: most commands need no door.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.clock import Clock
from bot.knowledge import PATIENCE_SECONDS, WAITED_FOR, Knowledge
from bot.lock import make_folder
from bot.rephrasing import Rephraser
from bot.schema import metadata
from bot.services import Services
from bot.settings import Settings
from bot.trouble import told
from bot.words import Locales
from content.starter import load_starter
from records.rules import Readings
from records.track import load_track
from records.workdays import WorkCalendar
from storage.database import Database, first_come
from storage.errors import WaymarkError
from storage.migrations import upgrade

log = structlog.get_logger(__name__)


class DatabaseUnreachable(WaymarkError):
    """There is no database at the address, it lets us not in, or what is there is none."""

    key = "error.database_unreachable"
    sentence = "The database cannot be opened: {url} ({reason}). Check WAYMARK_DATABASE_URL or WAYMARK_DATA."


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Services]:
    """The house without doors: database brought up to date, starter library loaded."""
    if not settings.database_url:
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
        await _bring_up_to_date(database, settings)
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


async def _bring_up_to_date(database: Database, settings: Settings) -> None:
    try:
        await upgrade(database)
    except Exception as error:  # drivers have no common family: whatever goes wrong here is the database's
        log.error("database.not_opened", exc_info=error)
        trouble = told(error, settings.data, embedded=True) if not settings.database_url else None
        if trouble is not None:
            raise trouble from error
        where = database.url.render_as_string(hide_password=True)
        raise DatabaseUnreachable(url=where, reason=type(error).__name__) from error
