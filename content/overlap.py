"""Passages that say nearly the same: found by sketches of their pieces, then compared letter by letter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

SHORTEST = 16  # letters: 「本规定自发布之日起施行」 stands in every text and says nothing
NEARLY = 0.8  # of the letters, in order (difflib's ratio)
_PIECE = 3  # characters
_KEPT = 32  # the smallest hashes of a passage's pieces (a bottom-k sketch: Broder 1997)
_SHARED = 0.3  # of the smaller sketch: fewer pieces in common are not looked at
_COMMON = 50  # passages: a piece that more of them have tells nothing
_BETWEEN = 2  # letters between two changes that are told as one
_COMPARED = 600  # letters of each that are compared one by one
_MIX = np.uint64(0x9E3779B97F4A7C15)
_LOW = np.uint64((1 << 40) - 1)


@dataclass(frozen=True)
class Overlap:
    """Two passages by their places in the two lists, and the share of their letters that is the same, 0.8..1."""

    one: int
    other: int
    share: float


def overlaps(texts: Sequence[str], others: Sequence[str] | None = None) -> list[Overlap]:
    """The pairs that are nearly the same: of a text and another list's, each with its nearest; or all within one list.

    10,000 passages of an article's length take about a second.
    """
    own = [letters(text) for text in texts]
    if others is None:
        return [one for one in _compared(_candidates(own, own), own, own) if one.one < one.other]
    theirs = [letters(text) for text in others]
    best: dict[int, Overlap] = {}
    for found in _compared(_candidates(own, theirs), own, theirs):
        if found.one not in best or found.share > best[found.one].share:
            best[found.one] = found
    return [best[one] for one in sorted(best)]


def letters(text: str) -> str:
    """The text without signs, spaces, width and case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))


def differences(old: str, new: str) -> list[tuple[str, str]]:
    """What stands in the old text and what in its place in the new one, in order; either may be empty."""
    changes: list[list[int]] = []
    for tag, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if changes and start - changes[-1][1] <= _BETWEEN:  # 三十 → 十五 is one change, not two
            changes[-1][1], changes[-1][3] = end, stop
        else:
            changes.append([start, end, begin, stop])
    told = [(old[start:end].strip(), new[begin:stop].strip()) for start, end, begin, stop in changes]
    return [(before, after) for before, after in told if letters(before) != letters(after)]


def _candidates(own: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs whose sketches have enough in common."""
    ours, our_hashes = _sketches(own)
    owners, hashes = (ours, our_hashes) if own is theirs else _sketches(theirs)
    order = np.argsort(hashes, kind="stable")
    owners, hashes = owners[order], hashes[order]
    first, last = np.searchsorted(hashes, our_hashes, "left"), np.searchsorted(hashes, our_hashes, "right")
    counts = np.where(last - first <= _COMMON, last - first, 0)
    at = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
    pairs = np.repeat(ours, counts).astype(np.int64) * max(len(theirs), 1) + owners[at]
    found, shared = np.unique(pairs, return_counts=True)
    sizes, other_sizes = np.bincount(ours, minlength=len(own)), np.bincount(owners, minlength=len(theirs))
    for pair, count in zip(found.tolist(), shared.tolist(), strict=True):
        one, other = divmod(pair, len(theirs))
        if count >= _SHARED * min(sizes[one], other_sizes[other]) and (own is not theirs or one < other):
            yield one, other


def _sketches(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """For each passage its `_KEPT` smallest hashes, as two columns: the passage's place, the hash."""
    long_enough = [text if len(text) >= SHORTEST else "" for text in texts]
    codes = np.frombuffer("".join(long_enough).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in long_enough], dtype=np.int64)
    owners = np.repeat(np.arange(len(texts)), lengths)
    if len(codes) < _PIECE:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    pieces = np.zeros(len(codes) - _PIECE + 1, np.uint64)
    for offset in range(_PIECE):
        pieces = (pieces << np.uint64(21)) | codes[offset : len(codes) - _PIECE + 1 + offset]
    whole = owners[: len(pieces)] == owners[_PIECE - 1 :]  # of one passage, not across its end
    mixed = pieces[whole] * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX >> np.uint64(24)
    keys = np.sort((owners[: len(pieces)][whole].astype(np.uint64) << np.uint64(40)) | (mixed & _LOW))
    keys = keys[
        np.concatenate([[True], keys[1:] != keys[:-1]])
    ]  # np.unique hashes first, which takes ten times as long
    places = (keys >> np.uint64(40)).astype(np.int64)
    starts = np.searchsorted(places, np.arange(len(texts)))
    kept = np.arange(len(keys)) - starts[places] < _KEPT
    return places[kept], keys[kept] & _LOW


def _compared(pairs: Iterator[tuple[int, int]], own: Sequence[str], theirs: Sequence[str]) -> Iterator[Overlap]:
    for one, other in pairs:
        left, right = own[one], theirs[other]
        if left == right:
            yield Overlap(one, other, 1.0)
        elif min(len(left), len(right)) >= NEARLY / (2 - NEARLY) * max(len(left), len(right)):
            matcher = SequenceMatcher(None, left[:_COMPARED], right[:_COMPARED], autojunk=False)
            if matcher.quick_ratio() >= NEARLY and (share := matcher.ratio()) >= NEARLY:
                yield Overlap(one, other, share)
