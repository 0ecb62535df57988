"""What a message holds: formatted text, documents, pictures."""

from __future__ import annotations

import io
from typing import Any

from . import markup
from .params import Params, Upload
from .refusals import Refusal, bad_request
from .world import StoredFile, World

MAX_UPLOAD = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024


def formatted(params: dict[str, Any] | Params, name: str, most: int, *, world: World) -> tuple[str, list[Any]]:
    """A text field after parsing and trimming, with its entities."""
    text = str(params.get(name) or "")
    mode = str(params.get("parse_mode") or "").lower()
    entities = params.get("entities" if name == "text" else f"{name}_entities") or []
    if mode == "html":
        text, entities = markup.parse_html(text)
    elif mode in ("markdown", "markdownv2"):
        world.warnings.append(f"parse_mode {mode} is not emulated: the text is shown as it is")
    elif mode:
        raise bad_request("unsupported parse_mode")
    text, entities = markup.trimmed(text, entities)
    if markup.units(text) > most:
        raise bad_request("message is too long" if name == "text" else f"message {name} is too long")
    return text, entities


def captioned(params: dict[str, Any] | Params, world: World) -> dict[str, Any]:
    caption, entities = formatted(params, "caption", markup.MAX_CAPTION, world=world)
    return without_empty({"caption": caption, "caption_entities": entities})


def without_empty(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}


def stored_file(world: World, params: Params, reference: Any, field: str) -> StoredFile:
    upload = params.upload(reference) or params.uploads.get(field)
    if upload is not None:
        return _kept(world, upload, "photos" if field == "photo" else "documents")
    if isinstance(reference, str) and reference in world.files:
        return world.files[reference]
    if not reference:
        raise bad_request(f"there is no {field} in the request")
    if str(reference).startswith("attach://"):
        raise bad_request(f"{field} file is not found in the request")
    if str(reference).startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    raise bad_request("wrong remote file identifier specified: Wrong string length")


def _kept(world: World, upload: Upload, folder: str) -> StoredFile:
    if not upload.data:
        raise bad_request("file must be non-empty")
    if len(upload.data) > MAX_UPLOAD:
        raise Refusal(413, "Request Entity Too Large")
    return world.store(upload.data, upload.name, upload.mime, folder)


def document_content(stored: StoredFile) -> dict[str, Any]:
    about = {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_name": stored.name,
        "mime_type": stored.mime,
        "file_size": len(stored.data),
    }
    return {"document": without_empty(about)}


def photo_content(stored: StoredFile) -> dict[str, Any]:
    """Photos are really looked at: what is no picture is refused as Telegram refuses it."""
    from PIL import Image, UnidentifiedImageError

    if len(stored.data) > MAX_PHOTO:
        raise bad_request("file is too big for a photo")
    try:
        width, height = Image.open(io.BytesIO(stored.data)).size
    except (UnidentifiedImageError, OSError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    size = {"file_id": stored.file_id, "file_unique_id": stored.unique_id, "width": width, "height": height}
    return {"photo": [{**size, "file_size": len(stored.data)}]}
