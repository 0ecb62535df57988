"""Slides: the title of each as a heading, then its text and tables."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pptx import Presentation
from pptx.exc import PackageNotFoundError

from content.readers.refusals import FileDamaged
from content.readers.source import Source, Writer

_DEEPEST = 8


def read_pptx(content: bytes, name: str) -> Source:
    """The text of the slides in order; notes and masters are left out."""
    try:
        presentation = Presentation(io.BytesIO(content))
    except (PackageNotFoundError, KeyError, ValueError) as error:
        raise FileDamaged(name=name) from error
    writer = Writer()
    for number, slide in enumerate(presentation.slides, start=1):
        writer.page(number)
        writer.stop()
        title = slide.shapes.title
        words = title.text_frame.text.strip() if title is not None and title.has_text_frame else ""
        if words:
            writer.line(words.replace("\v", " "), level=1 if number == 1 else 2)
        for line in _lines(slide.shapes, title):
            writer.line(line)
    return writer.done()


def _lines(shapes: Any, title: Any, depth: int = 0) -> Iterator[str]:
    for shape in shapes:
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_text_frame", False):
            yield from (text for p in shape.text_frame.paragraphs if (text := p.text.replace("\v", "\n")).strip())
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                yield " | ".join(cell.text.replace("\n", " ").strip() for cell in row.cells)
        elif hasattr(shape, "shapes") and depth < _DEEPEST:
            yield from _lines(shape.shapes, title, depth + 1)
