"""What two texts have in common, character by character."""

from __future__ import annotations


def letters(text: str) -> str:
    """A text without white space and signs."""
    return "".join(filter(str.isalnum, text))


def pairs(text: str) -> frozenset[str]:
    """Its pairs of neighbouring characters."""
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def threes(text: str) -> frozenset[str]:
    """Its runs of three characters."""
    return frozenset(text[at : at + 3] for at in range(len(text) - 2))


def dice(left: frozenset[str], right: frozenset[str]) -> float:
    """The share of what two sets hold that both hold, 0..1."""
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def longest_run(needle: str, text: str) -> int:
    """Length of the longest piece of `needle` that stands in `text`."""
    longest = at = 0
    while at + longest < len(needle):
        while at + longest < len(needle) and needle[at : at + longest + 1] in text:
            longest += 1
        at += 1
    return longest
