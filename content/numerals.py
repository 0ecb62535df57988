"""Chinese numerals as articles and chapters are counted with."""

from __future__ import annotations

import unicodedata

NUMERAL = r"[〇零○一二两三四五六七八九十百千\d０-９]+"

_DIGITS = {
    "〇": 0,
    "零": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_CHARACTERS = "零一二三四五六七八九"


def number_of(numeral: str) -> int:
    """The number that 第…条 holds, e.g. 一百零五 → 105, 12 → 12, 一〇五 → 105."""
    numeral = unicodedata.normalize("NFKC", numeral.replace("〇", "零").replace("○", "零"))
    if numeral.isdecimal():
        return int(numeral)
    if not any(character in _UNITS for character in numeral):
        return int("".join(str(_DIGITS.get(character, character)) for character in numeral))
    total = digit = 0
    for character in numeral:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = _DIGITS.get(character, 0)
    return total + digit


def numeral_of(number: int) -> str:
    """The numeral as laws write it, e.g. 105 → 一百零五, 12 → 十二; for 1 to 9999."""
    if number < 10:
        return _CHARACTERS[number]
    parts: list[str] = []
    gap = False
    for unit, character in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            parts.append(("零" if gap and parts else "") + _CHARACTERS[digit] + character)
            gap = False
        else:
            gap = True
    numeral = "".join(parts)
    return numeral[1:] if numeral.startswith("一十") else numeral
