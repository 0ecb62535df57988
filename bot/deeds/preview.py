"""What would become of a file that was sent, before anything is done with it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Container
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.importing import ListedOutcome, import_roster, record_listed
from bot.deeds.uploads import Pending, ReadFile
from bot.reach import Reach, people_within, reach_of
from bot.services import Services
from content.documents import Document, show
from content.library import predecessor_of
from content.near import Near, near_to, standing
from content.passages import Passage
from content.questions import ImportPlan as BankPlan
from content.questions import plan_import as plan_bank
from content.readers import ParsedDocument
from records.branches import BranchKind
from records.people import Person
from records.refusals import lacks_history
from records.roster import ImportPlan, Roster, known_people, plan_import
from records.step_list import PlannedStep, Problem, StepList, plan_steps

QUESTIONS_ASKED = 30
_QUESTION = re.compile(r"[？?]\s*$|[吗呢]\s*$")


@dataclass(frozen=True)
class StepPlan:
    """What importing a list of steps would do, tried out and undone; `history`: somebody chose that it is such."""

    listed: StepList
    outcomes: tuple[ListedOutcome, ...]
    problems: tuple[Problem, ...]
    history: bool = False

    @property
    def history_helps(self) -> bool:
        """Whether a refused row could be recorded as history: only what comes before it is not known here."""
        return not self.listed.history and any(lacks_history(outcome.error) for outcome in self.outcomes)

    @property
    def changes(self) -> int:
        """How many entries would be added."""
        return self.count("new") + self.count("corrected")

    def count(self, status: str) -> int:
        """How many steps would be treated so; rows that were not understood are rejected too."""
        number = sum(outcome.status == status for outcome in self.outcomes)
        return number + len(self.problems) if status == "rejected" else number


@dataclass(frozen=True)
class RosterTrial:
    """What importing a roster would do: to whom, and with the days that it tells."""

    roster: Roster
    plan: ImportPlan
    told: tuple[ListedOutcome, ...]


@dataclass(frozen=True)
class Preview:
    """A file, and what would become of it; one of the four is given.

    Attributes:
        near: passages of the document that stand in the library already, nearly word for word.
        answered: questions that it answers and the library does already, with the passage that does.
    """

    pending: Pending
    reach: Reach
    document: ParsedDocument | None = None
    old: Document | None = None
    near: tuple[Near, ...] = ()
    answered: tuple[tuple[str, Passage], ...] = ()
    bank: BankPlan | None = None
    roster: RosterTrial | None = None
    steps: StepPlan | None = None


async def preview_of(services: Services, person: Person, pending: Pending, read: ReadFile) -> Preview:
    """What publishing or importing would do for this person; changes nothing.

    Opens the writing connection to try people and steps out, so it must come before the turn's own session is used.
    """
    today = services.clock.today()
    async with services.database.read() as session:
        reach = await reach_of(session, person)
        if read.document is not None:
            old = await _old(session, pending, read.document)
            alike = await services.knowledge.resembling(read.document.passages)
            there = [one for one in await standing(session, alike, on=today) if old is None or one.series != old.series]
        if read.bank is not None:
            return Preview(pending, reach, bank=await plan_bank(session, read.bank, today=today))
        if read.roster is not None:
            plan = await roster_plan(session, reach, pending, read.roster)
        people = await people_within(session, reach)
    if read.roster is not None:
        told = await _tried_roster(services, plan, person)
        return Preview(pending, reach, roster=RosterTrial(read.roster, plan, told))
    if read.document is not None:
        near = await asyncio.to_thread(near_to, read.document.passages, there)
        answered = await _answered(services, read.document, {one.place for one in near})
        return Preview(pending, reach, document=read.document, old=old, near=tuple(near), answered=tuple(answered))
    listed = read.steps or StepList((), (), (), history=False)
    planned, unknown = plan_steps(listed.steps, people)
    outcomes = await _tried(services, planned, person, history=listed.history or pending.history)
    problems = (*listed.problems, *unknown)
    return Preview(pending, reach, steps=StepPlan(listed, tuple(outcomes), problems, pending.history))


async def roster_plan(session: AsyncSession, reach: Reach, pending: Pending, roster: Roster) -> ImportPlan:
    """What importing the roster would do within the reach; people of other branches are left alone."""
    known = await known_people(session, (row.student_number for row in roster.rows))
    into = pending.branch if pending.branch in reach.ids else usual_branch(reach)
    return plan_import(
        roster.rows,
        known,
        branches={branch.name: branch.id for branch in reach.branches},
        default_branch=into,
        may_create=reach.is_whole and reach.may_create,
    )


def usual_branch(reach: Reach) -> int | None:
    """Where rows go that name no branch: the only branch there is; None where that has to be chosen."""
    branches = [branch.id for branch in reach.branches if branch.kind is BranchKind.BRANCH]
    if len(branches) == 1:
        return branches[0]
    return reach.branches[0].id if len(reach.branches) == 1 else None


async def _old(session: AsyncSession, pending: Pending, parsed: ParsedDocument) -> Document | None:
    if pending.replaces is not None:
        return await show(session, pending.replaces)
    return await predecessor_of(session, parsed)


async def _answered(services: Services, parsed: ParsedDocument, said: Container[str]) -> list[tuple[str, Passage]]:
    """The headings that are questions and get an answer already, other than those that stand there word for word."""
    headings = dict.fromkeys(passage.headings[-1] for passage in parsed.passages if passage.headings)
    questions = [one for one in headings if _QUESTION.search(one) and one not in said][:QUESTIONS_ASKED]
    found = []
    for question in questions:
        answer = await services.knowledge.ask(question, on=services.clock.today())
        if answer.answered:
            found.append((question, answer.hits[0].passage))
    return found


async def _tried(
    services: Services, planned: list[PlannedStep], person: Person, *, history: bool
) -> list[ListedOutcome]:
    async with services.database.session() as session, session.begin() as transaction:
        outcomes = await record_listed(services, session, planned, recorded_by=person.id, history=history, tell=False)
        await transaction.rollback()
    return outcomes


async def _tried_roster(services: Services, plan: ImportPlan, person: Person) -> tuple[ListedOutcome, ...]:
    async with services.database.session() as session, session.begin() as transaction:
        tried = await import_roster(services, session, plan, imported_by=person.id, tell=False)
        await transaction.rollback()
    return tried.told
