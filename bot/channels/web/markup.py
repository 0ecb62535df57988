"""Message markup as a tree of plain values: the page builds elements from it and never parses HTML of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

Node = str | dict[str, Any]  # a text, or {"t": tag, "c": children} with "href" (a), "lang" (pre) or "long" (blockquote)

NAMES = {
    "b": "b",
    "strong": "b",
    "i": "i",
    "em": "i",
    "u": "u",
    "ins": "u",
    "s": "s",
    "strike": "s",
    "del": "s",
    "code": "code",
    "pre": "pre",
    "a": "a",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "plain",
}
ENTITIES = {
    "b": "bold",
    "i": "italic",
    "u": "underline",
    "s": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "link": "url",
    "blockquote": "blockquote",
    "spoiler": "spoiler",
    "command": "bot_command",
}
LITERAL = frozenset({"code", "pre", "a"})  # inside these an address or a command stays a text
LINKED = re.compile(r"https?://[^\s<>\"'，。；：！？、）】》」”]+|(?<![\w/.:])/[a-z]{1,32}\b(?![/.\w])", re.ASCII)
TRAILING = ".,;:!?)"


class MarkupRefused(ValueError):
    """The HTML is not of Telegram's subset, or not closed properly."""


def parse(source: str) -> list[Node]:
    """The tree of a text in Telegram's HTML subset; addresses and /commands in it become clickable.

    Raises:
        MarkupRefused: where Telegram says "can't parse entities".
    """
    parser = _Parser()
    parser.feed(source)
    parser.close()
    return linked(parser.finish())


def plain(text: str) -> list[Node]:
    """The tree of a text without markup."""
    return linked([text] if text else [])


def text_of(tree: list[Node]) -> str:
    """What a person reads."""
    return "".join(node if isinstance(node, str) else text_of(node["c"]) for node in tree)


def entities_of(tree: list[Node]) -> list[dict[str, Any]]:
    """Telegram's entities of `text_of(tree)`: offsets and lengths in UTF-16 units."""
    found: list[dict[str, Any]] = []
    _collect(tree, 0, found)
    return sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))


def units(text: str) -> int:
    """Length in UTF-16 units, in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def safe_address(address: str) -> str | None:
    """The address if a page may lead there: http and https only."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    return address.strip() if parts.scheme in {"http", "https"} and parts.netloc else None


def linked(tree: list[Node]) -> list[Node]:
    """The tree with addresses and /commands in its texts made into nodes of their own."""
    result: list[Node] = []
    for node in tree:
        if isinstance(node, str):
            result.extend(_split(node))
        elif node["t"] in LITERAL:
            result.append(node)
        else:
            result.append({**node, "c": linked(node["c"])})
    return result


def _split(text: str) -> Iterator[Node]:
    at = 0
    for match in LINKED.finditer(text):
        word = match[0].rstrip(TRAILING)
        if match.start() > at:
            yield text[at : match.start()]
        yield {"t": "command" if word.startswith("/") else "link", "c": [word]}
        at = match.start() + len(word)
    if at < len(text):
        yield text[at:]


def _collect(tree: list[Node], offset: int, found: list[dict[str, Any]]) -> int:
    for node in tree:
        if isinstance(node, str):
            offset += units(node)
            continue
        end = _collect(node["c"], offset, found)
        kind = ENTITIES.get(node["t"])
        if kind is not None and end > offset:
            extra = {"url": node["href"]} if kind == "text_link" else {}
            found.append({"type": kind, "offset": offset, "length": end - offset, **extra})
        offset = end
    return offset


class _Parser(HTMLParser):
    """Strict where HTML is forgiving: what Telegram refuses is refused here, so both doors show the same mistakes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._open: list[tuple[str, dict[str, Any]]] = []
        self._top: list[Node] = []

    def finish(self) -> list[Node]:
        """The tree; everything must be closed."""
        if self._open:
            raise MarkupRefused(f"<{self._open[-1][0]}> is not closed")
        return self._top

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in NAMES or (tag == "span" and given.get("class") != "tg-spoiler"):
            raise MarkupRefused(f"<{tag}> is not known")
        self._open.append((tag, self._node(NAMES[tag], given)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise MarkupRefused(f"</{tag}> closes nothing")
        _, node = self._open.pop()
        if node["t"] == "code" and self._open and self._open[-1][1]["t"] == "pre":
            outer = self._open[-1][1]
            outer["c"].extend(node["c"])
            outer.update({key: node[key] for key in ("lang",) if key in node})
        elif node["t"] == "plain":
            self._children().extend(node["c"])
        else:
            self._children().append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise MarkupRefused(f"<{tag}/> is not known")

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise MarkupRefused("a < that is not a tag")
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._add(unescape(f"&#{name};"))

    def handle_comment(self, data: str) -> None:
        raise MarkupRefused("a comment")

    def handle_decl(self, decl: str) -> None:
        raise MarkupRefused("a declaration")

    def handle_pi(self, data: str) -> None:
        raise MarkupRefused("an instruction")

    def unknown_decl(self, data: str) -> None:
        raise MarkupRefused("a declaration")

    def _node(self, name: str, given: dict[str, str]) -> dict[str, Any]:
        node: dict[str, Any] = {"t": name, "c": []}
        if name == "a":
            address = safe_address(given.get("href", ""))
            return {**node, "href": address} if address else {**node, "t": "plain"}
        if name == "code" and given.get("class", "").startswith("language-"):
            node["lang"] = given["class"].removeprefix("language-")
        if name == "blockquote" and "expandable" in given:
            node["long"] = True
        return node

    def _children(self) -> list[Node]:
        return self._open[-1][1]["c"] if self._open else self._top

    def _add(self, text: str) -> None:
        children = self._children()
        if children and isinstance(children[-1], str):
            children[-1] += text
        elif text:
            children.append(text)
