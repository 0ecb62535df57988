"""When two spellings name the same document or article: editions, brackets and the Party's full name aside."""

from __future__ import annotations

import re
from functools import lru_cache

from content.passages import Passage
from retrieval.normalise import normalise

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_PREFIX = re.compile(r"^(中国共产党|中华人民共和国|中共)(?=.{3,})")
_SIGNS = re.compile(r"[\s《》\"'.,:;?!/_-]+")
_BARE = re.compile(r"(?<![\d第])(\d{1,3})条(?!件|例|意见|建议|消息)")
_ARTICLE = re.compile(r"第(\d+)条(?:之(\d+))?")


@lru_cache(maxsize=8192)
def title_key(title: str) -> str:
    """《中国共产党发展党员工作细则（2026年）》 and 发展党员工作细则 have the same key."""
    key = _SIGNS.sub("", _BRACKETED.sub("", normalise(title)))
    return _PREFIX.sub("", key) or _SIGNS.sub("", normalise(title))


@lru_cache(maxsize=8192)
def article_key(article: str) -> str:
    """第十三条, 第13条 and 「第十三条　公示」 have the same key; a heading without an article is its own, unsigned."""
    text = normalise(article)
    match = _ARTICLE.search(text)
    return match.group() if match else _SIGNS.sub("", text)


def articles_named(normalised_question: str) -> tuple[str, ...]:
    """The articles that a question names (第13条, 13条)."""
    found = [match.group() for match in _ARTICLE.finditer(normalised_question)]
    found += [f"第{number}条" for number in _BARE.findall(normalised_question)]
    return tuple(dict.fromkeys(found))


def place_of(passage: Passage) -> str:
    """The article of a passage, or its innermost heading where it has none, or ""."""
    if passage.content.article:
        return passage.content.article
    return passage.content.headings[-1] if passage.content.headings else ""
