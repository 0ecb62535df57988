"""Days as people say them in a sentence: 明年三月, 下个月15号, 12月1日, 后天. Pure; the present day is an argument."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from records.dates import months_after

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十两]{1,3})"
_NEAR = {"大后天": 3, "后天": 2, "明天": 1, "明日": 1, "今天": 0, "今日": 0}
_YEARS = {"今年": 0, "明年": 1, "后年": 2}
_MONTHS = {"这个月": 0, "本月": 0, "下下个月": 2, "下个月": 1, "下月": 1}
_DAY = rf"(?P<day>{_NUMBER})[日号]"
_WHOLE = re.compile(
    r"(20\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|(?<!\d)(20\d{2})(\d{2})(\d{2})(?!\d)"
)
_OF_MONTH = re.compile(
    rf"(?P<year>20\d{{2}}年|{'|'.join(_YEARS)})?的?(?P<month>{_NUMBER})月份?(?:的?(?:{_DAY}|(?P<bare>\d{{1,2}})(?![\d月年])))?"
)
_RELATIVE_MONTH = re.compile(rf"(?P<month>{'|'.join(_MONTHS)})(?:的?{_DAY})?")
_NEAR_DAY = re.compile("|".join(_NEAR))


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
    if found := _RELATIVE_MONTH.search(plain):
        first = months_after(today.replace(day=1), _MONTHS[found["month"]])
        return _said(found, first.year, first.month, _number(found["day"] or "1"), guess=not found["day"])
    if found := _OF_MONTH.search(plain):
        return _of_month(found, today)
    if found := _NEAR_DAY.search(plain):
        return SaidDay(today + timedelta(days=_NEAR[found[0]]), found[0], found.end())
    return None


def _of_month(found: re.Match[str], today: date) -> SaidDay:
    month, day = _number(found["month"]), found["day"] or found["bare"]
    year = found["year"]
    if year is None:
        passed = (month, _number(day)) < (today.month, today.day) if day else month < today.month
        return _said(found, today.year + passed, month, _number(day or "1"), guess=True)
    told = today.year + _YEARS[year] if year in _YEARS else int(year[:4])
    return _said(found, told, month, _number(day or "1"), guess=not day)


def _said(found: re.Match[str], year: int, month: int, day: int, *, guess: bool) -> SaidDay:
    try:
        return SaidDay(date(year, month, day), found[0], found.end(), guess)
    except ValueError:
        return SaidDay(None, found[0], found.end())


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.get(text, 0)
    return 10 * (_DIGITS.get(tens, 1) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)
