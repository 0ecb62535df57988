"""What a student did here, as entries of the ledger."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from content.passages import Passage
from records.ledger import append, entries_of
from records.people import PersonId

STUDY = "study"
LONGEST_TITLE = 120


async def note_reading(session: AsyncSession, person: PersonId, passage: Passage, *, on: date, now: datetime) -> bool:
    """Write down that a card was read; the same card of the same day is written once. Returns whether it was new."""
    payload = {"document": passage.document, "passage": passage.ordinal, "title": _title(passage)}
    known = (entry for entry in await entries_of(session, person) if entry.kind == STUDY and entry.happened_on == on)
    if any(
        (entry.payload.get("document"), entry.payload.get("passage")) == (passage.document, passage.ordinal)
        for entry in known
    ):
        return False
    await append(session, person=person, kind=STUDY, happened_on=on, payload=payload, recorded_by=person, now=now)
    return True


def _title(passage: Passage) -> str:
    content = passage.content
    place = content.article or (content.headings[-1] if content.headings else "")
    return f"{passage.title} {place}".strip()[:LONGEST_TITLE]
