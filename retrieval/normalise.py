"""One spelling for text that people write in many: the same function for what is indexed and what is asked."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
# After these a lone numeral is a number (一个月, 两名); elsewhere it is part of a word (一般, 统一, 七一).
_COUNTED = "个月年天日名人次条章款项节岁周种类点步份张篇遍票分级位倍届期学小季门封支轮批页字元块成"
_NUMERAL = re.compile(
    rf"第[零〇一二两三四五六七八九十百千]+|[零〇一二两三四五六七八九十百千]{{2,}}|[一二两三四五六七八九十](?=[{_COUNTED}])"
)
_POSITIONAL = re.compile(r"[零〇一二三四五六七八九]+")
_CHARACTERS = str.maketrans(
    {
        "。": ".", "、": ",", "「": '"', "」": '"', "『": '"', "』": '"', "“": '"', "”": '"', "‘": "'", "’": "'",
        "〈": "《", "〉": "》", "【": "(", "】": ")", "〔": "(", "〕": ")", "—": "-", "–": "-", "…": ".", "·": "-",
        "・": "-", "～": "~", "〜": "~",
        "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u00ad": "", "嘛": "吗", "俩": "2个",
    }
)  # fmt: skip
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Text as it is compared: NFKC, simplified characters, lower case, Arabic numerals, plain punctuation.

    Offsets are not kept; quotations are always cut from the original text.
    """
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no character
    folded = unicodedata.normalize("NFKC", text)
    folded = _converter().convert(folded).lower().translate(_CHARACTERS)
    folded = _NUMERAL.sub(_arabic, folded)
    return _SPACES.sub(" ", folded).strip()


def number_of(numeral: str) -> int | None:
    """The value of a Chinese numeral below ten thousand (十八, 一百零五, 二〇二六), None where it is none."""
    if not any(unit in numeral for unit in _UNITS):
        if not _POSITIONAL.fullmatch(numeral.replace("两", "二")):
            return None
        return int("".join(str(_DIGITS[character]) for character in numeral))
    total, digit = 0, -1
    for character in numeral:
        if character in _UNITS:
            total += (1 if digit < 0 else digit) * _UNITS[character]
            digit = -1
        elif digit > 0:
            return None  # two digits in a row beside a unit: 三四十 is a guess, not a number
        else:
            digit = _DIGITS[character]
    return total + max(digit, 0)


def _arabic(match: re.Match[str]) -> str:
    numeral = match.group()
    prefix = "第" if numeral.startswith("第") else ""
    numeral = numeral.removeprefix("第")
    # 三四, 五四, 七一: an estimate or a name, not thirty-four; a year has four digits.
    if not prefix and len(numeral) in (2, 3) and not any(unit in numeral for unit in _UNITS):
        return match.group()
    value = number_of(numeral)
    return match.group() if value is None else f"{prefix}{value}"


@lru_cache(maxsize=1)
def _converter() -> Any:
    from opencc import OpenCC  # loads its dictionaries, so not at import

    return OpenCC("t2s")
