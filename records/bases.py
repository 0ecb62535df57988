"""From which event, and from which day, a rule counts for one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from records.dates import birthday_number, iso_date, last_day_before, months_after, period_end, years_after
from records.deadline import Readings
from records.facts import Fact, Past
from records.track import Base, Offset, Rule, Track
from records.workdays import WorkCalendar


@dataclass(frozen=True, slots=True)
class Counted:
    """A date of a rule: the event it hangs on, the day counted from, the result.

    `settled_from`: only a step on this day or later answers the rule.
    """

    step: str
    base_date: date
    due: date
    settled_from: date
    note: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the rules are read against: one person's past, today, and how the school reads the rules."""

    track: Track
    past: Past
    today: date
    calendar: WorkCalendar
    readings: Readings
    known: dict[tuple[str, str], Counted | None] = field(init=False, compare=False, default_factory=dict)


def scene_of(track: Track, facts: Iterable[Fact], today: date, calendar: WorkCalendar, readings: Readings) -> Scene:
    """The scene as of `today`: what happened later has not happened yet, except what may lie ahead."""
    past = Past.of(facts)
    if past.facts and past.facts[-1].on > today:
        past = Past([fact for fact in past.facts if fact.on <= today or _may_lie_ahead(track, fact.step)])
    return Scene(track, past, today, calendar, readings)


def find(base: Base, past: Past) -> tuple[Fact, date] | None:
    """The event of a base and the day that it gives; None when it is not known."""
    if base.step is None:
        return None
    facts = past.all(base.step)
    if not facts:
        return None
    if base.unless is not None and past.followed(base.since or base.step, base.unless):
        return None
    if base.since is not None:
        start = past.latest(base.since)
        if start is None:
            return None
        facts = [fact for fact in facts if fact.on >= start.on]
    if base.before is not None:
        end = past.latest(base.before)
        facts = facts if end is None else [fact for fact in facts if fact.on < end.on]
    for fact in reversed(facts):
        day = fact.on if base.detail is None else iso_date(fact.detail.get(base.detail))
        if day is not None:
            return fact, day
    return None


def counted(rule: Rule, scene: Scene) -> Counted | None:
    """The rule's date from the first of its bases that is known; None when none is: ask, don't guess."""
    key = (rule.id, rule.kind)
    if key not in scene.known:
        scene.known[key] = _counted(rule, scene)
    return scene.known[key]


def _counted(rule: Rule, scene: Scene) -> Counted | None:
    for base in _bases(rule, scene.readings):
        if base.rule is not None:
            other = counted(scene.track.rule(base.rule), scene)
            if other is None:
                return None
            due, provisional = after(other.due, rule.offset, scene)
            note = other.note if due == other.due else _joined(other.note, f"from={other.due.isoformat()}")
            return Counted(other.step, other.base_date, due, other.settled_from, note, provisional or other.provisional)
        found = find(base, scene.past)
        if found is None:
            continue
        fact, day = found
        if base.exact:
            # Only a later meeting can answer a date that was set on this day.
            return Counted(fact.step, fact.on, day, fact.on + timedelta(days=1), "written_end")
        due, provisional = after(day, rule.offset, scene)
        if rule.strict and scene.readings.strict_next_day:
            due += timedelta(days=1)
        counts_back = rule.offset is not None and rule.offset.before_months is not None
        settled_from = date.min if counts_back else min(day, fact.on)
        return Counted(fact.step, day, due, settled_from, _remark(rule, due, scene), provisional)
    return None


def after(day: date, offset: Offset | None, scene: Scene) -> tuple[date, bool]:
    """`offset` counted from `day`, and whether the calendar behind it is provisional."""
    if offset is None:
        return day, False
    if offset.months is not None:
        return months_after(day, offset.months), False
    if offset.years is not None:
        return years_after(day, offset.years), False
    if offset.days is not None:
        return day + timedelta(days=offset.days), False
    if offset.working_days is not None:
        nth = scene.calendar.nth_working_day(day, offset.working_days, scene.readings.count_posting_day)
        return nth.day, nth.provisional
    if offset.before_months is not None:
        return last_day_before(day, offset.before_months), False
    if offset.age is not None:
        return birthday_number(day, offset.age), False
    if offset.calendar is not None:
        return period_end(day, offset.calendar), False
    return day, False


def _may_lie_ahead(track: Track, step: str) -> bool:
    known = track.by_id.get(step)
    return known is not None and known.future


def _bases(rule: Rule, readings: Readings) -> tuple[Base, ...]:
    if rule.base_if_filed is not None and readings.activist_base == "filed":
        return (Base(step=rule.base_if_filed),)
    return rule.base


def _remark(rule: Rule, due: date, scene: Scene) -> str | None:
    """What a person should know about how this date came about."""
    if rule.base_if_filed is not None:
        return _joined(_other_reading(rule, due, scene), _unrecognised_transfer(rule, scene.past))
    if len(rule.base) > 1 and rule.base[0].exact:
        return "estimated"  # 估算: the committee writes the dates of probation (Art 24), and has not yet
    return None


def _other_reading(rule: Rule, due: date, scene: Scene) -> str | None:
    """The date under the other reading of 确定之日, where both days are known and the results differ."""
    other = rule.base_if_filed if scene.readings.activist_base == "decision" else rule.base[0].step
    fact = scene.past.latest(other) if other else None
    if fact is None:
        return None
    differing, _ = after(fact.on, rule.offset, scene)
    if rule.strict and scene.readings.strict_next_day:
        differing += timedelta(days=1)
    if differing == due:
        return None
    return f"{'by_filing' if other == rule.base_if_filed else 'by_decision'}={differing.isoformat()}"


def _unrecognised_transfer(rule: Rule, past: Past) -> str | None:
    """Art 12: time before a transfer 「可以连续计算」 once a person has confirmed it."""
    start, moved = past.latest(rule.base[0].step or ""), past.latest("transferred_in")
    if moved is None or (start is not None and moved.on < start.on) or moved.detail.get("recognised_on"):
        return None
    return "pending_recognition"


def _joined(*codes: str | None) -> str | None:
    return "; ".join(code for code in codes if code) or None
