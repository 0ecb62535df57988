"""Records as a file of any format, built off the loop and before anything is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services import Services
from bot.words import Words
from records.cohort import facts_of_people
from records.exports.calendar import calendar
from records.exports.form import form
from records.exports.plain import plain
from records.exports.table import table
from records.exports.workbook import workbook
from records.exports.xapi import HOME, xapi
from records.growth import growth_of, subjects_of
from records.people import Person
from records.rules import deadlines
from storage.errors import WaymarkError

FORMATS = ("xlsx", "csv", "docx", "xapi", "ics", "json")
ENDINGS = {"xapi": "xapi.json"}
MOST_WORKSHEETS = 200  # a Word file with more pages than that opens on nobody's phone


class ExportTooLarge(WaymarkError):
    """Too many people for this format."""

    key = "error.export_too_large"
    sentence = "A Word worksheet is made for {most} people at most, not {count}. Choose a branch, or Excel."


class ExportEmpty(WaymarkError):
    """Nobody to export."""

    key = "error.export_empty"
    sentence = "There is nobody to export there. Import a roster first."


@dataclass(frozen=True)
class Exported:
    """A file and how many rows it holds."""

    content: bytes
    name: str
    rows: int


async def export_of(
    session: AsyncSession, services: Services, people: Sequence[Person], fmt: str, *, since: date | None, words: Words
) -> Exported:
    """The participation of these people since the day (None: all of it), or with `ics` their dates.

    Raises:
        ExportEmpty, ExportTooLarge.
    """
    if not people:
        raise ExportEmpty
    if fmt == "docx" and len(people) > MOST_WORKSHEETS:
        raise ExportTooLarge(most=MOST_WORKSHEETS, count=len(people))
    now, today = services.clock.now(), services.clock.today()
    name = f"{words.plain('export.file', day=today.isoformat())}.{ENDINGS.get(fmt, fmt)}"
    if fmt == "ics":
        return await _calendar(session, services, people, name, words)
    rows = await growth_of(session, [one.id for one in people], since=since)
    subjects = await subjects_of(session, people, today=today)
    content = await asyncio.to_thread(_writer(services, fmt, words), rows, subjects, words.plain, now)
    return Exported(content, name, len(rows))


def _writer(services: Services, fmt: str, words: Words) -> Callable[..., bytes]:
    home = services.settings.web_origins[0] if services.settings.web_origins else HOME
    writers: dict[str, Callable[..., bytes]] = {
        "xlsx": workbook,
        "csv": table,
        "docx": form,
        "json": plain,
        "xapi": partial(xapi, language=words.language.replace("_", "-"), home=home),
    }
    return writers[fmt]


async def _calendar(
    session: AsyncSession, services: Services, people: Sequence[Person], name: str, words: Words
) -> Exported:
    facts = await facts_of_people(session, [one.id for one in people])

    def build() -> tuple[bytes, int]:
        settled: dict[str, Any] = {"calendar": services.calendar, "readings": services.readings}
        today = services.clock.today()
        due = [(one, deadlines(services.track, facts[one.id], today=today, **settled)) for one in people]
        rows = sum(date_.is_open for _, found in due for date_ in found)
        return calendar(due, words.plain, services.clock.now()), rows

    content, rows = await asyncio.to_thread(build)
    return Exported(content, name, rows)
