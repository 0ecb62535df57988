"""What people do of their own accord, drawn by seeded chance, on both sides: in the house and for the oracle."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from typing import NamedTuple

import pytest

from bot.buttons.student import ReminderReply
from storage.errors import WaymarkError
from tests.simulation import doings
from tests.simulation.expected import COMMITTEE, Expected, Item, Key, organiser
from tests.simulation.house import ZONE, House
from tests.simulation.lives import DAYTIME, EVENING, MORNING, NINE, Deed
from tests.simulation.oracle import DAY, TALKS, days_of, months_later
from tests.simulation.reading import Message
from tests.simulation.talking import Proposal


class Press(NamedTuple):
    """「我已办」 below a letter that was planned then for these dates, pressed on that day."""

    on: date
    name: str
    planned_at: datetime
    keys: frozenset[Key]


class Whims:
    """Snoozes, 「我已办」, talks, moves, mentors who hand over, people who block the bot and come back."""

    def __init__(self, house: House, expected: Expected, chance: random.Random) -> None:
        self.house, self.expected, self.chance = house, expected, chance
        self.seen = expected.seen
        self.students = sorted(expected.students)
        self.often = len(self.students) / 16  # a school of so many: what somebody does every so many days
        self.away: dict[str, date] = {}  # until when
        self.noticed = cycle((False, True))  # whether Telegram says so at once, or only when the next letter comes
        self.presses: list[Press] = []
        self.entries: dict[int, int] = {}  # which entry a proposal is
        self.passed_on: set[tuple[str, datetime, Item]] = set()

    async def come_about(self, today: date, moment: time) -> None:
        """What happens at this moment of the day, while the program is up."""
        if moment == MORNING:
            await self._times(0.04, self._move, today)
            await self._times(0.05, self._block, today)
        if moment == DAYTIME:
            await self._times(0.02, self._hand_over, today)
            for name in [name for name, until in self.away.items() if until <= today]:
                await self._come_back(name, today)
            for press in [one for one in self.presses if one.on <= today]:
                self.presses.remove(press)
                await self._press(press, today)
        if moment in (DAYTIME, EVENING):
            await self._talk(today)

    async def answer(self, today: date, moment: time, letters: Iterable[Message]) -> None:
        """Some press a button below a letter that has just come."""
        by_name = {one.name: one for one in letters}
        for name, letter in sorted(by_name.items()):  # they come in any order, and the walk stays the same
            what = self.chance.random()
            if what > 0.15 or ((today, moment), name) not in self.expected.about:
                continue
            planned_at = ReminderReply.unpack(letter.buttons[0]).planned_at
            if what < 0.05:
                until = datetime.combine(today + DAY, NINE, ZONE).astimezone(UTC)
                self.seen["snoozed"] += await doings.snoozed(self.house, name, planned_at, until)
                self.expected.snooze(today, moment, name)
                continue
            on = today + timedelta(days=self.chance.choice((0, 0, 1, 3)))
            press = Press(on, name, planned_at, frozenset(self.expected.about[(today, moment), name]))
            if on > today:
                self.presses.append(press)
                continue
            for _twice in range(2):
                await self._press(press, today)

    async def _times(self, often: float, what: object, today: date) -> None:
        """On average so often a day in a school of sixteen."""
        expected = often * self.often
        for _ in range(int(expected) + (self.chance.random() < expected % 1)):
            await what(today)  # type: ignore[operator]  # one of the methods below

    async def _press(self, press: Press, today: date) -> None:
        """It asks the organisers, once for each letter and date, and whoever organises is told to record it."""
        standing = sorted(self.expected.standing(set(press.keys), today))
        if not standing:
            return
        item = self.expected.item(self.chance.choice(standing), today)
        passed_on = await doings.said_done(self.house, press.name, press.planned_at, item)
        asked = [organiser(self.expected.students[item.student]), COMMITTEE]
        assert passed_on is (press.name not in asked), (today, press.name, item, passed_on)
        said = (press.name, press.planned_at, item)
        if passed_on and said not in self.passed_on:
            self.passed_on.add(said)
            self.expected.tell("confirm", asked)
            self.seen["said to be done"] += 1

    async def _move(self, today: date) -> None:
        student = self.chance.choice(self._reminded_of(today) or self.students)  # it matters who organises them
        others = sorted(set(self.house.branches) - {self.expected.students[student]})
        branch = self.chance.choice(others)
        await doings.moved(self.house, student, branch)
        self.expected.move(student, branch, today)
        self.seen["moved"] += 1

    def _reminded_of(self, today: date) -> list[str]:
        """Students of whom somebody is to hear today."""
        records = {one: self.expected.record(one, today) for one in self.students}
        return [name for name, one in records.items() if any(days_of(due, today) is not None for due in one.found)]

    async def _hand_over(self, today: date) -> None:
        """The mentor of an activist hands over to that of another branch."""
        student = self.chance.choice(self.students)
        record = self.expected.record(student, today)
        decided, assigned = record.last("activist_decided"), record.every("mentor_assigned")
        if decided is None or not assigned:
            return
        earliest = max(decided.on, *(one.on + DAY for one in assigned))
        on = max(today - timedelta(days=self.chance.randint(0, 9)), earliest)
        if on > today:
            return
        mentors = {f"联系人{number}" for number in self.house.branches} - {self.expected.mentors[student]}
        detail = {"mentors": self.chance.choice(sorted(mentors))}
        deed = Deed(today, DAYTIME, student, "record", "mentor_assigned", on, detail)
        await self.house.do(deed, organiser(self.expected.students[student]))
        self.expected.do(student, [deed], today)
        self.seen["handed over"] += 1

    async def _block(self, today: date) -> None:
        students = self._reminded_of(today) or self.students
        name = self.chance.choice([*students, *(organiser(self.expected.students[one]) for one in students)])
        if name in self.away:
            return
        noticed = next(self.noticed)
        self.away[name] = today + timedelta(days=self.chance.randint(1, 30))
        await doings.shut_out(self.house, name, noticed=noticed)
        self.expected.block(name, noticed=noticed)

    async def _come_back(self, name: str, today: date) -> None:
        del self.away[name]
        self.seen["missed while away"] += len(self.expected.missed.get(name, ()))
        await doings.let_in(self.house, name)
        self.expected.come_back(name, today)
        self.seen["came back"] += 1

    async def _talk(self, today: date) -> None:
        """Days for talks are proposed, agreed on, declined, left without an answer, and moved once by each side."""
        for student in self.students:
            for step in TALKS:
                if not self.expected.facts[student] or not self.expected.record(student, today).can_talk(step):
                    continue
                waiting = self.expected.talks.waiting(student, step, self.expected.held(student, step), today)
                what = self.chance.random()
                if waiting is not None and what < 0.3:
                    await self._answer(student, step, waiting, today)
                elif what < 0.12:
                    await self._propose(student, step, today)

    async def _propose(self, student: str, step: str, today: date) -> None:
        """What the side may not propose, or nobody could answer, is refused."""
        expected, asked = self.expected, self.chance.random() < 0.5
        holder = COMMITTEE if step == "committee_interview" else organiser(expected.students[student])
        by, other = (student, holder) if asked else (holder, student)
        day = self.chance.choice((today, today + DAY, today + self.chance.randint(2, 40) * DAY, months_later(today, 1)))
        held = expected.held(student, step)
        allowed = expected.talks.may_propose(student, step, held, today, asked=asked, day=day)
        if not allowed or other in expected.unreachable:
            with pytest.raises(WaymarkError):
                await doings.proposed(self.house, student, by, step, day)
            self.seen["refused to propose"] += 1
            return
        entry = await doings.proposed(self.house, student, by, step, day)
        proposal = expected.talks.propose(student, step, by, day, today, asked=asked)
        self.entries[proposal.number] = entry
        expected.tell("asks", [other], student, step, proposal.number)
        self.seen["proposed"] += 1

    async def _answer(self, student: str, step: str, proposal: Proposal, today: date) -> None:
        expected, agreed = self.expected, self.chance.random() < 0.7
        holder = COMMITTEE if step == "committee_interview" else organiser(expected.students[student])
        by = holder if proposal.asked else student
        await doings.answered(self.house, student, by, self.entries[proposal.number], agreed=agreed)
        proposal.agreed = agreed
        if agreed:
            self.seen["moved by consent" if self._was_agreed(student, step) else "agreed"] += 1
            expected.agree(student, step, proposal, today)
        told = [one for one in (student, proposal.by, holder) if one != by]
        expected.tell("tells", told, student, step, proposal.number)

    def _was_agreed(self, student: str, step: str) -> bool:
        said = self.expected.talks.since(student, step, self.expected.held(student, step))
        return sum(one.agreed is True for one in said) > 1
