"""Recording is one deed: the entry, the telling of both sides, and the reminders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.clock import Clock
from bot.consent import NOTICE_VERSION
from bot.deeds.importing import Reached, reached_by, record_listed
from bot.deeds.nightly import settle_everybody
from bot.deeds.recording import recipients_of, record_quietly, record_step, settle_anew
from bot.opening import open_services
from bot.services import Services
from bot.settings import Settings
from records.branches import BranchKind, create_branch
from records.consent import give_consent
from records.people import Person, Role, add_person, assign_mentor, attach_account, mentors_of
from records.refusals import StepRefused
from records.step_list import ListedStep, PlannedStep
from records.steps import StepRequest, facts_of_person
from scheduler.deadlines import ESCALATION
from scheduler.tables import OutboxRow, ReminderRow

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
People = dict[str, Person]


@pytest.fixture
async def services(library_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    """The house without doors at a fixed moment."""
    settings = Settings(data=tmp_path, database_url=library_url, _env_file=None)
    async with open_services(settings, Clock(settings.zone, lambda: NOW)) as services:
        yield services


@pytest.fixture
async def people(services: Services) -> People:
    """A committee with a branch: one who organises each, a mentor and a student, all of them joined."""
    async with services.database.write() as session:
        committee = await create_branch(session, "学院党委", kind=BranchKind.COMMITTEE)
        branch = await create_branch(session, "第一党支部", parent=committee.id)
        found = {}
        wanted = [
            ("committee", committee.id, Role.ORGANISER),
            ("organiser", branch.id, Role.ORGANISER),
            ("mentor", branch.id, Role.MENTOR),
            ("student", branch.id, Role.STUDENT),
        ]
        for chat, (name, branch_id, role) in enumerate(wanted, start=1):
            person = await add_person(session, name=name, branch_id=branch_id, now=NOW, roles=(role,))
            await give_consent(session, person.id, NOTICE_VERSION, now=NOW)
            await attach_account(session, person.id, "web", chat, now=NOW)
            found[name] = person
        await assign_mentor(session, found["mentor"].id, found["student"].id, since=date(2026, 1, 1))
    return found


async def _told(services: Services) -> set[tuple[int | None, str]]:
    async with services.database.read() as session:
        rows = await session.scalars(select(OutboxRow))
        return {(row.recipient_id, row.payload["key"]) for row in rows}


async def _reminded(services: Services, rule: str) -> set[int]:
    async with services.database.read() as session:
        return set(await session.scalars(select(ReminderRow.recipient_id).where(ReminderRow.rule == rule)))


def _applied(people: People, by: str | None) -> StepRequest:
    return StepRequest(
        person=people["student"].id,
        step="application_received",
        on=date(2026, 11, 20),
        recorded_by=people[by].id if by else None,
    )


async def test_both_sides_are_told_and_reminded_of_what_comes_next(services: Services, people: People) -> None:
    async with services.database.write() as session:
        await record_step(services, session, _applied(people, None))

    assert await _told(services) == {
        (people["student"].id, "notice.recorded.student"),
        (people["mentor"].id, "notice.recorded.organiser"),
        (people["organiser"].id, "notice.recorded.organiser"),
    }
    assert {people["student"].id, people["organiser"].id} <= await _reminded(services, "T02")


async def test_who_recorded_it_is_not_told_what_they_know(services: Services, people: People) -> None:
    async with services.database.write() as session:
        await record_step(services, session, _applied(people, "organiser"))

    assert (people["organiser"].id, "notice.recorded.organiser") not in await _told(services)


async def test_what_is_refused_tells_nobody(services: Services, people: People) -> None:
    with pytest.raises(StepRefused):
        async with services.database.write() as session:
            request = StepRequest(person=people["student"].id, step="candidate_decided", on=date(2026, 11, 20))
            await record_step(services, session, request)

    assert await _told(services) == set()


async def test_a_list_tells_each_person_once(services: Services, people: People) -> None:
    days = {"application_received": date(2025, 1, 5), "interview": date(2025, 1, 20)}
    planned = [
        PlannedStep(ListedStep("A1", "A", None, "student", step, day), people["student"].id)
        for step, day in days.items()
    ]

    async with services.database.write() as session:
        first = await record_listed(services, session, planned, recorded_by=None, history=True)
    async with services.database.write() as session:
        again = await record_listed(services, session, planned, recorded_by=None, history=True)

        reached = [await reached_by(session, outcomes, by=None) for outcomes in (first, again)]

    assert [outcome.status for outcome in first] == ["new", "new"]
    assert reached == [Reached(told=1, absent=0), Reached(told=0, absent=0)]
    assert [outcome.status for outcome in again] == ["same", "same"]
    assert (people["student"].id, "notice.recorded_many.student") in await _told(services)
    assert len(await _told(services)) == 3


@pytest.mark.parametrize(
    ("only", "live", "status", "days"),
    [
        (True, False, "corrected", [date(2025, 1, 21)]),
        (False, False, "new", [date(2025, 1, 20), date(2025, 1, 21)]),  # a list may tell of a second talk
        (True, True, "new", [date(2025, 1, 20), date(2025, 1, 21)]),  # what was recorded as it happened stands
    ],
)
async def test_a_ledger_with_another_day_corrects_what_an_earlier_one_told(
    services: Services, people: People, only: bool, live: bool, status: str, days: list[date]
) -> None:
    student = people["student"].id

    def planned(step: str, on: date) -> PlannedStep:
        return PlannedStep(ListedStep("A1", "A", None, "student", step, on, only=only), student)

    async with services.database.write() as session:
        told = [planned("application_received", date(2025, 1, 5)), planned("interview", date(2025, 1, 20))]
        await record_listed(services, session, told, recorded_by=None, history=not live)

        again = [planned("interview", date(2025, 1, 21))]
        [outcome] = await record_listed(services, session, again, recorded_by=None, history=True)
        facts = await facts_of_person(session, student)

    assert outcome.status == status
    assert [fact.on for fact in facts if fact.step == "interview"] == days


async def test_a_mentor_named_in_a_list_accompanies_the_student_and_who_was_before_no_longer(
    services: Services, people: People
) -> None:
    async with services.database.write() as session:
        other = await add_person(
            session, name="陈老师", branch_id=people["student"].branch_id, now=NOW, roles=(Role.MENTOR,)
        )
    listed = ListedStep(
        "A1", "A", None, "student", "mentor_assigned", date(2026, 11, 20), {"mentors": "陈老师、外院人"}
    )

    async with services.database.write() as session:
        planned = [PlannedStep(listed, people["student"].id)]
        [outcome] = await record_listed(services, session, planned, recorded_by=None, history=True)
        mentors = await mentors_of(session, people["student"].id, today=date(2026, 11, 22))

    assert outcome.status == "new"
    assert [one.id for one in mentors] == [other.id]


async def test_who_has_no_account_yet_is_counted_and_never_called_told(services: Services, people: People) -> None:
    async with services.database.write() as session:
        absent = await add_person(session, name="周明", branch_id=people["student"].branch_id, now=NOW)
        planned = [
            PlannedStep(ListedStep("A1", "A", None, who.name, "application_received", date(2025, 1, 5)), who.id)
            for who in (people["student"], absent)
        ]
        done = await record_listed(services, session, planned, recorded_by=None, history=True)
        reached = await reached_by(session, done, by=None)

    assert reached == Reached(told=1, absent=1)
    assert absent.id not in {recipient for recipient, _ in await _told(services)}


async def test_the_committee_acts_for_the_committee_and_hears_of_what_stays_overdue(
    services: Services, people: People
) -> None:
    async with services.database.read() as session:
        recipients = await recipients_of(services, session, people["student"])

    assert recipients["branch"] == [people["organiser"].id]
    assert recipients["mentor"] == [people["mentor"].id]
    assert recipients["primary_committee"] == [people["committee"].id]
    assert recipients[ESCALATION] == [people["committee"].id]


async def test_settling_everybody_again_on_the_same_day_changes_nothing(services: Services, people: People) -> None:
    async with services.database.write() as session:
        await record_step(services, session, _applied(people, None))

    assert await settle_everybody(services) == 0


async def test_a_night_on_which_nothing_has_changed_takes_no_turn_to_write(services: Services, people: People) -> None:
    async with services.database.write() as session:
        await record_step(services, session, _applied(people, None))

    async with services.database.write() as session:
        await session.scalar(select(ReminderRow.id).with_for_update())
        async with asyncio.timeout(10):
            changed = await settle_everybody(services)

    assert changed == 0


@pytest.mark.parametrize("page", [1, 2, 100])
async def test_the_night_settles_each_student_exactly_as_one_by_one(
    services: Services, people: People, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.deeds.nightly.PAGE", page)
    async with services.database.write() as session:
        students = [people["student"]]
        for number, branch in enumerate([people["organiser"].branch_id, people["committee"].branch_id] * 2):
            students.append(await add_person(session, name=f"学生{number}", branch_id=branch, now=NOW))
        for number, student in enumerate(students[:4]):
            for step, days in (("application_received", 250), ("interview", 240), ("activist_decided", 200 - number)):
                request = StepRequest(student.id, step, (NOW - timedelta(days=days)).date(), history=True)
                await record_quietly(services, session, request)

    changed = await settle_everybody(services)

    again = 0
    for student in students:
        async with services.database.write() as session:
            again += await settle_anew(services, session, student)
    assert (changed > 0, again) == (True, 0)
    assert await settle_everybody(services) == 0
    async with services.database.read() as session:
        kept = await session.execute(select(ReminderRow.subject_id, ReminderRow.recipient_id).distinct())
        told: dict[int, set[int]] = {}
        for subject, recipient in kept:
            told.setdefault(subject, set()).add(recipient)
    organiser, committee = people["organiser"].id, people["committee"].id
    assert told == {
        students[0].id: {students[0].id, organiser, committee},
        students[1].id: {students[1].id, organiser, committee},
        students[2].id: {students[2].id, committee},
        students[3].id: {students[3].id, organiser, committee},
    }


async def test_what_is_recorded_while_the_night_settles_a_student_is_not_overlooked(
    services: Services, people: People
) -> None:
    async with services.database.write() as session:
        await record_quietly(services, session, _applied(people, None))

    async with services.database.write() as session:
        held = StepRequest(people["student"].id, "interview", date(2026, 11, 21), recorded_by=None)
        await record_step(services, session, held)
        night = asyncio.create_task(settle_everybody(services))
        await asyncio.wait({night}, timeout=0.5)
    await night

    assert await _reminded(services, "T02") == set()
