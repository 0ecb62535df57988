"""What is due of facts that a test invents, as of a day."""

from __future__ import annotations

from datetime import date

from records.facts import Fact
from records.rules import Deadline, Readings, deadlines, notes
from records.track import TRACKS, load_track
from records.workdays import WorkCalendar

TRACK = load_track()
SCHOOL = load_track(school=TRACKS / "school.example.yaml")
CALENDAR = WorkCalendar.standard()
LATER = date(2031, 1, 1)


def facts(*happened: tuple[str, str] | tuple[str, str, dict[str, str]]) -> list[Fact]:
    """Facts from (step, day[, detail])."""
    found = []
    for number, (step, on, *detail) in enumerate(happened, start=1):
        found.append(Fact(number, step, date.fromisoformat(on), detail[0] if detail else {}))
    return found


def dates(known: list[Fact], today: str = "2026-11-22", **readings: object) -> list[Deadline]:
    return deadlines(
        TRACK,
        known,
        today=date.fromisoformat(today),
        calendar=CALENDAR,
        readings=Readings(**readings),  # type: ignore[arg-type]
    )


def one(found: list[Deadline], rule: str, kind: str | None = None) -> Deadline:
    """The only date of the rule."""
    matching = [each for each in found if each.rule == rule and kind in (None, each.kind)]
    assert len(matching) == 1, matching
    return matching[0]


def codes(deadline: Deadline) -> list[str]:
    return [note.code for note in notes(deadline.note)]
