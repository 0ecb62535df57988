"""An extension of probation that somebody supposes: to which day it would run, or why it cannot be (Art 31)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from records.bases import Scene
from records.dates import months_after
from records.deadline import Readings
from records.facts import Fact, Past
from records.limits import extension_range, findings_of_rules, probation_end
from records.track import Track
from records.workdays import WorkCalendar
from storage.errors import WaymarkError

EXTENDED = "probation_extended"
_RULE = "T13"


class ProbationEndUnknown(WaymarkError):
    """Nothing is known from which an extension could be counted."""

    key = "error.probation_end_unknown"
    sentence = (
        "Probation can be extended once, by half a year to a year from its end (Detailed Rules Art 31). "
        "No such end is recorded here, so nothing can be counted from it."
    )


class ProbationOver(WaymarkError):
    """A full member's probation is not extended."""

    key = "error.probation_over"
    sentence = "Full membership was approved on {on}: that probation cannot be extended any more."


@dataclass(frozen=True)
class Extension:
    """How far: so many months from the old end, or to a day; neither: not said."""

    months: int | None = None
    until: date | None = None

    @property
    def is_said(self) -> bool:
        """Whether it was said how far."""
        return self.months is not None or self.until is not None


@dataclass(frozen=True)
class Extended:
    """What it would come to: the fact, the end as it was, the new one, and the last day that could be set."""

    fact: Fact
    old_end: date
    until: date
    last: date


def extended(
    track: Track,
    facts: Iterable[Fact],
    wish: Extension,
    on: date | None,
    *,
    today: date,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> Extended:
    """The extension as a fact to reckon with, decided on a day (None: when probation ends); the least where not said.

    Raises:
        ProbationEndUnknown, ProbationOver.
        StepExtensionSecond, StepExtensionRange: there was one already, or it would be too short or too long.
    """
    scene = Scene(track, Past.of(facts), today, calendar, readings)
    rule = track.rule(_RULE)
    end, span = probation_end(rule, scene), extension_range(rule, scene)
    if end is None or span is None:
        raise ProbationEndUnknown
    converted = scene.past.latest("conversion_approved")
    if converted is not None:
        raise ProbationOver(on=converted.on.isoformat())
    until = wish.until or (months_after(end, wish.months) if wish.months is not None else span[0])
    fact = Fact(-1, EXTENDED, on or max(today, end), {"extended_to": until.isoformat()})
    for finding in findings_of_rules(track.by_id[EXTENDED], fact.on, fact.detail, scene):
        if finding.error is not None:
            raise finding.error
    return Extended(fact, end, until, span[1])
