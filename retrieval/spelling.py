"""Questions typed in Latin letters: 「zhengshen」, 「sxhb要手写吗」 are read as the characters that they spell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SPELLINGS = Path(__file__).parent / "spellings.tsv"
_RUN = re.compile(r"[a-zà-ɏ]+(?:[ '’-]+[a-zà-ɏ]+)*", re.IGNORECASE)
_IDEOGRAPH = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 120  # letters of a run; a longer one is no question
_LITTLE_ALONE = 4  # letters: beside ideographs a run of words of asking is read from a word of this length


@dataclass(frozen=True)
class _Spellings:
    """Words by their spelling; `matter` are those that say what is asked about."""

    words: Mapping[str, str]
    matter: frozenset[str]
    longest: int


def in_characters(text: str) -> str:
    """The text with pinyin and known initials as characters; what is not spelt by known words from end to end is kept.

    A run of Latin letters is read only where it names a matter of the rules, or asks beside ideographs, so that
    sentences of other languages stay what they are.
    """
    beside = _IDEOGRAPH.search(text) is not None
    return _RUN.sub(lambda run: _read(run.group(), beside) or run.group(), text)


def _read(run: str, beside: bool) -> str | None:
    tokens = re.findall(r"[a-z]+", _without_tones(run))
    whole = "".join(tokens)
    if len(whole) > _LONGEST:
        return None
    words = _words(whole, _exact())
    if beside and any(len(spelt) >= _LITTLE_ALONE and word in words for spelt, word in _exact().words.items()):
        return "".join(words)
    for found in (words, _words(_fold(whole), _folded())):
        if not _exact().matter.isdisjoint(found):
            return "".join(found)
    return None


def _words(spelt: str, spellings: _Spellings) -> list[str]:
    """The fewest words that spell it from end to end; none where there are no such."""
    best: list[list[str] | None] = [[]]
    for end in range(1, len(spelt) + 1):
        found = None
        for begin in range(max(0, end - spellings.longest), end):
            before, word = best[begin], spellings.words.get(spelt[begin:end])
            if before is not None and word is not None and (found is None or len(before) + 1 < len(found)):
                found = [*before, word]
        best.append(found)
    return best[-1] or []


def _without_tones(text: str) -> str:
    spread = unicodedata.normalize("NFD", text.lower().replace("ü", "v"))
    return "".join(character for character in spread if not unicodedata.combining(character))


def _fold(spelt: str) -> str:
    """What keyboards and ears confuse: zh/z, ch/c, sh/s, -ng/-n."""
    return re.sub(r"([aeiou])ng", r"\1n", re.sub(r"([zcs])h", r"\1", spelt))


@lru_cache(maxsize=1)
def _exact() -> _Spellings:
    words: dict[str, str] = {}
    matter: set[str] = set()
    for line in SPELLINGS.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        word, spelt, *initials = line.split("\t")
        words.setdefault(spelt, word)
        if initials:
            matter.add(word)
            words |= {short: word for short in initials if short != "-"}
    return _Spellings(words, frozenset(matter), max(map(len, words)))


@lru_cache(maxsize=1)
def _folded() -> _Spellings:
    exact = _exact()
    words: dict[str, str] = {}
    for spelt, word in exact.words.items():
        words.setdefault(_fold(spelt), word)
    return _Spellings(words, exact.matter, exact.longest)
