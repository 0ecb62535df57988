"""Day by day: what the door was given is what an independent recomputation says, message for message."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import groupby
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import pytest

from storage.sqlite import Connection
from tests.simulation.expected import LETTER, QUIET, Expected, Item, Moment, organiser, rests
from tests.simulation.house import ZONE, House, Kill
from tests.simulation.lives import DAYTIME, EVENING, KINDS, MORNING, NIGHT, NINE, NOON, SMALL_HOURS, Deed, lives
from tests.simulation.oracle import CHANGED, DAY, REVISED, SCHOOL, months_later
from tests.simulation.reading import SHOWN_AT_MOST, Message, read
from tests.simulation.whims import Whims

SCALE = "WAYMARK_SIMULATION"  # full: 200 students and four years
MOMENTS = (MORNING, NINE, DAYTIME, NOON, EVENING, NIGHT)
UNUSUAL_HOURS = ((time(8, 0), time(12, 30)), (time(20, 0), time(10, 0)))
ROUNDS = {"T03", "probation_review"}  # counted from a base again and again

# What must have come about, or the walk has proved less than it says.
COME_ABOUT = (
    "record, history",
    "record, as it happens",
    "correct, as it happens",
    "withdraw, as it happens",
    "killed before the door had it",
    "killed after the door had it",
    "sent again after a kill",
    "killed while planning",
    "killed in the night",
    "days down",
    "switched on at nine",
    "switched off at nine",
    "moments with the door shut",
    "let go at midnight",
    "waited",
    "answered while it waited",
    "snoozed",
    "said to be done",
    "moved",
    "handed over",
    "not let in",
    "came back",
    "missed while away",
    "proposed",
    "refused to propose",
    "agreed",
    "told two weeks late and more",
    "later rounds that chained counting would miss",
)


class Scale(NamedTuple):
    """How many walk, from when, for how many days, and of how many rules they hear at least."""

    students: int
    start: date
    days: int
    rules: int
    seed: int


FULL = Scale(200, date(2026, 3, 1), 1461, 16, 20260301)
SUITE = {
    "sqlite": Scale(16, date(2026, 4, 20), 330, 15, 33),
    "postgres": Scale(30, date(2026, 8, 20), 120, 11, 17),
}


class Walk:
    """The same deeds through the program and past the oracle, with kills, outages and a shut door now and then."""

    def __init__(self, url: str, folder: Path, scale: Scale) -> None:
        self.scale = scale
        self.chance = random.Random(scale.seed)
        deeds, self.kinds = lives(scale.students, scale.seed, scale.start, scale.days)
        self.deeds: dict[tuple[date, time], list[Deed]] = {}
        for deed in deeds:
            self.deeds.setdefault((deed.day, deed.at), []).append(deed)
        branches = max(2, scale.students // 12)
        self.students = {f"学生{n:03}": n % branches + 1 for n in range(scale.students)}
        several = [*self.students, *(organiser(number) for number in range(1, branches + 1))]
        self.quiet = {name: self.chance.choice(UNUSUAL_HOURS) for name in several if self.chance.random() < 0.3}
        self.house = House(url, folder)
        self.expected = Expected(self.students, self.quiet)
        self.seen = self.expected.seen
        self.whims = Whims(self.house, self.expected, random.Random(scale.seed + 1))
        self.in_doubt: Counter[tuple[Moment, str, str]] = Counter()
        self.off_on: date | None = None  # switched off on that day as soon as letters were planned, before any was sent
        self.down_until, self.shut_for, self.late_start = scale.start - 9 * DAY, 0, False
        self.letters = self.notices = self._compared = 0
        self._began = process_time()

    async def run(self) -> None:
        """All days, and the morning after, so that what waits for it comes."""
        await self.house.settle_in(self.students, self.quiet)
        for number in range(self.scale.days):
            today = self.scale.start + number * DAY
            await self.day(today)
            self.compare(today)
            if number % 100 == 99:
                print(f"day {number + 1}: {self}", flush=True)
        last = self.scale.start + self.scale.days * DAY
        self.off_on, self.down_until, self.shut_for, self.late_start = None, last - 9 * DAY, 0, False
        for moment in (MORNING, NINE, NOON):
            await self.moment(last, moment)
        self.compare(last)
        await self.house.database.close()

    async def day(self, today: date) -> None:
        """One day; the program may be down for all of it, or be started or stopped when it is time to remind."""
        new_rules = {REVISED, SCHOOL, CHANGED} & {today + number * DAY for number in range(4)}
        self.late_start = self.down_until == today - DAY and self._happens(0.5, "switched on at nine")
        if today > self.down_until + DAY and not new_rules and self._happens(0.02):
            self.off_on = today if self._happens(0.5, "switched off at nine") else None
            self.down_until = today + timedelta(days=self.chance.randint(0, 2))
        self.seen["days down"] += today <= self.down_until
        if not self._is_down(today, SMALL_HOURS):
            self.house.at(today, SMALL_HOURS)
            if self.down_until == today - DAY:
                await self.house.restart()
            if today == CHANGED:
                await self.house.change_rules()
                self.expected.rules_changed(today)
            dies = self.chance.randint(0, 60) if self._happens(0.03, "killed in the night") else None
            await self.house.night(dies_after=dies)
        for moment in MOMENTS:
            await self.moment(today, moment)

    async def moment(self, today: date, moment: time) -> None:
        """What is recorded, planned and sent at one time of the day."""
        house, expected = self.house, self.expected
        house.at(today, moment)
        if moment == NINE:
            expected.nine(today)
        for (student, history), deeds in groupby(self.deeds.get((today, moment), ()), lambda d: (d.student, d.history)):
            await self._do(student, list(deeds), today, history=history)
        if self._is_down(today, moment):
            return
        if self.late_start and moment == NINE:
            await house.restart()
            await house.night()  # as at every start
        await self.whims.come_about(today, moment)
        if moment in (NINE, NOON):
            await house.tick(dies=self._happens(0.02, "killed while planning"))
            expected.plan(today)
        if not self._is_down(today, moment, after_planning=True):
            await self._deliver(today, moment)

    def _is_down(self, today: date, moment: time, *, after_planning: bool = False) -> bool:
        if today > self.down_until:
            return self.late_start and moment < NINE
        return today != self.off_on or moment > NINE or (moment == NINE and after_planning)

    async def _do(self, student: str, deeds: list[Deed], today: date, *, history: bool) -> None:
        by = organiser(self.expected.students[student])
        if history:
            await self.house.take_in(deeds, by)
            self.expected.do(student, deeds, today)
            return
        for deed in deeds:
            await self.house.do(deed, by)
            self.expected.do(student, [deed], today)

    async def _deliver(self, today: date, moment: time) -> None:
        if self.shut_for == 0 and self._happens(0.015):
            self.shut_for = self.chance.choice((1, 2, 3, 10))  # some hours, or nearly two days
        shut = self.house.door.shut = self.shut_for > 0
        self.shut_for -= shut
        self.seen["moments with the door shut"] += shut
        kill = None
        if not shut and self._happens(0.08):
            kill = Kill(self.chance.randint(0, 2), heard=self.chance.random() < 0.5)
        before = len(self.house.door.kept)
        count = await self.house.deliver(kill)
        if self.house.door.dead.is_set() and kill is not None:
            self.seen[f"killed {'after' if kill.heard else 'before'} the door had it"] += 1
        for message in self._kept(before)[:count]:
            self.in_doubt[message.at, message.name, message.sort] += 1
        self.expected.send(today, moment, shut=shut)
        await self.whims.answer(today, moment, [one for one in self._kept(before) if one.sort == LETTER])

    def _kept(self, since: int = 0) -> list[Message]:
        return [read(at, method, self.house.names, ZONE) for at, method in self.house.door.kept[since:]]

    def compare(self, today: date) -> None:
        """What was said and what was to be said on one day: the same, and nothing twice but after a kill."""
        said, noticed = self.expected.said, self.expected.noticed
        messages = self._kept(self._compared)
        self._compared = len(self.house.door.kept)
        letters = [one for one in messages if one.sort == LETTER]
        came = Counter((one.at, one.name, one.sort) for one in messages)
        again = came - (Counter((*key, LETTER) for key in said) + noticed)
        told = {(one.at, one.name) for one in letters}
        wrong = [(one.at, one.name, "rests") for one in messages if rests(self.quiet.get(one.name, QUIET), one.at[1])]
        wrong += [(*key, "missing", said[key]) for key in said.keys() - told]
        wrong += [(*key, "not to be said", one.items) for one in letters if (key := (one.at, one.name)) not in said]
        wrong += [
            (*key, "otherwise", one.items, said[key])
            for one in letters
            if (key := (one.at, one.name)) in said and not _says(one, said[key])
        ]
        wrong += [(*key, "twice") for key in again - self.in_doubt]
        wrong += [(*key, "is missing") for key in noticed - came]
        days = Counter(one.name for one in letters)
        repeated = Counter(name for _, name, _ in again.elements())
        wrong += [(today, name, "two letters a day") for name, count in days.items() if count > 1 + repeated[name]]
        assert sorted(wrong, key=str)[:5] == []
        self.seen["sent again after a kill"] += again.total()
        late = [item for one in letters for item in one.items or () if item.due <= today - 14 * DAY]
        self.seen["told two weeks late and more"] += len(late)
        self.letters += len(letters)
        self.notices += len(messages) - len(letters)
        self.expected.compared()

    def __str__(self) -> str:
        """The result, in one line."""
        seconds = process_time() - self._began
        return (
            f"{self.scale.students} students, {self.scale.days} days: {self.letters} letters, {self.notices} notices, "
            f"each as the oracle says; {self.house.restarts} restarts; {seconds:.0f} s CPU"
        )

    def _happens(self, often: float, what: str | None = None) -> bool:
        does = self.chance.random() < often
        if does and what:
            self.seen[what] += 1
        return does


async def at_once(connection: Connection, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """A statement without the thread that keeps a loop free while a disk is slow: nobody waits in the walk."""
    await asyncio.sleep(0)
    return function(*arguments, **options)


@pytest.fixture(params=["sqlite", "postgres"])
def walk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A walk over an empty database of each kind."""
    monkeypatch.setattr(Connection, "_execute", at_once)
    make: Callable[[], str] = request.getfixturevalue("new_" + request.param)
    scale = FULL if os.environ.get(SCALE) == "full" else SUITE[request.param]
    return Walk(make(), tmp_path, scale)


async def test_the_door_and_the_oracle_agree_on_every_message(walk: Walk) -> None:
    await walk.run()

    expected, seen = walk.expected, walk.seen
    seen["later rounds that chained counting would miss"] += _clamped(walk)
    print(f"\n{walk}\n{dict(seen)}")
    assert [what for what in COME_ABOUT if not seen[what]] == []
    assert walk.kinds.keys() == KINDS.keys()
    assert seen["taken over"] or walk.scale.days < 300
    assert len({key.rule for key in expected.told}) >= walk.scale.rules
    assert walk.letters > 10 * walk.scale.students


def _says(letter: Message, wanted: frozenset[Item]) -> bool:
    """A long letter shows the first few and says how many there are."""
    items = letter.items or frozenset()
    return letter.count == len(wanted) and (items == wanted or (letter.count > SHOWN_AT_MOST and items < wanted))


def _clamped(walk: Walk) -> int:
    """How many tellings were of a later round whose day chained counting would miss."""
    found = 0
    for key in walk.expected.told:
        if key.rule in ROUNDS and key.due.day > 28:
            base = {
                one.on
                for one in walk.expected.facts[key.student]
                if one.step in ("activist_decided", "branch_meeting_admitted")
            }
            found += any(key.due == months_later(b, 12) != months_later(months_later(b, 6), 6) for b in base)
    return found
