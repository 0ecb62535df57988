"""Days as people say them: 明年三月, 下个月15号, 下周三, 三天后, 月底. Pure; the present day is an argument."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from records.dates import months_after

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十两]{1,3})"
_NEAR = {"大后天": 3, "后天": 2, "明天": 1, "明日": 1, "今天": 0, "今日": 0}
_YEARS = {"今年": 0, "明年": 1, "后年": 2}
_MONTHS = {"这个月": 0, "本月": 0, "下下个月": 2, "下个月": 1, "下月": 1, "上个月": -1, "上月": -1}
_DAY = rf"(?P<day>{NUMBER})[日号]"
_WHOLE = re.compile(
    r"(20\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|(?<!\d)(20\d{2})(\d{2})(\d{2})(?!\d)"
)
_OF_MONTH = re.compile(
    rf"(?P<year>20\d{{2}}年|{'|'.join(_YEARS)})?的?(?P<month>{NUMBER})月份?(?:的?(?:{_DAY}|(?P<bare>\d{{1,2}})(?![\d月年])))?"
)
_RELATIVE_MONTH = re.compile(rf"(?P<month>{'|'.join(_MONTHS)})(?:的?{_DAY})?")
_NEAR_DAY = re.compile("|".join(_NEAR))
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下下": 2, "下": 1}
_WEEK = re.compile(rf"(?P<said>(?P<week>{'|'.join(_WEEKS)})个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天]))")
_MONTH_END = re.compile(
    rf"(?P<said>(?:(?P<year>20\d{{2}}年|{'|'.join(_YEARS)})?的?(?P<month>{NUMBER})月"
    rf"|(?P<near>{'|'.join(_MONTHS)})|(?<![\d个一二三四五六七八九十])月)(?:底|末))"
)
_YEAR_END = re.compile(rf"(?P<said>(?P<year>20\d{{2}}|{'|'.join(_YEARS)})?年?[底末])")
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH_MONTH = rf"(?P<month>{'|'.join(_ENGLISH_MONTHS)})[a-z]*\.?"
_ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_ENGLISH_MONTH}(?:,? (?P<year>20\d{{2}}))?\b",
        rf"\b{_ENGLISH_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>20\d{{2}}))?",
        rf"\b{_ENGLISH_MONTH} (?P<year>20\d{{2}})\b",
    )
)
# 三天后, never 公示三天后 or 五个工作日后: a span counted from something else than today is no day.
_SPAN = re.compile(
    r"(?:^|[我在过，。,、\s]|如果|假如|假设|要是|万一|若是?|倘若)"
    r"(?P<said>(?P<count>\d{1,3}|[一二三四五六七八九十两]{1,3})个?(?P<unit>天|日|周|星期|礼拜)[以之]?(?P<way>[后前]))"
)
_BARE_DAY = re.compile(rf"(?<![\d月年第.\-/一二三四五六七八九十])(?P<said>(?P<day>{NUMBER})号)(?![文楼线院])")


@dataclass(frozen=True)
class SaidDay:
    """A day that was said, and where the words end. `guess`: the year or the day of the month was not said.

    `day` None: the calendar has no such day (`said` holds the words).
    """

    day: date | None
    said: str
    end: int
    guess: bool = False


def day_said(text: str, today: date) -> SaidDay | None:
    """The first day that the text names; without a year the next such day, without a day the month's first."""
    plain = unicodedata.normalize("NFKC", text) if len(unicodedata.normalize("NFKC", text)) == len(text) else text
    if found := _WHOLE.search(plain):
        numbers = [int(part) for part in found.groups() if part is not None]
        return _said(found, *numbers, guess=False)
    if found := next((found for one in _ENGLISH if (found := one.search(plain))), None):
        return _in_english(found, today)
    if said := _end_said(plain, today):
        return said
    if found := _RELATIVE_MONTH.search(plain):
        first = months_after(today.replace(day=1), _MONTHS[found["month"]])
        return _said(found, first.year, first.month, number_said(found["day"] or "1"), guess=not found["day"])
    if found := _OF_MONTH.search(plain):
        return _of_month(found, today)
    if found := _NEAR_DAY.search(plain):
        return SaidDay(today + timedelta(days=_NEAR[found[0]]), found[0], found.end())
    if found := _WEEK.search(plain):
        return SaidDay(_of_week(found, today), found["said"], found.end(), guess=True)
    if found := _BARE_DAY.search(plain):
        return _next_such(found, today)
    if found := _SPAN.search(plain):
        return SaidDay(_away(found, today), found["said"], found.end())
    return None


def day_written(text: str, today: date) -> date | None:
    """The day that the whole text names without leaving anything open but the month of 15号: the last such day.

    上周三, 三天前, 两周后, 上月底, 上个月15号. None for anything else, 下月 and 明年三月 too.
    """
    if found := _WEEK.fullmatch(text):
        return _of_week(found, today)
    if found := _SPAN.fullmatch(text):
        return _away(found, today)
    if found := _BARE_DAY.fullmatch(text):
        return _last_such(number_said(found["day"]), today)
    said = day_said(text, today)
    return said.day if said is not None and said.said == text and not said.guess else None


def _end_said(plain: str, today: date) -> SaidDay | None:
    """月底, 下月底, 12月底, 明年三月底; 年底."""
    if found := _MONTH_END.search(plain):
        first = months_after(today.replace(day=1), _MONTHS.get(found["near"] or "", 0))
        if found["month"]:
            month = number_said(found["month"])
            if not 1 <= month <= 12:
                return SaidDay(None, found["said"], found.end())
            year = _year_of(found["year"], today) if found["year"] else today.year + (month < today.month)
            first = date(year, month, 1)
        guess = bool(found["month"]) and not found["year"]
        return SaidDay(months_after(first, 1) - timedelta(days=1), found["said"], found.end(), guess)
    if found := _YEAR_END.search(plain):
        year = _year_of(found["year"], today) if found["year"] else today.year
        return SaidDay(date(year, 12, 31), found["said"], found.end(), guess=not found["year"])
    return None


def _year_of(said: str, today: date) -> int:
    return today.year + _YEARS[said] if said in _YEARS else int(said[:4])


def _of_week(found: re.Match[str], today: date) -> date:
    """A week begins on Monday."""
    monday = today - timedelta(days=today.weekday())
    place = "一二三四五六日".index(found["weekday"].replace("天", "日"))
    return monday + timedelta(days=7 * _WEEKS[found["week"]] + place)


def _away(found: re.Match[str], today: date) -> date:
    days = number_said(found["count"]) * (1 if found["unit"] in "天日" else 7)
    return today + timedelta(days=days if found["way"] == "后" else -days)


def _next_such(found: re.Match[str], today: date) -> SaidDay:
    """15号: today's, or the next month's that has such a day."""
    day = number_said(found["day"])
    months = (months_after(today.replace(day=1), number) for number in range(4))
    days = (first + timedelta(days=day - 1) for first in months)
    there = next((one for one in days if one.day == day and one >= today), None)
    return SaidDay(there, found["said"], found.end(), guess=True)


def _last_such(day: int, today: date) -> date | None:
    months = (months_after(today.replace(day=1), -number) for number in range(4))
    days = (first + timedelta(days=day - 1) for first in months)
    return next((one for one in days if one.day == day and one <= today), None)


def _in_english(found: re.Match[str], today: date) -> SaidDay:
    """1 December 2026, Dec 1, March 2027."""
    parts = found.groupdict()
    month, day = _ENGLISH_MONTHS.index(parts["month"].lower()[:3]) + 1, int(parts.get("day") or "1")
    year = int(parts["year"]) if parts["year"] else today.year + ((month, day) < (today.month, today.day))
    return _said(found, year, month, day, guess=not (parts["year"] and parts.get("day")))


def _of_month(found: re.Match[str], today: date) -> SaidDay:
    month, day = number_said(found["month"]), found["day"] or found["bare"]
    year = found["year"]
    if year is None:
        passed = (month, number_said(day)) < (today.month, today.day) if day else month < today.month
        return _said(found, today.year + passed, month, number_said(day or "1"), guess=True)
    return _said(found, _year_of(year, today), month, number_said(day or "1"), guess=not day)


def _said(found: re.Match[str], year: int, month: int, day: int, *, guess: bool) -> SaidDay:
    try:
        return SaidDay(date(year, month, day), found[0], found.end(), guess)
    except ValueError:
        return SaidDay(None, found[0], found.end())


def number_said(text: str) -> int:
    """12 or 十二 as a number; below 100."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.get(text, 0)
    return 10 * (_DIGITS.get(tens, 1) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)
