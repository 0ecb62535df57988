"""Importing as one deed, from whichever door: people with what their rows tell of them, and lists of steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.mentoring import tie_mentors
from bot.deeds.recording import correct_quietly, note_many, record_quietly, settle_anew
from bot.services import Services
from records.branches import BranchKind, all_branches
from records.facts import Fact
from records.ledger import Entry
from records.limits import Mark, marks_kept
from records.people import PersonId, accounts_of, people_of_branch, person_by_id
from records.roster import Applied, ImportPlan, Roster, apply_import, known_people, plan_import
from records.step_list import ListedStep, PlannedStep, plan_steps, steps_of_roster
from records.steps import StepRequest, facts_of_person
from storage.errors import WaymarkError


@dataclass(frozen=True)
class ListedOutcome:
    """What became of a listed step: `same` (it is recorded already), `rejected` with why, or with its entry.

    That is `new`, or `corrected`: it takes the place of what an earlier file told, on the day `was`.
    """

    planned: PlannedStep
    status: Literal["new", "corrected", "same", "rejected"]
    entry: Entry | None = None
    error: WaymarkError | None = None
    was: date | None = None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is kept with it as against the rules."""
        return marks_kept(self.entry.payload) if self.entry else ()


@dataclass(frozen=True)
class Reached:
    """Of how many students with something new a notice went out, and how many have no account that one could reach."""

    told: int
    absent: int


@dataclass(frozen=True)
class ImportedRoster:
    """What importing a roster did: the people, and what became of the days that their rows tell."""

    applied: Applied
    told: tuple[ListedOutcome, ...]

    @property
    def entries(self) -> list[tuple[int, int]]:
        """What was added to the records of those who were here before: person and entry."""
        created = set(self.applied.undo["created"])
        added = [one.entry for one in self.told if one.entry is not None]
        return [(entry.person, entry.id) for entry in added if entry.person not in created]


async def plan_roster(session: AsyncSession, roster: Roster, *, default_branch: int | None) -> ImportPlan:
    """What importing would do for somebody who may fill every branch and make new ones."""
    known = await known_people(session, (row.student_number for row in roster.rows))
    branches = {branch.name: branch.id for branch in await all_branches(session)}
    return plan_import(roster.rows, known, branches=branches, default_branch=default_branch)


async def import_roster(
    services: Services, session: AsyncSession, plan: ImportPlan, *, imported_by: PersonId | None, tell: bool = True
) -> ImportedRoster:
    """Apply a plan, and record the birthdays and application days that its rows tell, as history.

    New branches stand below the committee, where there is exactly one. A day that cannot be recorded is left out and
    named in the outcome. Who organises for somebody that moved is reminded from now on. To try it out, roll the
    transaction back.
    """
    roots = [one for one in await all_branches(session) if one.parent_id is None and one.kind is not BranchKind.BRANCH]
    applied = await apply_import(
        session, plan, now=services.clock.now(), parent=roots[0].id if len(roots) == 1 else None
    )
    told = steps_of_roster(row.source for row, _ in applied.people)
    planned, _ = plan_steps(told, await people_of_branch(session))
    outcomes = await record_listed(services, session, planned, recorded_by=imported_by, history=True, tell=tell)
    await settle_moved(services, session, applied.moved)
    return ImportedRoster(applied, tuple(outcomes))


async def settle_moved(services: Services, session: AsyncSession, people: Iterable[PersonId]) -> None:
    """Let the reminders of these people go to the organisers of the branch in which they stand now."""
    for person in people:
        if (student := await person_by_id(session, person)) is not None:
            await settle_anew(services, session, student)


async def record_listed(
    services: Services,
    session: AsyncSession,
    planned: Iterable[PlannedStep],
    *,
    recorded_by: PersonId | None,
    history: bool,
    tell: bool = True,
) -> list[ListedOutcome]:
    """Record listed steps, person by person in the order given; what stands already on that day is left as it is.

    A file that has one day of a step for each person corrects what an earlier file told.

    Each person and their organisers are told once. To try it out, roll the transaction back; `tell` False spares
    what only the telling needs.
    """
    outcomes: list[ListedOutcome] = []
    for person, steps in groupby(planned, key=lambda one: one.person):
        done = await _record_of(services, session, person, list(steps), recorded_by=recorded_by, history=history)
        outcomes += done
        entries = [outcome.entry for outcome in done if outcome.entry is not None]
        if entries and tell:
            await note_many(services, session, person, entries, by=recorded_by)
    return outcomes


async def reached_by(session: AsyncSession, outcomes: Iterable[ListedOutcome], *, by: PersonId | None) -> Reached:
    """Whom recording these told; who recorded it is not told of themselves and not counted."""
    new = dict.fromkeys(one.planned.person for one in outcomes if one.entry is not None and one.planned.person != by)
    told = [bool(await accounts_of(session, person)) for person in new]
    return Reached(sum(told), len(told) - sum(told))


async def _record_of(
    services: Services,
    session: AsyncSession,
    person: PersonId,
    steps: Sequence[PlannedStep],
    *,
    recorded_by: PersonId | None,
    history: bool,
) -> list[ListedOutcome]:
    facts = await facts_of_person(session, person)
    known = {(fact.step, fact.on) for fact in facts}
    outcomes = []
    for planned in steps:
        listed = planned.listed
        if (listed.step, listed.on) in known:
            outcomes.append(ListedOutcome(planned, "same"))
            continue
        earlier = _told_earlier(facts, listed)
        try:
            if earlier is None:
                request = _request(person, listed, recorded_by, history=history)
                recorded = await record_quietly(services, session, request)
            else:
                correction = (person, earlier.entry, listed.on)
                recorded = await correct_quietly(services, session, *correction, by=recorded_by, detail=listed.detail)
        except WaymarkError as error:
            outcomes.append(ListedOutcome(planned, "rejected", error=error))
        else:
            known.add((listed.step, listed.on))
            await _tie_mentors(session, recorded.entry)
            status: Literal["new", "corrected"] = "corrected" if earlier else "new"
            was = earlier.on if earlier else None
            outcomes.append(ListedOutcome(planned, status, entry=recorded.entry, was=was))
    return outcomes


def _told_earlier(facts: Iterable[Fact], listed: ListedStep) -> Fact | None:
    """What an earlier file told of a step that this one has a single day of; not what was recorded as it happened."""
    there = [fact for fact in facts if fact.step == listed.step]
    return there[0] if listed.only and len(there) == 1 and there[0].history else None


async def _tie_mentors(session: AsyncSession, entry: Entry) -> None:
    """Mentors named in a list accompany the student, where one of the student's own branch bears the name alone."""
    names = entry.payload.get("detail", {}).get("mentors")
    student = await person_by_id(session, PersonId(entry.person)) if names else None
    if names and student is not None:
        people = await people_of_branch(session, student.branch_id)
        await tie_mentors(session, people, student.id, names, since=entry.happened_on)


def _request(person: PersonId, listed: ListedStep, recorded_by: PersonId | None, *, history: bool) -> StepRequest:
    return StepRequest(
        person=person,
        step=listed.step,
        on=listed.on,
        detail=listed.detail,
        recorded_by=recorded_by,
        history=history,
    )
