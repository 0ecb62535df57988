"""People, roles, doors, consent and looks, on both kinds of database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from records.access import Looked, looked_at, note_look
from records.branches import BranchKind, branch_tree, create_branch
from records.cohort import mentors_of_people
from records.consent import consents_of, give_consent, has_consented, withdraw_consent
from records.people import (
    Person,
    Role,
    SeveralPeople,
    UnknownPerson,
    accounts_of,
    add_person,
    assign_mentor,
    attach_account,
    change_preferences,
    end_mentorship,
    grant_role,
    mark_blocked,
    mark_seen,
    mark_unblocked,
    may,
    mentors_of,
    organisers_of,
    people_of_branch,
    person_by_account,
    person_by_id,
    person_by_name,
    person_by_number,
    revoke_role,
    students_of,
)
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


async def test_a_role_holds_in_its_branch_and_below_and_nowhere_else(database: Database) -> None:
    async with database.write() as session:
        committee = await create_branch(session, "经管学院党委", kind=BranchKind.COMMITTEE)
        general = await create_branch(session, "本科生党总支", kind=BranchKind.GENERAL_BRANCH, parent=committee.id)
        branch = await create_branch(session, "本科生第一党支部", parent=general.id)
        other = await create_branch(session, "研究生党支部", parent=committee.id)
        secretary = await add_person(session, name="周立言", branch_id=general.id, now=NOON, roles=(Role.ORGANISER,))
        admin = await add_person(session, name="陈守一", branch_id=committee.id, now=NOON, roles=(Role.ADMIN,))
        tree = await branch_tree(session)

    assert may(secretary, Role.ORGANISER, general.id, tree)
    assert may(secretary, Role.ORGANISER, branch.id, tree)
    assert not may(secretary, Role.ORGANISER, committee.id, tree)
    assert not may(secretary, Role.ORGANISER, other.id, tree)
    assert not may(secretary, Role.ADMIN, branch.id, tree)
    assert may(admin, Role.ORGANISER, other.id, tree)


async def test_granting_a_role_twice_and_revoking_it_once_leaves_none(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session, "2026001", "林一")

        await grant_role(session, person.id, Role.ORGANISER, person.branch_id)
        await grant_role(session, person.id, Role.ORGANISER, person.branch_id)
        await revoke_role(session, person.id, Role.ORGANISER, person.branch_id)

        found = await person_by_id(session, person.id)
    assert found is not None
    assert found.roles == {(Role.STUDENT, person.branch_id)}


async def test_the_nearest_organiser_comes_first(database: Database) -> None:
    async with database.write() as session:
        committee = await create_branch(session, "经管学院党委", kind=BranchKind.COMMITTEE)
        branch = await create_branch(session, "本科生第一党支部", parent=committee.id)
        far = await add_person(session, name="陈守一", branch_id=committee.id, now=NOON, roles=(Role.ORGANISER,))
        near = await add_person(session, name="周立言", branch_id=branch.id, now=NOON, roles=(Role.ORGANISER,))

        assert await organisers_of(session, branch.id) == [near, far]
        assert await organisers_of(session, committee.id) == [far]


async def test_where_nobody_organises_an_administrator_is_told_instead(database: Database) -> None:
    async with database.write() as session:
        committee = await create_branch(session, "经管学院党委", kind=BranchKind.COMMITTEE)
        branch = await create_branch(session, "本科生第一党支部", parent=committee.id)
        admin = await add_person(session, name="陈守一", branch_id=committee.id, now=NOON, roles=(Role.ADMIN,))

        assert await organisers_of(session, branch.id) == [admin]
        organiser = await add_person(session, name="周立言", branch_id=branch.id, now=NOON, roles=(Role.ORGANISER,))
        assert await organisers_of(session, branch.id) == [organiser]


async def test_people_are_found_by_number_name_and_account(database: Database) -> None:
    async with database.write() as session:
        first = await _student(session, "2026001", "林一")
        second = await add_person(session, name="林一", student_number="2026002", branch_id=first.branch_id, now=NOON)
        await attach_account(session, second.id, "telegram", 77, now=NOON)

        assert await person_by_number(session, " 2026001 ") == first
        assert await person_by_account(session, "telegram", 77) == second
        assert await person_by_account(session, "web", 77) is None
        assert await people_of_branch(session, first.branch_id) == [first, second]
        with pytest.raises(UnknownPerson):
            await person_by_number(session, "2026003")
        with pytest.raises(SeveralPeople) as caught:
            await person_by_name(session, "林一")
    assert caught.value.fields["numbers"] == "2026001、2026002"


async def test_a_message_goes_to_the_door_last_used_that_is_not_blocked(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session, "2026001", "林一")
        await attach_account(session, person.id, "telegram", 77, now=NOON)
        await attach_account(session, person.id, "web", 5, now=NOON + timedelta(minutes=1))

        doors = [account.channel for account in await accounts_of(session, person.id)]
        await mark_seen(session, "telegram", 77, now=NOON + timedelta(minutes=2))
        after_a_word = [account.channel for account in await accounts_of(session, person.id)]
        await mark_blocked(session, "telegram", 77, now=NOON)
        blocked = [account.channel for account in await accounts_of(session, person.id)]
        await mark_unblocked(session, "telegram", 77)
        unblocked = [account.channel for account in await accounts_of(session, person.id)]

    assert doors == ["web", "telegram"]
    assert after_a_word == ["telegram", "web"]
    assert blocked == ["web"]
    assert unblocked == ["telegram", "web"]


async def test_an_account_speaks_for_one_person_at_a_time(database: Database) -> None:
    async with database.write() as session:
        first = await _student(session, "2026001", "林一")
        second = await add_person(session, name="何二", student_number="2026002", branch_id=first.branch_id, now=NOON)
        await attach_account(session, first.id, "telegram", 77, now=NOON)
        await attach_account(session, second.id, "telegram", 77, now=NOON)

        assert await person_by_account(session, "telegram", 77) == second
        assert await accounts_of(session, first.id) == []


async def test_a_mentorship_holds_between_its_days(database: Database) -> None:
    today = date(2026, 11, 22)
    async with database.write() as session:
        student = await _student(session, "2026001", "林一")
        mentor = await add_person(session, name="周立言", branch_id=student.branch_id, now=NOON, roles=())
        await assign_mentor(session, mentor.id, student.id, since=today)

        assert [m.name for m in await mentors_of(session, student.id, today=today)] == ["周立言"]
        assert [s.name for s in await students_of(session, mentor.id, today=today)] == ["林一"]
        assert await mentors_of(session, student.id, today=today - timedelta(days=1)) == []
        assert await mentors_of_people(session, [student.id], today=today) == {student.id: [mentor.id]}
        assert await mentors_of_people(session, [student.id], today=today - timedelta(days=1)) == {}
        await end_mentorship(session, mentor.id, student.id, until=today)
        assert await mentors_of(session, student.id, today=today + timedelta(days=1)) == []
        found = await person_by_id(session, mentor.id)
    assert found is not None
    assert found.roles == {(Role.MENTOR, student.branch_id)}


async def test_preferences_change_only_what_is_named(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session, "2026001", "林一")
        await change_preferences(session, person.id, study_time=time(7, 30))
        await change_preferences(session, person.id, study_muted=True)

    async with database.read() as session:
        found = await person_by_number(session, "2026001")
    assert (found.study_time, found.study_muted, found.language) == (time(7, 30), True, None)


async def test_consent_holds_for_its_version_until_withdrawn(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session, "2026001", "林一")
        await give_consent(session, person.id, "2026-11", now=NOON)
        await give_consent(session, person.id, "2026-11", now=NOON + timedelta(days=1))
        assert await has_consented(session, person.id, "2026-11")
        assert not await has_consented(session, person.id, "2027-01")

        await give_consent(session, person.id, "2027-01", now=NOON + timedelta(days=2))
        assert not await has_consented(session, person.id, "2026-11")
        await withdraw_consent(session, person.id, now=NOON + timedelta(days=3))
        history = await consents_of(session, person.id)

    assert [(c.version, c.withdrawn_at is not None) for c in history] == [("2026-11", True), ("2027-01", True)]


async def test_a_person_sees_who_looked_at_them_but_not_their_own_looks(database: Database) -> None:
    async with database.write() as session:
        student = await _student(session, "2026001", "林一")
        secretary = await add_person(session, name="周立言", branch_id=student.branch_id, now=NOON, roles=())
        await note_look(session, secretary.id, [student.id], Looked.RECORD, now=NOON)
        await note_look(session, student.id, [student.id], Looked.RECORD, now=NOON)
        await note_look(session, None, [student.id, secretary.id], Looked.EXPORT, now=NOON + timedelta(hours=1))

        looks = await looked_at(session, student.id)

    assert [(look.viewer_name, look.what) for look in looks] == [(None, Looked.EXPORT), ("周立言", Looked.RECORD)]


async def _student(session: AsyncSession, number: str, name: str) -> Person:
    branch = await create_branch(session, "本科生第一党支部")
    return await add_person(session, name=name, student_number=number, branch_id=branch.id, now=NOON)
