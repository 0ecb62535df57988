"""What a recorded, corrected or withdrawn step changed among somebody's dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from records.deadline import Deadline


@dataclass(frozen=True)
class Change:
    """A date that a step moved, gave or took away; None: there was or is none."""

    rule: str
    kind: str
    step: str
    was: date | None
    becomes: date | None


def changes(before: Iterable[Deadline], after: Iterable[Deadline]) -> list[Change]:
    """Which open dates moved, appeared or went, by rule; cycles by their number of open dates."""
    was, becomes = _open_dates(before), _open_dates(after)
    found = []
    for key in sorted({*was, *becomes}):
        old, new = was.get(key), becomes.get(key)
        if old != new:
            found.append(Change(*key, was=old, becomes=new))
    return found


def _open_dates(found: Iterable[Deadline]) -> dict[tuple[str, str, str], date]:
    dates: dict[tuple[str, str, str], date] = {}
    for one in found:
        if one.is_open:
            dates.setdefault((one.rule, one.kind, one.step), one.due)
    return dates
