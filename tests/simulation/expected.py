"""Who is to get which message at which moment: the oracle's own planner and post, which know no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import NamedTuple

from tests.simulation.lives import Deed
from tests.simulation.oracle import DAY, Due, Happened, Record, days_of, told

QUIET = (time(22, 0), time(7, 30))

Moment = tuple[date, time]
Hours = tuple[time, time]


class Key(NamedTuple):
    """One telling: of a date of a student, to somebody, so many days before it."""

    recipient: str
    student: str
    rule: str
    due: date
    days: int


class Item(NamedTuple):
    """What a letter says of a date."""

    student: str
    step: str
    due: date


def rests(hours: Hours, moment: time) -> bool:
    """Whether somebody with these quiet hours may not be written to now."""
    since, until = hours
    return since <= moment < until if since < until else moment >= since or moment < until


class Expected:
    """What stands, what waits to be told, and what was told when."""

    def __init__(self, students: Mapping[str, int], quiet: Mapping[str, Hours]) -> None:
        self.students, self.quiet = students, quiet
        self.facts: dict[str, list[Happened]] = {name: [] for name in students}
        self.told: set[Key] = set()
        self.waiting: set[Key] = set()  # their day has come, and no letter with them has left
        self.snoozed: dict[date, set[Key]] = {}
        self.letters: dict[tuple[str, date], set[Key]] = {}  # planned on that day, and not sent
        self.latest: dict[str, date] = {}  # the day of the last letter
        self.notices: Counter[str] = Counter()  # not sent
        self.said: dict[tuple[Moment, str], frozenset[Item]] = {}
        self.about: dict[tuple[Moment, str], set[Key]] = {}
        self.noticed: Counter[tuple[Moment, str]] = Counter()
        self.seen: Counter[str] = Counter()
        self._number = 0
        self._open: dict[str, tuple[date, list[Due], bool]] = {}

    def do(self, student: str, deeds: Sequence[Deed], today: date) -> None:
        """Something is recorded, corrected or withdrawn; both sides are told, and what was answered is let go."""
        for deed in deeds:
            self._note(deed)
        self._open.pop(student, None)
        self.notices.update([student, f"联系人{self.students[student]}"])
        self.waiting = self._standing(self.waiting, today)
        self.snoozed = {day: self._standing(keys, today) for day, keys in self.snoozed.items()}

    def _note(self, deed: Deed) -> None:
        self._number += 1
        self.seen[f"{deed.does}, {'history' if deed.history else 'as it happens'}"] += 1
        facts = self.facts[deed.student]
        old = next((one for one in reversed(facts) if one.step == deed.step), None)
        if deed.does != "record" and old is not None:
            facts.remove(old)
        if deed.does != "withdraw":
            detail = deed.detail if deed.does == "record" or old is None else old.detail
            facts.append(Happened(self._number, deed.step, deed.on, detail))

    def nine(self, today: date) -> None:
        """The time of reminding has come: whose day is it?"""
        for student, facts in self.facts.items():
            if not facts:
                continue
            dues, paused = self._of(student, today)
            for due in dues:
                days = days_of(due, today)
                if days is not None:
                    hear = self._hear(student, due, days, paused=paused)
                    self.waiting |= {Key(one, student, due.rule, due.due, days) for one in hear} - self.told

    def plan(self, today: date) -> None:
        """The process runs, at nine or later: a letter to each who had none today, with all that waits for them."""
        for day in [day for day in self.snoozed if day <= today]:
            self.waiting |= self.snoozed.pop(day)
        self.waiting = self._standing(self.waiting, today)
        people = {key.recipient for key in self.waiting if self.latest.get(key.recipient) != today}
        for name, day in [letter for letter in self.letters if letter[0] in people]:
            self.waiting |= self._standing(self.letters.pop((name, day)), today)  # nothing ran that could let it go
            self.seen["taken over"] += 1
        ready = {key for key in self.waiting if key.recipient in people}
        for key in ready:
            self.letters.setdefault((key.recipient, today), set()).add(key)
        self.latest |= dict.fromkeys(people, today)
        self.waiting -= ready
        self.told |= ready

    def send(self, today: date, moment: time, *, shut: bool) -> None:
        """What has not left by midnight waits for the next letter; the rest goes to everybody who does not rest."""
        for (name, day), keys in list(self.letters.items()):
            if day < today:
                del self.letters[name, day]
                self.waiting |= keys
                self.seen["let go at midnight"] += 1
            elif shut or rests(self.quiet.get(name, QUIET), moment):
                self.seen["waited"] += 1
            else:
                del self.letters[name, day]
                self._say(today, moment, name, keys)
        for name in [] if shut else list(self.notices):
            if not rests(self.quiet.get(name, QUIET), moment):
                self.noticed[(today, moment), name] += self.notices.pop(name)

    def compared(self) -> None:
        """What was said is known to have been said as it should be."""
        self.said, self.about, self.noticed = {}, {}, Counter()

    def snooze(self, today: date, moment: time, name: str) -> None:
        """All that the letter was planned for comes again tomorrow."""
        self.snoozed.setdefault(today + DAY, set()).update(self.about[(today, moment), name])

    def _say(self, today: date, moment: time, name: str, keys: set[Key]) -> None:
        still = self._standing(keys, today)
        self.seen["answered while it waited"] += len(keys - still)
        if not still:
            return
        self.about[(today, moment), name] = keys
        self.said[(today, moment), name] = frozenset(
            Item(key.student, due.step, key.due)
            for key in still
            for due in self._of(key.student, today)[0]
            if (due.rule, due.due) == (key.rule, key.due)
        )

    def _standing(self, keys: set[Key], today: date) -> set[Key]:
        """Those still open, and still their recipient's to hear."""
        found = set()
        for key in keys:
            dues, paused = self._of(key.student, today)
            due = next((one for one in dues if (one.rule, one.due) == (key.rule, key.due)), None)
            if due is not None and key.recipient in self._hear(key.student, due, key.days, paused=paused):
                found.add(key)
        return found

    def _of(self, student: str, today: date) -> tuple[list[Due], bool]:
        known = self._open.get(student)
        if known is None or known[0] != today:
            record = Record(self.facts[student], today)
            known = self._open[student] = (today, record.open(), record.paused)
        return known[1], known[2]

    def _hear(self, student: str, due: Due, days: int, *, paused: bool) -> set[str]:
        return told(due, days, paused, student, f"组织员{self.students[student]}", "党委")
