"""How a passage is named, and whose requirement it is: the same words in chat, in the library and on the terminal."""

from __future__ import annotations

import re

from bot.views.text import shortened
from bot.words import Words
from content.passages import DocumentKind, Level, Passage
from content.titles import same_title

_ARTICLE = re.compile(r"^第[一二三四五六七八九十百零〇\d]+条[　\s]*")
_FIRST_WORDS = 20  # characters
RULES = "中国共产党发展党员工作细则"


def source_of(passage: Passage, _: Words) -> str:
    """《title》 with the article, or with the innermost heading where it has none."""
    title = passage.title if "《" in passage.title else f"《{passage.title}》"
    content = passage.content
    if content.article:
        return f"{title}{content.article}"
    heading = content.headings[-1] if content.headings else ""
    return f"{title} {heading}" if heading and heading != passage.title else title


def near_source_of(passage: Passage, _: Words) -> str:
    """The same as a heading to choose by: an article, which has no heading of its own, with its first words."""
    words = _ARTICLE.sub("", passage.content.text.strip())
    begins = shortened(" ".join(words.split()), _FIRST_WORDS) if passage.content.article else ""
    return f"{source_of(passage, _)} {begins}".rstrip()


def label_of(passage: Passage, _: Words) -> str:
    """Whose requirement it is: of the rules, of another national text, of the school; and whether in our own words."""
    content = passage.content
    if passage.answered_here:
        return _.plain("ask.label.answered")
    if passage.common_practice:
        return _.plain("ask.label.practice")
    if content.level is Level.SCHOOL or passage.kind is DocumentKind.SCHOOL:
        return _.plain("ask.label.school")
    if passage.kind is DocumentKind.OFFICIAL:
        return _.plain("ask.label.rules" if same_title(passage.title, RULES) else "ask.label.national")
    if content.basis is not None and passage.kind is not DocumentKind.GUIDE:
        key = "ask.label.retold_rules" if same_title(content.basis.title, RULES) else "ask.label.retold"
        return _.plain(key, title=content.basis.title, article=content.basis.article)
    return _.plain(f"ask.label.{passage.kind.value}")
