"""The growth file: what stands in the ledger, who recorded it and who verified it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import create_branch
from records.growth import growth_of, is_training, subjects_of, totals_of
from records.ledger import append
from records.people import Person, Role, add_person, assign_mentor
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


async def test_every_row_names_its_entry_who_recorded_and_who_verified(database: Database) -> None:
    async with database.write() as session:
        student, secretary = await _people(session)
        activity = await append(
            session,
            person=student.id,
            kind="activity",
            happened_on=date(2026, 5, 4),
            payload={"category": "志愿服务", "title": "社区服务", "hours": 3.5, "role": "参与者"},
            recorded_by=student.id,
            now=NOON,
            verified_by=secretary.id,
        )
        step = await append(
            session,
            person=student.id,
            kind="step",
            happened_on=date(2026, 3, 1),
            payload={"step": "training_hours", "detail": {"hours": "4", "title": "党课"}},
            recorded_by=secretary.id,
            now=NOON,
        )

        first, second = await growth_of(session, [student.id])

    assert (first.entry, first.step, first.title, first.hours) == (step.id, "training_hours", "党课", 4.0)
    assert (first.recorded_by, first.own, first.verified_by) == ("周立言", False, None)
    assert is_training(first)
    assert (second.entry, second.hash, second.category) == (activity.id, activity.hash, "志愿服务")
    assert (second.recorded_by, second.own, second.verified_by) == ("林一", True, "周立言")
    totals = totals_of([first, second])
    assert (totals.hours, totals.verified_hours, totals.activities, totals.verified_rows) == (7.5, 3.5, 1, 1)


async def test_what_was_corrected_or_withdrawn_is_not_shown(database: Database) -> None:
    async with database.write() as session:
        student, _ = await _people(session)
        wrong = await _activity(session, student, date(2026, 5, 4))
        right = await _activity(session, student, date(2026, 5, 5), voids=wrong)
        gone = await _activity(session, student, date(2026, 5, 6))
        await append(
            session,
            person=student.id,
            kind="void",
            happened_on=date(2026, 5, 7),
            payload={"reason": "重复录入"},
            recorded_by=student.id,
            now=NOON,
            voids=gone,
        )

        rows = await growth_of(session, [student.id])

    assert [row.entry for row in rows] == [right]


async def test_a_period_holds_both_its_ends_and_people_come_in_the_given_order(database: Database) -> None:
    async with database.write() as session:
        student, secretary = await _people(session)
        for person, day in ((student, 1), (student, 2), (student, 3), (student, 4), (secretary, 2)):
            await _activity(session, person, date(2026, 5, day))

        rows = await growth_of(session, [secretary.id, student.id], since=date(2026, 5, 2), until=date(2026, 5, 3))

    assert [(row.person, row.on.day) for row in rows] == [(secretary.id, 2), (student.id, 2), (student.id, 3)]


async def test_a_subject_is_named_with_branch_details_and_mentors(database: Database) -> None:
    async with database.write() as session:
        student, secretary = await _people(session)
        await assign_mentor(session, secretary.id, student.id, since=date(2026, 1, 1))

        (subject,) = await subjects_of(session, [student], today=date(2026, 11, 22))

    assert (subject.branch, subject.details, subject.mentors) == ("第一党支部", {"gender": "女"}, ("周立言",))


async def _people(session: AsyncSession) -> tuple[Person, Person]:
    branch = await create_branch(session, "第一党支部")
    student = await add_person(
        session, name="林一", student_number="2026001", branch_id=branch.id, now=NOON, details={"gender": "女"}
    )
    roles = (Role.ORGANISER,)
    return student, await add_person(session, name="周立言", branch_id=branch.id, now=NOON, roles=roles)


async def _activity(session: AsyncSession, person: Person, day: date, voids: int | None = None) -> int:
    entry = await append(
        session,
        person=person.id,
        kind="activity",
        happened_on=day,
        payload={"category": "志愿服务", "title": "社区服务"},
        recorded_by=person.id,
        now=NOON,
        voids=voids,
    )
    return entry.id
