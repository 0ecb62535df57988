"""Several questions in one message: 「政审审啥 培训几天」, and what one is asked to tell apart."""

from __future__ import annotations

import re

_APART = re.compile(r"(?:[?;,.!~\s]|还有|另外|以及|顺便)+")
_JOINED = re.compile(r"和|跟|与")
_ASKS = re.compile(
    r"什么|啥|几|多[久长少大]|谁|怎|咋|哪|如何|为何|是否|能否|吗|么|[不没]$|呢|([\u4e00-\u9fff])[不没]\1|有没有|步骤|流程|条件$|期限$|内容$"
)
_ARTICLES = re.compile(r"(第\d+条(?:之\d+)?)(?:[,、和跟与及]|以及)+(?=第\d+条)")
_ARTICLE = re.compile(r"第\d+条(?:之\d+)?")
_ELLIPTIC = re.compile(r"(?:从|最?[多少早晚]|谁|几|什么|啥|怎|咋|哪|在哪|要|能|可以|需要|会|算|是).{0,4}")
_SHORTEST = 3  # letters; less can't be understood alone
_COMPARED = re.compile(
    r"(?P<one>[^,;.!?\s]{2,10}?)(?:和|跟|与)(?P<other>[^,;.!?\s]{2,10}?)(?:之间|到底|究竟)?(?:是不是|是|有|的)?(?:什么|啥|哪些|没有?)?"
    r"(?:区别|不同|差别|差异|不一样|一样|一回事|差在哪|同一个).{0,5}"
)


def parts(normalised_question: str) -> tuple[str, ...]:
    """The questions in it, each as it was put; none where there is only one."""
    named = _ARTICLES.search(normalised_question)
    if named:
        title = normalised_question[: named.start()]
        return tuple(title + article for article in _ARTICLE.findall(normalised_question[named.start() :]))
    found: list[str] = []
    for piece in _APART.split(normalised_question):
        if _asks(piece):
            found += _unjoined(piece)
    return tuple(found) if len(found) > 1 else ()


def compared(normalised_question: str) -> tuple[str, ...]:
    """The two that are held against each other: 「积极分子跟发展对象有啥区别」; none where nothing is."""
    found = _COMPARED.fullmatch(normalised_question)
    return (found["one"], found["other"]) if found else ()


def stands_alone(part: str) -> bool:
    """Whether it says what it is about; 「从哪天算」 after 「预备期多久」 does not."""
    return _ELLIPTIC.fullmatch(part) is None


def _unjoined(piece: str) -> list[str]:
    for word in _JOINED.finditer(piece):
        left, right = piece[: word.start()], piece[word.end() :]
        if _asks(left) and _asks(right):
            return [left, *_unjoined(right)]
    return [piece]


def _asks(piece: str) -> bool:
    return len(piece) >= _SHORTEST and _ASKS.search(piece) is not None
