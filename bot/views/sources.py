"""How a passage is named, and whose requirement it is: the same words in chat, in the library and on the terminal."""

from __future__ import annotations

from bot.words import Words
from content.passages import DocumentKind, Level, Passage
from content.titles import same_title

RULES = "中国共产党发展党员工作细则"


def source_of(passage: Passage, _: Words) -> str:
    """《title》 with the article, or with the innermost heading where it has none."""
    title = passage.title if "《" in passage.title else f"《{passage.title}》"
    content = passage.content
    if content.article:
        return f"{title}{content.article}"
    heading = content.headings[-1] if content.headings else ""
    return f"{title} {heading}" if heading and heading != passage.title else title


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
