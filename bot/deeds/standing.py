"""Where a person stands: what happened to them, what is due, and which steps can come next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.own_questions import Supposition
from bot.services import Services
from records.deadline import Deadline
from records.extending import EXTENDED, Extended, extended
from records.facts import Fact, facts_of, stage_of
from records.ledger import entries_of
from records.outlook import Condition, Earliest, NextStep, left_behind, what_if, what_it_takes, what_next
from records.party_standing import PartyStanding, party_standing
from records.people import PersonId
from records.rules import deadlines
from records.stages import Stage
from records.steps import facts_of_person
from records.talks import Talk, talks_of
from records.track import Track

_AT_THE_END = ("conversion_meeting", "conversion_approved", "archived")  # what an extension puts off


@dataclass(frozen=True)
class Standing:
    """One person on the track today. `dates` holds answered ones too; `ahead` are the steps up to the next stage.

    `talks` are those that are still to be held.
    """

    today: date
    track: Track
    stage: Stage
    facts: tuple[Fact, ...]
    dates: tuple[Deadline, ...]
    ahead: tuple[NextStep, ...]
    talks: tuple[Talk, ...] = ()
    membership: PartyStanding | None = None

    @property
    def open_dates(self) -> list[Deadline]:
        """What still has to happen, soonest first."""
        return [one for one in self.dates if one.is_open]

    @property
    def passed(self) -> list[Fact]:
        """The steps that were taken, oldest first; the day of birth is none, nor a day that was agreed on."""
        return [fact for fact in self.facts if fact.is_step and fact.step != "birthday"]

    @property
    def coming(self) -> NextStep | None:
        """The first step that can come next; one that a later phase has left behind is not waited for."""
        by_id = self.track.by_id
        done = (by_id[fact.step] for fact in self.facts if fact.step in self.track.position)
        phase = max((step.phase or 0 for step in done if not step.repeatable), default=0)
        there = (one for one in self.ahead if (by_id[one.step].phase or 0) >= phase)
        return next(there, self.ahead[0] if self.ahead else None)

    def day_of(self, step: str) -> date | None:
        """When a step was last taken."""
        return next((fact.on for fact in reversed(self.facts) if fact.step == step), None)


async def dates_of(session: AsyncSession, services: Services, person: PersonId, *, today: date) -> list[Deadline]:
    """Only the person's dates, answered ones too."""
    facts, calendar, readings = await facts_of_person(session, person), services.calendar, services.readings
    return deadlines(services.track, facts, today=today, calendar=calendar, readings=readings)


async def behind_of(session: AsyncSession, services: Services, person: PersonId) -> frozenset[str]:
    """The steps that lie behind the person."""
    return left_behind(services.track, await facts_of_person(session, person))


async def standing_of(session: AsyncSession, services: Services, person: PersonId, *, today: date) -> Standing:
    """Where the person stands, from the ledger and the school's rules."""
    entries = await entries_of(session, person)
    facts, track = facts_of(entries), services.track
    calendar, readings = services.calendar, services.readings
    dates = deadlines(track, facts, today=today, calendar=calendar, readings=readings)
    return Standing(
        today,
        track,
        stage_of(track, facts),
        tuple(facts),
        tuple(dates),
        tuple(what_next(track, facts, today, calendar=calendar, readings=readings)),
        tuple(talks_of(track, entries, dates)),
        party_standing(track, facts, today, calendar=calendar, readings=readings),
    )


def way_to(standing: Standing, services: Services, step: str) -> list[Earliest]:
    """All that would come up to a step if nothing were delayed; empty where no rule gives a day for any of it."""
    if not standing.passed:
        return []  # of somebody of whom nothing is known, every day would be a guess
    calendar, readings = services.calendar, services.readings
    found = what_if(standing.track, standing.facts, {}, today=standing.today, calendar=calendar, readings=readings)
    place = next((number for number, one in enumerate(found) if one.step == step), -1)
    way = found[: place + 1]
    return way if any(one.rule is not None for one in way) else []


@dataclass(frozen=True)
class Prospect:
    """What would follow from a supposition; `wanting` is what the supposed step itself still takes.

    `extended`: to which day probation would run, where that was supposed. `held_up`: the step that a floor allows only
    after the supposed day, and the supposed one (it may be the same) on the first day that is possible then.
    """

    supposition: Supposition
    wanting: tuple[Condition, ...]
    found: list[Earliest]
    extended: Extended | None = None
    held_up: tuple[Earliest, Earliest] | None = None


def suppose(standing: Standing, services: Services, supposition: Supposition) -> Prospect:
    """The earliest days of what would follow, up to the last step that was asked about; else up to the next stage.

    Raises:
        ProbationEndUnknown, ProbationOver, StepRefused: probation cannot be extended so.
    """
    track, step, today = services.track, supposition.step, standing.today
    settled: dict[str, Any] = {"calendar": services.calendar, "readings": services.readings}
    place = track.position.get(step)
    kept = [
        fact
        for fact in standing.facts
        if step == EXTENDED or (fact.step != step and (place is None or track.position.get(fact.step, -1) < place))
    ]
    days = {} if step == EXTENDED or supposition.day is None else {step: supposition.day}
    longer = _longer(track, kept, supposition, days, today, settled)
    facts = [*kept, longer.fact] if longer else kept
    on = supposition.day or (longer.fact.on if longer else today)
    wanting = what_it_takes(track, kept, step, on, **settled)
    found = what_if(track, facts, days, today=today, **settled)
    asked = [number for number, one in enumerate(found) if one.step in supposition.wanted]
    stages = [number for number, one in enumerate(found) if track.by_id[one.step].leads_to]
    last = asked[-1] if asked else (stages[0] if stages else len(found) - 1)
    held_up = _held_up(what_if(track, kept, {}, today=today, **settled), supposition, today)
    return Prospect(supposition, wanting, found[: last + 1], longer, held_up)


def _held_up(found: list[Earliest], supposition: Supposition, today: date) -> tuple[Earliest, Earliest] | None:
    then = next((one for one in found if one.step == supposition.step), None)
    if then is None or supposition.day is None or not today <= supposition.day < then.on:
        return None
    return next((one for one in found if one.rule is not None and one.on > supposition.day), then), then


def _longer(
    track: Track,
    kept: list[Fact],
    supposition: Supposition,
    days: Mapping[str, date],
    today: date,
    settled: Mapping[str, Any],
) -> Extended | None:
    """The supposed extension, counted from the end that is known, or that would follow from the other supposition."""
    if supposition.extension is None:
        return None
    imagined, on = list(kept), supposition.day
    if days:
        then = [(one.step, one.on) for one in what_if(track, kept, days, today=today, **settled)]
        imagined += [Fact(-number, step, day) for number, (step, day) in enumerate([*days.items(), *then], start=1)]
        imagined, on = [fact for fact in imagined if fact.step not in _AT_THE_END], None
    return extended(track, imagined, supposition.extension, on, today=today, **settled)
