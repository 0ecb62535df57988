"""Splitting a long message: at paragraph, sentence or word, never inside a tag or an entity."""

from __future__ import annotations

import re
from html import unescape

_JOINED = r"(?:\u200d[^<&\n]|[\ufe0e\ufe0f\u0300-\u036f\u20e3\U0001f3fb-\U0001f3ff]){0,12}"  # what is seen as one sign
_TOKEN = re.compile(
    r"<(?P<close>/)?(?P<name>[a-z][a-z0-9-]*)(?P<attributes>[^>]*)>|&(?:#\d+|#x[0-9a-f]+|\w+);"
    rf"|[\U0001f1e6-\U0001f1ff]{{2}}|[^<&]{_JOINED}|[<&]",
    re.I,
)
_MARKUP = re.compile(
    r"</?(?:b|strong|i|em|u|ins|s|strike|del|span|tg-spoiler|tg-emoji|a|code|pre|blockquote)(?:\s[^<>]*)?>", re.I
)
# Where to break, best first; a break counts only in the second half of what fits, so that parts stay few.
_BREAKS = ("\n\n", "\n", "。！？；!?;", "，、,： ")
_STOP = ". "  # ends a sentence; a point alone may stand within a number


def units(text: str) -> int:
    """Length in UTF-16 code units: an emoji counts two."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int) -> str:
    """The beginning of a plain text, ended with an ellipsis where something was left out."""
    return (
        text if units(text) <= limit else text.encode("utf-16-le")[: 2 * limit - 2].decode("utf-16-le", "ignore") + "…"
    )


def plain_text(html: str) -> str:
    """What is read of it: without tags of ours and with every sign as itself."""
    return unescape(_MARKUP.sub("", html))


def split_html(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` units of visible text; tags open at a break are closed and opened again."""
    if units(text) <= limit:
        return [text]
    tokens = [(match.group(), match) for match in _TOKEN.finditer(text)]
    parts: list[str] = []
    open_tags: list[tuple[str, str]] = []
    start = 0
    while start < len(tokens):
        end, tags_then = _fill(tokens, start, limit, open_tags)
        body = "".join(token for token, _ in tokens[start:end])
        opening = "".join(tag for _, tag in open_tags)
        closing = "".join(f"</{name}>" for name, _ in reversed(tags_then))
        if _visible(body).strip():
            parts.append((opening + body + closing).strip())
        open_tags, start = tags_then, end
    return parts or [text]


def _fill(
    tokens: list[tuple[str, re.Match[str]]], start: int, limit: int, open_tags: list[tuple[str, str]]
) -> tuple[int, list[tuple[str, str]]]:
    """How far a part that begins at `start` reaches, and which tags are open there."""
    used = 0
    tags = list(open_tags)
    best: dict[int, tuple[int, list[tuple[str, str]]]] = {}
    recent = ""
    for place in range(start, len(tokens)):
        token, match = tokens[place]
        if match.group("name"):
            _turn(tags, match)
            continue
        size = units(unescape(token))
        if used + size > limit:
            chosen = next((best[rank] for rank in range(len(_BREAKS)) if rank in best), None)
            return chosen or (place, tags)
        used += size
        recent = (recent + token)[-2:]
        if used > limit // 2:
            rank = _rank(recent)
            if rank is not None:
                best[rank] = (place + 1, list(tags))
    return len(tokens), tags


def _rank(recent: str) -> int | None:
    if recent in (_BREAKS[0], _STOP):
        return 0 if recent == _BREAKS[0] else 2
    return next((rank for rank in range(1, len(_BREAKS)) if recent[-1] in _BREAKS[rank]), None)


def _turn(tags: list[tuple[str, str]], match: re.Match[str]) -> None:
    name = match.group("name").lower()
    if not match.group("close"):
        tags.append((name, match.group()))
        return
    for place in range(len(tags) - 1, -1, -1):
        if tags[place][0] == name:
            del tags[place]
            return


def _visible(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))
