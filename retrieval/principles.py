"""What is refused on principle, recognised by how it is worded: a linear classifier over pieces of the text.

`retrieval/principles.tsv` holds what it was learned from, a reason and a question a line, `none` for questions that
look alike and are ordinary ones. `python -m retrieval.refusing` learns it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from retrieval.refusals import Refusal

LEARNED = Path(__file__).parent / "principles.npz"
REASONS = (
    Refusal.OTHER_PEOPLE,
    Refusal.PREDICTION,
    Refusal.JUDGING_BELIEF,
    Refusal.SECRET_BALLOT,
    Refusal.EXAM_KEYS,
    Refusal.GHOST_WRITING,
)
SLOTS = 1 << 15  # that pieces share; more of them recognise no more
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方任袁柳史唐薛雷贺倪汤罗毕郝邓董梁杜季贾江郭林钟徐邱"
    "高夏蔡田胡凌万卢丁洪石崔程陆段侯谭武刘龙叶黎乔曾黄宋余孟熊白尹邵龚顾康毛戴廖覃欧岳俞柯邢樊庞聂焦司车伍温芦闫"
)
_LONGEST = 240  # characters that are looked at
SURE = 0.4  # that it is refused, whatever the library holds
LIKELY = 0.2  # the same where the library has no answer either


class Principled(NamedTuple):
    """The likeliest reason to refuse a question, and the probability that it is to be refused at all, 0..1."""

    reason: Refusal
    probability: float

    @property
    def sure(self) -> bool:
        return self.probability >= SURE

    @property
    def likely(self) -> bool:
        """Enough to say so instead of having found nothing."""
        return self.probability >= LIKELY


def on_principle(normalised_question: str) -> Refusal | None:
    """The reason for which this is not answered, None for an ordinary question."""
    found = principled(normalised_question)
    return found.reason if found.sure else None


def principled(normalised_question: str) -> Principled:
    """How likely a question is one that is refused, and why."""
    weights, constants, known = _learned()
    pieces = slots_of(normalised_question, known)
    logits = weights[pieces].sum(axis=0) / np.sqrt(max(len(pieces), 1)) + constants  # the last is an ordinary question
    shares = np.exp(logits - logits.max())
    return Principled(REASONS[int(logits[:-1].argmax())], float(1 - shares[-1] / shares.sum()))


def slots_of(normalised_question: str, known: Container[str]) -> NDArray[np.int64]:
    """The slots of a text's pieces, each once, ascending; `known` only looks like a name."""
    text = f"^{normalised_question.replace(' ', '')[:_LONGEST]}$"
    return np.array(sorted({crc32(piece.encode()) % SLOTS for piece in _pieces(text, known)}), dtype=np.int64)


def name_like(normalised_texts: Iterable[str]) -> Counter[str]:
    """Every two characters that begin as a surname does, 高中 and 张贴 as well as 张三, and how often each stands."""
    return Counter(
        text[at : at + 2] for text in normalised_texts for at in range(len(text) - 1) if text[at] in _SURNAMES
    )


def _pieces(text: str, known: Container[str]) -> Iterator[str]:
    """Runs of one to three characters, pairs that stand two or three places apart, and what stands around a name."""
    for at, character in enumerate(text):
        if character in _SURNAMES and text[at : at + 2] not in known:  # a name of two or three: whose does not matter
            yield "某"
            yield f"{text[at - 1]}某"
            for after in (at + 2, at + 3):
                if after < len(text):
                    yield f"某{text[after]}"
                    yield f"某{text[after : after + 2]}"
        for end in range(at + 1, min(at + 3, len(text)) + 1):
            yield text[at:end]
        for other in range(at + 2, min(at + 4, len(text))):
            yield f"{text[at]}…{text[other]}"


@lru_cache(maxsize=1)
def _learned() -> tuple[NDArray[np.float32], NDArray[np.float32], frozenset[str]]:
    """A row of weights for each slot, constants, a column for each reason and one for none; what only looks a name."""
    with np.load(LEARNED) as data:
        return (
            data["weights"].astype(np.float32),
            data["constants"].astype(np.float32),
            frozenset(data["known"].tolist()),
        )
