"""Files of every format, read into passages; runs in the sandbox, so it imports little and late."""

from __future__ import annotations

from collections.abc import Callable

from content.effective import effective_day
from content.readers.detection import Format, format_of
from content.readers.refusals import FileDamaged, FileEmpty, FileTooBig, FileWithoutText
from content.readers.source import FileKind, ParsedDocument, Source
from content.splitting import split
from storage.errors import WaymarkError

MEGABYTES = 30
FILE = "content.readers:read"

__all__ = ["FILE", "FileKind", "ParsedDocument", "Source", "read"]


def read(content: bytes, name: str) -> ParsedDocument:
    """The document that these bytes hold; `name` is used for the title where the text gives none, and in refusals.

    For bytes from anywhere call it by `run_limited(FILE, content, name)`.

    Raises:
        WaymarkError: a refusal of `content.readers.refusals`.
    """
    name = name.replace("\\", "/").rpartition("/")[2] or "file"
    if not content.strip(b"\0 \t\r\n"):
        raise FileEmpty(name=name)
    if len(content) > MEGABYTES * 1024 * 1024:
        raise FileTooBig(name=name, megabytes=MEGABYTES)
    source = read_source(content, name)
    parts = split(source)
    if not parts.passages and source.kind is FileKind.DOCUMENT:
        raise FileWithoutText(name=name)
    return ParsedDocument(
        title=_title(parts.title, name),
        passages=parts.passages,
        notices=(*source.notices, *parts.notices),
        detected=source.kind,
        front=source.front,
        chapters=parts.chapters,
        articles=parts.articles,
        effective=effective_day(source, parts, name),
    )


def read_source(content: bytes, name: str) -> Source:
    """The text with its headings, before it is cut."""
    kind = format_of(content, name)
    try:
        return _reader(kind)(content, name)
    except WaymarkError:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        # Libraries fail in a hundred ways on a broken file; to the person it is one.
        raise FileDamaged(name=name) from error


def _reader(kind: Format) -> Callable[[bytes, str], Source]:
    """The function for a format; imported only now, because each brings a library along."""
    match kind:
        case Format.MARKDOWN:
            from content.readers.text import read_markdown as reader
        case Format.HTML:
            from content.readers.html import read_html as reader
        case Format.DOCX:
            from content.readers.docx import read_docx as reader
        case Format.PDF:
            from content.readers.pdf import read_pdf as reader
        case Format.PPTX:
            from content.readers.pptx import read_pptx as reader
        case Format.XLSX:
            from content.readers.xlsx import read_xlsx as reader
        case Format.JSON:
            from content.readers.json import read_json as reader
        case Format.TEXT:
            from content.readers.text import read_text as reader
    return reader


def _title(found: str | None, name: str) -> str:
    title = " ".join((found or name.rpartition(".")[0] or name).split())
    if title.startswith("《") and title.endswith("》") and title.count("《") == 1:
        title = title[1:-1]
    return title[:200]
