"""Facts: what happened to one person on the track, read from the ledger without what was voided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from operator import attrgetter

from records.ledger import Entry, voided_by
from records.stages import Stage
from records.track import Step, Track

STEP_KIND = "step"
APPOINTMENT_KIND = "appointment"
FACT_KINDS = (STEP_KIND, "void", APPOINTMENT_KIND)  # the entries that facts are read from
APPOINTED = "talk_appointed"  # the fact that both sides agreed on a day for a talk
CANCELLED = "probation_cancelled"
# What stays true of a person whose probationary membership was cancelled.
_LASTING = frozenset({"birthday", "leaving_planned", "paused", "resumed", CANCELLED})
_CHINA = timezone(timedelta(hours=8))  # one zone, and no summer time since 1991
_IN_ORDER = attrgetter("on", "entry")
_AS_RECORDED = attrgetter("sequence")


@dataclass(frozen=True, slots=True)
class Fact:
    """A step or side event that stands: what, on which day, entered when; `entry` is its ledger entry's id."""

    entry: int
    step: str
    on: date
    detail: Mapping[str, str] = field(default_factory=dict)
    recorded_on: date = date.min
    history: bool = False

    @property
    def is_step(self) -> bool:
        """Whether it is a step or side event of the track; a day that was agreed on is none."""
        return self.step != APPOINTED


def facts_of(entries: Iterable[Entry]) -> list[Fact]:
    """The facts that stand, by day and then by entry.

    An entry that voids another takes its place or removes it; an entry that is itself voided voids nothing.
    """
    ordered = sorted(entries, key=_AS_RECORDED)
    voided = voided_by((entry.id, entry.voids) for entry in ordered if entry.voids is not None)
    facts = [
        Fact(
            entry=entry.id,
            step=entry.payload["step"],
            on=entry.happened_on,
            detail=entry.payload.get("detail", {}),
            recorded_on=entry.recorded_at.astimezone(_CHINA).date(),
            history=entry.payload.get("history", False),
        )
        for entry in ordered
        if entry.kind == STEP_KIND and entry.id not in voided
    ]
    facts += [
        Fact(entry.id, APPOINTED, entry.happened_on, {name: entry.payload[name] for name in ("step", "day")})
        for entry in ordered
        if entry.kind == APPOINTMENT_KIND and entry.payload["said"] == "agreed"
    ]
    facts.sort(key=_IN_ORDER)
    return facts


class Past:
    """One person's facts by step, in order; what lies before a cancelled probation no longer counts."""

    __slots__ = ("_by_step", "facts")

    def __init__(self, facts: list[Fact]) -> None:
        self.facts = facts
        self._by_step: dict[str, list[Fact]] = {}
        for fact in facts:
            self._by_step.setdefault(fact.step, []).append(fact)

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Past:
        """The past of facts in any order."""
        past = cls(sorted(facts, key=_IN_ORDER))
        ended = past.latest(CANCELLED)
        if ended is None:
            return past
        return cls([fact for fact in past.facts if fact.step in _LASTING or fact.on > ended.on])

    def without(self, step: str) -> Past:
        """The same past as if the step had never happened."""
        return Past([fact for fact in self.facts if fact.step != step])

    def all(self, step: str) -> list[Fact]:
        """Every fact of the step, oldest first."""
        return self._by_step.get(step, [])

    def latest(self, step: str) -> Fact | None:
        """The last fact of the step by its day."""
        found = self._by_step.get(step)
        return found[-1] if found else None

    def since(self, step: str, day: date) -> Fact | None:
        """The first fact of the step on `day` or later."""
        return next((fact for fact in self.all(step) if fact.on >= day), None)

    def after(self, step: str, day: date) -> Fact | None:
        """The first fact of the step later than `day`."""
        return next((fact for fact in self.all(step) if fact.on > day), None)

    def followed(self, step: str, by: str) -> bool:
        """Whether the last fact of `step` was followed, on its day or later, by one of `by`."""
        last = self.latest(step)
        return last is not None and self.since(by, last.on) is not None

    def reached(self, track: Track) -> int:
        """The place of the last step that led to a stage, or must have: history may have gaps; -1 before the first."""
        last = max((track.position.get(step, -1) for step in self._by_step), default=-1)
        return max((place for step in track.milestones if (place := track.position[step.id]) <= last), default=-1)

    def past_by(self, track: Track, step: str, day: date) -> Fact | None:
        """The first fact, on `day` or later, of the step, or where that was never recorded of one behind it."""
        here = track.position[step]
        behind = (fact for fact in self.facts if fact.on >= day and track.position.get(fact.step, -1) > here)
        return self.since(step, day) or next(behind, None)

    def taken(self, step: Step) -> Fact | None:
        """The last fact of the step, unless it is to be taken again: a meeting that extended has not converted."""
        return None if step.reopened_by and self.followed(step.id, step.reopened_by) else self.latest(step.id)

    @property
    def birthday(self) -> date | None:
        """The day of birth, where it was told."""
        fact = self.latest("birthday")
        return fact.on if fact else None

    @property
    def paused(self) -> bool:
        """Whether a pause has begun that no later event ended."""
        paused, resumed = self.latest("paused"), self.latest("resumed")
        if paused is None:
            return False
        return resumed is None or (resumed.on, resumed.entry) < (paused.on, paused.entry)


def stage_of(track: Track, facts: Iterable[Fact]) -> Stage:
    """The furthest stage that a recorded step led to; applicant before the first."""
    past = Past.of(facts)
    reached = [step for step in track.steps if step.leads_to and past.latest(step.id)]
    return Stage(reached[-1].leads_to) if reached and reached[-1].leads_to else Stage.APPLICANT


def is_paused(facts: Iterable[Fact]) -> bool:
    """Whether the last word on it was a pause (休学, 入伍, 出国): dates stand, a person decides what follows."""
    return Past.of(facts).paused
