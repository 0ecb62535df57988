"""A student's own report as one deed: recorded, and taken back as long as nobody has confirmed it."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.correcting import withdraw_step
from bot.deeds.recording import record_step
from bot.services import Services
from records.ledger import Entry, EntryUnknown, EntryVoided, entries_of, hold
from records.people import Person
from records.reports import check_report_day
from records.steps import Recorded, StepRequest, facts_of_person
from records.verification import EntryVerified, unverified_entry
from storage.errors import WaymarkError

REPORT = "thought_report"


class ReportTakenBack(WaymarkError):
    """A report that no longer stands, taken back once more."""

    key = "error.report_taken_back"
    sentence = "Entry {entry} no longer stands: it was taken back or corrected already."


class ReportVerified(WaymarkError):
    """A report that the branch has confirmed; its student can only ask for a correction."""

    key = "error.report_verified"
    sentence = "The branch verified entry {entry} on {on}: ask for a correction instead."


async def record_report(services: Services, session: AsyncSession, person: Person, title: str, on: date) -> Entry:
    """Record that the person handed a report in, by their own word.

    Raises:
        ReportBeforeApplication, ReportLongAgo, StepRefused: nothing was written.
    """
    check_report_day(await facts_of_person(session, person.id), on, services.clock.today())
    request = StepRequest(person.id, REPORT, on, {"title": title}, recorded_by=person.id)
    return (await record_step(services, session, request)).entry


async def take_back_report(
    services: Services, session: AsyncSession, person: Person, entry: int, *, reason: str
) -> tuple[Entry, Recorded]:
    """Withdraw the report of that entry, which the person recorded themselves. Returns it, and what that changed.

    Raises:
        EntryUnknown, ReportTakenBack, ReportVerified: nothing was written.
    """
    await hold(session, person.id)  # nobody verifies it meanwhile
    try:
        report = unverified_entry(await entries_of(session, person.id), entry)
    except EntryVoided as error:
        raise ReportTakenBack(**error.fields) from error
    except EntryVerified as error:
        raise ReportVerified(**error.fields) from error
    if report.recorded_by != person.id or report.payload.get("step") != REPORT:
        raise EntryUnknown(entry=entry)
    return report, await withdraw_step(services, session, person, report, reason=reason, by=person)
