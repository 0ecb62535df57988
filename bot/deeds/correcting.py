"""Correcting and withdrawing what was recorded, as one deed: the ledger, the telling of both sides, the reminders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.recording import correct_quietly, settle, tell_both
from bot.services import Services
from records import steps
from records.ledger import Entry, entries_of
from records.people import Person
from records.steps import Recorded


async def redate_step(
    services: Services, session: AsyncSession, student: Person, entry: int, on: date, *, reason: str, by: Person
) -> Recorded:
    """Replace a step's day by a new entry; what hangs on it is computed anew and both sides are told.

    Raises:
        EntryUnknown, EntryVoided, StepRefused: nothing was written.
    """
    old = steps.standing_entry(await entries_of(session, student.id), entry)
    recorded = await correct_quietly(services, session, student.id, entry, on, reason=reason, by=by.id)
    was = old.happened_on.isoformat()
    await _settled(services, session, student, recorded, "corrected", recorded.entry, by, was=was)
    return recorded


async def withdraw_step(
    services: Services, session: AsyncSession, student: Person, entry: Entry, *, reason: str, by: Person
) -> Recorded:
    """Withdraw a step that should not stand, with all its earlier versions; they stay readable. Both sides are told.

    Raises:
        EntryUnknown, EntryVoided: nothing was written.
    """
    entries = {one.id: one for one in await entries_of(session, student.id)}
    recorded = first = await _void(services, session, student, entry, reason=reason, by=by)
    replaced = entries.get(entry.voids or 0)
    while replaced is not None:  # withdrawing a correction brings back what it had corrected, which is not meant here
        recorded = await _void(services, session, student, replaced, reason=reason, by=by)
        replaced = entries.get(replaced.voids or 0)
    recorded = replace(recorded, before=first.before, stage_before=first.stage_before)
    await _settled(services, session, student, recorded, "voided", entry, by)
    return recorded


async def take_back_step(
    services: Services, session: AsyncSession, student: Person, entry: Entry, *, reason: str, by: Person
) -> None:
    """Withdraw this entry alone: what it had corrected stands again. Both sides are told.

    Raises:
        EntryUnknown, EntryVoided: nothing was written.
    """
    recorded = await _void(services, session, student, entry, reason=reason, by=by)
    await _settled(services, session, student, recorded, "voided", entry, by)


async def _void(
    services: Services, session: AsyncSession, student: Person, entry: Entry, *, reason: str, by: Person
) -> Recorded:
    return await steps.void(
        session,
        services.track,
        person=student.id,
        entry=entry.id,
        reason=reason,
        recorded_by=by.id,
        today=services.clock.today(),
        now=services.clock.now(),
        calendar=services.calendar,
        readings=services.readings,
    )


async def _settled(
    services: Services,
    session: AsyncSession,
    student: Person,
    recorded: Recorded,
    key: str,
    entry: Entry,
    by: Person,
    **more: str,
) -> None:
    values = {"name": student.name, "step": f"@step.{entry.payload['step']}", "on": entry.happened_on.isoformat()}
    unique = f"entry:{recorded.entry.id}"
    await settle(services, session, student, recorded.after)
    await tell_both(services, session, student, key, values | more, unique, by.id, changes=recorded.changes)
