"""What is due among many people: overdue first, then this week, then what only waits for a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.recording import recipients_of
from bot.services import Services
from records.cohort import facts_of_people
from records.deadline import Deadline, State, fold_rounds
from records.facts import Fact
from records.people import Person, PersonId
from records.rules import deadlines

SOON = timedelta(days=7)


class Urgency(IntEnum):
    """Which part of the list something stands in."""

    OVERDUE = 0
    SOON = 1
    MET = 2  # the time condition is met; people decide


@dataclass(frozen=True)
class Outstanding:
    """One open date of one person; of a cycle missed again and again the first, `later` those that passed since."""

    person: Person
    deadline: Deadline
    urgency: Urgency
    later: tuple[Deadline, ...] = ()


async def outstanding(
    session: AsyncSession, services: Services, people: Sequence[Person], *, today: date
) -> list[Outstanding]:
    """Everything of these people that is overdue, due within a week, or possible and waiting, in this order."""
    facts = await facts_of_people(session, [one.id for one in people])
    return await asyncio.to_thread(_sorted, services, people, facts, today)


async def open_steps(
    session: AsyncSession, services: Services, people: Sequence[Person], *, today: date
) -> dict[str, set[int]]:
    """By step, those of these people of whom it is outstanding; the step of most people first."""
    found: dict[str, set[int]] = {}
    for one in await outstanding(session, services, people, today=today):
        found.setdefault(one.deadline.step, set()).add(one.person.id)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


async def nudge_for(session: AsyncSession, services: Services, student: Person, actor: str, by: Person) -> list[int]:
    """Who is to be told that something waits for them: those who hold it, never whoever tells."""
    if actor == "student":
        return [student.id]
    recipients = await recipients_of(services, session, student)
    return [one for one in recipients.get(actor, []) if one != by.id]


def urgency_of(one: Deadline, today: date) -> Urgency | None:
    """Where the date stands; None where it need not be looked at yet."""
    if not one.is_open:
        return None
    if one.kind == "earliest":
        return Urgency.MET if one.state is State.DUE else None
    if one.state is State.OVERDUE:
        return Urgency.OVERDUE
    return Urgency.SOON if one.due <= today + SOON else None


def _sorted(
    services: Services, people: Iterable[Person], facts: Mapping[PersonId, Sequence[Fact]], today: date
) -> list[Outstanding]:
    found = []
    for person in people:
        dates = deadlines(
            services.track, facts[person.id], today=today, calendar=services.calendar, readings=services.readings
        )
        for one, later in fold_rounds(dates):
            urgency = urgency_of(one, today)
            if urgency is not None:
                found.append(Outstanding(person, one, urgency, tuple(later)))
    return sorted(found, key=lambda one: (one.urgency, one.deadline.due, one.person.id, one.deadline.rule))
