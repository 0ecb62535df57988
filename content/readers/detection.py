"""What kind of file it is, by its first bytes and not by its name."""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum

from content.readers.refusals import (
    FileDamaged,
    FileEncrypted,
    FileIsArchive,
    FileLegacyOffice,
    FileNotAsNamed,
    FileTooBig,
    FileUnsupported,
)

POSSIBLE = "DOCX, PDF, PPTX, XLSX, MD, TXT, HTML"
# Unpacked size of an Office file; a bomb unpacks to gigabytes.
UNPACKED_MEGABYTES = 200

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER_ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_PICTURES_AND_MORE = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"\x7fELF",
    b"MZ\x90",
    b"ID3",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\1\0",
)
_HTML = re.compile(
    rb"^\s*(<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


class Format(StrEnum):
    """The formats that have a reader."""

    DOCX = "docx"
    PDF = "pdf"
    PPTX = "pptx"
    XLSX = "xlsx"
    HTML = "html"
    MARKDOWN = "md"
    TEXT = "txt"
    JSON = "json"


_KNOWN_BY_FIRST_BYTES = frozenset({Format.DOCX, Format.PDF, Format.PPTX, Format.XLSX})


def format_of(content: bytes, name: str) -> Format:
    """The format; a name decides only among plain texts.

    Raises:
        FileLegacyOffice, FileEncrypted, FileIsArchive, FileUnsupported, FileTooBig, FileDamaged, FileNotAsNamed
    """
    if b"%PDF-" in content[:1024]:
        return Format.PDF
    if content.startswith(_OLE):
        raise _refusal_of_ole(content, name)
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00")):
        return _format_of_package(content, name)
    if content.startswith(b"{\\rtf"):
        raise FileLegacyOffice(name=name, instead="docx")
    if content.startswith(_OTHER_ARCHIVES):
        raise FileIsArchive(name=name)
    if content.startswith(_PICTURES_AND_MORE):
        raise FileUnsupported(name=name, possible=POSSIBLE)
    return _format_of_text(content, name)


def _refusal_of_ole(content: bytes, name: str) -> Exception:
    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        return FileEncrypted(name=name)
    if holds("Workbook") or holds("Book"):
        return FileLegacyOffice(name=name, instead="xlsx")
    if holds("PowerPoint Document"):
        return FileLegacyOffice(name=name, instead="pptx")
    return FileLegacyOffice(name=name, instead="docx")


def _format_of_package(content: bytes, name: str) -> Format:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        # A truncated Office file has lost its table of contents; its first entry still tells what it was.
        if b"[Content_Types].xml" in content[:4096] or b"word/" in content or b"xl/" in content:
            raise FileDamaged(name=name) from error
        raise FileIsArchive(name=name) from error
    names = {entry.filename.lower() for entry in entries}
    if "[content_types].xml" not in names:
        raise FileIsArchive(name=name)
    if sum(entry.file_size for entry in entries) > UNPACKED_MEGABYTES * 1024 * 1024:
        raise FileTooBig(name=name, megabytes=UNPACKED_MEGABYTES)
    for folder, found in (("word/", Format.DOCX), ("xl/", Format.XLSX), ("ppt/", Format.PPTX)):
        if any(entry.startswith(folder) for entry in names):
            return found
    raise FileDamaged(name=name)


def _format_of_text(content: bytes, name: str) -> Format:
    ending = name.rpartition(".")[2].lower()
    if ending in _KNOWN_BY_FIRST_BYTES:
        raise FileNotAsNamed(name=name, format=ending.upper())
    start = content[:4096]
    if _HTML.match(start):
        return Format.HTML
    if ending in {"html", "htm"} and b"<" in start:
        return Format.HTML
    if ending == "json":
        return Format.JSON
    if ending in {"md", "markdown"} or re.search(rb"^#{1,3} \S", start, re.MULTILINE):
        return Format.MARKDOWN
    return Format.TEXT
