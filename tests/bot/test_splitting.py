"""A long message comes in parts that the platform takes, and nothing of it is lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.turns.splitting import plain_text, split_html, units
from tests.emulator.markup import parse_html

_FAMILY, _FLAG, _ACCENT, _HAND = "👨‍👩‍👧", "🇨🇳", "e\u0301", "👍🏽"
_PIECES = st.sampled_from(
    [
        "党",
        "章。",
        "\n",
        "\n\n",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "&lt;",
        "&amp;",
        "&#128512;",
        "😀",
        "word ",
        "，",
        "end. ",
        '<a href="https://example.org/?q=1&amp;long=address">',
        "</a>",
        "<blockquote>",
        "</blockquote>",
        _FAMILY,
        _FLAG,
        _ACCENT,
        _HAND,
    ]
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
            name = piece[1:-1].split()[0]
            if name in stack:
                continue
            stack.append(name)
        text.append(piece)
    return "".join(text) + "".join(f"</{name}>" for name in reversed(stack))


def _signs(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every sign that is not white space, with how it is marked."""
    text, entities = parse_html(html)
    marks: list[set[str]] = [set() for _ in range(units(text) + 1)]
    for entity in entities:
        for at in range(entity["offset"], entity["offset"] + entity["length"]):
            marks[at].add(f"{entity['type']} {entity.get('url', '')}")
    signs, at = [], 0
    for sign in text:
        if not sign.isspace():
            signs.append((sign, tuple(sorted(marks[at]))))
        at += units(sign)
    return signs


def test_a_short_message_stays_as_it_is() -> None:
    assert split_html("<b>短</b>\n", limit=16) == ["<b>短</b>\n"]


def test_a_break_is_made_after_a_sentence_and_tags_go_on() -> None:
    parts = split_html("<b>" + "一二三四五六七。" * 4 + "</b>", limit=20)

    assert parts == ["<b>一二三四五六七。一二三四五六七。</b>", "<b>一二三四五六七。一二三四五六七。</b>"]


def test_a_point_ends_a_sentence_and_is_not_one_within_a_number() -> None:
    assert split_html("It takes 1.5 years in all. Then it ends and", limit=30) == [
        "It takes 1.5 years in all.",
        "Then it ends and",
    ]


@given(st.lists(_PIECES, max_size=120))
def test_parts_fit_parse_and_hold_everything_as_it_was_marked(pieces: list[str]) -> None:
    html = _balanced(pieces)

    parts = split_html(html, limit=16)

    assert [sign for part in parts for sign in _signs(part)] == _signs(html)
    for part in parts if len(parts) > 1 else []:
        text, _ = parse_html(part)
        assert 0 < units(text) <= 16
        assert text.lstrip()[0] not in "\u0301\u200d🏽👧"  # nothing that is one sign is cut


@given(st.text(alphabet='<>&;/ab😀 ="', max_size=60))
def test_what_is_no_markup_is_never_lost_on_the_way_to_plain_text(text: str) -> None:
    seen = plain_text(text.replace("&", "&amp;"))

    assert seen.replace("<b>", "").replace("</b>", "") == re.sub(r"</?(?:a|b)(?:\s[^<>]*)?>", "", text)
