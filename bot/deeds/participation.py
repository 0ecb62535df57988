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
    payload = {"document": passage.document, "title": _title(passage)}
    today = [one for one in await entries_of(session, person) if one.kind == STUDY and one.happened_on == on]
    if any(one.payload == payload for one in today):
        return False
    await append(session, person=person, kind=STUDY, happened_on=on, payload=payload, recorded_by=person, now=now)
    return True


def _title(passage: Passage) -> str:
    content = passage.content
    place = content.article or (content.headings[-1] if content.headings else "")
    return f"{passage.title} {place}".strip()[:LONGEST_TITLE]
