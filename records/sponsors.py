"""Mentors and introducers: who is known here and is not yet a full member cannot be one (Arts 9, 14)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from records import refusals as no
from records.fields import names_in
from records.limits import Mark
from records.people import Person, Role, people_of_branch
from records.stages import Stage
from records.tables import PersonRow, RoleRow
from records.track import DetailField, Step
from storage.errors import Term, WaymarkError


class MentorNotFullMember(WaymarkError):
    """Somebody who is on the track themselves cannot be made a mentor yet."""

    key = "error.mentor_not_full_member"
    sentence = "{name} is {stage}; a mentor must be a full member (Detailed Rules Art 9). Nothing was changed."


def can_be_named(person: Person) -> bool:
    """Whether a person of the roster is a full member, or is there only as organiser or mentor."""
    return person.stage == Stage.FULL_MEMBER or _is_staff(person)


def check_can_be_mentor(person: Person) -> None:
    """Raises: MentorNotFullMember."""
    if not can_be_named(person):
        raise MentorNotFullMember(name=person.name, stage=Term(str(person.stage), f"stage.{person.stage}"))


async def full_members(session: AsyncSession, branch_id: int) -> list[Person]:
    """Who can be named in a branch and below it: full members, and whoever is there only as organiser or mentor."""
    return [one for one in await people_of_branch(session, branch_id) if can_be_named(one)]


async def members_only(session: AsyncSession, step: Step, detail: Mapping[str, str], *, history: bool) -> list[Mark]:
    """Refuse a mentor or introducer who is a student here and not a full member; history is marked instead.

    Whoever is not in the roster, or is there as an organiser or mentor, is taken at the word of the branch.

    Raises:
        StepNotFullMember.
    """
    marks = []
    for field in step.fields:
        if field.least is None or field.name not in detail:
            continue
        for name in names_in(detail[field.name]):
            if await _is_only_a_student(session, name):
                if not history:
                    raise _refusal(step, field, name)
                marks.append(Mark(no.StepNotFullMember.code, article=field.article))
    return marks


def _is_staff(person: Person) -> bool:
    return all(role is not Role.STUDENT for role, _ in person.roles)


async def _is_only_a_student(session: AsyncSession, name: str) -> bool:
    """Whether everybody here of that name or number is a student before full membership."""
    called = or_(PersonRow.name == name, PersonRow.student_number == name)
    roles = await session.execute(
        select(PersonRow.stage, RoleRow.role)
        .join(RoleRow, RoleRow.person_id == PersonRow.id)
        .where(called, PersonRow.left_at.is_(None))
    )
    found = [(row.stage, row.role) for row in roles]
    return bool(found) and all(role == "student" and stage != Stage.FULL_MEMBER for stage, role in found)


def _refusal(step: Step, field: DetailField, name: str) -> no.StepNotFullMember:
    return no.StepNotFullMember(
        step=no.step_term(step.id),
        field=no.detail_term(field.name),
        name=name,
        article=field.article,
        level=no.level_term("national"),
    )
