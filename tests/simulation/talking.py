"""What was said about the days of talks, and who may say what next: the oracle's own memory of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass
class Proposal:
    """A day that one side (`asked`: the student's) proposed on a day, and what the other said to it."""

    number: int
    by: str
    asked: bool
    day: date
    on: date
    agreed: bool | None = None


class Talks:
    """Every proposal, by student and step; those before the talk was held last count no more."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], list[Proposal]] = {}
        self._number = 0

    def since(self, student: str, step: str, held: date) -> list[Proposal]:
        return [one for one in self._said.get((student, step), []) if one.on > held]

    def waiting(self, student: str, step: str, held: date, today: date) -> Proposal | None:
        """The last one, while it waits and its day has not passed."""
        last = (self.since(student, step, held) or [None])[-1]
        return last if last is not None and last.agreed is None and last.day >= today else None

    def may_propose(self, student: str, step: str, held: date, today: date, *, asked: bool, day: date) -> bool:
        """Each side once, not while something waits, and not the day that holds."""
        said = self.since(student, step, held)
        holds = [one.day for one in said if one.agreed][-1:]
        waits = self.waiting(student, step, held, today)
        return waits is None and all(one.asked is not asked for one in said) and holds != [day]

    def propose(self, student: str, step: str, by: str, day: date, today: date, *, asked: bool) -> Proposal:
        self._number += 1
        proposal = Proposal(self._number, by, asked, day, today)
        self._said.setdefault((student, step), []).append(proposal)
        return proposal
