"""Working days by the State Council's calendar, and by a school's own file."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import Locales
from records.workdays import CalendarFileWrong, WorkCalendar, read_calendar

CHINESE = Locales().words("zh_CN")
ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")

CALENDAR = WorkCalendar.standard()


@pytest.mark.parametrize(
    ("posted", "counted", "not_counted"),
    [
        (date(2026, 9, 30), date(2026, 10, 12), date(2026, 10, 13)),
        (date(2026, 6, 15), date(2026, 6, 22), date(2026, 6, 23)),
        (date(2026, 2, 12), date(2026, 2, 25), date(2026, 2, 26)),
        (date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 30)),
    ],
)
def test_the_fifth_working_day_of_a_notice_in_2026(posted: date, counted: date, not_counted: date) -> None:
    assert CALENDAR.nth_working_day(posted, 5, count_posting_day=True) == (counted, False)
    assert CALENDAR.nth_working_day(posted, 5) == (not_counted, False)


def test_2026_is_known_and_2027_is_not_yet() -> None:
    assert CALENDAR.years[-1] == 2026
    assert CALENDAR.is_working_day(date(2026, 10, 10))  # a Saturday worked for the National Day
    assert not CALENDAR.is_working_day(date(2026, 10, 7))


def test_days_of_a_year_without_a_calendar_make_the_result_provisional() -> None:
    day, provisional = CALENDAR.nth_working_day(date(2026, 12, 28), 5)

    assert day == date(2027, 1, 4)
    assert provisional


def test_the_last_days_of_december_are_not_settled_before_the_next_calendar() -> None:
    """2007-12-29 and 2018-12-29 were Saturdays worked for a New Year that was announced later."""
    assert not CALENDAR.nth_working_day(date(2026, 12, 18), 5).provisional
    assert CALENDAR.nth_working_day(date(2026, 12, 22), 5).provisional


@given(st.dates(date(2005, 1, 1), date(2030, 1, 1)), st.integers(1, 20))
def test_a_later_posting_never_ends_earlier(posted: date, n: int) -> None:
    one = CALENDAR.nth_working_day(posted, n).day
    next_one = CALENDAR.nth_working_day(posted + timedelta(days=1), n).day

    assert one <= next_one
    assert CALENDAR.is_working_day(one)


@given(st.dates(date(2005, 1, 1), date(2030, 1, 1)), st.integers(1, 20))
def test_counting_the_posting_day_never_ends_later(posted: date, n: int) -> None:
    assert CALENDAR.nth_working_day(posted, n, True).day <= CALENDAR.nth_working_day(posted, n).day


def test_the_last_working_day_before_a_holiday() -> None:
    assert CALENDAR.last_working_day(date(2026, 10, 5)) == date(2026, 9, 30)
    assert CALENDAR.last_working_day(date(2026, 10, 8)) == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("2027.yaml", "2027:\n  holidays: [2027-01-01..2027-01-03]\n  workdays: [2027-01-09]\n"),
        ("2027.csv", "日期,类别,名称\n2027-01-01..2027-01-03,休,元旦\n2027-01-09,班,元旦\n"),
        (
            "2027.json",
            '{"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true},'
            ' {"name": "元旦", "date": "2027-01-02", "isOffDay": true},'
            ' {"name": "元旦", "date": "2027-01-03", "isOffDay": true},'
            ' {"name": "元旦", "date": "2027-01-09", "isOffDay": false}]}',
        ),
    ],
)
def test_a_schools_file_makes_a_year_known(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")

    calendar = WorkCalendar.standard(file)

    assert calendar.nth_working_day(date(2026, 12, 28), 5) == (date(2027, 1, 5), False)
    assert calendar.is_working_day(date(2027, 1, 9))


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.csv", "2027-01-01,holiday\n2027-13-01,holiday\n", 2),
        ("a.csv", "2027-01-01,holiday\n2027-01-02,maybe\n", 2),
        ("a.csv", "", 1),
        ("a.yaml", "2027:\n  holidays: [2027-01-01]\n  feast: [2027-01-02]\n", 3),
        ("a.yaml", "2027:\n  holidays:\n    - soon\n", 3),
        ("a.yaml", "2027: [", 1),
        ("a.yaml", "holidays", 1),
        ("a.yaml", "2027:\n  holidays: [2027-01-03..2027-01-01]\n", 2),
        ("a.yaml", "2027:\n  holidays: [2027-02-30]\n", 1),
        ("a.yaml", "days: [{date: 2027-01-01}]\n", 1),
    ],
)
def test_a_wrong_calendar_file_is_refused_with_its_line(tmp_path: Path, name: str, text: str, line: int) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")

    with pytest.raises(CalendarFileWrong) as refused:
        read_calendar(file)

    assert refused.value.fields["line"] == line
    assert refused.value.fields["file"] == name
    assert not ENGLISH.search(CHINESE.plain_error(refused.value)), CHINESE.plain_error(refused.value)


def test_a_calendar_that_is_not_there_is_called_missing(tmp_path: Path) -> None:
    with pytest.raises(CalendarFileWrong, match=r"none\.yaml") as refused:
        read_calendar(tmp_path / "none.yaml")

    assert "不存在" in CHINESE.plain_error(refused.value)
    assert "WAYMARK_WORK_CALENDAR" in CHINESE.plain_error(refused.value)


def test_a_calendar_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"\xff\xfe\x00\x00")

    with pytest.raises(CalendarFileWrong) as refused:
        read_calendar(file)

    assert not ENGLISH.search(CHINESE.plain_error(refused.value))
