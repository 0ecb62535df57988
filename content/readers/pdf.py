"""PDF: lines joined into paragraphs again, without what repeats on every page."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from statistics import median

import pypdfium2
from pypdfium2 import PdfiumError

from content.notices import Notice
from content.readers.refusals import FileDamaged, FileEncrypted, FileScanned
from content.readers.source import Source, Writer

MOST_PAGES = 1000
# A page with fewer characters counts as a picture.
_FEW_CHARACTERS = 5
# So many lines at the top and at the bottom of a page may be a running header or footer.
_EDGE = 2

_PAGE_NUMBER = re.compile(
    r"^[\s\-—–·.第]*\d{1,4}[\s\-—–·.页]*(?:[/／共]\s*\d{1,4}\s*页?)?\s*$|^\s*Page \d+( of \d+)?\s*$", re.IGNORECASE
)
_BEGINS = re.compile(
    r"^\s*(?:第[〇零一二三四五六七八九十百千\d]+[编章节条]|（[一二三四五六七八九十]+）|[一二三四五六七八九十]{1,3}、|\d{1,2}[.．、](?!\d)|[•·●]\s)"
)
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—]")


@dataclass(frozen=True)
class _Line:
    """A line with where it stands, in points; `size` is the height of its characters."""

    text: str
    left: float
    right: float
    top: float
    size: float


def read_pdf(content: bytes, name: str) -> Source:
    """The text of a PDF.

    Raises:
        FileEncrypted, FileScanned, FileDamaged
    """
    try:
        document = pypdfium2.PdfDocument(content)
    except PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise FileEncrypted(name=name) from error
        raise FileDamaged(name=name) from error
    try:
        count = len(document)
        pages, failed = _pages(document, min(count, MOST_PAGES))
    finally:
        document.close()
    if not pages:
        raise FileDamaged(name=name)
    if all(sum(len(line.text) for line in lines) < _FEW_CHARACTERS for lines in pages):
        raise FileScanned(name=name, pages=count)
    source = _written(_without_edges(pages))
    source.notices = _notices(pages, failed, count)
    return source


def _pages(document: pypdfium2.PdfDocument, count: int) -> tuple[list[list[_Line]], list[int]]:
    pages: list[list[_Line]] = []
    failed: list[int] = []
    for number in range(count):
        try:
            page = document[number]
            pages.append(_lines(page))
            page.close()
        except PdfiumError:
            pages.append([])
            failed.append(number + 1)
    return ([] if len(failed) == count else pages), failed


def _lines(page: pypdfium2.PdfPage) -> list[_Line]:
    """The lines of a page in the order of its text."""
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        count = textpage.count_chars()
        lines = []
        for match in re.finditer(r"[^\r\n]+", text):
            words = match[0].replace("\ufffe", "").replace("\x02", "")
            if not words.strip():
                continue
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            end = match.start() + len(match[0].rstrip()) - 1
            if end >= count:
                lines.append(_Line(words, 0, 0, 0, 0))
                continue
            left = textpage.get_charbox(start, loose=True)
            right = textpage.get_charbox(end, loose=True)
            lines.append(_Line(words, left[0], right[2], left[3], abs(left[3] - left[1])))
        return lines
    finally:
        textpage.close()


def _without_edges(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Without page numbers, and without the first and last lines that are on most pages the same."""

    def shape(line: _Line) -> str:
        return re.sub(r"\d+|\s+", "", line.text)

    seen: Counter[str] = Counter()
    for lines in pages:
        seen.update({shape(line) for line in _edges(lines)})
    enough = max(3, len([lines for lines in pages if lines]) // 2)

    def kept(lines: list[_Line]) -> list[_Line]:
        edges = {id(line) for line in _edges(lines)}
        return [
            line
            for line in lines
            if id(line) not in edges or not (_PAGE_NUMBER.match(line.text) or seen[shape(line)] >= enough)
        ]

    return [kept(lines) for lines in pages]


def _edges(lines: list[_Line]) -> list[_Line]:
    return lines if len(lines) <= 2 * _EDGE else [*lines[:_EDGE], *lines[-_EDGE:]]


def _written(pages: list[list[_Line]]) -> Source:
    """Paragraphs, also across pages; a page begins where its first paragraph does."""
    lefts = [line.left for lines in pages for line in lines if line.size]
    rights = [line.right for lines in pages for line in lines if line.size]
    sizes = [line.size for lines in pages for line in lines if line.size]
    if not sizes:
        lefts, rights, sizes = [0.0], [0.0], [1.0]
    size = median(sizes)
    left = _usual(lefts, size)
    right = max(sorted(rights)[: max(1, int(len(rights) * 0.97))])
    writer = Writer()
    paragraph = ""
    previous: _Line | None = None
    for number, lines in enumerate(pages, start=1):
        fresh = True
        for line in lines:
            if previous is not None and _goes_on(previous, line, left=left, right=right, size=size):
                paragraph = _joined(paragraph, line.text)
            else:
                if paragraph:
                    writer.line(paragraph)
                if fresh:
                    writer.page(number)
                    fresh = False
                paragraph = line.text.strip()
            previous = line
        if fresh and lines and paragraph:
            # The whole page went on with the paragraph before; what comes next is of a later page.
            continue
    if paragraph:
        writer.line(paragraph)
    return writer.done()


def _goes_on(previous: _Line, line: _Line, *, left: float, right: float, size: float) -> bool:
    """Whether a line continues the paragraph of the one before it."""
    if _BEGINS.match(line.text) and not previous.text.rstrip().endswith(("、", "，", "《", "和", "及")):
        return False
    if abs(previous.size - line.size) > 0.25 * size:
        return False
    if previous.right < right - 2.5 * size:
        return False
    return line.left <= left + 1.2 * size


def _usual(lefts: list[float], size: float) -> float:
    """Where most lines begin."""
    counts = Counter(round(value / size) for value in lefts)
    return counts.most_common(1)[0][0] * size


def _joined(paragraph: str, line: str) -> str:
    line = line.strip()
    if not paragraph or not line or _WIDE.match(paragraph[-1]) or _WIDE.match(line[0]):
        return paragraph + line
    if paragraph.endswith("-") and paragraph[-2:-1].isalpha() and line[0].islower():
        return paragraph[:-1] + line
    return f"{paragraph} {line}"


def _notices(pages: list[list[_Line]], failed: list[int], count: int) -> list[Notice]:
    notices = []
    pictures = [str(number) for number, lines in enumerate(pages, start=1) if not lines and number not in failed]
    if failed:
        where = "、".join(map(str, failed[:10]))
        notices.append(Notice("notice.pages_damaged", "These pages could not be read: {pages}.", {"pages": where}))
    if pictures:
        where = "、".join(pictures[:10])
        notices.append(Notice("notice.pages_without_text", "These pages hold no text: {pages}.", {"pages": where}))
    if count > MOST_PAGES:
        sentence = "Only the first {read} of {count} pages were read. Split the file."
        notices.append(Notice("notice.pages_beyond", sentence, {"read": MOST_PAGES, "count": count}))
    return notices
