"""Who must hear of which date on which day: a slow, obvious recomputation, which shares nothing with the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import chinese_calendar

DAY = timedelta(days=1)
REVISED, SCHOOL = date(2026, 5, 11), date(2026, 9, 1)  # from when the new limits and the school's rules hold
CHANGED = date(2026, 12, 1)  # when the school puts another file in the place of its rules
USUAL = (14, 7, 1, 0)
ORDER = [
    "application_received",
    "interview",
    "activist_decided",
    "activist_filed",
    "mentor_assigned",
    "half_year_review",
    "candidate_decided",
    "candidate_agreed",
    "public_notice_posted",
    "candidate_listed",
    "introducers_named",
    "political_review_passed",
    "intensive_training_completed",
    "committee_reviewed",
    "pre_review_passed",
    "volunteer_form_completed",
    "branch_meeting_admitted",
    "committee_interview",
    "admission_approved",
    "admission_filed",
    "group_assigned",
    "oath_taken",
    "probation_review",
    "conversion_applied",
    "conversion_meeting",
    "conversion_approved",
    "archived",
]
STAGES = ("application_received", "activist_decided", "candidate_listed", "admission_approved", "conversion_approved")
TALKS = {"interview": "application_received", "committee_interview": "pre_review_passed"}  # and what comes before
AGREED = "talk_appointed"  # what happened when both sides agreed on a day for a talk
# Steps on which the committee acts.
COMMITTEE = {"pre_review_passed", "committee_interview", "admission_approved", "conversion_approved"}
LASTING = {"birthday", "leaving_planned", "paused", "resumed", "probation_cancelled"}


@dataclass(frozen=True)
class School:
    """What the school demands: terms in months, and days before at which it reminds."""

    waiting: int
    certificate: int
    review: int
    report_days: tuple[int, ...]
    cultivated_days: tuple[int, ...]


AT_FIRST, LATER = School(6, 24, 6, (14, 3), (30, 0)), School(3, 12, 4, (10,), (60, 30, 0))


@dataclass(frozen=True)
class Happened:
    """Something that is on record; `number` is its place in the order of recording."""

    number: int
    step: str
    on: date
    detail: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Due:
    """An open date and how it is reminded of."""

    rule: str
    step: str
    due: date
    floor: bool = False
    base: date | None = None
    days: tuple[int, ...] | None = None
    weekly: bool = True


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last one that it has."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            pass
    raise AssertionError(day)


def is_working(day: date) -> bool:
    """By the State Council's table, and by the week where there is none yet."""
    return bool(chinese_calendar.is_workday(day)) if day.year <= 2026 else day.weekday() < 5


def fifth_working_day(posted: date) -> date:
    """Not counting the day of posting."""
    day, left = posted, 5
    while left:
        day += DAY
        left -= is_working(day)
    return day


class Record:
    """What stands of one person on a day, and what it leaves open."""

    def __init__(self, facts: list[Happened], today: date) -> None:
        facts = sorted(facts, key=lambda one: (one.on, one.number))
        ends = [one.on for one in facts if one.step == "probation_cancelled"]
        self.facts = [one for one in facts if not ends or one.step in LASTING or one.on > ends[-1]]
        self.today, self.demands = today, AT_FIRST if today < CHANGED else LATER
        self.found: list[Due] = []
        done = [ORDER.index(step) for step in STAGES if self.last(step)]
        self.reached = max(done, default=-1)

    def every(self, step: str) -> list[Happened]:
        return [one for one in self.facts if one.step == step]

    def last(self, step: str) -> Happened | None:
        return (self.every(step) or [None])[-1]

    def first(self, step: str, since: date) -> Happened | None:
        return next((one for one in self.every(step) if one.on >= since), None)

    @property
    def paused(self) -> bool:
        words = [one for one in self.facts if one.step in ("paused", "resumed")]
        return bool(words) and words[-1].step == "paused"

    def ask(self, rule: str, step: str, due: date, answered_from: date, **more: object) -> None:
        """Unless it was answered, or a later stage has been reached without it."""
        if self.first(step, answered_from) is None and ORDER.index(step) >= self.reached:
            self.found.append(Due(rule, step, due, **more))

    def rounds(
        self, rule: str, step: str, base: date, end: Happened | None, months: int = 6, since: date = date.min
    ) -> None:
        """Every half-year from the base until the step that ends it; those that ended before the rule held are none."""
        if end is not None:
            return
        ends = [months_later(base, months)]
        while ends[-1] < self.today:
            ends.append(months_later(base, months * (len(ends) + 1)))
        wanting = list(ends)
        for review in self.every(step):
            if review.on < base:
                continue
            over = [one for one in wanting if one < review.on]
            running = [one for one in ends if one >= review.on][:1]
            for one in over or [one for one in running if one in wanting]:
                wanting.remove(one)
        self.found += [Due(rule, step, one) for one in wanting if one >= since]

    def quarters(self, base: date, end: Happened | None) -> None:
        """Whole quarters from the base on; a report counts for the quarter in which it was handed in."""
        if end is not None:
            return
        start = date(base.year, (base.month - 1) // 3 * 3 + 1, 1)
        if start < base:
            start = months_later(start, 3)
        reports = [one.on for one in self.every("thought_report")]
        first = True
        while first or start <= self.today:
            close = months_later(start, 3) - DAY
            if close >= SCHOOL and not any(
                on >= start for on in reports
            ):  # a later report closes what was left open before it
                self.found.append(
                    Due("thought_report", "thought_report", close, days=self.demands.report_days, weekly=False)
                )
            start, first = close + DAY, False

    def open(self) -> list[Due]:
        """Every date that nobody has answered, by the text of the rules."""
        national, school = self.today >= REVISED, self.today >= SCHOOL
        applied, activist = self.last("application_received"), self.last("activist_decided")
        if applied:
            received = date.fromisoformat(applied.detail.get("received_on", applied.on.isoformat()))
            since = min(received, applied.on)
            self.ask("T02", "interview", months_later(received, 1), since, base=received)
            if school:
                self.ask(
                    "waiting",
                    "activist_decided",
                    months_later(received, self.demands.waiting),
                    since,
                    floor=True,
                    days=(0,),
                )
        if activist:
            self.rounds("T03", "half_year_review", activist.on, self.first("candidate_listed", activist.on))
            due = months_later(activist.on, 12)
            days = self.demands.cultivated_days
            self.ask("T04", "candidate_decided", due, activist.on, floor=True, days=days)
            if school:
                self.quarters(activist.on, self.first("conversion_approved", activist.on))
        posted = self.last("public_notice_posted")
        if posted and national:
            due = fifth_working_day(posted.on)
            self.ask("T05", "candidate_listed", due, posted.on, floor=True, days=(0,))
        self._leaving()
        trained = self.last("intensive_training_completed")
        if trained and school:
            due = months_later(trained.on, self.demands.certificate)
            self.ask("certificate", "branch_meeting_admitted", due, trained.on, weekly=False)
        passed = self.last("pre_review_passed")
        if passed and national:
            due = months_later(passed.on, 1)
            self.ask("T08", "branch_meeting_admitted", due, passed.on, base=passed.on)
        self._membership(national, school)
        self._agreed()
        return self.found

    def can_talk(self, step: str) -> bool:
        """Whether it is still to be held: a limit asks for it, or it was never held and what it needs is there."""
        if any(one.step == step for one in self.found):
            return True
        return self.last(step) is None and ORDER.index(step) > self.reached and self.last(TALKS[step]) is not None

    def _agreed(self) -> None:
        """The last day that both sides agreed on for a talk; where a limit asks for it, the limit is what nags."""
        for step in TALKS:
            held = self.last(step)
            agreed = [one for one in self.every(AGREED) if one.detail["step"] == step]
            agreed = [one for one in agreed if held is None or one.on > held.on]
            if agreed and self.can_talk(step):
                limited = any(one.step == step for one in self.found)
                day = date.fromisoformat(agreed[-1].detail["day"])
                self.found.append(Due(AGREED, step, day, weekly=not limited))

    def _leaving(self) -> None:
        leaving = self.last("leaving_planned")
        if leaving is None or self.last("candidate_decided") is None:
            return
        day = date.fromisoformat(leaving.detail.get("leaving_on", leaving.on.isoformat()))
        due = day
        while months_later(due, 3) > day:
            due -= DAY
        if self.today <= day:
            self.ask("T07", "pre_review_passed", due, date.min, weekly=False)

    def _membership(self, national: bool, school: bool) -> None:
        meeting, approved = self.last("branch_meeting_admitted"), self.last("admission_approved")
        if meeting is None:
            return
        reported = date.fromisoformat(meeting.detail.get("reported_on", meeting.on.isoformat()))
        since = min(reported, meeting.on)
        self.ask("T09 due", "admission_approved", months_later(reported, 3), since)
        self.ask("T09 max", "admission_approved", months_later(reported, 6), since)
        if school:
            over = self.first("conversion_approved", meeting.on)
            self.rounds("probation_review", "probation_review", meeting.on, over, self.demands.review, SCHOOL)
        if approved and national:
            self.ask("T10", "oath_taken", months_later(approved.on, 1), approved.on, base=approved.on)
        end, since = months_later(meeting.on, 12), meeting.on
        if approved and "probation_end" in approved.detail:
            end, since = date.fromisoformat(approved.detail["probation_end"]), approved.on + DAY
        if extended := self.last("probation_extended"):
            end, since = date.fromisoformat(extended.detail["extended_to"]), extended.on + DAY
        moved = self.last("transferred_in")
        if not (moved and moved.detail.get("postponed_on")):
            self.ask("T12", "conversion_meeting", end, since)
        if moved and meeting.on <= moved.on <= end:
            self.ask("T15", "conversion_meeting", months_later(end, 6), since)
        if decided := self.last("conversion_meeting"):
            self.ask("T14", "conversion_approved", months_later(decided.on, 3), decided.on)
        if converted := self.last("conversion_approved"):
            self.ask("T16", "archived", converted.on, converted.on)


def days_of(one: Due, today: date) -> int | None:
    """How many days before the date this day reminds of it (negative: after it); None when it does not."""
    left = (one.due - today).days
    days = set(USUAL if one.days is None else one.days)
    if one.floor:
        return left if left in days else None
    if one.days is None and one.base is not None and one.due == months_later(one.base, 1):
        days.add((one.due - one.base).days - 14)  # the third week begins
    worked = one.due
    while not is_working(worked):
        worked -= DAY
    days.add((one.due - worked).days)
    if left < 0:
        return left if one.weekly and left % 7 == 0 else None
    return left if left in days else None


def told(one: Due, days: int, paused: bool, student: str, organiser: str, committee: str) -> set[str]:
    """Who hears of it: the student, who must act, and the next level from the second week overdue on."""
    people = set() if paused else {student}
    if one.step != "thought_report":
        people.add(committee if one.step in COMMITTEE else organiser)
    if days <= -14:
        people.add(committee)
    return people
