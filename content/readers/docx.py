"""Word documents: headings by style, automatic numbers written out, tables row by row."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from content.readers.numbering import Numbering
from content.readers.refusals import FileDamaged
from content.readers.source import Source, Writer

_STYLE = re.compile(r"^(?:heading|标题)\s*(\d)$", re.IGNORECASE)
# Tables inside tables inside tables …
_DEEPEST = 5
# None: the element's own text.
_WORDS = {qn("w:t"): None, qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_NOT_WORDS = {
    *(qn("w:pPr"), qn("w:rPr"), qn("w:del"), qn("w:moveFrom"), qn("w:txbxContent"), qn("w:footnoteReference")),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}


def read_docx(content: bytes, name: str) -> Source:
    """The body of the document; text boxes, headers, footers and comments are left out."""
    try:
        document = Document(io.BytesIO(content))
    except (PackageNotFoundError, KeyError, ValueError) as error:
        raise FileDamaged(name=name) from error
    numbering = Numbering(document)
    writer = Writer()
    for block in _blocks(document):
        if isinstance(block, Paragraph):
            text = numbering.label(block) + _text(block._p)
            writer.line(text, level=_level(block) if text.strip() else None)
        else:
            for row in _rows(block):
                writer.line(row)
    return writer.done()


def _blocks(document: Any) -> Iterator[Paragraph | Table]:
    """Paragraphs and tables in order, also those inside content controls."""
    for element in document.element.body.iter(qn("w:p"), qn("w:tbl")):
        holders = {ancestor.tag for ancestor in element.iterancestors()}
        if qn("w:tbl") in holders or qn("w:txbxContent") in holders:
            continue
        yield Paragraph(element, document) if element.tag == qn("w:p") else Table(element, document)


def _level(paragraph: Paragraph) -> int | None:
    """0 for the title style, 1… for headings, None for text."""
    properties = paragraph._p.pPr
    outline = properties.find(qn("w:outlineLvl")) if properties is not None else None
    if outline is not None and (value := outline.get(qn("w:val"), "9")).isdecimal() and int(value) < 9:
        return int(value) + 1
    style = paragraph.style
    for _ in range(10):
        if style is None:
            return None
        style_name = (style.name or "").strip()
        if match := _STYLE.match(style_name):
            return int(match[1])
        if style_name.lower() in {"title", "标题"}:
            return 0
        style = style.base_style
    return None


def _text(element: Any) -> str:
    """The words of a paragraph, also those inside links, content controls and accepted insertions."""
    parts: list[str] = []
    waiting = [element]
    while waiting:
        node = waiting.pop()
        if node.tag in _WORDS:
            parts.append(_WORDS[node.tag] or node.text or "")
        elif node.tag not in _NOT_WORDS:
            waiting.extend(reversed(node))
    return "".join(parts)


def _rows(table: Table, depth: int = 0) -> Iterator[str]:
    """Each row as its cells between bars; a merged cell is written once."""
    for row in table._tbl.tr_lst:
        cells = []
        for cell in row.tc_lst:
            paragraphs = [_text(paragraph) for paragraph in cell.p_lst]
            cells.append(" ".join(part.strip() for part in paragraphs if part.strip()))
        if any(cells):
            yield " | ".join(cells)
        if depth < _DEEPEST:
            for cell in row.tc_lst:
                for inner in cell.tbl_lst:
                    yield from _rows(Table(inner, table), depth + 1)
