"""What a recorded, corrected or withdrawn step changed among somebody's dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from records.dates import iso_date
from records.deadline import Deadline


@dataclass(frozen=True)
class Change:
    """A date that a step moved, gave or took away; None: there was or is none. `article`, `level`: of its rule."""

    rule: str
    kind: str
    step: str
    was: date | None
    becomes: date | None
    article: int | str | None = None
    level: str = "national"

    def to_json(self) -> dict[str, Any]:
        """As a letter keeps it."""
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Change:
        """As it was kept."""
        return cls(**{**kept, "was": iso_date(kept["was"]), "becomes": iso_date(kept["becomes"])})


def changes(before: Iterable[Deadline], after: Iterable[Deadline]) -> list[Change]:
    """Which open dates moved, appeared or went, by rule; cycles by their number of open dates."""
    was, becomes = _open_dates(before), _open_dates(after)
    found = []
    for key, one in sorted((was | becomes).items(), key=itemgetter(0)):
        old, new = (dates[key].due if key in dates else None for dates in (was, becomes))
        if old != new:
            found.append(Change(*key, was=old, becomes=new, article=one.article, level=one.level))
    return found


def _open_dates(found: Iterable[Deadline]) -> dict[tuple[str, str, str], Deadline]:
    dates: dict[tuple[str, str, str], Deadline] = {}
    for one in found:
        if one.is_open:
            dates.setdefault((one.rule, one.kind, one.step), one)
    return dates
