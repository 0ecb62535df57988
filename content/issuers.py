"""Whose requirement a document states, as its title tells; a person can say otherwise."""

from __future__ import annotations

import re

from content.anticipated import anticipated
from content.passages import DocumentKind, Level

_NATIONAL = re.compile(
    r"^[《“\s]*(?:中国共产党|中国共产主义青年团|中华人民共和国|中共中央|中央|全国|国务院|教育部|共青团中央|关于新形势下)"
)
_LOCAL = re.compile(r"[校院系]|支部|总支|[省市区县]委|工委|办法$")
_LAW = re.compile(r"(?:法|法典|宪法)$")


def kind_of(title: str, *, articles: int) -> DocumentKind:
    """What an uploaded document is: the organisation's own text unless its title names a national issuer or a law.

    A school's rule that is called national would mislead; a national text that is called the school's is only
    modest. So everything that is not plainly national is the school's.
    """
    plain = re.sub(r"[《》“”\s]|[（(].*?[）)]", "", title)
    if not articles:
        return DocumentKind.SCHOOL
    if _NATIONAL.match(plain) or anticipated().knows(title):
        return DocumentKind.OFFICIAL
    return DocumentKind.OFFICIAL if _LAW.search(plain) and not _LOCAL.search(plain) else DocumentKind.SCHOOL


def level_of(kind: DocumentKind, written: Level) -> Level:
    """The level of a passage: the document's kind decides, in our own handbook the passage itself."""
    match kind:
        case DocumentKind.OFFICIAL:
            return Level.NATIONAL
        case DocumentKind.SCHOOL:
            return Level.SCHOOL
    return written
