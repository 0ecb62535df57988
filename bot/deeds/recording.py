"""Recording as one deed, from whichever door: the ledger entry, the telling of both sides, and the reminders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.mentoring import tie_mentors
from bot.deeds.standing import dates_of
from bot.deeds.telling import notify
from bot.services import Services
from records.branches import BranchKind, ancestors
from records.changes import Change
from records.deadline import Deadline
from records.ledger import Entry, hold
from records.people import Person, PersonId, Role, mentors_of, organisers_of, person_by_id
from records.steps import Recorded, StepRequest, correct, record
from scheduler.deadlines import ESCALATION, ReminderSettings, refresh_reminders
from scheduler.outbox import Draft, enqueue


async def record_step(
    services: Services, session: AsyncSession, request: StepRequest, *, among: Sequence[Person] = ()
) -> Recorded:
    """Record a step, tell both sides, and move the reminders, all in the caller's transaction.

    Told are the student, and the mentors and nearest organisers, except whoever recorded it. Mentors that the step
    names accompany the student from its day on; whoever hands over to them is told too.

    Args:
        among: who can be named as a mentor.

    Raises:
        StepRefused: nothing was written.
    """
    recorded = await record_quietly(services, session, request)
    student = await _student(session, request.person)
    values = {"name": student.name, "step": f"@step.{request.step}", "on": request.on.isoformat()}
    former: list[Person] = []
    if names := recorded.entry.payload.get("detail", {}).get("mentors"):
        former = await mentors_of(session, student.id, today=services.clock.today())
        await tie_mentors(session, among, student.id, names, since=request.on)
    await settle(services, session, student, recorded.after)
    buttons = _verifying(student, recorded.entry) if request.recorded_by == student.id else []
    told: dict[str, Any] = {"buttons": buttons, "also": [one.id for one in former]}
    unique = f"entry:{recorded.entry.id}"
    await tell_both(services, session, student, "recorded", values, unique, request.recorded_by, **told)
    return recorded


async def note_many(
    services: Services, session: AsyncSession, person: PersonId, entries: Sequence[Entry], *, by: int | None
) -> None:
    """Tell both sides once of several entries of one person, and move the reminders."""
    student = await _student(session, person)
    unique = f"entries:{entries[0].id}-{entries[-1].id}"
    await settle_anew(services, session, student)
    await tell_both(
        services, session, student, "recorded_many", {"name": student.name, "count": len(entries)}, unique, by
    )


async def settle(services: Services, session: AsyncSession, student: Person, dates: Sequence[Deadline]) -> int:
    """Bring the reminders of a person in line with their dates. Returns how many changed."""
    return await refresh_reminders(
        session,
        student.id,
        dates,
        await recipients_of(services, session, student),
        now=services.clock.now(),
        settings=reminder_settings(services),
    )


async def settle_anew(services: Services, session: AsyncSession, student: Person) -> int:
    """The same for somebody of whom nothing was recorded just now: roles, mentors, rules or the day have changed."""
    await hold(session, student.id)  # or what is recorded at this moment would be settled as if it had not been
    dates = await dates_of(session, services, student.id, today=services.clock.today())
    return await settle(services, session, student, dates)


async def tell_both(
    services: Services,
    session: AsyncSession,
    student: Person,
    key: str,
    values: Mapping[str, Any],
    unique: str,
    by: int | None,
    *,
    buttons: Sequence[tuple[str, str]] = (),
    changes: Sequence[Change] = (),
    also: Sequence[PersonId] = (),
) -> int:
    """Notices `notice.<key>.student` and `notice.<key>.organiser`, to nobody twice and not to who did it.

    The buttons stand below the organisers' notice only, the dates that moved below both.

    Args:
        also: who gets the organisers' notice besides the mentors and the nearest organisers.
    """
    now = services.clock.now()
    told: dict[str, Any] = {"unique": unique, "now": now, "values": dict(values), "changes": changes}
    drafts: list[Draft | None] = []
    if student.id != by:
        drafts.append(await notify(session, student.id, f"notice.{key}.student", **told))
    for other in dict.fromkeys([*await _accompanying(services, session, student), *also]):
        if other not in (by, student.id):
            drafts.append(await notify(session, other, f"notice.{key}.organiser", buttons=buttons, **told))
    return await enqueue(session, [draft for draft in drafts if draft is not None], now=now)


def _verifying(student: Person, entry: Entry) -> list[tuple[str, str]]:
    from bot.buttons.organiser import Verify  # the conversation framework, which the command line does without

    return [("verify.this", Verify(person=student.id, entry=entry.id).pack())]


async def recipients_of(services: Services, session: AsyncSession, student: Person) -> dict[str, list[int]]:
    """Who acts for whom on the track: the nearest organisers for the branch, those of the committee for the committee.

    Where a committee has no organiser here, the nearest ones are told, who pass it on.
    """
    mentors = [one.id for one in await mentors_of(session, student.id, today=services.clock.today())]
    return recipients(await levels_of(session, student.branch_id), mentors)


@dataclass(frozen=True)
class Levels:
    """Who organises for the students of one branch, level by level."""

    branch: Sequence[int]
    committee: Sequence[int]
    department: Sequence[int]
    above: Sequence[int]


async def levels_of(session: AsyncSession, branch_id: int) -> Levels:
    """The organisers of the branch and of what stands above it."""
    chain = await ancestors(session, branch_id)
    organisers = await organisers_of(session, branch_id)
    levels = [([one.id for one in organisers if _organises(one, node.id)], node.kind) for node in chain]
    manned = [level for level, _ in levels if level]
    branch = manned[0] if manned else []
    committees = [level for level, kind in levels if level and kind is BranchKind.COMMITTEE]
    return Levels(
        branch=branch,
        committee=committees[0] if committees else branch,
        department=committees[-1] if committees else branch,
        above=manned[1] if len(manned) > 1 else branch,
    )


def recipients(levels: Levels, mentors: Sequence[int]) -> dict[str, list[int]]:
    """Who is told, by who acts on the track."""
    return {
        "branch": [*levels.branch],
        "mentor": [*(mentors or levels.branch)],
        "introducers": [*(mentors or levels.branch)],
        "primary_committee": [*levels.committee],
        "organisation_department": [*levels.department],
        ESCALATION: [*levels.above],
    }


def reminder_settings(services: Services) -> ReminderSettings:
    """The installation's times of reminding."""
    settings = services.settings
    return ReminderSettings(
        zone=settings.zone,
        calendar=services.calendar,
        at=settings.reminder_time,
        days_before=settings.reminder_days,
        third_week=settings.reminder_third_week,
        overdue_every_days=settings.reminder_overdue_days,
        escalate_after_days=settings.escalate_after_days,
    )


async def record_quietly(services: Services, session: AsyncSession, request: StepRequest) -> Recorded:
    """Only the ledger entry: whoever records many tells of them together (`note_many`).

    Raises:
        StepRefused: nothing was written.
    """
    return await record(
        session,
        services.track,
        request,
        today=services.clock.today(),
        now=services.clock.now(),
        calendar=services.calendar,
        readings=services.readings,
    )


async def correct_quietly(
    services: Services,
    session: AsyncSession,
    person: PersonId,
    entry: int,
    on: date,
    *,
    by: int | None,
    reason: str = "",
    detail: Mapping[str, str] | None = None,
) -> Recorded:
    """Only the entry that replaces another one's day, as `record_quietly` does.

    Raises:
        EntryUnknown, EntryVoided, StepRefused: nothing was written.
    """
    return await correct(
        session,
        services.track,
        person=person,
        entry=entry,
        on=on,
        detail=detail,
        reason=reason,
        recorded_by=by,
        today=services.clock.today(),
        now=services.clock.now(),
        calendar=services.calendar,
        readings=services.readings,
    )


async def _student(session: AsyncSession, person: int) -> Person:
    student = await person_by_id(session, PersonId(person))
    if student is None:  # `record` has just written for them
        raise LookupError(person)
    return student


async def _accompanying(services: Services, session: AsyncSession, student: Person) -> list[PersonId]:
    mentors = [one.id for one in await mentors_of(session, student.id, today=services.clock.today())]
    levels = await levels_of(session, student.branch_id)
    return list(dict.fromkeys([*mentors, *(PersonId(one) for one in levels.branch)]))


def _organises(person: Person, branch: int) -> bool:
    return (Role.ORGANISER, branch) in person.roles
