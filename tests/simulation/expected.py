"""Who is to get which message at which moment: the oracle's own planner and post, which know no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import NamedTuple

from tests.simulation.lives import Deed
from tests.simulation.oracle import AGREED, DAY, Due, Happened, Record, days_of, told
from tests.simulation.talking import Proposal, Talks

QUIET = (time(22, 0), time(7, 30))
COMMITTEE, LETTER = "党委", "letter"

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
    agreed: bool = False  # a day for a talk, and no limit


class Notice(NamedTuple):
    """A message of another sort, that is no letter of reminders; `proposal`: which one it is about."""

    name: str
    sort: str
    student: str = ""
    step: str = ""
    proposal: int = 0


def organiser(branch: int) -> str:
    """Who organises the branch."""
    return f"组织员{branch}"


def rests(hours: Hours, moment: time) -> bool:
    """Whether somebody with these quiet hours may not be written to now."""
    since, until = hours
    return since <= moment < until if since < until else moment >= since or moment < until


class Expected:
    """What stands, what waits to be told, and what was told when."""

    def __init__(self, students: Mapping[str, int], quiet: Mapping[str, Hours]) -> None:
        self.students, self.quiet = dict(students), quiet  # each with their branch
        self.mentors = {name: f"联系人{branch}" for name, branch in students.items()}
        self.facts: dict[str, list[Happened]] = {name: [] for name in students}
        self.told: set[Key] = set()
        self.waiting: set[Key] = set()  # their day has come, and no letter with them has left
        self.snoozed: dict[date, set[Key]] = {}
        self.letters: dict[tuple[str, date], set[Key]] = {}  # planned on that day, and not sent
        self.latest: dict[str, date] = {}  # the day of the last letter
        self.post: list[Notice] = []  # not sent
        self.talks = Talks()
        self.shut_out: set[str] = set()  # whoever blocked the bot
        self.unreachable: set[str] = set()  # those of whom the program knows it
        self.missed: dict[str, set[Key]] = {}  # what came due for them meanwhile
        self.said: dict[tuple[Moment, str], frozenset[Item]] = {}
        self.about: dict[tuple[Moment, str], set[Key]] = {}
        self.noticed: Counter[tuple[Moment, str, str]] = Counter()
        self.seen: Counter[str] = Counter()
        self._number = 0
        self._open: dict[str, tuple[date, Record]] = {}

    def do(self, student: str, deeds: Sequence[Deed], today: date) -> None:
        """Something is recorded, corrected or withdrawn; both sides are told, and what was answered is let go."""
        for deed in deeds:
            self._note(deed)
        self._open.pop(student, None)
        told = [student, self.mentors[student]]
        self.mentors[student] = next((one.detail["mentors"] for one in deeds if "mentors" in one.detail), told[1])
        self.tell("notice", [*told, self.mentors[student]])
        self.let_go(today)

    def let_go(self, today: date) -> None:
        """What is no longer to be told is told to nobody."""
        self.waiting = self.standing(self.waiting, today)
        self.snoozed = {day: self.standing(keys, today) for day, keys in self.snoozed.items()}

    def rules_changed(self, today: date) -> None:
        """The school has put another file in the place of its rules."""
        self._open = {}
        self.let_go(today)

    def move(self, student: str, branch: int, today: date) -> None:
        """To another branch, with all that is to be told."""
        self.students[student] = branch
        self.let_go(today)

    def block(self, name: str, *, noticed: bool) -> None:
        self.shut_out.add(name)
        self.unreachable |= {name} if noticed else set()

    def come_back(self, name: str, today: date) -> None:
        """What could not be told meanwhile waits again."""
        self.shut_out.discard(name)
        self.unreachable.discard(name)
        self.waiting |= self.standing(self.missed.pop(name, set()), today)

    def tell(self, sort: str, names: Iterable[str], student: str = "", step: str = "", proposal: int = 0) -> None:
        """Written for everybody who, as far as is known, can be reached; once for each."""
        reachable = [name for name in dict.fromkeys(names) if name not in self.unreachable]
        self.post += [Notice(name, sort, student, step, proposal) for name in reachable]

    def held(self, student: str, step: str) -> date:
        """When that talk was held last, or a probation was cancelled."""
        ends = [one.on for one in self.facts[student] if one.step in (step, "probation_cancelled")]
        return max(ends, default=date.min)

    def agree(self, student: str, step: str, proposal: Proposal, today: date) -> None:
        """From now on both sides are reminded of the day."""
        self._number += 1
        about = {"step": step, "day": proposal.day.isoformat()}
        self.facts[student].append(Happened(self._number, AGREED, today, about))
        self._open.pop(student, None)
        self.let_go(today)

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
            record = self.record(student, today)
            for due in record.found:
                days = days_of(due, today)
                if days is not None:
                    hear = self._hear(student, due, days, paused=record.paused)
                    self.waiting |= {Key(one, student, due.rule, due.due, days) for one in hear} - self.told

    def plan(self, today: date) -> None:
        """The process runs, at nine or later: a letter to each who had none today, with all that waits for them."""
        for day in [day for day in self.snoozed if day <= today]:
            self.waiting |= self.snoozed.pop(day)
        self.waiting = self.standing(self.waiting, today)
        people = {key.recipient for key in self.waiting if self.latest.get(key.recipient) != today}
        for name, day in [letter for letter in self.letters if letter[0] in people]:
            self.waiting |= self.standing(self.letters.pop((name, day)), today)  # nothing ran that could let it go
            self.seen["taken over"] += 1
        ready = {key for key in self.waiting if key.recipient in people}
        self.waiting -= ready
        for key in [key for key in ready if key.recipient in self.unreachable]:
            self.missed.setdefault(key.recipient, set()).add(key)
            ready.remove(key)
        for key in ready:
            self.letters.setdefault((key.recipient, today), set()).add(key)
        self.latest |= dict.fromkeys(people - self.unreachable, today)
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
        waiting, self.post = self.post, []
        for notice in waiting:
            if shut or rests(self.quiet.get(notice.name, QUIET), moment):
                self.post.append(notice)
            elif self._applies(notice, today) and self._arrives(notice.name):
                self.noticed[(today, moment), notice.name, notice.sort] += 1

    def compared(self) -> None:
        """What was said is known to have been said as it should be."""
        self.said, self.about, self.noticed = {}, {}, Counter()

    def snooze(self, today: date, moment: time, name: str) -> None:
        """All that the letter was planned for comes again tomorrow."""
        self.snoozed.setdefault(today + DAY, set()).update(self.about[(today, moment), name])

    def _arrives(self, name: str) -> bool:
        """Whoever blocked the bot gets nothing, and it is known by then."""
        if name in self.shut_out:
            self.unreachable.add(name)
            self.seen["not let in"] += 1
        return name not in self.shut_out

    def _applies(self, notice: Notice, today: date) -> bool:
        """A letter about a talk is dropped when it was held, was answered, or is no longer the reader's to answer."""
        if not notice.step:
            return True
        student, step = notice.student, notice.step
        if notice.name not in (student, COMMITTEE, organiser(self.students[student])):
            return False
        if not self.record(student, today).can_talk(step):
            return False
        waiting = self.talks.waiting(student, step, self.held(student, step), today)
        return notice.sort == "tells" or (waiting is not None and waiting.number == notice.proposal)

    def _say(self, today: date, moment: time, name: str, keys: set[Key]) -> None:
        still = self.standing(keys, today)
        self.seen["answered while it waited"] += len(keys - still)
        if not still:
            return
        if not self._arrives(name):
            self.waiting |= keys
            return
        self.about[(today, moment), name] = keys
        self.said[(today, moment), name] = frozenset(self.item(key, today) for key in still)

    def item(self, key: Key, today: date) -> Item:
        """What a letter says of a date that stands."""
        found = self.record(key.student, today).found
        due = next(due for due in found if (due.rule, due.due) == (key.rule, key.due))
        return Item(key.student, due.step, key.due, due.rule == AGREED)

    def standing(self, keys: set[Key], today: date) -> set[Key]:
        """Those still open, and still their recipient's to hear."""
        found = set()
        for key in keys:
            record = self.record(key.student, today)
            due = next((one for one in record.found if (one.rule, one.due) == (key.rule, key.due)), None)
            if due is not None and key.recipient in self._hear(key.student, due, key.days, paused=record.paused):
                found.add(key)
        return found

    def record(self, student: str, today: date) -> Record:
        """What stands of the student today, and what it leaves open."""
        known = self._open.get(student)
        if known is None or known[0] != today:
            known = self._open[student] = (today, Record(self.facts[student], today))
            known[1].open()
        return known[1]

    def _hear(self, student: str, due: Due, days: int, *, paused: bool) -> set[str]:
        return told(due, days, paused, student, organiser(self.students[student]), COMMITTEE)
