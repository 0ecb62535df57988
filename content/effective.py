"""From which day a text says that it holds."""

from __future__ import annotations

import re
from datetime import date, datetime

from content.readers.source import Source
from content.splitting import Split

_DAY = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_IN_FORCE = re.compile(r"自\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日\s*起\s*(?:施行|实施|执行|生效)")
_IN_NAME = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# Characters at the top and the bottom among which such a day is looked for.
_TOP, _BOTTOM = 1500, 400


def effective_day(source: Source, parts: Split, name: str) -> date | None:
    """The front matter's day; else the latest of the days of adoption, revision and coming into force; else the name's.

    A revised law often still ends with the day on which its first version came into force, hence the latest.
    """
    given = source.front.get("effective")
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    if isinstance(given, str) and (match := _IN_NAME.fullmatch(given.strip())):
        return _day(match)
    if not parts.articles:
        return _only(_days(_IN_FORCE, source.text[-_BOTTOM:])) or _only(_days(_IN_NAME, name))
    preamble = next(
        (passage.text for passage in parts.passages if passage.article is None and not passage.headings), ""
    )
    found = [*_days(_DAY, preamble[:_TOP]), *_days(_IN_FORCE, source.text[-_BOTTOM:])]
    return _only(found) or _only(_days(_IN_NAME, name))


def _days(pattern: re.Pattern[str], text: str) -> list[date]:
    return [day for match in pattern.finditer(text) if (day := _day(match)) is not None]


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _only(days: list[date]) -> date | None:
    return max(days, default=None)
