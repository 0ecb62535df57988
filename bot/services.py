"""What handlers and commands work with; made once in `bot/app.py` and passed on."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.knowledge import Knowledge
from bot.rephrasing import Rephraser
from bot.settings import Settings
from bot.words import Locales
from records.rules import Readings
from records.track import Track
from records.workdays import WorkCalendar
from storage.database import Database


@dataclass(frozen=True)
class Services:
    """The house as a handler sees it."""

    settings: Settings
    database: Database
    clock: Clock
    locales: Locales
    track: Track
    calendar: WorkCalendar
    readings: Readings
    knowledge: Knowledge
    rephraser: Rephraser | None = None
