"""Recording steps: checked, written to the ledger, and the stage kept with the person, all in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from records.changes import Change, changes
from records.checks import StepRequest, Verdict, checks
from records.deadline import Deadline, Readings
from records.facts import STEP_KIND, Fact, facts_of, is_paused, stage_of
from records.ledger import Entry, EntryUnknown, EntryVoided, append, entries_of, hold, voided_by
from records.limits import Mark
from records.refusals import StepBallots, step_term
from records.rules import deadlines
from records.sponsors import members_only
from records.stages import Stage
from records.tables import PersonRow
from records.track import Track
from records.votes import speaks_of_ballots
from records.workdays import WorkCalendar

__all__ = [
    "Change",
    "Mark",
    "Recorded",
    "StepRequest",
    "Verdict",
    "changes",
    "checks",
    "correct",
    "facts_of_person",
    "imagined",
    "record",
    "standing_entry",
    "void",
]


@dataclass(frozen=True)
class Recorded:
    """What recording did: the entry, the stage and the dates before and after, and what was marked."""

    entry: Entry
    stage_before: Stage
    stage_after: Stage
    before: list[Deadline]
    after: list[Deadline]
    marks: list[Mark]

    @property
    def changes(self) -> list[Change]:
        """What it changed among the open dates."""
        return changes(self.before, self.after)


async def record(
    session: AsyncSession,
    track: Track,
    request: StepRequest,
    *,
    today: date,
    now: datetime,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> Recorded:
    """Write a step down, or refuse it with the article.

    Raises:
        StepRefused: see `records.refusals`; nothing was written.
    """
    await hold(session, request.person)
    entries = await entries_of(session, request.person)
    scene = _Scene(track, entries, today, calendar, readings)
    return await _write(session, scene, request, now=now, replaces=None)


async def correct(
    session: AsyncSession,
    track: Track,
    *,
    person: int,
    entry: int,
    reason: str,
    recorded_by: int | None,
    today: date,
    now: datetime,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
    on: date | None = None,
    detail: Mapping[str, str] | None = None,
    verified_by: int | None = None,
) -> Recorded:
    """Replace a step's day or details by a new entry; what hangs on it is computed anew.

    `detail` replaces single details; an empty value removes one.

    Raises:
        EntryUnknown, EntryVoided, StepRefused.
    """
    await hold(session, person)
    entries = await entries_of(session, person)
    old = standing_entry(entries, entry)
    merged = {**old.payload.get("detail", {}), **(detail or {})}
    request = StepRequest(
        person=person,
        step=old.payload["step"],
        on=on or old.happened_on,
        detail=merged,
        recorded_by=recorded_by,
        history=old.payload.get("history", False),
        reason=reason,
        verified_by=verified_by,
    )
    scene = _Scene(track, entries, today, calendar, readings)
    return await _write(session, scene, request, now=now, replaces=entry)


async def void(
    session: AsyncSession,
    track: Track,
    *,
    person: int,
    entry: int,
    reason: str,
    recorded_by: int | None,
    today: date,
    now: datetime,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> Recorded:
    """Withdraw an entry that should not stand; it stays readable.

    Raises:
        EntryUnknown, EntryVoided, StepBallots.
    """
    await hold(session, person)
    entries = await entries_of(session, person)
    old = next((one for one in entries if one.id == entry), None)
    if old is None:
        raise EntryUnknown(entry=entry)
    step = track.by_id.get(old.payload.get("step", ""))
    if step is not None and step.vote is not None and speaks_of_ballots(reason):
        raise StepBallots(step=step_term(step.id))
    added = await append(
        session,
        person=person,
        kind="void",
        happened_on=today,
        payload={"reason": reason},
        recorded_by=recorded_by,
        now=now,
        voids=entry,
    )
    scene = _Scene(track, entries, today, calendar, readings)
    return await _settle(session, scene, added, [])


async def facts_of_person(session: AsyncSession, person: int) -> list[Fact]:
    """What stands for a person now, by day."""
    return facts_of(await entries_of(session, person))


def imagined(facts: Iterable[Fact], request: StepRequest, *, today: date) -> list[Fact]:
    """The facts as they would be with the request recorded; for dry runs over several rows."""
    known = list(facts)
    number = min((fact.entry for fact in known), default=0)
    added = Fact(min(number, 0) - 1, request.step, request.on, dict(request.detail), today, request.history)
    return sorted([*known, added], key=lambda fact: (fact.on, fact.entry))


@dataclass(frozen=True)
class _Scene:
    """What one recording works with."""

    track: Track
    entries: list[Entry]
    today: date
    calendar: WorkCalendar
    readings: Readings

    def dates(self, facts: list[Fact]) -> list[Deadline]:
        return deadlines(self.track, facts, today=self.today, calendar=self.calendar, readings=self.readings)


async def _write(
    session: AsyncSession, scene: _Scene, request: StepRequest, *, now: datetime, replaces: int | None
) -> Recorded:
    facts = [fact for fact in facts_of(scene.entries) if fact.entry != replaces]
    step = scene.track.by_id.get(request.step)
    if replaces is not None and step is not None and not step.reason_allowed:
        request = replace(request, reason=None)  # why it was corrected is no part of what is kept of this step
    verdict = checks(scene.track, facts, request, today=scene.today, calendar=scene.calendar, readings=scene.readings)
    if verdict.refusals:
        raise verdict.refusals[0]
    members = await members_only(session, scene.track.by_id[request.step], verdict.detail, history=request.history)
    marks = [*verdict.marks, *members]
    payload = {
        "step": request.step,
        "detail": verdict.detail,
        "history": request.history,
        "reason": verdict.reason,
        "marks": [asdict(mark) for mark in marks],
    }
    entry = await append(
        session,
        person=request.person,
        kind=STEP_KIND,
        happened_on=request.on,
        payload=payload,
        recorded_by=request.recorded_by,
        now=now,
        verified_by=request.verified_by,
        voids=replaces,
    )
    return await _settle(session, scene, entry, marks)


async def _settle(session: AsyncSession, scene: _Scene, entry: Entry, marks: list[Mark]) -> Recorded:
    """Bring the person's row up to what the ledger now says."""
    before, after = facts_of(scene.entries), facts_of([*scene.entries, entry])
    stage = stage_of(scene.track, after)
    await session.execute(
        update(PersonRow).where(PersonRow.id == entry.person).values(stage=str(stage), paused=is_paused(after))
    )
    return Recorded(
        entry=entry,
        stage_before=stage_of(scene.track, before),
        stage_after=stage,
        before=scene.dates(before),
        after=scene.dates(after),
        marks=marks,
    )


def standing_entry(entries: list[Entry], entry: int) -> Entry:
    """The step of that entry, which nothing has replaced or withdrawn.

    Raises:
        EntryUnknown, EntryVoided.
    """
    old = next((one for one in entries if one.id == entry and one.kind == STEP_KIND), None)
    if old is None:
        raise EntryUnknown(entry=entry)
    by = voided_by((one.id, one.voids) for one in entries).get(entry)
    if by is not None:
        raise EntryVoided(entry=entry, by=by)
    return old
