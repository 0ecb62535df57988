"""What comes round again: half-year reviews, quarterly reports. Each period is counted from the original base."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from records.dates import months_after, period_end, period_start, years_after
from records.track import Offset

MOST_PERIODS = 200  # a century of half-years: a wrong year in a base must not loop for ever


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
    found = list(_periods(offset, base, last))
    for answer in answers:
        found = _answered(found, answer, late=offset.calendar is None)
    if end is not None:
        return [period for period in found if period.done_on is not None]
    return found


def _answered(found: list[Round], answer: date, *, late: bool) -> list[Round]:
    is_open = [period for period in found if period.done_on is None and period.start <= answer]
    if not is_open:
        return found
    ended = [period for period in is_open if period.due < answer]
    serves = ended[-1] if late and ended else is_open[-1]
    if serves.due < answer and not late:
        return found  # the calendar's period of that day is answered already
    return [
        period
        if period not in is_open or period.number > serves.number
        else replace(period, done_on=answer, missed=period.number < serves.number)
        for period in found
    ]


def _periods(offset: Offset, base: date, last: date) -> Iterator[Round]:
    if offset.calendar is not None:
        start = period_start(base, offset.calendar)
        if start != base:  # the first whole period
            start = period_end(base, offset.calendar) + timedelta(days=1)
        number = 1
        while number == 1 or (start <= last and number <= MOST_PERIODS):
            end = period_end(start, offset.calendar)
            yield Round(number, start, end)
            start, number = end + timedelta(days=1), number + 1
        return
    months = offset.months or 12 * (offset.years or 0)
    start = base
    for number in range(1, MOST_PERIODS + 1):
        due = _nth(base, number, months, offset.days)
        yield Round(number, start, due)
        if due >= last:
            return
        start = due + timedelta(days=1)


def _nth(base: date, number: int, months: int, days: int | None) -> date:
    """The end of the n-th period, always from the base: 31 Aug + 2 x 6 months is 31 Aug."""
    if days:
        return base + timedelta(days=number * days)
    return months_after(base, number * months) if months else years_after(base, number)
