"""Putting marked-up text together; messages that become too long are split when they are said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

LONGEST = 3500  # UTF-16 units of a message that should stay one; the platform takes 4096
CAPTION = 1000  # the same below a picture or file, of 1024

Shown = dict[str, Any]
"""What `message.answer` takes: `text` and, where there are buttons, `reply_markup`."""


def lines(*parts: str) -> Markup:
    """Parts that are markup already (made by `Words` or here), a line each; empty ones are left out."""
    return Markup("\n").join(Markup(part) for part in parts if part)  # noqa: S704 (see above)


def paragraphs(parts: Iterable[str]) -> Markup:
    """The same with a blank line between."""
    return Markup("\n\n").join(Markup(part) for part in parts if part)  # noqa: S704 (see `lines`)


def shortened(text: str, longest: int) -> str:
    """The beginning of the text, ended with an ellipsis where something was left out."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def quoted(text: str) -> Markup:
    """The text as a quotation."""
    return Markup("<blockquote>{}</blockquote>").format(escape(text))


def covered(markup: str) -> Markup:
    """What a locked screen must not show: the platforms draw it as grains there, and a tap opens it."""
    return Markup("<tg-spoiler>{}</tg-spoiler>").format(Markup(markup))  # noqa: S704 (see `lines`)
