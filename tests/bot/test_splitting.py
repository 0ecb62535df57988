"""A long message comes in parts that the platform takes, and nothing of it is lost."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from bot.turns.splitting import split_html, units
from tests.emulator.markup import parse_html

_PIECES = st.sampled_from(
    ["党", "章。", "\n", "\n\n", "<b>", "</b>", "<i>", "</i>", "&lt;", "&amp;", "😀", "word ", "，"]
)


def _balanced(pieces: list[str]) -> str:
    """HTML whose tags nest: what cannot be closed is dropped, what is open at the end is closed."""
    stack: list[str] = []
    text = []
    for piece in pieces:
        if piece.startswith("</"):
            if not stack or stack[-1] != piece[2:-1]:
                continue
            stack.pop()
        elif piece.startswith("<"):
            if piece[1:-1] in stack:
                continue
            stack.append(piece[1:-1])
        text.append(piece)
    return "".join(text) + "".join(f"</{name}>" for name in reversed(stack))


def _seen(html: str) -> str:
    return re.sub(r"\s", "", unescape(re.sub(r"<[^>]+>", "", html)))


def test_a_short_message_stays_as_it_is() -> None:
    assert split_html("<b>短</b>\n") == ["<b>短</b>\n"]


def test_a_break_is_made_after_a_sentence_and_tags_go_on() -> None:
    parts = split_html("<b>" + "一二三四五六七。" * 4 + "</b>", limit=20)

    assert parts == ["<b>一二三四五六七。一二三四五六七。</b>", "<b>一二三四五六七。一二三四五六七。</b>"]


@given(st.lists(_PIECES, max_size=120))
def test_parts_fit_parse_and_hold_everything(pieces: list[str]) -> None:
    html = _balanced(pieces)

    parts = split_html(html, limit=16)

    assert "".join(_seen(part) for part in parts) == _seen(html)
    for part in parts if len(parts) > 1 else []:
        text, _ = parse_html(part)
        assert 0 < units(text) <= 16
