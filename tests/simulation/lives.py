"""Invented lives: what is recorded of each student on which day, drawn by seeded chance."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from tests.simulation.oracle import DAY, fifth_working_day, months_later

START, END = date(2026, 3, 1), date(2030, 2, 28)
DAYTIME, EVENING, NIGHT = time(10, 15), time(19, 30), time(22, 40)
KINDS = ("on time", "late", "extended", "moved activist", "moved member", "paused", "corrected", "leaving", "cancelled",
         "forgotten")  # fmt: skip


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


class Life:
    """One student's way; gaps in days are drawn, what floors forbid is waited for."""

    def __init__(self, chance: random.Random, student: str, kind: str) -> None:
        self.chance, self.student, self.kind = chance, student, kind
        self.day = START + timedelta(days=chance.randrange(500))
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
        self.deeds.append(Deed(self.day, at, self.student, "record", step, on, detail))
        self.day += DAY
        return on

    def live(self) -> list[Deed]:
        """All of it, by day."""
        self._apply()
        self._activist()
        if self.kind != "forgotten":
            self._candidate()
            self._member()
        return sorted(self.deeds, key=lambda one: (one.day, one.at))

    def _apply(self) -> None:
        applied = self.note("application_received", 0, 30)
        if self.kind == "corrected":
            self.deeds.append(
                Deed(self.day, EVENING, self.student, "correct", "application_received", applied - 3 * DAY)
            )
        self.note("interview", 10, 33)
        if self.kind == "corrected":  # entered for the wrong person, withdrawn, and entered anew when it was held
            at = Deed(self.day, DAYTIME, self.student, "withdraw", "interview", self.day)
            self.deeds.append(at)
            self.day += 2 * DAY
            self.note("interview", 0, 9)
        self.note("activist_decided", 20, 60, not_before=months_later(applied, 6))

    def _activist(self) -> None:
        decided = self.on["activist_decided"]
        self.note("activist_filed", 3, 9)
        self.note("mentor_assigned", 1, 5)
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
            self.note("half_year_review", 0, 10, not_before=months_later(decided, 6 * half) - (10 - late) * DAY)
        self._report()

    def _report(self) -> None:
        self.note("thought_report", 10, 60)

    def _candidate(self) -> None:
        decided = self.on["activist_decided"]
        self.note("candidate_decided", 5, 30, not_before=months_later(decided, 12))
        if self.kind == "leaving":
            self.enter("leaving_planned", self.day, leaving_on=(self.day + 190 * DAY).isoformat())
        self.note("candidate_agreed", 3, 15)
        posted = self.note("public_notice_posted", 1, 5)
        self.note("candidate_listed", 0, 5, not_before=fifth_working_day(posted))
        self.note("introducers_named", 0, 3)
        self.note("political_review_passed", 5, 20)
        self.note("intensive_training_completed", 3, 20, days="3")
        self.note("committee_reviewed", 2, 9)
        self.note("pre_review_passed", 5, 20)
        self.note("volunteer_form_completed", 1, 5)
        self.note("branch_meeting_admitted", 10, 30)

    def _member(self) -> None:
        met = self.on["branch_meeting_admitted"]
        self.note("committee_interview", 10, 30)
        end = months_later(met, 12)
        written = {"probation_end": (end - DAY).isoformat()} if self.chance.random() < 0.7 else {}
        self.note("admission_approved", 10, 60, **written)
        self.note("admission_filed", 2, 9)
        self.note("oath_taken", 5, 30)
        if self.kind == "moved member":
            self.enter("transferred_in", self.day + 60 * DAY, postponed_on=(self.day + 60 * DAY).isoformat())
        self.note("probation_review", 5, 20, not_before=months_later(met, 6) - 5 * DAY)
        if self.kind == "cancelled":
            self.note("probation_cancelled", 5, 60)
            return
        self._report()
        self.note("conversion_applied", 1, 20, not_before=end - 20 * DAY)
        if self.kind == "extended":
            old = end - DAY if written else end
            self.note("probation_extended", 3, 9, not_before=end, extended_to=months_later(old, 6).isoformat())
            end = months_later(old, 6)
        self.note("conversion_meeting", 1, 20, not_before=end)
        self.note("conversion_approved", 20, 80)
        self.note("archived", 0, 20)


def lives(count: int, seed: int) -> tuple[list[Deed], Counter[str]]:
    """Everything that happens to so many students until the end, by day; and how many there are of each kind."""
    chance = random.Random(seed)
    deeds: list[Deed] = []
    kinds: Counter[str] = Counter()
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        kinds[kind] += 1
        deeds += [one for one in Life(chance, f"学生{number:03}", kind).live() if one.day <= END]
    return sorted(deeds, key=lambda one: (one.day, one.at, one.student)), kinds
