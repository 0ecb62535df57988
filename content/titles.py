"""Titles compared the way people write them: with or without 《》, the year in brackets, or the issuer in front."""

from __future__ import annotations

import re

_DECORATION = re.compile(
    r"[《》〈〉<>\s　]"
    r"|[（(][^（）()]*(?:\d{4}|[一二]〇[〇零一二三四五六七八九]{2}|修订|修正|试行|暂行|草案|全文)[^（）()]*[）)]"
)
_ISSUER = re.compile(r"^(?:中国共产党|中共中央|中华人民共和国|中共)")


def plain_title(title: str) -> str:
    """Without brackets, spaces and the year or state of revision in parentheses."""
    return _DECORATION.sub("", title) or title


def core_title(title: str) -> str:
    """The plain title without who issued it, so that 发展党员工作细则 finds 中国共产党发展党员工作细则."""
    plain = plain_title(title)
    core = _ISSUER.sub("", plain)
    # 中国共产党章程 and 中华人民共和国宪法 would lose too much.
    return core if len(core) >= 4 else plain


def same_title(one: str, other: str) -> bool:
    """Whether two ways of writing mean the same document."""
    return plain_title(one) == plain_title(other) or core_title(one) == core_title(other)
