"""Web pages: their text by blocks, tables row by row, without scripts."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from content.notices import Notice
from content.readers.source import FileKind, Source, Writer
from content.readers.text import decoded

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_SILENT = ("script", "style", "noscript", "template", "iframe", "object", "svg", "math", "nav", "select", "textarea")
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl"),
        *("dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "li"),
        *("main", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "ul", "br"),
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read_html(content: bytes, name: str) -> Source:
    """The page's visible text."""
    text, notices = page_text(content, name)
    soup = BeautifulSoup(text, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for tag in soup.find_all([*_SILENT, "head"]):
        tag.decompose()
    lines = _Lines()
    body = soup.body or soup
    node: object = body.next_element
    end = body.next_sibling
    while node is not None and node is not end:
        if isinstance(node, Tag) and node.name in _HEADINGS:
            lines.heading(node)
            node = _after(node)
        elif isinstance(node, Tag) and node.name == "tr" and not node.find("tr"):
            lines.row(node)
            node = _after(node)
        else:
            lines.take(node)
            node = getattr(node, "next_element", None)
    lines.flush()
    source = lines.writer.done()
    source.title = None if source.headings and min(source.headings.values()) == 1 else title or None
    source.notices = notices
    if "参考答案" in source.text and soup.find("input", attrs={"type": ["radio", "checkbox"]}):
        source.kind = FileKind.QUESTION_BANK
    return source


class _Lines:
    """Joins the pieces between two blocks into a line."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._pieces: list[str] = []
        self._block: Tag | None = None

    def take(self, node: object) -> None:
        """A tag or a piece of text, in the page's order."""
        if isinstance(node, Tag):
            if node.name in _BLOCKS:
                self.flush()
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            block = node.find_parent(lambda tag: tag.name in _BLOCKS)
            if block is not self._block:
                self.flush()
                self._block = block
            self._pieces.append(str(node))

    def heading(self, tag: Tag) -> None:
        self.flush()
        self.writer.line(tag.get_text(" "), level=_HEADINGS[tag.name])

    def row(self, tag: Tag) -> None:
        self.flush()
        cells = [" ".join(cell.get_text(" ").split()) for cell in tag.find_all(["td", "th"])]
        if any(cells):
            self.writer.line(" | ".join(cells))

    def flush(self) -> None:
        text = re.sub(r"[ \t\r\n\f]+", " ", "".join(self._pieces)).strip(" ")
        self._pieces = []
        if text:
            self.writer.line(text)


def _after(tag: Tag) -> object:
    """The next node that is not inside this one."""
    last: object = tag
    while isinstance(last, Tag) and last.contents:
        last = last.contents[-1]
    return getattr(last, "next_element", None)


def page_text(content: bytes, name: str) -> tuple[str, list[Notice]]:
    declared = _CHARSET.search(content[:4096])
    if declared and not content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        charset = declared[1].decode("ascii", "replace").lower()
        charset = "gb18030" if charset in {"gb2312", "gbk"} else charset
        try:
            return content.decode(charset).replace("\r\n", "\n"), []
        except (LookupError, UnicodeDecodeError):
            pass  # the page lies about its charset
    return decoded(content, name)
