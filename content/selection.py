"""Which passage a person reads next: a pure choice from what there is and what they said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from content.passages import DocumentKind, Passage

# A card that was shown so often without an answer makes room for another.
_SHOWN_ENOUGH = 2
# Shorter texts say nothing by themselves.
_SHORTEST = 20
# The last so many answers decide how deep the cards go.
_RECENT = 5

_DEPTH = {
    DocumentKind.FAQ: 1,
    DocumentKind.HANDBOOK: 1,
    DocumentKind.SCHOOL: 2,
    DocumentKind.GUIDE: 2,
    DocumentKind.OFFICIAL: 3,
}


class Response(StrEnum):
    """What a person can say of a card."""

    READ = "read"
    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    ANOTHER = "another"


@dataclass(frozen=True)
class Candidate:
    """A passage that may be shown; `series` names its document in all versions, `step` what it tells of, if one."""

    series: str
    order: str
    stages: tuple[str, ...]
    passage: Passage
    step: str | None = None


@dataclass(frozen=True)
class Shown:
    """A card that was shown, oldest first in a history."""

    series: str
    ordinal: int
    day: date
    response: Response | None


def choose(
    candidates: Iterable[Candidate],
    history: Sequence[Shown],
    *,
    person: int,
    stage: str,
    day: date,
    behind: Collection[str] = (),
) -> Candidate | None:
    """The next card, the same for the same person, day and history; None where nothing fits the stage.

    What was answered is not shown again, unless everything was; a document that was begun goes on; depth follows
    太浅 and 太深.

    Args:
        behind: steps that lie behind the person; what tells of them waits until all else was read.
    """
    fitting = [candidate for candidate in candidates if _fits(candidate, stage)]
    done = _done(history, day)
    fresh = [candidate for candidate in fitting if _place(candidate) not in done]
    if not fresh:
        today = {(shown.series, shown.ordinal) for shown in history if shown.day == day}
        again = [candidate for candidate in fitting if _place(candidate) not in today]
        return min(again, key=lambda candidate: _mixed(candidate, person, day), default=None)
    depth = wanted_depth(history)
    begun = next((shown for shown in reversed(history) if shown.response is Response.READ), None)

    def preference(candidate: Candidate) -> tuple[object, ...]:
        distance = abs(_DEPTH[candidate.passage.kind] - depth)
        goes_on = begun is not None and candidate.series == begun.series and candidate.passage.ordinal > begun.ordinal
        everybody = len(candidate.stages) == 0 or len(candidate.stages) > 2
        return (candidate.step in behind, distance, not goes_on, everybody, candidate.order, candidate.passage.ordinal)

    return min(fresh, key=preference)


def wanted_depth(history: Sequence[Shown]) -> int:
    """1 (handbook) to 3 (the official text), by the last answers."""
    depth = 1
    answers = [shown.response for shown in history if shown.response in (Response.TOO_EASY, Response.TOO_HARD)]
    for response in answers[-_RECENT:]:
        depth = min(3, max(1, depth + (1 if response is Response.TOO_EASY else -1)))
    return depth


def _fits(candidate: Candidate, stage: str) -> bool:
    content = candidate.passage.content
    # An official text's preamble lists dates of adoption.
    preamble = candidate.passage.kind is DocumentKind.OFFICIAL and content.article is None and not content.headings
    return (not candidate.stages or stage in candidate.stages) and len(content.text) >= _SHORTEST and not preamble


def _done(history: Sequence[Shown], day: date) -> set[tuple[str, int]]:
    """Answered cards, today's cards, and those shown often enough in vain."""
    done: set[tuple[str, int]] = set()
    times: dict[tuple[str, int], int] = {}
    for shown in history:
        place = (shown.series, shown.ordinal)
        times[place] = times.get(place, 0) + 1
        if shown.response is not None or shown.day == day or times[place] >= _SHOWN_ENOUGH:
            done.add(place)
    return done


def _place(candidate: Candidate) -> tuple[str, int]:
    return candidate.series, candidate.passage.ordinal


def _mixed(candidate: Candidate, person: int, day: date) -> str:
    return hashlib.sha256(f"{person}|{day}|{candidate.series}|{candidate.passage.ordinal}".encode()).hexdigest()
