"""What the two sides say about the day of a talk, kept in the ledger: every word an entry, and none ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from records.deadline import Readings
from records.facts import APPOINTMENT_KIND, facts_of
from records.ledger import append, entries_of
from records.people import PersonId
from records.rules import deadlines
from records.tables import EntryRow
from records.talks import Proposal, Side, Talk, talks_of
from records.track import Track
from records.workdays import WorkCalendar

_CHUNK = 500  # people in one query


async def talks_of_person(
    session: AsyncSession, track: Track, person: int, *, today: date, calendar: WorkCalendar, readings: Readings
) -> list[Talk]:
    """The talks that the person can have now, each with what was said about its day."""
    entries = await entries_of(session, person)
    dates = deadlines(track, facts_of(entries), today=today, calendar=calendar, readings=readings)
    return talks_of(track, entries, dates)


async def who_asked(session: AsyncSession, people: Sequence[PersonId], *, today: date) -> list[PersonId]:
    """Those of these people who proposed a day that has not passed and that nobody has answered, in their order.

    Whether the talk is still to be held is another question (`talks_of_person`).
    """
    asked: dict[int, PersonId] = {}
    for start in range(0, len(people), _CHUNK):
        rows = await session.execute(
            select(EntryRow.id, EntryRow.person_id, EntryRow.payload)
            .where(EntryRow.person_id.in_(people[start : start + _CHUNK]), EntryRow.kind == APPOINTMENT_KIND)
            .order_by(EntryRow.id)
        )
        for entry, person, said in rows:
            if said["said"] != "proposed":
                asked.pop(said["proposal"], None)
            elif said["side"] == Side.STUDENT and date.fromisoformat(said["day"]) >= today:
                asked[entry] = PersonId(person)
    waiting = set(asked.values())
    return [one for one in people if one in waiting]


async def propose(
    session: AsyncSession, person: int, talk: Talk, side: Side, day: date, *, by: int, today: date, now: datetime
) -> Proposal:
    """Write a proposal down; whether the side may is checked before (`check_day`), while the chain is held."""
    said = {"step": talk.step.id, "said": "proposed", "side": side.value, "day": day.isoformat()}
    entry = await append(
        session, person=person, kind=APPOINTMENT_KIND, happened_on=today, payload=said, recorded_by=by, now=now
    )
    return Proposal(entry.id, side, day, today, by)


async def answer(
    session: AsyncSession,
    person: int,
    talk: Talk,
    proposal: Proposal,
    side: Side,
    *,
    agreed: bool,
    by: int,
    today: date,
    now: datetime,
) -> None:
    """Write down what the other side says to a proposal that waits (`answerable`)."""
    said = {
        "step": talk.step.id,
        "said": "agreed" if agreed else "declined",
        "side": side.value,
        "day": proposal.day.isoformat(),
        "proposal": proposal.entry,
    }
    await append(
        session, person=person, kind=APPOINTMENT_KIND, happened_on=today, payload=said, recorded_by=by, now=now
    )
