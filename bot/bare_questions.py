"""Whether a question is bare: about the rules alone, so that it may leave the house."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.own_questions import own_dates
from records.tables import PersonRow

_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-–—.]+(?=\d)")
_LATIN_WORD = re.compile(r"[a-zà-ɏ]{4,}")  # may be a name in pinyin, which no roster holds
_LONG_NUMBER = re.compile(r"\d{5,}")


async def is_bare(session: AsyncSession, question: str) -> bool:
    """No long number or Latin word, nobody's name of the roster (nor a given name alone), not the asker's own dates."""
    text = unicodedata.normalize("NFKC", question).lower()
    long = _LONG_NUMBER.search(_BETWEEN_DIGITS.sub("", text)) or _LATIN_WORD.search(text)
    if long or own_dates(question) is not None:
        return False
    return not await session.scalar(select(_names_somebody("".join(text.split()))))


def _names_somebody(text: str) -> ColumnElement[bool]:
    """Whether a text (lower case, without spaces) holds a name, or a given name of two letters or more."""
    name = func.lower(func.replace(PersonRow.name, " ", ""))
    parts = [name, func.substr(name, 2), func.substr(name, 3)]  # 欧阳晓雨 is called 晓雨
    return exists().where(or_(*(and_(func.length(part) > 1, literal(text).contains(part)) for part in parts)))
