"""Terms: what a text is matched by. Single characters and pairs of neighbours, as integers.

A run of Latin letters or digits counts as one character: it becomes one code point of the private planes. So
「第13条」 is the characters 第 · 13 · 条, and its pairs 第13 and 13条 are terms that only this article has.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Terms = NDArray[np.uint64]

SOUNDS = Path(__file__).parent / "syllables.npy"
_IDEOGRAPHS_END = 0xA000
_SOUND_BITS = np.uint32(10)

PAIR_SHIFT = np.uint64(21)  # a code point needs 21 bits, so a pair fits 42 and leaves 22 for the entry's row
_SECOND = np.uint64((1 << 21) - 1)  # of a pair
_WORD = re.compile(r"[a-zà-ɏ]+|[0-9]+(?:\.[0-9]+)?%?")
_PIECE = re.compile(_WORD.pattern + "|.", re.DOTALL)
_WORD_PLANE, _WORD_SLOTS = 0xF0000, 0x1FFF0
# Letters, ideographs, kana, hangul and our own word points; not spaces, signs, emoji.
_MATTER = (
    *((0x370, 0x2000), (0x3040, 0x3200), (0x3400, 0xA000), (0xAC00, 0xD7B0), (0xF900, 0xFB00), (0x20000, 0x32000)),
    (_WORD_PLANE, 0x110000),
)

# Words that only say that something is asked. They count little, since passages state and do not ask.
_ASKING = re.compile(
    r"请问|想问一?下?|问一?下|有没有人知道|谁知道|知不知道|求助|求问|救命|急|在线等|老师好|老师|学长|学姐|同学们?|大家|各位|你好|您好|谢谢|"
    r"什么时候|啥时候|什么|啥|为什么|为啥|凭啥|怎么办|咋办|怎么样|怎么|咋|如何|怎样|哪些|哪里|哪儿|哪个|哪|多少|几|多久|"
    r"是不是|能不能|可不可以|会不会|要不要|有没有|需不需要|用不用|算不算|行不行|是否|可以|能否|应该|"
    r"吗|呢|啊|呀|吧|哦|呗|嘞|么|哈|哎|唉|诶|了|的|得|地|我们|我|你们|你|他们|他|她|它|这个|那个|这|那|就是|就|还|都|也|又|才|是|会|能|要|有|和|与|在|被|把|给|对|"
    r"规定|关于|问题|根据|按照|下列|以下|正确|错误|说法|属于|不|没"
)
_LITTLE = 0.12  # weight of a gram inside such a word
_SINGLE = 0.4  # weight of one ideograph beside a pair


@lru_cache(maxsize=4096)
def _word_point(word: str) -> str:
    return chr(_WORD_PLANE + zlib.crc32(word.encode()) % _WORD_SLOTS)


@lru_cache(maxsize=8192)
def _point(piece: str) -> int:
    """The code point of a character, word or number; 0 for anything that separates."""
    code = ord(_word_point(piece) if _WORD.fullmatch(piece) else piece)
    return code if any(begin <= code < end for begin, end in _MATTER) else 0


def terms_of(texts: Sequence[str]) -> tuple[Terms, NDArray[np.int64]]:
    """Every character and every pair of neighbours, as often as they stand there, and the text that each stands in.

    Args:
        texts: normalised, so without line feeds.
    """
    folded = _WORD.sub(lambda match: _word_point(match.group()), "\n".join(texts))
    codes = np.frombuffer(folded.encode("utf-32-le", "replace"), dtype=np.uint32)
    rows = np.cumsum(codes == ord("\n"))
    matter = np.logical_or.reduce([(codes >= begin) & (codes < end) for begin, end in _MATTER])
    wide = np.where(matter, codes, 0).astype(np.uint64)
    left, right = wide[:-1], wide[1:]
    single, pair = wide != 0, (left != 0) & (right != 0)
    return np.concatenate([wide[single], ((left << PAIR_SHIFT) | right)[pair]]), np.concatenate(
        [rows[single], rows[:-1][pair]]
    )


def is_pair(terms: Terms) -> NDArray[np.bool_]:
    return np.asarray(terms >> PAIR_SHIFT != 0)


class Gram(NamedTuple):
    """A character or a pair of the question, as a term and as a string, and what it counts before its rarity."""

    term: int
    string: str
    weight: float


def grams_of(normalised: str, *, at_most: int) -> list[Gram]:
    """The distinct grams of a question: pairs count more than single characters, words of asking count little.

    Args:
        at_most: characters of the question that are looked at; a longer one is cut.
    """
    text = normalised[:at_most]
    factor = [1.0] * len(text)
    for match in _ASKING.finditer(text):
        factor[match.start() : match.end()] = [_LITTLE] * (match.end() - match.start())
    pieces = [(match.group(), factor[match.start()]) for match in _PIECE.finditer(text)]
    codes = [_point(piece) for piece, _ in pieces]
    best: dict[int, Gram] = {}
    for at, ((piece, weight), code) in enumerate(zip(pieces, codes, strict=True)):
        if not code:
            continue
        found = [Gram(code, piece, weight * (1.0 if code >= _WORD_PLANE else _SINGLE))]
        if at + 1 < len(codes) and codes[at + 1]:
            after, after_weight = pieces[at + 1]
            pair = (code << int(PAIR_SHIFT)) | codes[at + 1]
            found.append(Gram(pair, piece + after, min(weight, after_weight)))
        for gram in found:
            if gram.term not in best or best[gram.term].weight < gram.weight:
                best[gram.term] = gram
    return list(best.values())


def string_of(term: int) -> str:
    """The two ideographs of a pair (not of words and numbers, whose code points stand for more)."""
    return chr(term >> int(PAIR_SHIFT)) + chr(term & ((1 << 21) - 1))


class Syllables:
    """Which code points sound alike, after folding what keyboards and ears confuse (zh/z, ch/c, sh/s, -ng/-n)."""

    def __init__(self, sounds: NDArray[np.uint16]) -> None:
        """Take a table: for each code point the number of its sound, 0 for none."""
        self._ids = np.append(sounds, 0).astype(np.uint16)  # the last for all code points beyond

    @classmethod
    def of_readings(cls, readings: Iterable[tuple[int, str]]) -> Syllables:
        """The table for code points and their Latin spellings without tones."""
        names: dict[str, int] = {}
        ids = np.zeros(_IDEOGRAPHS_END, dtype=np.uint16)
        for code, reading in readings:
            if code < len(ids):
                ids[code] = names.setdefault(_folded_sound(reading), len(names) + 1)
        return cls(ids)

    def save(self, path: Path) -> None:
        np.save(path, self._ids[:-1])

    def of_pairs(self, terms: Terms) -> NDArray[np.uint32]:
        """One number for the sound of each pair; 0 where the term is no pair of ideographs."""
        left, right = (
            self._ids.take(codes.astype(np.int64), mode="clip").astype(np.uint32)
            for codes in (terms >> PAIR_SHIFT, terms & _SECOND)
        )
        return np.where((left != 0) & (right != 0), left << _SOUND_BITS | right, 0).astype(np.uint32)


def _folded_sound(reading: str) -> str:
    sound = re.sub(r"^([zcs])h", r"\1", reading)
    return re.sub(r"([aei])ng$", r"\1n", sound)


@lru_cache(maxsize=1)
def syllables() -> Syllables:
    """The shipped table for Mandarin, the commonest reading of each character (`retrieval.training` writes it)."""
    return Syllables(np.load(SOUNDS))


def read_pinyin() -> Syllables:
    """The same from pypinyin, which takes 50 MiB to import and is therefore not asked at run time."""
    from pypinyin.constants import Style
    from pypinyin.pinyin_dict import pinyin_dict
    from pypinyin.style import convert

    return Syllables.of_readings(
        (code, convert(readings.split(",")[0], Style.NORMAL, strict=False))
        for code, readings in pinyin_dict.items()
        if code < _IDEOGRAPHS_END
    )
