"""Counting in calendar months and years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.dates import (
    age_on,
    birthday_number,
    iso_date,
    last_day_before,
    months_after,
    period_end,
    period_start,
    years_after,
)

days = st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 12, 31))
few_months = st.integers(min_value=0, max_value=120)


@pytest.mark.parametrize(
    ("base", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 8, 31), 12, date(2027, 8, 31)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 3, 2), 1, date(2026, 4, 2)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 6, 30), -3, date(2026, 3, 30)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(base: date, months: int, expected: date) -> None:
    assert months_after(base, months) == expected


def test_a_year_after_the_29th_of_february_is_the_28th() -> None:
    assert years_after(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert years_after(date(2024, 2, 29), 4) == date(2028, 2, 29)


def test_twice_six_months_from_the_base_is_not_six_months_after_six_months() -> None:
    base = date(2026, 8, 31)

    assert months_after(base, 12) == date(2027, 8, 31)
    assert months_after(months_after(base, 6), 6) == date(2027, 8, 28)


@given(days, days, few_months)
def test_a_later_base_never_gives_an_earlier_date(one: date, other: date, months: int) -> None:
    first, second = sorted([one, other])

    assert months_after(first, months) <= months_after(second, months)


@given(days, few_months)
def test_the_day_is_kept_or_is_the_last_of_its_month(base: date, months: int) -> None:
    later = months_after(base, months)

    clamped = (later + timedelta(days=1)).day == 1 and later.day < base.day
    assert later.day == base.day or clamped
    assert (later.year - base.year) * 12 + later.month - base.month == months


@given(days, st.integers(min_value=1, max_value=12))
def test_the_last_day_before_leaving_is_the_last_from_which_the_months_still_fit(end: date, months: int) -> None:
    day = last_day_before(end, months)

    assert months_after(day, months) <= end
    assert months_after(day + timedelta(days=1), months) > end


@given(days, days, st.integers(min_value=1, max_value=12))
def test_who_leaves_later_has_time_until_later(one: date, other: date, months: int) -> None:
    first, second = sorted([one, other])

    assert last_day_before(first, months) <= last_day_before(second, months)


def test_who_leaves_on_the_30th_of_june_is_three_months_away_until_the_31st_of_march() -> None:
    assert last_day_before(date(2026, 6, 30), 3) == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("birthday", "eighteen"),
    [
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2006, 2, 28), date(2024, 2, 28)),
        (date(2008, 9, 1), date(2026, 9, 1)),
        (date(2004, 2, 29), date(2022, 3, 1)),
    ],
)
def test_eighteen_is_complete_on_the_birthday_and_for_the_29th_of_february_on_the_1st_of_march(
    birthday: date, eighteen: date
) -> None:
    assert birthday_number(birthday, 18) == eighteen
    assert age_on(birthday, eighteen) == 18
    assert age_on(birthday, eighteen - timedelta(days=1)) == 17


@given(days, st.integers(min_value=1, max_value=60))
def test_the_nth_birthday_is_the_first_day_of_that_age(birthday: date, years: int) -> None:
    day = birthday_number(birthday, years)

    assert age_on(birthday, day) == years
    assert age_on(birthday, day - timedelta(days=1)) == years - 1


@pytest.mark.parametrize(
    ("day", "period", "start", "end"),
    [
        (date(2026, 11, 22), "quarter", date(2026, 10, 1), date(2026, 12, 31)),
        (date(2026, 2, 1), "quarter", date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 2, 10), "month", date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 7, 1), "half_year", date(2026, 7, 1), date(2026, 12, 31)),
        (date(2026, 7, 1), "year", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_calendar_period_has_a_first_and_a_last_day(day: date, period: str, start: date, end: date) -> None:
    assert period_start(day, period) == start  # type: ignore[arg-type]
    assert period_end(day, period) == end  # type: ignore[arg-type]


def test_only_a_date_reads_as_a_date() -> None:
    assert iso_date("2026-05-11") == date(2026, 5, 11)
    assert iso_date("2026-02-30") is None
    assert iso_date("") is None
    assert iso_date(None) is None
