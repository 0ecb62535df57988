"""Days as people type them in chat."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from bot.day_words import day_written
from records.fields import read_date
from storage.errors import WaymarkError

_RELATIVE = {"今天": 0, "今日": 0, "today": 0, "昨天": 1, "昨日": 1, "yesterday": 1, "前天": 2}
_WITHOUT_YEAR = re.compile(r"(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_DAY_OF_MONTH = re.compile(r"[日号]$")


class NoDay(WaymarkError):
    """Something else than a day was typed."""

    key = "error.no_day"
    sentence = "'{value}' is not a day. Type it like 2026-05-11, 20260511, 5月11日, or 今天."


def day_in(text: str, today: date) -> date:
    """今天, 昨天, 2026-5-11, 20260511, 2026年5月11日, 上周三, 三天前, 上月底.

    5月11日 is of this year, 15号 the last such day.

    Raises:
        NoDay
    """
    typed = " ".join(unicodedata.normalize("NFKC", text).split())
    if typed.lower() in _RELATIVE:
        return today - timedelta(days=_RELATIVE[typed.lower()])
    whole = read_date(_DAY_OF_MONTH.sub("", typed))
    if whole is not None:
        return whole
    short = _WITHOUT_YEAR.fullmatch(typed)
    try:
        if short:
            return date(today.year, int(short[1]), int(short[2]))
    except ValueError:
        pass
    spoken = day_written(typed, today)
    if spoken is not None:
        return spoken
    raise NoDay(value=typed[:40])
