"""Word's automatic numbers (第一条, （一）, 1.), which stand in no paragraph's text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

from content.numerals import numeral_of

_CHINESE = {
    "chineseCounting",
    "chineseCountingThousand",
    "ideographDigital",
    "japaneseCounting",
    "taiwaneseCountingThousand",
}
_HIGHEST = 9999


@dataclass(frozen=True)
class _Level:
    start: int
    form: str
    pattern: str


class Numbering:
    """Counts through a document from its first paragraph to its last."""

    def __init__(self, document: Any) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return
        for abstract in root.findall(qn("w:abstractNum")):
            levels = {int(level.get(qn("w:ilvl"), 0)): _level(level) for level in abstract.findall(qn("w:lvl"))}
            self._levels[abstract.get(qn("w:abstractNumId"))] = levels
        for number in root.findall(qn("w:num")):
            reference = number.find(qn("w:abstractNumId"))
            if reference is not None:
                self._lists[number.get(qn("w:numId"))] = reference.get(qn("w:val"))

    def label(self, paragraph: Any) -> str:
        """What Word prints before the paragraph, with a space after it; empty where nothing or a bullet."""
        place = _place(paragraph)
        if place is None or place[0] not in self._lists:
            return ""
        abstract, depth = self._lists[place[0]], place[1]
        levels = self._levels.get(abstract, {})
        if depth not in levels:
            return ""
        counts = self._counts.setdefault(abstract, {})
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]
        if levels[depth].form in {"bullet", "none"}:
            return ""

        def written(match: re.Match[str]) -> str:
            level = int(match[1]) - 1
            if level not in levels:
                return ""
            return _written(counts.get(level, levels[level].start), levels[level].form)

        label = re.sub(r"%(\d)", written, levels[depth].pattern).strip()
        return label + " " if label else ""


def _level(element: Any) -> _Level:
    def value(tag: str, default: str) -> str:
        found = element.find(qn(tag))
        return default if found is None else found.get(qn("w:val"), default)

    start = value("w:start", "1")
    return _Level(int(start) if start.isdecimal() else 1, value("w:numFmt", "decimal"), value("w:lvlText", ""))


def _place(paragraph: Any) -> tuple[str, int] | None:
    """The list and depth of a paragraph, by itself or by its style."""
    holders = [paragraph._p.pPr]
    style = paragraph.style
    for _ in range(10):
        if style is None:
            break
        holders.append(style.element.pPr)
        style = style.base_style
    depth: int | None = None
    for holder in holders:
        properties = holder.find(qn("w:numPr")) if holder is not None else None
        if properties is None:
            continue
        level = properties.find(qn("w:ilvl"))
        if depth is None and level is not None and level.get(qn("w:val"), "").isdecimal():
            depth = int(level.get(qn("w:val")))
        number = properties.find(qn("w:numId"))
        if number is not None:
            # 0 takes the number of the style away again.
            return None if number.get(qn("w:val")) == "0" else (number.get(qn("w:val")), depth or 0)
    return None


def _written(number: int, form: str) -> str:
    if form in _CHINESE and 0 < number <= _HIGHEST:
        return numeral_of(number)
    if form in {"lowerLetter", "upperLetter"} and 0 < number <= 26:
        letter = "abcdefghijklmnopqrstuvwxyz"[number - 1]
        return letter if form == "lowerLetter" else letter.upper()
    if form in {"decimalEnclosedCircle", "decimalEnclosedCircleChinese"} and 0 < number <= 20:
        return chr(0x2460 + number - 1)
    if form in {"lowerRoman", "upperRoman"} and 0 < number < 40:
        roman = "x" * (number // 10) + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[number % 10]
        return roman if form == "lowerRoman" else roman.upper()
    return str(number)
