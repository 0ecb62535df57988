"""Which files are pictures: told by their content, never by their name."""

from __future__ import annotations

import mimetypes
from io import BytesIO

from bot.channels.web.bodies import KeptFile

TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
LARGEST_SIDE = 20_000  # pixels; beyond it a browser may run out of memory
LARGEST_BYTES = 10 * 1024 * 1024  # as Telegram: a larger picture is a document


def kept_file(sha256: str, name: str, content: bytes, *, as_document: bool = False) -> KeptFile:
    """The file as messages describe it."""
    seen = None if as_document or len(content) > LARGEST_BYTES else _picture(content)
    if seen is None:
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return KeptFile(sha256, name, len(content), mime)
    mime, width, height = seen
    return KeptFile(sha256, name, len(content), mime, width, height)


def _picture(content: bytes) -> tuple[str, int, int] | None:
    from PIL import Image

    try:
        with Image.open(BytesIO(content), formats=tuple(TYPES)) as image:  # reads the head only, decodes nothing
            width, height = image.size
            kind = TYPES[image.format or ""]
    except Exception:  # Pillow raises many kinds on broken input; whatever it is, it is no picture for a page
        return None
    return (kind, width, height) if 0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE else None
