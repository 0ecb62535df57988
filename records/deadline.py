"""A due date with its reason, and the readings of what the rules leave open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal


class State(StrEnum):
    """How a date stands to today."""

    FUTURE = "future"
    DUE = "due"  # today; for a floor: from its day on, the time condition is met (时间条件已满足)
    OVERDUE = "overdue"
    DONE = "done"
    PROVISIONAL = "provisional"  # 暂算: counted over days that no official calendar settles yet


@dataclass(frozen=True)
class Readings:
    """How this school reads what the rules leave open; the defaults are the documented ones (facts §3).

    `strict_next_day`: 满一年 ends at 24:00, so the floor of T04 is the day after. `activist_base`: the year counts from
    the branch committee's decision or from the higher committee's filing. `count_posting_day`: the day on which a
    notice was posted is one of its five working days.
    """

    strict_next_day: bool = False
    activist_base: Literal["decision", "filed"] = "decision"
    count_posting_day: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """One date of one rule for one person.

    `base_step` and `base_date` name the event that it was computed from. `waiting_since` is the day since which
    `actor` could have acted; None while nobody can. `note` holds words of a fixed vocabulary (see `notes`).
    """

    rule: str
    kind: str
    step: str
    due: date
    base_step: str
    base_date: date
    article: int | str | None
    level: str
    state: State
    note: str | None
    actor: str
    waiting_since: date | None
    effective: date
    title: str | None = None  # a school's own wording of its rule
    done_on: date | None = None
    remind: tuple[int, ...] | None = None  # days before at which to remind; None: the installation's setting
    nag: bool = True  # remind weekly once overdue
    lapses: bool = False  # on that day what it was counted from loses its force

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act, or may."""
        return self.state is not State.DONE

    @property
    def occurrence(self) -> str:
        """Tells this due date of the rule from its others, and from the same one before it moved."""
        return f"{self.kind}:{self.due.isoformat()}"

    def to_json(self) -> dict[str, Any]:
        """The keys that scripts of the users rely on."""
        return {
            "rule": self.rule,
            "kind": self.kind,
            "step": self.step,
            "due": self.due.isoformat(),
            "base_step": self.base_step,
            "base_date": self.base_date.isoformat(),
            "article": self.article,
            "level": self.level,
            "state": str(self.state),
            "note": self.note,
            "actor": self.actor,
            "waiting_since": self.waiting_since.isoformat() if self.waiting_since else None,
        }


@dataclass(frozen=True)
class Note:
    """A remark on a date: a code (locale key `note.<code>`) and the date or count that it speaks of."""

    code: str
    value: str | None = None

    @property
    def key(self) -> str:
        """The locale key of its wording."""
        return f"note.{self.code}"


def notes(written: str | None) -> list[Note]:
    """The remarks of a deadline's `note`: codes separated by `; `, each with its value after `=`."""
    if not written:
        return []
    parts = (part.partition("=") for part in written.split("; "))
    return [Note(code, value or None) for code, _, value in parts]


def fold_rounds(dates: Iterable[Deadline]) -> list[tuple[Deadline, list[Deadline]]]:
    """Each date once: of a cycle that was missed again and again the first, with those that passed after it."""
    found: dict[tuple[str, str, State | date], tuple[Deadline, list[Deadline]]] = {}
    for one in dates:
        again = one.kind == "cycle" and one.state is State.OVERDUE
        first, later = found.setdefault((one.rule, one.kind, State.OVERDUE if again else one.due), (one, []))
        if first is not one:
            later.append(one)
    return list(found.values())
