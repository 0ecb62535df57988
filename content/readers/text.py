"""Plain text: its charset, Markdown with front matter, and text without any marks."""

from __future__ import annotations

import codecs
import re
from typing import Any

import yaml

from content.notices import Notice
from content.readers.refusals import FileUnsupported, FrontMatterInvalid
from content.readers.sheets import kind_of_rows
from content.readers.source import FileKind, Source

_HEADING = re.compile(r"^(#{1,6})[ \t　]*\S.*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decoded(content: bytes, name: str) -> tuple[str, list[Notice]]:
    """The text with line ends as \\n; a notice where the charset had to be guessed.

    Raises:
        FileUnsupported: these bytes are no text.
    """
    text, charset = _decoded(content)
    notices = []
    if charset is None:
        notices.append(Notice("notice.charset_unknown", "Some characters of the text could not be decoded."))
    if len(_CONTROL.findall(text[:100_000])) > max(2, len(text[:100_000]) // 50):
        raise FileUnsupported(name=name, possible="DOCX, PDF, PPTX, XLSX, MD, TXT, HTML")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notices


def _decoded(content: bytes) -> tuple[str, str | None]:
    for mark, charset in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(charset, errors="replace"), charset
    for charset in ("utf-8", "gb18030"):
        try:
            text = content.decode(charset)
        except UnicodeDecodeError:
            continue
        if charset == "utf-8" or _reads_as_chinese(text):
            return text, charset
    from charset_normalizer import from_bytes

    best = from_bytes(content[:200_000]).best()
    if best is not None:
        return content.decode(best.encoding, errors="replace"), best.encoding
    return content.decode("gb18030", errors="replace"), None


def _reads_as_chinese(text: str) -> bool:
    """Whether most characters beyond ASCII are common ones (first level of GB 2312), not another charset's debris."""
    beyond = [character for character in text[:20_000] if ord(character) > 127]
    common = 0
    for character in beyond:
        encoded = character.encode("gb18030")
        common += (
            len(encoded) == 2 and (0xA1 <= encoded[0] <= 0xA3 or 0xB0 <= encoded[0] <= 0xD7) and encoded[1] >= 0xA1
        )
    return common >= 0.75 * len(beyond)


def read_text(content: bytes, name: str) -> Source:
    """A text without marks; a list in it (CSV, TSV, a bank in YAML) is recognised."""
    text, notices = decoded(content, name)
    return Source(text, notices=notices, kind=_kind(text, name))


def _kind(text: str, name: str) -> FileKind:
    ending = name.rpartition(".")[2].lower()
    if ending in {"yaml", "yml"} and re.search(r"^questions:", text, re.MULTILINE):
        return FileKind.QUESTION_BANK
    lines = text[:5000].splitlines()[:12]
    separator = "\t" if any("\t" in line for line in lines) else ","
    if ending not in {"csv", "tsv"} and sum(separator in line for line in lines) < 2:
        return FileKind.DOCUMENT
    return kind_of_rows([[cell.strip(' "') for cell in line.split(separator)] for line in lines])


def read_markdown(content: bytes, name: str) -> Source:
    """A text with # headings and, at the top, perhaps front matter between --- lines."""
    text, notices = decoded(content, name)
    front, body = _front_matter(text, name)
    fences = [match.span() for match in _FENCE.finditer(body)]
    headings = {
        match.start(): len(match[1])
        for match in _HEADING.finditer(body)
        if not any(start <= match.start() < end for start, end in fences)
    }
    title = front.get("title")
    return Source(body, title=str(title) if title else None, headings=headings, front=front, notices=notices)


def _front_matter(text: str, name: str) -> tuple[dict[str, Any], str]:
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    try:
        front = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise FrontMatterInvalid(name=name, line=mark.line + 2 if mark else 1) from error
    return (front, text[match.end() :]) if isinstance(front, dict) else ({}, text)
