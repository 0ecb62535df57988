"""Questions to think about, from the study guides; nobody's thoughts on them are asked for or kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from content.passages import DocumentKind, Passage

_HEADING = "可以想的问题"
_OPENING = re.compile(r"^[^：:？?]{0,12}[：:]")
_SENTENCE = re.compile(r"[^？?。！!]+[？?]")


@dataclass(frozen=True)
class Thought:
    """One question of a guide's section, as it is written there."""

    question: str
    passage: Passage


def thoughts(passages: Iterable[Passage]) -> list[Thought]:
    """Every question of the guides' sections named 「…可以想的问题」, in the order of the passages."""
    found = []
    for passage in passages:
        heading = passage.content.headings[-1] if passage.content.headings else ""
        if passage.kind is DocumentKind.GUIDE and _HEADING in heading:
            text = _OPENING.sub("", passage.content.text.strip())
            found += [Thought(match.group().strip(), passage) for match in _SENTENCE.finditer(text)]
    return found


def thought_of(day: date, among: list[Thought], number: int = 0) -> Thought | None:
    """The day's question, the same for everybody; `number` others further on. None where there are no questions.

    Neighbouring days take questions of different guides: the step through the list has no divisor in common with it.
    """
    if not among:
        return None
    step = next(one for one in (37, 41, 43, 47, 53, 1) if one == 1 or len(among) % one)
    return among[(day.toordinal() * step + number * step) % len(among)]
