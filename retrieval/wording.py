"""How something is asked, apart from what is asked: 政审查啥 and 请问政审查什么 ask the same."""

from __future__ import annotations

import re
from functools import lru_cache

_SAID_AS = [
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"^(?:请问|想问下?|问一?下|老师)+", ""),
        (r"(?<=.)[吗嘛呢啊呀吧哦哈呗]+$", ""),
        (r"啥时候?|几时|何时|什么时间", "什么时候"),
        (r"啥|么子", "什么"),
        (r"咋样|怎样|如何", "怎么样"),
        (r"咋", "怎么"),
        (r"多长时间|多长|几久", "多久"),
        (r"能不能|可不可以|能否|可否|可以", "能"),
        (r"要不要|需不需要|用不用|需要", "要"),
        (r"有没有", "有"),
        (r"是不是|是否", "是"),
    )
]
_EXPLAIN = re.compile(
    r"^什么(?:是|叫做?)|(?:到底|究竟)?(?:指的?是?|是|叫)什么$|(?:是|指|指的是)?什么(?:意思|东西|概念)$|怎么理解$|的(?:意思|定义|含义)$"
)
_COMPARES = re.compile(r"区别|不同|一样|1回事|[简全]称|概念|含义|意思")
_ASKS = re.compile(r"什么|怎么|谁|哪|几|多|能|要|吗")
_TERM_AT_MOST = 4  # characters of a message that is a term alone: 政审, 应到人数


@lru_cache(maxsize=8192)
def plainly(core: str) -> str:
    """The letters of a normalised question as they would be in plain words; an asked-for explanation as its term."""
    for pattern, plain in _SAID_AS:
        core = pattern.sub(plain, core)
    return _EXPLAIN.sub("", core) or core


def asks_for_explanation(core: str) -> bool:
    """A term alone, what it means, or how it differs from another."""
    plain = plainly(core)
    return (len(plain) <= _TERM_AT_MOST and not _ASKS.search(plain)) or _COMPARES.search(plain) is not None
