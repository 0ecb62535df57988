"""Invented lives: what is recorded of each student on which day, drawn by seeded chance."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta

from tests.simulation.oracle import DAY, fifth_working_day, months_later

SMALL_HOURS, MORNING, NINE, NOON = time(3, 20), time(7, 40), time(9, 0), time(12, 45)
DAYTIME, EVENING, NIGHT = time(10, 15), time(19, 30), time(22, 40)
# How many days after the beginning comes what is peculiar to the kind.
KINDS = {
    "on time": 500,
    "late": 900,
    "extended": 1080,
    "moved activist": 350,
    "moved member": 1150,
    "paused": 450,
    "corrected": 30,
    "graduating": 650,
    "cancelled": 900,
    "forgotten": 550,
}


@dataclass(frozen=True)
class Deed:
    """`does` is record, correct or withdraw; `step` names the entry that a correction is about."""

    day: date
    at: time
    student: str
    does: str
    step: str
    on: date
    detail: dict[str, str] = field(default_factory=dict)
    history: bool = False


class Life:
    """One student's way; gaps in days are drawn, what floors forbid is waited for.

    What lies before the first day is entered on it, as history.
    """

    def __init__(self, chance: random.Random, student: str, kind: str, first_day: date, began: date) -> None:
        self.chance, self.student, self.kind = chance, student, kind
        self.first_day, self.day = first_day, began
        self.deeds: list[Deed] = []
        self.on: dict[str, date] = {}

    def note(self, step: str, low: int, high: int, not_before: date | None = None, **detail: str) -> date:
        """The step happens some days later, and is entered some days after that."""
        slow = 2 if self.kind == "late" else 1
        self.day = max(self.day + timedelta(days=slow * self.chance.randint(low, high)), not_before or self.day)
        return self.enter(step, self.day, **detail)

    def enter(self, step: str, on: date, **detail: str) -> date:
        self.on[step] = on
        self.day = max(self.day, on + timedelta(days=self.chance.choice((0, 0, 0, 1, 2, 5))))
        at = self.chance.choice((DAYTIME, DAYTIME, EVENING, NIGHT))
        self._do("record", step, on, at, detail)
        self.day += DAY
        return on

    def punctually(self, step: str, due: date, high: int, **detail: str) -> date:
        """On the very day of a reminder as often as not, while its letter may still wait for somebody's quiet hours."""
        ahead = self.chance.choice((None, 0, 0, 1, 7)) if self.kind in ("on time", "paused", "corrected") else None
        if ahead is None or due - ahead * DAY < self.day:
            return self.note(step, 1, high, **detail)
        self.day = due - ahead * DAY
        self.on[step] = self.day
        self._do("record", step, self.day, DAYTIME, detail)
        self.day += DAY
        return self.on[step]

    def snapped(self, day: date) -> date:
        """Half of the time the next last day of a month: what is counted from it depends on clamping."""
        if self.chance.random() < 0.5:
            return day
        return date(day.year + day.month // 12, day.month % 12 + 1, 1) - DAY

    def _do(self, does: str, step: str, on: date, at: time, detail: dict[str, str] | None = None) -> None:
        past = self.day < self.first_day
        if past and does != "record":  # it comes into Waymark as it was at last
            place = max(place for place, one in enumerate(self.deeds) if one.step == step)
            old = self.deeds.pop(place)
            self.deeds += [replace(old, on=on)] if does == "correct" else []
            return
        day, at = (self.first_day, DAYTIME) if past else (self.day, at)
        self.deeds.append(Deed(day, at, self.student, does, step, on, detail or {}, past))

    def live(self) -> list[Deed]:
        """All of it, by day."""
        self._apply()
        self._activist()
        if self.kind != "forgotten":
            self._candidate()
            self._member()
        return sorted(self.deeds, key=lambda one: (one.day, one.at, one.on if one.history else one.day))

    def _apply(self) -> None:
        applied = self.enter("application_received", self.snapped(self.day))
        if self.kind == "corrected":
            self._do("correct", "application_received", applied - 3 * DAY, EVENING)
            self.day += DAY
        self.punctually("interview", months_later(applied, 1), 33)
        if self.kind == "corrected":  # entered for the wrong person, withdrawn, and entered anew when it was held
            self._do("withdraw", "interview", self.day, DAYTIME)
            self.day += 2 * DAY
            self.note("interview", 0, 9)
        decided = max(self.day + self.chance.randint(20, 60) * DAY, months_later(applied, 6))
        self.day = max(self.day, self.snapped(decided))
        self.enter("activist_decided", self.day)

    def _activist(self) -> None:
        decided = self.on["activist_decided"]
        self.note("activist_filed", 3, 9)
        self.note("mentor_assigned", 1, 5)
        if self.kind == "corrected":  # all that is counted from it moves
            decided = self.on["activist_decided"] = decided + 2 * DAY
            self._do("correct", "activist_decided", decided, EVENING)
            self.day += DAY
        if self.kind == "forgotten":
            return
        if self.kind == "moved activist":
            moved = self.day + 60 * DAY
            self.enter("transferred_in", moved, recognised_on=moved.isoformat())
        for half in (1, 2):
            if self.chance.random() < 0.8:
                self._report()
            if self.kind == "paused" and half == 1:
                self.note("paused", 20, 60)
                self.note("resumed", 60, 200)
            late = 20 if self.kind == "late" else 0
            due = months_later(decided, 6 * half)
            self.day = max(self.day, due - (10 - late) * DAY)
            reviewed = self.punctually("half_year_review", due, 10)
            if self.kind == "corrected":
                self._do("correct", "half_year_review", reviewed - DAY, DAYTIME)
                self.day += DAY
        self._report()

    def _report(self) -> None:
        self.note("thought_report", 10, 60)

    def _candidate(self) -> None:
        decided = self.on["activist_decided"]
        self.note("candidate_decided", 5, 30, not_before=months_later(decided, 12))
        if self.kind == "graduating":
            self.enter("leaving_planned", self.day, leaving_on=(self.day + 190 * DAY).isoformat())
        self.note("candidate_agreed", 3, 15)
        posted = self.note("public_notice_posted", 1, 5)
        self.note("candidate_listed", 0, 5, not_before=fifth_working_day(posted))
        self.note("introducers_named", 0, 3)
        self.note("political_review_passed", 5, 20)
        self.note("intensive_training_completed", 3, 20, days="3")
        self.note("committee_reviewed", 2, 9)
        passed = self.note("pre_review_passed", 5, 20)
        self.note("volunteer_form_completed", 1, 5)
        self.day = self.snapped(self.day + self.chance.randint(5, 15) * DAY)
        self.punctually("branch_meeting_admitted", months_later(passed, 1), 2)

    def _member(self) -> None:
        met = self.on["branch_meeting_admitted"]
        self.note("committee_interview", 10, 30)
        end = months_later(met, 12)
        written = {"probation_end": (end - DAY).isoformat()} if self.chance.random() < 0.7 else {}
        if self.kind == "late":  # past the three months, and past the six
            self.day += 190 * DAY
        approved = self.punctually("admission_approved", months_later(met, 3), 60, **written)
        self.note("admission_filed", 2, 9)
        self.punctually("oath_taken", months_later(approved, 1), 30)
        if self.kind == "moved member":
            self.enter("transferred_in", self.day + 60 * DAY, postponed_on=(self.day + 60 * DAY).isoformat())
        self.day = max(self.day, months_later(met, 6) - 5 * DAY)
        self.punctually("probation_review", months_later(met, 6), 20)
        if self.kind == "cancelled":
            self.note("probation_cancelled", 5, 60)
            return
        self._report()
        self.note("conversion_applied", 1, 20, not_before=end - 20 * DAY)
        if self.kind == "extended":
            old = end - DAY if written else end
            self.note("probation_extended", 3, 9, not_before=end, extended_to=months_later(old, 6).isoformat())
            end = months_later(old, 6)
        if self.kind == "moved member":
            end = months_later(end, 6) - 10 * DAY
        decided = self.note("conversion_meeting", 1, 20, not_before=end)
        self.punctually("conversion_approved", months_later(decided, 3), 80)
        self.note("archived", 0, 20)


def lives(count: int, seed: int, start: date, days: int) -> tuple[list[Deed], Counter[str]]:
    """Everything that happens to so many students in so many days; and how many there are of each kind."""
    chance = random.Random(seed)
    deeds: list[Deed] = []
    kinds: Counter[str] = Counter()
    for number in range(count):
        kind, peculiar = list(KINDS.items())[number % len(KINDS)]
        kinds[kind] += 1
        began = start + timedelta(days=chance.randint(0, days * 2 // 3) - peculiar)
        life = Life(chance, f"学生{number:03}", kind, start, began)
        deeds += [one for one in life.live() if one.day < start + days * DAY]
    return sorted(deeds, key=lambda one: (one.day, one.at, one.student, not one.history)), kinds
