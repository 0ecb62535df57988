"""What comes round again: half-year reviews, quarterly reports. Each period is counted from the original base."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from records.dates import months_after, period_end, period_start, years_after
from records.track import Offset

MOST_PERIODS = 200  # a century of half-years: a wrong year in a base must not loop for ever

Period = tuple[int, date, date]  # its number from 1, its first and last day


@dataclass(frozen=True, slots=True)
class Round:
    """One period of a cycle, both ends included, and the day on which it was answered."""

    number: int
    start: date
    due: date
    done_on: date | None = None
    missed: bool = False  # its time passed without an answer, and a later one covers it


def rounds(offset: Offset, base: date, answers: list[date], *, today: date, end: date | None) -> list[Round]:
    """The periods up to today's, with what answered each.

    Counted from a base: an answer belongs to the periods that had ended without one, the last of which it answers
    late, otherwise to the running one. By the calendar (quarters): an answer belongs to the period it falls in.
    After `end` nothing more is asked, and what was never answered is left out.
    """
    last = min(today, end) if end else today
    periods = list(_periods(offset, base, last))
    answered: dict[int, tuple[date, bool]] = {}  # period number → day, whether it was missed
    for answer in answers:
        _note_answer(periods, answered, answer, late=offset.calendar is None)
    return [
        Round(number, start, due, *answered.get(number, (None, False)))
        for number, start, due in periods
        if end is None or number in answered
    ]


def _note_answer(periods: list[Period], answered: dict[int, tuple[date, bool]], answer: date, *, late: bool) -> None:
    """Give the answer to the period it serves, and with it to those before that nobody answered."""
    begun = [period for period in periods if period[0] not in answered and period[1] <= answer]
    if not begun:
        return
    ended = [period for period in begun if period[2] < answer]
    serves, _, due = ended[-1] if late and ended else begun[-1]
    if due < answer and not late:
        return  # the calendar's period of that day is answered already
    for number, _, _ in begun:
        if number <= serves:
            answered[number] = (answer, number < serves)


def _periods(offset: Offset, base: date, last: date) -> Iterator[Period]:
    if offset.calendar is not None:
        start = period_start(base, offset.calendar)
        if start != base:  # the first whole period
            start = period_end(base, offset.calendar) + timedelta(days=1)
        number = 1
        while number == 1 or (start <= last and number <= MOST_PERIODS):
            end = period_end(start, offset.calendar)
            yield number, start, end
            start, number = end + timedelta(days=1), number + 1
        return
    months = offset.months or 12 * (offset.years or 0)
    start = base
    for number in range(1, MOST_PERIODS + 1):
        due = _nth(base, number, months, offset.days)
        yield number, start, due
        if due >= last:
            return
        start = due + timedelta(days=1)


def _nth(base: date, number: int, months: int, days: int | None) -> date:
    """The end of the n-th period, always from the base: 31 Aug + 2 x 6 months is 31 Aug."""
    if days:
        return base + timedelta(days=number * days)
    return months_after(base, number * months) if months else years_after(base, number)
