"""Where a person stands: what happened to them, what is due, and which steps can come next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.own_questions import Supposition
from bot.services import Services
from records.deadline import Deadline
from records.facts import Fact, facts_of, stage_of
from records.ledger import entries_of
from records.outlook import Condition, Earliest, NextStep, what_if, what_it_takes, what_next
from records.party_standing import PartyStanding, party_standing
from records.people import PersonId
from records.rules import deadlines
from records.stages import Stage
from records.steps import facts_of_person
from records.talks import Talk, talks_of
from records.track import Track


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


@dataclass(frozen=True)
class Prospect:
    """What would follow from a supposition; `wanting` is what the supposed step itself still takes."""

    supposition: Supposition
    wanting: tuple[Condition, ...]
    found: list[Earliest]


def suppose(standing: Standing, services: Services, supposition: Supposition) -> Prospect:
    """The earliest days of what would follow, up to the last step that was asked about; else up to the next stage."""
    track = services.track
    place = track.position.get(supposition.step)
    kept = [
        fact
        for fact in standing.facts
        if fact.step != supposition.step and (place is None or track.position.get(fact.step, -1) < place)
    ]
    calendar, readings = services.calendar, services.readings
    wanting = what_it_takes(track, kept, supposition.step, supposition.day, calendar=calendar, readings=readings)
    found = what_if(
        track,
        kept,
        {supposition.step: supposition.day},
        today=standing.today,
        calendar=calendar,
        readings=readings,
    )
    asked = [number for number, one in enumerate(found) if one.step in supposition.wanted]
    stages = [number for number, one in enumerate(found) if track.by_id[one.step].leads_to]
    last = asked[-1] if asked else (stages[0] if stages else len(found) - 1)
    return Prospect(supposition, wanting, found[: last + 1])
