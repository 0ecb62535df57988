"""A question cut into pieces of a few characters, each in a slot: what linear classifiers of wordings look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SLOTS = 1 << 15  # that pieces share; more of them recognise no more
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方任袁柳史唐薛雷贺倪汤罗毕郝邓董梁杜季贾江郭林钟徐邱"
    "高夏蔡田胡凌万卢丁洪石崔程陆段侯谭武刘龙叶黎乔曾黄宋余孟熊白尹邵龚顾康毛戴廖覃欧岳俞柯邢樊庞聂焦司车伍温芦闫"
)
_LONGEST = 240  # characters that are looked at
_APART = "…".encode()


def slots_of(normalised_question: str, known: Container[str] | None) -> NDArray[np.int64]:
    """The slots of a text's pieces, each once, ascending.

    Args:
        known: what only looks like a name; None where names tell nothing.
    """
    text = f"^{normalised_question.replace(' ', '')[:_LONGEST]}$"
    sums = set(_runs(text)) | {crc32(piece.encode()) for piece in _around_names(text, known)}
    return np.array(sorted({one % SLOTS for one in sums}), dtype=np.int64)


def name_like(normalised_texts: Iterable[str]) -> Counter[str]:
    """Every two characters that begin as a surname does, 高中 and 张贴 as well as 张三, and how often each stands."""
    return Counter(
        text[at : at + 2] for text in normalised_texts for at in range(len(text) - 1) if text[at] in _SURNAMES
    )


def _runs(text: str) -> Iterator[int]:
    """Runs of one to three characters, and pairs that stand two or three places apart, each as its checksum."""
    codes = [character.encode() for character in text]
    for at, code in enumerate(codes):
        first = run = crc32(code)
        yield first
        for after in codes[at + 1 : at + 3]:
            run = crc32(after, run)
            yield run
        apart = crc32(_APART, first)
        for after in codes[at + 2 : at + 4]:
            yield crc32(after, apart)


def _around_names(text: str, known: Container[str] | None) -> Iterator[str]:
    """What stands around a name of two or three characters: whose it is does not matter."""
    for at, character in enumerate(text if known is not None else ""):
        if character in _SURNAMES and text[at : at + 2] not in (known or ()):
            yield "某"
            yield f"{text[at - 1]}某"
            for after in (at + 2, at + 3):
                if after < len(text):
                    yield f"某{text[after]}"
                    yield f"某{text[after : after + 2]}"
