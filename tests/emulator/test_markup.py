"""HTML that becomes text and entities."""

from __future__ import annotations

from .markup import parse_html


def test_nested_entities_are_counted_in_utf16_units() -> None:
    text, entities = parse_html('😀<b>粗<i>斜</i></b> <a href="https://example.org/?a=1&amp;b=2">链</a>')

    assert text == "😀粗斜 链"
    assert [(one["type"], one["offset"], one["length"]) for one in entities] == [
        ("bold", 2, 2),
        ("italic", 3, 1),
        ("text_link", 5, 1),
    ]
    assert entities[2]["url"] == "https://example.org/?a=1&b=2"
