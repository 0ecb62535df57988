"""Questions for a text that is no longer in force, or not yet: what says so, and the days on which such texts hold."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_TEXT = r"(?:细则|条例|规定|章程|办法|文件|版本?)"
# not 递申请之前规定…, 原来版本, 老规定时间: what was before something else, or is no edition, is asked of today's text
_BEFORE = r"(?:(?<![^\s,.;:?!按照跟和与用看据是们在])(?:原来|以前|从前|之前|过去)(?:版|的|1版|那版|那个)?的?)"
_OLD = re.compile(
    rf"(?:\d{{4}}年?(?:的|版|版的|发布的|那版)?|(?:旧|老|废止|失效)(?:版|的|1版)?的?|上[1一]?版的?|{_BEFORE})"
    rf"(?:实施|管理)?{_TEXT}(?:{_TEXT})?(?!时间|的?时候|的?学时|夹|面|人|不)"
    rf"|(?:修订|修改)(?:之|以)?前(?:的)?{_TEXT}?|{_TEXT}(?:\d{{4}}年?版|旧版|老版)"
)
_TELLS_OF_OLD = re.compile(r"旧|修订|原来|以前|不再|新增|新写|改成")
_NAMED_YEAR = re.compile(r"(\d{4})年")
_YEAR = re.compile(r"\d{4}")
_COMPARES = re.compile(
    r"区别|变化|不同|差别|差异|差在|一样|对比|对照|比较|前后|改了|变了|新旧|还(?:能|可以|在)?用|管用|有效吗|作数|算数|信吗|作废了|废止了|失效了|以哪|哪个|现在|现行"
)
_COMING = re.compile(
    rf"(?:即将|将要|马上要|还没有?|尚未|未)(?:施行|生效|实施|执行)的?(?:新版?的?)?(?:(?:实施|管理)?{_TEXT})?|(?:从|自)?(?P<year>\d{{4}})年?(?:起|开始)?(?:施行|生效|实施|执行)?的?(?:新|版|新版)?的?{_TEXT}"
)
_THEN = re.compile(
    r"(?:在|到|从|自)?(?P<year>\d{4})年(?:的?(?P<month>\d{1,2})月份?(?:(?P<day>\d{1,2})[日号])?)?"
    r"的?(?:(?P<past>时候|那时候?|那会儿?|那年|当时)|(?P<after>以后|之后|后|起|开始))的?"
)
_OF_SOMEBODY = re.compile(r"[我俺他她]")
_DAYS_AT_MOST = 8


@dataclass(frozen=True)
class OldText:
    """A question for an old text.

    Attributes:
        matter: the question without the words that name the edition, normalised.
        year: in which that text held, None where none is named.
    """

    matter: str
    year: int | None

    def means(self, since: date, until: date | None, *, on: date) -> bool:
        """Whether a text that held on these days, and no longer does, is of the edition that was asked for."""
        if until is None or until > on:
            return False
        return self.year is None or since.year <= self.year <= until.year


def old_text(normalised_question: str, *, on: date) -> OldText | None:
    """What is asked of an old text; None for any other question, and for one that compares the old with the new."""
    found = _OLD.search(normalised_question)
    if found is None or _COMPARES.search(normalised_question):
        return None
    year = _YEAR.search(found.group())
    if year is not None and not 1900 < int(year.group()) < on.year:
        return None
    return OldText(_without(normalised_question, found), int(year.group()) if year else None)


def tells_of_old(normalised_text: str, *, on: date) -> bool:
    """Whether a text in force says something of what was before it, as one that compares editions does."""
    years = map(int, _NAMED_YEAR.findall(normalised_text))
    return _TELLS_OF_OLD.search(normalised_text) is not None or any(1900 < year < on.year for year in years)


def coming_text(normalised_question: str, *, on: date) -> str | None:
    """What is asked of a text that is not yet in force, without the words that say so; None for any other question."""
    found = _COMING.search(normalised_question)
    if found is None or _COMPARES.search(normalised_question):
        return None
    if found["year"] is not None and int(found["year"]) <= on.year:
        return None
    return _without(normalised_question, found)


@dataclass(frozen=True)
class Dated:
    """A question for what holds on another day: its matter, normalised, and the last day of what was named."""

    matter: str
    day: date


def dated(normalised_question: str, *, on: date) -> Dated | None:
    """What is asked of a day that has passed (在2020年的时候) or will come (2027年3月以后); None for all else.

    A day in somebody's own story is no question for the rules of that day.
    """
    found = _THEN.search(normalised_question)
    if found is None or _OF_SOMEBODY.search(normalised_question) or _COMPARES.search(normalised_question):
        return None
    year, month = int(found["year"]), int(found["month"] or 12)
    if not (1900 < year < 2100 and 1 <= month <= 12) or (year == on.year and found["month"] is None):
        return None
    last = monthrange(year, month)[1]
    day = date(year, month, min(max(int(found["day"] or last), 1), last))
    if (day < on) != bool(found["past"]):
        return None
    return Dated(_without(normalised_question, found), day)


def _without(question: str, named: re.Match[str]) -> str:
    """The question without the words that name an edition or a day."""
    return (question[: named.start()] + question[named.end() :].lstrip("里中的上")).strip(" ,") or question


def first_days(begins: Iterable[date], *, on: date) -> list[date]:
    """The days on which texts come into force after this one, the soonest first."""
    return sorted(day for day in set(begins) if day > on)[:_DAYS_AT_MOST]


def last_days(ends: Iterable[date]) -> list[date]:
    """The last days on which replaced texts held, the latest first.

    Args:
        ends: the first day of each on which it no longer did.
    """
    return [end - timedelta(days=1) for end in sorted(set(ends), reverse=True)[:_DAYS_AT_MOST]]
