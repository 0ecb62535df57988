"""A whole way without a fault, and a person who walks it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from records.facts import Fact
from records.steps import Recorded, StepRequest, record
from records.tables import BranchRow, PersonRow
from records.track import load_track
from records.workdays import WorkCalendar

TRACK = load_track()
CALENDAR = WorkCalendar.standard()
TODAY = date(2027, 12, 31)
NOW = datetime(2027, 12, 31, 4, 0, tzinfo=UTC)
# (step, day, details): a whole way without a fault, written by hand from the articles.
WAY = [
    ("birthday", "2005-05-01", {}),
    ("application_received", "2024-09-02", {"received_on": "2024-09-03"}),
    ("interview", "2024-09-20", {}),
    ("activist_decided", "2024-11-20", {}),
    ("activist_filed", "2024-11-28", {}),
    ("mentor_assigned", "2024-11-29", {"mentors": "何田、吕行"}),
    ("half_year_review", "2025-05-15", {}),
    ("half_year_review", "2025-11-18", {}),
    ("half_year_review", "2026-05-10", {}),
    ("candidate_decided", "2026-06-01", {}),
    ("candidate_agreed", "2026-06-08", {}),
    ("public_notice_posted", "2026-06-15", {}),
    ("candidate_listed", "2026-06-23", {}),
    ("introducers_named", "2026-06-24", {"introducers": "何田、吕行"}),
    ("political_review_passed", "2026-06-30", {"confirmed_by": "孔书记"}),
    ("intensive_training_completed", "2026-07-05", {"days": "3", "hours": "20"}),
    ("committee_reviewed", "2026-07-06", {}),
    ("pre_review_passed", "2026-07-20", {}),
    ("volunteer_form_completed", "2026-07-25", {}),
    ("branch_meeting_admitted", "2026-08-20", {"entitled_count": "12", "present_count": "10", "in_favour": "7"}),
    ("committee_interview", "2026-09-01", {}),
    ("admission_approved", "2026-09-10", {"probation_end": "2027-08-19"}),
    ("admission_filed", "2026-09-12", {}),
    ("group_assigned", "2026-09-12", {}),
    ("oath_taken", "2026-10-01", {}),
    ("probation_review", "2027-02-20", {}),
    ("conversion_applied", "2027-08-10", {}),
    ("conversion_meeting", "2027-08-25", {"entitled_count": "11", "present_count": "6", "in_favour": "6"}),
    ("conversion_approved", "2027-10-10", {}),
    ("archived", "2027-10-12", {}),
]


def way(until: str, **changed: tuple[str, dict[str, str]]) -> list[Fact]:
    """The facts of the faultless way before `until`, single steps changed."""
    found = []
    for number, (step, on, detail) in enumerate(WAY, start=1):
        if step == until:
            break
        day, details = changed.get(step, (on, detail))
        if day:
            found.append(Fact(number, step, date.fromisoformat(day), details))
    return found


async def person(session: AsyncSession, number: str = "20230001") -> int:
    """Somebody new in the first branch there is, or in one made for it."""
    branch = await session.scalar(select(BranchRow.id)) or 0
    if not branch:
        row = BranchRow(name="本科生第一党支部", kind="branch")
        session.add(row)
        await session.flush()
        branch = row.id
    student = PersonRow(name="学生甲", student_number=number, branch_id=branch, details={}, created_at=NOW)
    session.add(student)
    await session.flush()
    return student.id


async def recorded(session: AsyncSession, who: int, step: str, on: str, **request: object) -> Recorded:
    """Record a step as of `TODAY`."""
    asked = StepRequest(person=who, step=step, on=date.fromisoformat(on), **request)  # type: ignore[arg-type]
    return await record(session, TRACK, asked, today=TODAY, now=NOW, calendar=CALENDAR)
