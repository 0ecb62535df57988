"""JSON: only question banks come that way."""

from __future__ import annotations

from content.readers.source import FileKind, Source
from content.readers.text import decoded


def read_json(content: bytes, name: str) -> Source:
    """The raw text, marked as a question bank; `content.questions` says what is wrong with it."""
    text, notices = decoded(content, name)
    return Source(text, title=name.rpartition(".")[0], notices=notices, kind=FileKind.QUESTION_BANK)
