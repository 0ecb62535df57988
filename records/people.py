"""People: who they are, what they may do and where, and which doors lead to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, NewType, TypedDict, Unpack

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import BranchTree, ancestor_ids, below
from records.tables import AccountRow, MentorshipRow, PersonRow, RoleRow, StudyTurnRow
from storage.among import among
from storage.errors import WaymarkError

PersonId = NewType("PersonId", int)

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)  # of a turn: the planner looks in the next minute


class Role(StrEnum):
    """What a person may do; an admin may also do what an organiser may."""

    STUDENT = "student"
    MENTOR = "mentor"
    ORGANISER = "organiser"
    ADMIN = "admin"


@dataclass(frozen=True)
class Person:
    """A student, mentor or organiser. Times of day are local; None means the school's default."""

    id: PersonId
    student_number: str | None
    name: str
    branch_id: int
    stage: str
    paused: bool
    roles: frozenset[tuple[Role, int]]
    language: str | None = None
    study_time: time | None = None
    study_muted: bool = False
    quiet_from: time | None = None
    quiet_until: time | None = None


@dataclass(frozen=True)
class Account:
    """A person's place in a messenger; `external_id` is both user and private chat."""

    channel: str
    external_id: int
    person: PersonId
    joined_at: datetime
    last_seen_at: datetime
    blocked_at: datetime | None


class Preferences(TypedDict, total=False):
    """What a person may change about themselves."""

    language: str | None
    study_time: time | None
    study_muted: bool
    quiet_from: time | None
    quiet_until: time | None


class UnknownPerson(WaymarkError):
    """Nobody on the roster bears this number or name."""

    key = "error.unknown_person"
    sentence = "Nobody on the roster is {who}. Check the student number, or import the roster first."


class SeveralPeople(WaymarkError):
    """The name alone does not tell who is meant."""

    key = "error.several_people"
    sentence = "{count} people are called {name}. Give the student number: {numbers}."


def may(person: Person, role: Role, branch_id: int, tree: BranchTree) -> bool:
    """Whether the person holds the role in this branch; a role holds in its own branch and in all below it."""
    enough = {role, Role.ADMIN} if role is Role.ORGANISER else {role}
    return any(held in enough and tree.holds(where, branch_id) for held, where in person.roles)


async def person_by_id(session: AsyncSession, person: PersonId) -> Person | None:
    """The person with this internal number, also when they have left."""
    return await _one(session, select(PersonRow).where(PersonRow.id == person))


async def person_present(session: AsyncSession, person: PersonId) -> Person | None:
    """The person with this internal number, unless they have left."""
    return await _one(session, _present().where(PersonRow.id == person))


async def people_present(session: AsyncSession, people: Iterable[PersonId]) -> list[Person]:
    """Those of these people who have not left, by internal number."""
    wanted = list(people)
    if not wanted:
        return []
    return await _many(session, _present().where(among(session, PersonRow.id, wanted)).order_by(PersonRow.id))


async def person_by_account(session: AsyncSession, channel: str, external_id: int) -> Person | None:
    """Who speaks from this account."""
    return await _one(
        session,
        select(PersonRow)
        .join(AccountRow, AccountRow.person_id == PersonRow.id)
        .where(AccountRow.channel == channel, AccountRow.external_id == external_id),
    )


async def person_by_number(session: AsyncSession, student_number: str) -> Person:
    """The person with this student number, also when they have left.

    Raises:
        UnknownPerson: nobody has it.
    """
    found = await _one(session, select(PersonRow).where(PersonRow.student_number == student_number.strip()))
    if found is None:
        raise UnknownPerson(who=student_number)
    return found


async def present_by_number(session: AsyncSession, number: str) -> Person | None:
    """The person with this number; None where nobody who is here has it."""
    return await _one(session, _present().where(PersonRow.student_number == number.strip()))


async def person_by_name(session: AsyncSession, name: str, *, branch_id: int | None = None) -> Person:
    """The only person of this name, in the branch and below it if one is given.

    Raises:
        UnknownPerson: nobody is called so.
        SeveralPeople: more than one is.
    """
    query = _present().where(PersonRow.name == name.strip()).order_by(PersonRow.student_number, PersonRow.id)
    if branch_id is not None:
        query = query.where(PersonRow.branch_id.in_(below(branch_id)))
    found = await _many(session, query)
    if not found:
        raise UnknownPerson(who=name)
    if len(found) > 1:
        raise SeveralPeople(count=len(found), name=name, numbers="、".join(p.student_number or "—" for p in found))
    return found[0]


async def people_of_branch(session: AsyncSession, branch_id: int | None = None) -> list[Person]:
    """Everybody in the branch and below it (None: everywhere) who has not left, by student number, then name."""
    query = _present().order_by(PersonRow.student_number.is_(None), PersonRow.student_number, PersonRow.id)
    if branch_id is not None:
        query = query.where(PersonRow.branch_id.in_(below(branch_id)))
    return await _many(session, query)


async def organisers_of(session: AsyncSession, branch_id: int) -> list[Person]:
    """Who organises this branch, from the branch itself or from above; the nearest first.

    As long as nobody does, its administrators: they may do the same, and else nobody would hear of a question.
    """
    chain = ancestor_ids(branch_id)
    query = (
        _present()
        .join(RoleRow, RoleRow.person_id == PersonRow.id)
        .join(chain, chain.c.id == RoleRow.branch_id)
        .order_by(chain.c.distance, PersonRow.id)
    )
    organisers = await _many(session, query.where(RoleRow.role == Role.ORGANISER.value))
    return list(dict.fromkeys(organisers or await _many(session, query.where(RoleRow.role == Role.ADMIN.value))))


async def mentors_of(session: AsyncSession, student: PersonId, *, today: date) -> list[Person]:
    """Who accompanies the student today, longest first (Art 9: one or two)."""
    return await _many(
        session,
        _present()
        .join(MentorshipRow, MentorshipRow.mentor_id == PersonRow.id)
        .where(MentorshipRow.student_id == student, *accompanies(today))
        .order_by(MentorshipRow.since, MentorshipRow.id),
    )


async def students_of(session: AsyncSession, mentor: PersonId, *, today: date) -> list[Person]:
    """Whom the mentor accompanies today, by student number."""
    return await _many(
        session,
        _present()
        .join(MentorshipRow, MentorshipRow.student_id == PersonRow.id)
        .where(MentorshipRow.mentor_id == mentor, *accompanies(today))
        .order_by(PersonRow.student_number, PersonRow.id),
    )


async def details_of(session: AsyncSession, person: PersonId) -> dict[str, Any]:
    """What the roster says besides name, number and branch (gender, class, phone …)."""
    return dict((await session.get_one(PersonRow, person)).details)


async def add_person(
    session: AsyncSession,
    *,
    name: str,
    branch_id: int,
    now: datetime,
    student_number: str | None = None,
    details: dict[str, Any] | None = None,
    roles: tuple[Role, ...] = (Role.STUDENT,),
) -> Person:
    """A new person with these roles in their own branch."""
    row = PersonRow(
        name=name, student_number=student_number, branch_id=branch_id, details=details or {}, created_at=now
    )
    session.add(row)
    await session.flush()
    session.add_all(RoleRow(person_id=row.id, role=role.value, branch_id=branch_id) for role in roles)
    await session.flush()
    return _person(row, frozenset((role, branch_id) for role in roles))


async def grant_role(session: AsyncSession, person: PersonId, role: Role, branch_id: int) -> None:
    """Let the person act so in the branch and below; granting twice changes nothing."""
    held = await session.scalar(select(RoleRow.id).where(*_is_role(person, role, branch_id)))
    if held is None:
        session.add(RoleRow(person_id=person, role=role.value, branch_id=branch_id))
        await session.flush()


async def revoke_role(session: AsyncSession, person: PersonId, role: Role, branch_id: int) -> None:
    """Take the role back; nothing happens when it was not held there."""
    await session.execute(delete(RoleRow).where(*_is_role(person, role, branch_id)))


async def assign_mentor(session: AsyncSession, mentor: PersonId, student: PersonId, *, since: date) -> None:
    """Let the mentor accompany the student from this day on and give them the role in the student's branch."""
    row = await session.get_one(PersonRow, student)
    running = await session.scalar(
        select(MentorshipRow.id).where(
            MentorshipRow.mentor_id == mentor, MentorshipRow.student_id == student, MentorshipRow.until.is_(None)
        )
    )
    if running is None:
        session.add(MentorshipRow(mentor_id=mentor, student_id=student, since=since))
    await grant_role(session, mentor, Role.MENTOR, row.branch_id)


async def end_mentorship(session: AsyncSession, mentor: PersonId, student: PersonId, *, until: date) -> None:
    """The last day on which the mentor accompanies the student."""
    await session.execute(
        update(MentorshipRow)
        .where(MentorshipRow.mentor_id == mentor, MentorshipRow.student_id == student, MentorshipRow.until.is_(None))
        .values(until=until)
    )


async def change_preferences(session: AsyncSession, person: PersonId, **changes: Unpack[Preferences]) -> None:
    """Change only what is named; the planner looks again whether a study card is due."""
    if changes:
        await session.execute(update(PersonRow).where(PersonRow.id == person).values(**changes))
        await session.execute(update(StudyTurnRow).where(StudyTurnRow.person_id == person).values(next_at=AT_ONCE))


async def attach_account(
    session: AsyncSession, person: PersonId, channel: str, external_id: int, *, now: datetime
) -> None:
    """Let the account speak for the person; an account that spoke for another one speaks for this one now."""
    row = await session.scalar(
        select(AccountRow).where(AccountRow.channel == channel, AccountRow.external_id == external_id)
    )
    if row is None:
        row = AccountRow(channel=channel, external_id=external_id)
        session.add(row)
    if row.person_id != person:
        row.person_id, row.joined_at = person, now
    row.last_seen_at, row.blocked_at = now, None
    await session.flush()


async def accounts_of(session: AsyncSession, person: PersonId, *, blocked: bool = False) -> list[Account]:
    """Which doors lead to the person, the one last used first; blocked ones only where asked for."""
    query = select(AccountRow).where(AccountRow.person_id == person)
    if not blocked:
        query = query.where(AccountRow.blocked_at.is_(None))
    rows = await session.scalars(query.order_by(AccountRow.last_seen_at.desc(), AccountRow.id.desc()))
    return [
        Account(r.channel, r.external_id, PersonId(r.person_id), r.joined_at, r.last_seen_at, r.blocked_at)
        for r in rows
    ]


async def mark_seen(session: AsyncSession, channel: str, external_id: int, *, now: datetime) -> None:
    """The person has just spoken from this account, so it is not blocked either."""
    await _change_account(session, channel, external_id, last_seen_at=now, blocked_at=None)


async def mark_blocked(session: AsyncSession, channel: str, external_id: int, *, now: datetime) -> None:
    """The platform says that nothing can be sent there any more; the moment at which that began is kept."""
    await session.execute(
        update(AccountRow)
        .where(AccountRow.channel == channel, AccountRow.external_id == external_id, AccountRow.blocked_at.is_(None))
        .values(blocked_at=now)
    )


async def mark_unblocked(session: AsyncSession, channel: str, external_id: int) -> None:
    """The platform says that the person has let us in again."""
    await _change_account(session, channel, external_id, blocked_at=None)


async def _change_account(session: AsyncSession, channel: str, external_id: int, **values: datetime | None) -> None:
    await session.execute(
        update(AccountRow).where(AccountRow.channel == channel, AccountRow.external_id == external_id).values(**values)
    )


def _present() -> Select[PersonRow]:
    return select(PersonRow).where(PersonRow.left_at.is_(None))


def accompanies(today: date) -> tuple[Any, ...]:
    """The condition on a mentorship that it runs on this day."""
    return (MentorshipRow.since <= today, or_(MentorshipRow.until.is_(None), MentorshipRow.until >= today))


def _is_role(person: PersonId, role: Role, branch_id: int) -> tuple[Any, ...]:
    return (RoleRow.person_id == person, RoleRow.role == role.value, RoleRow.branch_id == branch_id)


async def _one(session: AsyncSession, query: Select[PersonRow]) -> Person | None:
    found = await _many(session, query)
    return found[0] if found else None


async def _many(session: AsyncSession, query: Select[PersonRow]) -> list[Person]:
    rows = list(await session.scalars(query))
    roles: dict[int, set[tuple[Role, int]]] = {row.id: set() for row in rows}
    ids = query.order_by(None).with_only_columns(PersonRow.id)
    held = await session.execute(
        select(RoleRow.person_id, RoleRow.role, RoleRow.branch_id).where(RoleRow.person_id.in_(ids))
    )
    for person_id, role, branch_id in held:
        roles[person_id].add((Role(role), branch_id))
    return [_person(row, frozenset(roles[row.id])) for row in rows]


def _person(row: PersonRow, roles: frozenset[tuple[Role, int]]) -> Person:
    return Person(
        id=PersonId(row.id),
        student_number=row.student_number,
        name=row.name,
        branch_id=row.branch_id,
        stage=row.stage,
        paused=row.paused,
        roles=roles,
        language=row.language,
        study_time=row.study_time,
        study_muted=row.study_muted,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
    )
