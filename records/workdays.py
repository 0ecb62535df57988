"""Which days are working days in China: the State Council's tables, and a school's own file for other years."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from storage.errors import Term, WaymarkError

SATURDAY = 5
# The notice for a year can move days of the last week before it (2006-12-30, 2007-12-29, 2018-12-29 were worked).
UNSETTLED_FROM = (12, 29)
_HOLIDAY_WORDS = {"holiday", "off", "休", "休息", "放假"}
_WORKING_WORDS = {"workday", "working", "work", "班", "上班", "补班"}


class CalendarFileWrong(WaymarkError):
    """A school's calendar file that cannot be read as one."""

    key = "error.calendar_file"
    sentence = "{file}, line {line}: {problem}. A line gives a date as 2027-01-01 and `holiday` or `workday`."


class CalendarFileMissing(CalendarFileWrong):
    """A calendar file that the settings name and that is not there."""

    key = "error.calendar_file_missing"
    sentence = "There is no file {file}: check WAYMARK_WORK_CALENDAR, or leave it empty."


@dataclass(frozen=True)
class Year:
    """What differs from plain weekends in one year: days off on weekdays, weekend days worked."""

    holidays: frozenset[date]
    workdays: frozenset[date]


class NthDay(NamedTuple):
    """A counted working day; `provisional` (暂算) when the counting touched days that no official calendar settles."""

    day: date
    provisional: bool


class WorkCalendar:
    """Working days of the years it was given; other years are counted by plain weekends and called provisional."""

    def __init__(self, years: Mapping[int, Year]) -> None:
        self._years = dict(years)
        self._workdays = frozenset[date]().union(*(year.workdays for year in years.values()))
        self._holidays = frozenset[date]().union(*(year.holidays for year in years.values()))

    @classmethod
    def standard(cls, *files: Path) -> WorkCalendar:
        """The State Council's calendars that `chinesecalendar` holds, and the school's files over them.

        Raises:
            CalendarFileWrong: a file is not a calendar; says the line.
        """
        years = official_years()
        for file in files:
            years.update(read_calendar(file))
        return cls(years)

    @property
    def years(self) -> list[int]:
        """The years that are known, ascending."""
        return sorted(self._years)

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that day; in a year that is not known, whether it is Monday to Friday."""
        if day in self._workdays:
            return True
        return day not in self._holidays and day.weekday() < SATURDAY

    def is_settled(self, day: date) -> bool:
        """Whether an official calendar says so, and no later one can still change it."""
        if day.year not in self._years:
            return False
        return (day.month, day.day) < UNSETTLED_FROM or day.year + 1 in self._years

    def nth_working_day(self, posted: date, n: int, count_posting_day: bool = False) -> NthDay:
        """The n-th working day of a notice posted on `posted` (Art 13: 公示期不少于五个工作日).

        The posting day counts only if asked, and only if it is a working day itself.
        """
        day = posted if count_posting_day else posted + timedelta(days=1)
        settled = self.is_settled(posted)
        left = n
        while True:
            settled = settled and self.is_settled(day)
            left -= self.is_working_day(day)
            if left <= 0:
                return NthDay(day, provisional=not settled)
            day += timedelta(days=1)

    def last_working_day(self, day: date) -> date:
        """`day` itself, or the working day before it."""
        while not self.is_working_day(day):
            day -= timedelta(days=1)
        return day


def official_years() -> dict[int, Year]:
    """The years that `chinesecalendar` really holds tables for (1.11.0: 2004 to 2026)."""
    from chinese_calendar import constants

    holidays: dict[int, set[date]] = {}
    workdays: dict[int, set[date]] = {}
    for day in constants.holidays:
        holidays.setdefault(day.year, set()).add(day)
    for day in constants.workdays:
        workdays.setdefault(day.year, set()).add(day)
    return {year: Year(frozenset(days), frozenset(workdays.get(year, ()))) for year, days in holidays.items()}


def read_calendar(file: Path) -> dict[int, Year]:
    """The years in a school's file: CSV `date,kind[,name]`, YAML `2027: {holidays: [...], workdays: [...]}`,
    or the JSON of the public holiday-cn project. A range is written 2027-02-05..2027-02-11.

    Raises:
        CalendarFileWrong: says the line and what is wrong.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CalendarFileMissing(file=str(file)) from error
    except OSError as error:
        raise _wrong(file.name, 1, "the file cannot be opened", "yaml.not_opened") from error
    except UnicodeDecodeError as error:
        raise _wrong(file.name, 1, "this is not a readable UTF-8 text", "yaml.not_utf8") from error
    marked = _from_csv(file.name, text) if file.suffix.lower() == ".csv" else _from_yaml(file.name, text)
    holidays: dict[int, set[date]] = {}
    workdays: dict[int, set[date]] = {}
    for day, is_holiday in marked:
        holidays.setdefault(day.year, set())
        (holidays if is_holiday else workdays).setdefault(day.year, set()).add(day)
    if not holidays:
        raise _wrong(file.name, 1, "there is no day in it", "calendar_file.empty")
    return {year: Year(frozenset(days), frozenset(workdays.get(year, ()))) for year, days in holidays.items()}


def _wrong(file: str, line: int, problem: str, key: str, **values: Any) -> CalendarFileWrong:
    return CalendarFileWrong(file=file, line=line, problem=Term(problem, key, **values))


def _from_csv(name: str, text: str) -> list[tuple[date, bool]]:
    marked = []
    for line, row in enumerate(csv.reader(text.splitlines()), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].lower() in {"date", "日期"}:
            continue
        kind = cells[1].lower() if len(cells) > 1 else ""
        if kind not in _HOLIDAY_WORDS | _WORKING_WORDS:
            raise _wrong(name, line, f"'{kind}' is neither holiday nor workday", "calendar_file.kind", value=kind)
        marked += [(day, kind in _HOLIDAY_WORDS) for day in _days(name, line, cells[0])]
    return marked


def _from_yaml(name: str, text: str) -> list[tuple[date, bool]]:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise _wrong(name, line, "this is not valid YAML", "yaml.invalid") from error
    except ValueError as error:  # 2027-02-30 looks like a date
        raise _wrong(name, 1, "it names a day that does not exist", "calendar_file.no_such_day") from error
    if isinstance(loaded, dict) and isinstance(loaded.get("days"), list):  # holiday-cn
        return [_holiday_cn_day(name, text, day) for day in loaded["days"]]
    if not isinstance(loaded, dict) or not all(isinstance(part, dict) for part in loaded.values()):
        raise _wrong(name, 1, "it does not begin with a year, as in `2027:`", "calendar_file.no_year")
    marked = []
    for part in loaded.values():
        for word, days in part.items():
            if word not in ("holidays", "workdays"):
                raise _wrong(
                    name, _line_of(text, word), f"'{word}' is not known here", "calendar_file.word", value=word
                )
            for day in days or []:
                marked += [(one, word == "holidays") for one in _days(name, _line_of(text, day), day)]
    return marked


def _holiday_cn_day(name: str, text: str, day: Any) -> tuple[date, bool]:
    if not isinstance(day, dict) or "date" not in day or "isOffDay" not in day:
        raise _wrong(name, 1, "a day needs `date` and `isOffDay`", "calendar_file.day_keys")
    return next(iter(_days(name, _line_of(text, day["date"]), day["date"]))), bool(day["isOffDay"])


def _line_of(text: str, word: Any) -> int:
    for line, written in enumerate(text.splitlines(), start=1):
        if str(word) in written:
            return line
    return 1


def _days(name: str, line: int, written: Any) -> Iterable[date]:
    first, _, last = str(written).partition("..")
    try:
        start = date.fromisoformat(first.strip())
        end = date.fromisoformat(last.strip()) if last else start
    except ValueError as error:
        raise _wrong(name, line, f"'{written}' is not a date", "calendar_file.not_a_date", value=written) from error
    if end < start:
        raise _wrong(name, line, f"'{written}' ends before it begins", "calendar_file.reversed", value=written)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]
