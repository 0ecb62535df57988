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
_FORMAL = str.maketrans(dict(zip("壹贰叁肆伍陆柒捌玖拾廿卅", (*"一二三四五六七八九十", "二十", "三十"), strict=True)))
_SPELLED = re.compile(r"第[\s〇零一二三四五六七八九十百壹贰叁肆伍陆柒捌玖拾廿卅\d]{1,9}条")
_ENGLISH = re.compile(r"\b(?:article|art\.?)\s*(\d{1,3})\b", re.IGNORECASE)
_RANGE = re.compile(r"第(\d{1,3})条?(?:到|至|-|~)第?(\d{1,3})条")
_KIND = re.compile(r"细则|条例|办法|准则|规则|章程|党章|法(?=第?\d+条)")  # not 规定, which is a verb too
_TITLED = {"党章": "章程", "法": r"(?<!办)法$"}  # how titles say it, where they say it otherwise
_SAYS_A_KIND = re.compile(r"细则|条例|办法|准则|规则|章程|规定|意见|通知|方案|手册|法$")
_RANGE_AT_MOST = 3  # articles: more are read in the text itself


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


THE_RULES = title_key("发展党员工作细则")  # meant by the number of an article alone


def articles_named(normalised_question: str) -> tuple[str, ...]:
    """The articles that a question names (第13条, 13条)."""
    found = [match.group() for match in _ARTICLE.finditer(normalised_question)]
    found += [f"第{number}条" for number in _BARE.findall(normalised_question)]
    return tuple(dict.fromkeys(found))


def kinds_named(normalised_question: str) -> tuple[str, ...]:
    """The kinds of texts that a question speaks of (细则, 条例, 党章)."""
    return tuple(dict.fromkeys(_KIND.findall(normalised_question)))


@lru_cache(maxsize=8192)
def is_of_kind(title: str, kinds: tuple[str, ...]) -> bool:
    """Whether a title (its key) says one of the kinds, or none at all (附件1)."""
    return any(re.search(_TITLED.get(kind, kind), title) for kind in kinds) or not _SAYS_A_KIND.search(title)


def articles_written_out(question: str) -> str:
    """第 十 三 条, 第卅一条, 第拾叁条, article 13, 第13到15条 as articles are written; any other question as it is."""
    spelled = _SPELLED.sub(lambda found: "".join(found[0].split()).translate(_FORMAL), question)
    plain = normalise(_ENGLISH.sub(r"第\1条", spelled))
    written = _RANGE.sub(_each, plain)
    return question if written == normalise(question) else written


def _each(found: re.Match[str]) -> str:
    first, last = int(found[1]), int(found[2])
    if not first < last < first + _RANGE_AT_MOST:
        return found[0]
    return "、".join(f"第{number}条" for number in range(first, last + 1))


Target = tuple[str, str]  # what names a passage across editions: title key, and article or innermost heading


def target_of(passage: Passage) -> Target:
    """What a passage is known by, whoever uploaded it."""
    return title_key(passage.title), article_key(place_of(passage))


def rests_on(passage: Passage) -> Target:
    """The article that a passage is or rests on; passages of one article are no rivals."""
    basis = passage.content.basis
    return target_of(passage) if basis is None else (title_key(basis.title), article_key(basis.article))


def place_of(passage: Passage) -> str:
    """The article of a passage, or its innermost heading where it has none, or ""."""
    if passage.content.article:
        return passage.content.article
    return passage.content.headings[-1] if passage.content.headings else ""
