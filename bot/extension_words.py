"""An extension of probation as people say it: 预备期延长半年, 延长到 2027-05-19, extended by six months. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.day_words import NUMBER, SaidDay, number_said
from records.extending import Extension

_PROBATION = re.compile(r"预备期|预备党员|转正|probation|conversion|convert|full member", re.IGNORECASE)
_SOMETHING_ELSE = re.compile(
    r"(?:审批|公示|培训|考察)(?:期|时间|期限)?.{0,3}延长|延长.{0,3}(?:审批|公示|培训)|党龄|党费", re.I
)
_CHINESE = re.compile(
    r"延长(?:了|我的|本人的|他的|她的)?(?:预备期)?(?:了|为)?"
    rf"(?P<span>半年|(?P<year>一年|1年)|(?P<count>{NUMBER})个?月)?"
)
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNT = rf"(?P<count>\d{{1,2}}|{'|'.join(_WORDS)})"
_SPAN = rf"(?P<span>half a year|(?P<year>(?:a|one|1) year)|{_COUNT}[- ]months?)"
_ENGLISH = (
    re.compile(rf"\bextend(?:ed|ing|s)?\b(?: (?:my|the) probation)?(?: (?:by|for) {_SPAN})?", re.IGNORECASE),
    re.compile(rf"(?:\b{_SPAN} )?\bextension\b(?: of {_SPAN.replace('P<', 'P<of_')})?", re.IGNORECASE),
)


@dataclass(frozen=True)
class SaidExtension:
    """How far, and where the words stand; `day_is_end`: the day that was said is the one to which it would run."""

    extension: Extension
    start: int
    end: int
    day_is_end: bool = False


def extension_said(text: str, day: SaidDay | None) -> SaidExtension | None:
    """The first extension of probation that the text names; `day` is the first day in it."""
    if not _PROBATION.search(text) or _SOMETHING_ELSE.search(text):
        return None
    found = _CHINESE.search(text) or next((one for each in _ENGLISH if (one := each.search(text))), None)
    if found is None:
        return None
    if day is not None and re.fullmatch(r"\s*(?:到|至|to|until)\s*", text[found.end() : day.end - len(day.said)]):
        return SaidExtension(Extension(until=day.day), found.start(), day.end, day_is_end=True)
    return SaidExtension(Extension(months=_months(found)), found.start(), found.end())


def _months(found: re.Match[str]) -> int | None:
    groups = {name.removeprefix("of_"): value for name, value in found.groupdict().items() if value}
    if "count" in groups:
        said = groups["count"].lower()
        return _WORDS.index(said) + 1 if said in _WORDS else number_said(said)
    if "year" in groups:
        return 12
    return 6 if "span" in groups else None
