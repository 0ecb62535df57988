"""Counting in calendar years, months and days: always from the original base, never chained."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

Period = Literal["month", "quarter", "half_year", "year"]

_PERIOD_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_LONGEST = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def months_after(base: date, months: int) -> date:
    """The same day of the month `months` later, the month's last day where there is none.

    Counted from `base` itself, never chained: 31 Aug + 12 months is 31 Aug. Negative months go back.
    Source: Civil Code Art. 202 (reference only; the rules state no method of counting).
    """
    year, month = divmod(base.year * 12 + base.month - 1 + months, 12)
    month += 1
    day = base.day
    if day > 28 and day > _LONGEST[month]:
        day = min(day, monthrange(year, month)[1])
    return date(year, month, day)


def years_after(base: date, years: int) -> date:
    """The same day `years` later; 29 Feb becomes 28 Feb where the year has none."""
    return months_after(base, 12 * years)


def last_day_before(end: date, months: int) -> date:
    """The last day from which `months` later is not after `end`.

    Not the same as `end - months`: leaving on 30 June, three months ahead, is 31 March (31 March + 3 months is
    30 June), while 30 June - 3 months is 30 March.
    """
    day = months_after(end, -months)
    while months_after(day + timedelta(days=1), months) <= end:
        day += timedelta(days=1)
    return day


def birthday_number(birthday: date, years: int) -> date:
    """The day on which somebody becomes `years` old; who was born on 29 Feb, on 1 March of a common year."""
    day = years_after(birthday, years)
    return day if day.day == birthday.day else day + timedelta(days=1)


def age_on(birthday: date, day: date) -> int:
    """Completed years on `day`; negative before birth."""
    return day.year - birthday.year - ((day.month, day.day) < (birthday.month, birthday.day))


def period_start(day: date, period: Period) -> date:
    """The first day of the calendar month, quarter, half-year or year that holds `day`."""
    months = _PERIOD_MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def period_end(day: date, period: Period) -> date:
    """The last day of the calendar month, quarter, half-year or year that holds `day`."""
    return months_after(period_start(day, period), _PERIOD_MONTHS[period]) - timedelta(days=1)


def iso_date(text: str | None) -> date | None:
    """The date written as 2026-05-11; None for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
