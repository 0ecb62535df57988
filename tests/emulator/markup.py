"""What the Bot API checks in a text and in a keyboard before anybody sees it."""

from __future__ import annotations

import html
import re
from typing import Any

from .refusals import Refusal, bad_request

MAX_TEXT = 4096  # UTF-16 units, after the entities were parsed
MAX_CAPTION = 1024
MAX_CALLBACK_DATA = 64  # bytes

ENTITY_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
TAG = re.compile(r"<(/?)([^\s>/]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
CHARACTER_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]+|#[xX][0-9a-fA-F]+);")
BOT_COMMAND = re.compile(r"(?<![\w/])/\w{1,64}(?:@\w+)?")

Entity = dict[str, Any]


def units(text: str) -> int:
    """Length in UTF-16 code units, the only length that Telegram counts in."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The text that a person sees and its entities; a Refusal 「can't parse entities」 on malformed HTML."""
    text, entities = "", list[Entity]()
    opened: list[tuple[str, Entity, int]] = []
    at = 0
    while at < len(source):
        if source[at] != "<":
            step = CHARACTER_REFERENCE.match(source, at)
            text += html.unescape(step[0]) if step else source[at]
            at = step.end() if step else at + 1
            continue
        tag = TAG.match(source, at)
        offset = len(source[:at].encode())
        if tag is None:
            raise _unparsable(f"Unclosed start tag at byte offset {offset}")
        at = tag.end()
        closing, name = tag[1], tag[2].lower()
        if not closing:
            opened.append((name, {**_entity(name, tag[3], offset), "offset": units(text)}, offset))
            continue
        if not opened:
            raise _unparsable(f"Unexpected end tag at byte offset {offset}")
        expected, entity, _ = opened.pop()
        if name not in ("", expected):
            raise _unparsable(f'Unmatched end tag at byte offset {offset}, expected "</{expected}>", found "</{name}>"')
        _close(entity, text, entities)
    if opened:
        raise _unparsable(
            f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}" at byte offset {opened[-1][2]}'
        )
    return text, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _close(entity: Entity, text: str, entities: list[Entity]) -> None:
    length = units(text) - entity["offset"]
    if entity["type"] == "code" and entity.pop("language", None):  # <code class> means something inside <pre> only
        pass
    if length and not (entity["type"] == "text_link" and not entity.get("url")):
        entities.append({**entity, "length": length})


def _entity(name: str, attributes: str, offset: int) -> Entity:
    if name not in ENTITY_OF_TAG:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {offset}')
    given = {found[1].lower(): found[2] or found[3] or found[4] or "" for found in ATTRIBUTE.finditer(attributes)}
    entity: Entity = {"type": ENTITY_OF_TAG[name]}
    if name == "span" and given.get("class") != "tg-spoiler":
        raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
    if name == "a":
        entity["url"] = html.unescape(given.get("href", ""))
    if name == "blockquote" and "expandable" in given:
        entity["type"] = "expandable_blockquote"
    if name == "tg-emoji":
        entity["custom_emoji_id"] = given.get("emoji-id", "")
    if name == "code" and given.get("class", "").startswith("language-"):
        entity["language"] = given["class"].removeprefix("language-")
    if name == "tg-time" and given.get("unix", "").lstrip("-").isdigit():
        entity["unix_time"] = int(given["unix"])
    return entity


def _unparsable(why: str) -> Refusal:
    return bad_request(f"can't parse entities: {why}")


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without the white space at both ends, entities moved along."""
    body = text.strip()
    shift, size = units(text) - units(text.lstrip()), units(body)
    kept = []
    for entity in entities:
        start = max(0, entity["offset"] - shift)
        end = min(size, entity["offset"] + entity["length"] - shift)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return body, kept


def commands_in(text: str) -> list[Entity]:
    """The bot_command entities that Telegram finds by itself in what a person types."""
    return [
        {"type": "bot_command", "offset": units(text[: found.start()]), "length": units(found[0])}
        for found in BOT_COMMAND.finditer(text)
    ]


def checked_keyboard(markup: Any) -> dict[str, Any] | None:
    """The reply markup if every button could be shown, else a Refusal."""
    if markup in (None, "", {}):
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = _rows(markup["inline_keyboard"], "inline keyboard")
        for button in (button for row in rows for button in row):
            _check_inline_button(button)
        if sum(len(row) for row in rows) > 100:
            raise bad_request("reply markup is too long")
    elif "keyboard" in markup:
        for button in (button for row in _rows(markup["keyboard"], "keyboard") for button in row):
            if not (button if isinstance(button, str) else button.get("text", "")):
                raise bad_request("can't parse keyboard button: keyboard button text must be non-empty")
    elif not markup.get("remove_keyboard") and not markup.get("force_reply"):
        raise bad_request("object expected as reply markup")
    return markup


def _rows(rows: Any, what: str) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f"can't parse {what}: Array of Arrays expected")
    return rows


def _check_inline_button(button: Any) -> None:
    if not isinstance(button, dict) or not button.get("text"):
        raise bad_request("can't parse inline keyboard button: button text must be non-empty")
    acting = set(button) - {"text", "icon_custom_emoji_id", "style"}
    if not acting:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= MAX_CALLBACK_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not re.match(r"(https?|tg|ton)://\S+|\w[\w.-]*\.\w+", str(button["url"])):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
