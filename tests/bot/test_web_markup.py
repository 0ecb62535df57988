"""Markup becomes a tree in which nothing can run, and refuses what Telegram refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.web import markup
from bot.channels.web.markup import MarkupRefused
from tests.emulator.markup import parse_html
from tests.emulator.refusals import Refusal

TAGS = ["b", "strong", "i", "em", "u", "ins", "s", "del", "code", "blockquote", "tg-spoiler"]
LEAVES = st.text(st.sampled_from("党员a 😀\n"), min_size=1, max_size=5) | st.sampled_from(
    ["&lt;", "&amp;", "&#39;", "&quot;"]
)
SOURCES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(TAGS),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(st.lists(SOURCES, max_size=4).map("".join))
def test_text_and_entities_are_those_of_the_bot_api(source: str) -> None:
    text, entities = parse_html(source)

    tree = markup.parse(source)

    def bare(found: list[dict[str, object]]) -> list[tuple[object, ...]]:
        return sorted((entity["offset"], entity["length"], entity["type"]) for entity in found)  # type: ignore[type-var]

    assert markup.text_of(tree) == text
    assert bare(markup.entities_of(tree)) == bare(entities)


@pytest.mark.parametrize(
    "source",
    ["<b>", "</b>", "<b><i></b></i>", "<script>x</script>", "<img src=x>", "1 < 2", "<b", "<br/>", "<span>x</span>"],
)
def test_what_the_bot_api_refuses_is_refused(source: str) -> None:
    with pytest.raises(Refusal):
        parse_html(source)

    with pytest.raises(MarkupRefused):
        markup.parse(source)


@pytest.mark.parametrize("source", ["<!-- x -->", "<!doctype html>", "<?php x ?>", "<![CDATA[x]]>"])
def test_what_is_no_element_is_refused(source: str) -> None:
    with pytest.raises(MarkupRefused):
        markup.parse(source)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc", "http://["]
)
def test_a_link_leads_to_the_web_or_nowhere(address: str) -> None:
    assert markup.parse(f'<a href="{address}">点我</a>') == ["点我"]


def test_addresses_and_commands_in_a_text_can_be_pressed() -> None:
    tree = markup.plain("见 https://example.org/a?b=1。发 /dates 或 /ask；不是 and/or，也不是 2026/11/22")

    assert [node for node in tree if not isinstance(node, str)] == [
        {"t": "link", "c": ["https://example.org/a?b=1"]},
        {"t": "command", "c": ["/dates"]},
        {"t": "command", "c": ["/ask"]},
    ]


def test_inside_code_nothing_can_be_pressed() -> None:
    assert markup.parse("<code>/dates</code>") == [{"t": "code", "c": ["/dates"]}]


def test_code_within_pre_gives_its_language() -> None:
    source = '<pre><code class="language-python">x = 1</code></pre>'

    assert markup.parse(source) == [{"t": "pre", "c": ["x = 1"], "lang": "python"}]
