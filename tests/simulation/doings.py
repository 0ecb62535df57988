"""What people do besides recording, through the deeds that their buttons and files call."""

from __future__ import annotations

from datetime import date, datetime

from bot.deeds.appointing import Speaker, answer_day, propose_day
from bot.deeds.confirming import ask_to_confirm
from bot.deeds.importing import import_roster, plan_roster
from bot.deeds.returning import came_back
from bot.letters.reminders import due_of
from records.people import mark_blocked, person_by_id
from records.roster import Roster, RosterRow
from records.talks import RULE, Side
from scheduler.outbox import enqueue
from scheduler.snoozing import snooze
from tests.simulation.expected import Item
from tests.simulation.house import House


async def snoozed(house: House, name: str, planned_at: datetime, until: datetime) -> int:
    """「明天再提醒」 below a letter."""
    async with house.database.write() as session:
        return await snooze(session, house.people[name].id, planned_at=planned_at, until=until)


async def said_done(house: House, name: str, planned_at: datetime, item: Item) -> bool | None:
    """「我已办」 below a letter: whether it was passed on; None when it is over."""
    person, now = house.people[name], house.moment[0]
    async with house.database.write() as session:
        due = [
            one
            for one in await due_of(session, house.services, person.id, planned_at=planned_at)
            if (one.subject.name, one.deadline.step, one.deadline.due) == item[:3]
            and (one.deadline.rule == RULE) is item.agreed
        ]
        if not due:
            return None
        one = min(due, key=lambda one: one.deadline.rule)  # two rules may ask for the same step on the same day
        subject, deadline = one.subject, one.deadline
        letters = await ask_to_confirm(session, subject, deadline, by=person, planned_at=planned_at, now=now)
        await enqueue(session, letters or [], now=now)
        return letters is not None


async def moved(house: House, name: str, branch: int) -> None:
    """A roster names another branch."""
    async with house.database.write() as session:
        number = house.people[name].student_number
        row = RosterRow("名册", 2, number, name, house.branches[branch])
        plan = await plan_roster(session, Roster((row,), (), ()), default_branch=None)
        await import_roster(house.services, session, plan, imported_by=house.people["党委"].id)
    async with house.database.read() as session:
        person = await person_by_id(session, house.people[name].id)
        assert person is not None
        house.people[name] = person


async def proposed(house: House, student: str, by: str, step: str, day: date) -> int:
    """A day for a talk. Returns the number of what was written."""
    async with house.database.write() as session:
        talk = await propose_day(house.services, session, _speaker(house, student, by), step, day)
        return talk.proposals[-1].entry


async def answered(house: House, student: str, by: str, proposal: int, *, agreed: bool) -> None:
    """「同意」 or 「不行」."""
    async with house.database.write() as session:
        await answer_day(house.services, session, _speaker(house, student, by), proposal, agreed=agreed)


async def shut_out(house: House, name: str, *, noticed: bool) -> None:
    """Somebody blocks the bot; the platform's word of it comes or does not."""
    chat = _chat(house, name)
    house.door.blocked.add(chat)
    if noticed:
        async with house.database.write() as session:
            await mark_blocked(session, "web", chat, now=house.moment[0])


async def let_in(house: House, name: str) -> None:
    """They come back."""
    chat = _chat(house, name)
    house.door.blocked.discard(chat)
    async with house.database.write() as session:
        await came_back(session, "web", chat)


def _speaker(house: House, student: str, by: str) -> Speaker:
    side = Side.STUDENT if by == student else Side.ORGANISER
    return Speaker(house.people[student], house.people[by], side)


def _chat(house: House, name: str) -> int:
    return next(chat for chat, one in house.names.items() if one == name)
