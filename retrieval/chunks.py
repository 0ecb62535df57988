"""Cutting text at its sentences: chunks to search, sentences to quote. Offsets always point into the source."""

from __future__ import annotations

import re

CHUNK_AT_LEAST, CHUNK_AT_MOST = 150, 250  # characters; measured best for long texts, without overlap
_SENTENCE_END = re.compile(r"[。！？!?…]+[”’」』）)]*|[；;]+|\n+|(?<=[a-z0-9)\]])\.(?=\s+[A-Z\"(])")


def sentences(text: str) -> list[tuple[int, int]]:
    """The spans of the sentences and list items, without the white space around them; none is empty."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.end() if match else len(text)
        piece = text[begin:end]
        stripped = piece.strip()
        if stripped:
            start = begin + piece.index(stripped)
            spans.append((start, start + len(stripped)))
        begin = end
    return spans


def quotable(text: str) -> list[tuple[int, int]]:
    """The same, but a semicolon within a line ends nothing: half a sentence is no quotation."""
    spans: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if spans and text[spans[-1][1] - 1] in "；;" and "\n" not in text[spans[-1][1] : start]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def chunks(text: str) -> list[tuple[int, int]]:
    """Spans of whole sentences of 150–250 characters; one span where the text is short, at least one always."""
    if len(text) <= CHUNK_AT_MOST:
        return [(0, len(text))]
    spans: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if spans and (end - spans[-1][0] <= CHUNK_AT_MOST or spans[-1][1] - spans[-1][0] < CHUNK_AT_LEAST // 2):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans or [(0, len(text))]
