"""A long text without headings, cut at the ends of its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Characters: what a reader takes in at a glance and an encoder in one piece.
SHORTEST, LONGEST = 150, 250
# A section under a heading stays whole up to this.
LONGEST_SECTION = 400

_SENTENCE = re.compile(r"[^。！？!?；;\n]*(?:[。！？!?；;]+[”’」』》）)\"]*|\.(?=\s)|\n+|$)")


def chunks(text: str, start: int, end: int, *, longest: int = 0) -> Iterator[tuple[int, int]]:
    """Offsets of pieces that follow each other without gap or overlap; one piece where the text has up to `longest`."""
    if len(text[start:end].strip()) <= max(longest, LONGEST):
        if start < end:
            yield start, end
        return
    first = start
    last = start
    for stop in _stops(text, start, end):
        if stop - first > LONGEST and last > first:
            yield first, last
            first = last
        last = stop
        if last - first >= SHORTEST:
            # A short rest is better in this piece than alone.
            if end - last < SHORTEST // 3 and end - first <= LONGEST:
                continue
            yield first, last
            first = last
    if first < end:
        yield first, end


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    """Ends of sentences; a sentence that is too long is cut at its commas, or else by length."""
    position = start
    while position < end:
        match = _SENTENCE.match(text, position, end)
        stop = match.end() if match and match.end() > position else end
        while stop - position > LONGEST:
            comma = max(text.rfind(sign, position + SHORTEST // 2, position + LONGEST) for sign in "，、, ")
            position = comma + 1 if comma > position else position + LONGEST
            yield position
        yield stop
        position = stop
