"""One request's parameters, whichever of the three encodings brought them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .refusals import bad_request

# Fields that a form carries as JSON text. Everything else in a form is a plain string.
JSON_FIELDS = frozenset(
    {
        "allowed_updates",
        "caption_entities",
        "commands",
        "correct_option_ids",
        "description_entities",
        "entities",
        "explanation_entities",
        "explanation_media",
        "link_preview_options",
        "media",
        "menu_button",
        "message_ids",
        "options",
        "permissions",
        "question_entities",
        "reaction",
        "reply_markup",
        "reply_parameters",
        "rights",
        "scope",
        "suggested_post_parameters",
    }
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in one part of a multipart body."""

    name: str
    data: bytes
    mime: str | None = None


class Params:
    """Values by name, read with the leniency that the Bot API shows ("5" and 5, "true" and True are the same)."""

    def __init__(self, values: dict[str, Any], uploads: dict[str, Upload] | None = None, *, is_form: bool) -> None:
        self.uploads = uploads or {}
        self.values = {
            name: self._decoded(name, value) if is_form and isinstance(value, str) else value
            for name, value in values.items()
            if value is not None
        }

    @staticmethod
    def _decoded(name: str, value: str) -> Any:
        if name not in JSON_FIELDS:
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        value = self.values.get(name)
        if value in (None, ""):
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f'field "{name}" must be of type Number') from None

    def flag(self, name: str) -> bool:
        return self.values.get(name) in (True, 1, "true", "True", "1")

    def chat_id(self) -> int | str | None:
        value = self.values.get("chat_id")
        if isinstance(value, str) and value.lstrip("-").isdigit():
            return int(value)
        return value

    def upload(self, reference: Any) -> Upload | None:
        """The uploaded file that `attach://name`, or the field of that very name, stands for."""
        name = reference.removeprefix("attach://") if isinstance(reference, str) else ""
        return self.uploads.get(name)
