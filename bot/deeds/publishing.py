"""Publishing and importing what an organiser sent, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.correcting import take_back_step
from bot.deeds.importing import ListedOutcome, Reached, import_roster, reached_by, record_listed, settle_moved
from bot.deeds.preview import roster_plan
from bot.deeds.uploads import Pending, ReadFile, forget
from bot.reach import Reach, check_manages, people_within
from bot.services import Services
from content.banks import BankFile
from content.documents import Document, documents, show
from content.library import STARTER, add, predecessor_of
from content.passages import DocumentKind
from content.questions import Bank, QuestionId, apply_import, plan_import, questions_of, retire_questions
from content.readers import ParsedDocument
from records.ledger import EntryVoided, entry_of
from records.people import Person, PersonId, person_by_id
from records.roster import ImportPlan, Roster, Undone, undo_import
from records.step_list import StepList, plan_steps

REPLACEABLE_SHOWN = 8


@dataclass(frozen=True)
class Published:
    """What was done; `undo` is JSON by which `take_back` undoes it (empty: by other means, or not at all)."""

    document: Document | None = None
    bank: Bank | None = None
    added: int = 0
    roster: ImportPlan | None = None
    steps: tuple[ListedOutcome, ...] | None = None
    reached: Reached = Reached(told=0, absent=0)  # noqa: RUF009 (a frozen value)
    undo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TakenBack:
    """What was undone: people, or so many questions."""

    roster: Undone | None = None
    questions: int = 0


async def publish(
    services: Services, session: AsyncSession, reach: Reach, pending: Pending, read: ReadFile, content: bytes
) -> Published:
    """Do what the preview said, in the caller's transaction.

    Raises:
        WaymarkError: nothing may be kept of it.
    """
    if read.document is not None:
        return await _publish_document(services, session, reach, pending, read.document, content)
    done = Published()
    if read.bank is not None:
        done = await _import_bank(services, session, reach, read.bank)
    elif read.roster is not None:
        done = await _import_roster(services, session, reach, pending, read.roster)
    elif read.steps is not None:
        done = await _import_steps(services, session, reach, read.steps, history=read.steps.history or pending.history)
    await forget(session, pending, now=services.clock.now())
    return done


async def take_back(
    services: Services, session: AsyncSession, undo: Mapping[str, Any], *, reason: str, by: Person
) -> TakenBack:
    """Undo an import, except what has been used since; `reason` is kept with what is withdrawn from the records."""
    if "bank" in undo:
        wanted = set(range(undo["first"], undo["last"] + 1))
        there = [QuestionId(_number(one.where)) for one in await questions_of(session, undo["bank"], missing_ok=True)]
        gone = [one for one in there if one in wanted]
        await retire_questions(session, gone, now=services.clock.now())
        return TakenBack(questions=len(gone))
    for person, entry in undo.get("entries", ()):
        student = await person_by_id(session, PersonId(person))
        if student is not None:
            with suppress(EntryVoided):  # somebody has corrected it since
                await take_back_step(services, session, student, await entry_of(session, entry), reason=reason, by=by)
    undone = await undo_import(session, undo["roster"])
    await settle_moved(services, session, undone.moved)
    return TakenBack(roster=undone)


async def replaceable(session: AsyncSession, reach: Reach) -> list[Document]:
    """Published documents that people of this reach have put there, the latest first."""
    adders = {one.id for one in await people_within(session, reach)}
    found = [
        one
        for one in await documents(session, states=("published",))
        if one.added_by in adders or (one.added_by is None and reach.is_whole)
    ]
    own = [one for one in found if not (one.file_name or "").startswith(STARTER)]
    return sorted(own, key=lambda one: one.added_at, reverse=True)[:REPLACEABLE_SHOWN]


async def _publish_document(
    services: Services, session: AsyncSession, reach: Reach, pending: Pending, parsed: ParsedDocument, content: bytes
) -> Published:
    old = await show(session, pending.replaces) if pending.replaces else await predecessor_of(session, parsed)
    if old is not None:
        await check_manages(session, reach, old)
    document = await add(
        session,
        parsed,
        file_name=pending.name,
        content=content,
        kind=DocumentKind(pending.kind) if pending.kind else None,
        stages=pending.stages or None,
        effective_from=date.fromisoformat(pending.effective) if pending.effective else None,
        replaces=pending.replaces,
        added_by=reach.person.id,
        now=services.clock.now(),
        today=services.clock.today(),
    )
    return Published(document=document)


async def _import_bank(services: Services, session: AsyncSession, reach: Reach, read: BankFile) -> Published:
    plan = await plan_import(session, read, today=services.clock.today())
    before = {one.where for one in await questions_of(session, plan.bank, missing_ok=True)}
    bank = await apply_import(session, plan, added_by=reach.person.id, now=services.clock.now())
    new = [_number(one.where) for one in await questions_of(session, bank.name) if one.where not in before]
    undo = {"bank": bank.name, "first": min(new), "last": max(new)} if new else {}
    return Published(bank=bank, added=len(new), undo=undo)


async def _import_roster(
    services: Services, session: AsyncSession, reach: Reach, pending: Pending, roster: Roster
) -> Published:
    plan = await roster_plan(session, reach, pending, roster)
    done = await import_roster(services, session, plan, imported_by=reach.person.id)
    return Published(roster=plan, steps=done.told, undo={"roster": done.applied.undo, "entries": done.entries})


async def _import_steps(
    services: Services, session: AsyncSession, reach: Reach, listed: StepList, *, history: bool
) -> Published:
    planned, _ = plan_steps(listed.steps, await people_within(session, reach))
    outcomes = await record_listed(services, session, planned, recorded_by=reach.person.id, history=history)
    return Published(steps=tuple(outcomes), reached=await reached_by(session, outcomes, by=reach.person.id))


def _number(where: str) -> int:
    return int(where.lstrip("#"))
