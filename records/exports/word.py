"""Pieces of Word documents: a page, labelled tables, cells that people will write into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from records.exports.columns import printable

_FONT = "SimSun"
_LABEL_FILL = "F2F2F2"


def prepare(document: Any) -> None:
    """A4 with margins, in a font that every Windows with Chinese has."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.0)
    section.top_margin = section.bottom_margin = Cm(1.8)
    language = document.styles.element.find(".//" + qn("w:lang"))
    if language is not None:
        language.set(qn("w:eastAsia"), "zh-CN")  # else Chinese is drawn with the glyphs of Japan
    for name, size in (("Normal", 10.5), ("Heading 1", 16), ("Heading 2", 12), ("Caption", 9)):
        style = document.styles[name]
        style.font.name, style.font.size = _FONT, Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.font.bold = name.startswith("Heading")
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for part in ("w:eastAsia", "w:ascii", "w:hAnsi"):
            fonts.set(qn(part), _FONT)
        for part in ("w:asciiTheme", "w:eastAsiaTheme", "w:hAnsiTheme", "w:cstheme"):
            fonts.attrib.pop(qn(part), None)


def grid(document: Any, columns: int) -> Any:
    """An empty table with lines, of fixed widths."""
    table = document.add_table(rows=0, cols=columns)
    table.style = "Table Grid"
    table.autofit = False
    return table


def set_widths(table: Any, widths: Sequence[float]) -> None:
    """Widths in cm; Word reads those of the cells, others those of the columns."""
    from docx.shared import Cm

    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)


def label(cell: Any, text: str) -> None:
    """Write a heading into the cell: bold on grey."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    write(cell, text)
    for run in cell.paragraphs[0].runs:
        run.bold = True
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), _LABEL_FILL)
    cell._element.get_or_add_tcPr().append(shade)


def write(cell: Any, text: str) -> None:
    """Write a value into the cell."""
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.add_run(str(printable(text))).font.size = Pt(9.5)


def repeat_on_next_page(row: Any) -> None:
    """The headings come again on the next page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def keep_together(table: Any) -> None:
    """The whole table on one page."""
    for row in table.rows[:-1]:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = True
