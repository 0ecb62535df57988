"""A question made ready: normalised, cut into grams, widened by aliases, weighed by rarity."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Vectors
from retrieval.keywords import K1
from retrieval.naming import articles_named
from retrieval.normalise import normalise
from retrieval.segments import Channel
from retrieval.terms import Gram, grams_of, string_of, syllables

LONGEST = 240  # characters of a question that are searched with
_ALIAS_WEIGHT = 0.7
_SOUND_WEIGHT = 0.55
_NAMES_TEXT = re.compile(r"^.{0,24}?(?:细则|条例|规定|办法|章程|准则|规则|党章)(?:\d{4}年?版?)?")
_NUMBERED = re.compile(r"第?\d+条(?:之\d+)?")
_SOUND_RARER_THAN = 0.01  # share of entries up to which a pair may be a slip for one that sounds alike


@dataclass(frozen=True)
class Query:
    """What is looked for.

    Attributes:
        text: normalised.
        core: `text` without white space and signs.
        grams: of the question itself.
        added: grams that only aliases brought in.
        meant: for grams inside an alias, what the alias stands for.
        articles: article keys that the question names.
    """

    text: str
    grams: tuple[Gram, ...]
    added: tuple[Gram, ...]
    meant: Mapping[int, tuple[str, ...]]
    articles: tuple[str, ...]
    vector: Vectors

    @cached_property
    def core(self) -> str:
        return letters(self.text)


def looks_up(query: Query) -> bool:
    """Whether an article is named, and nothing is asked of it but what it says: 第13条写了啥, 细则第13条."""
    rest = _NUMBERED.sub("", _NAMES_TEXT.sub("", query.core))
    meant = [gram for gram in query.grams if gram.weight > 0.5 and len(gram.string) > 1 and gram.string in rest]
    return bool(query.articles) and not [gram for gram in meant if gram.string not in "写了原文内容全文讲说规定"]


def looks_up_a_number(query: Query) -> bool:
    """The same, and of no text in particular."""
    return looks_up(query) and _NAMES_TEXT.match(query.core) is None


def letters(text: str) -> str:
    """A text without white space and signs."""
    return "".join(filter(str.isalnum, text))


def pairs(text: str) -> frozenset[str]:
    """Its pairs of neighbouring characters."""
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def threes(text: str) -> frozenset[str]:
    """Its runs of three characters."""
    return frozenset(text[at : at + 3] for at in range(len(text) - 2))


@dataclass(frozen=True)
class Weighed:
    """A query in one channel: each gram with its rarity there and the grams that it may be a slip for."""

    grams: tuple[Gram, ...]
    mass: float
    counts: tuple[int, ...] = ()
    sounds_like: Mapping[int, tuple[tuple[int, float], ...]] = field(default_factory=dict)

    @cached_property
    def terms(self) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Everything that is matched, with what a full match adds to the share of a perfect one."""
        pairs = [(gram.term, gram.weight) for gram in self.grams]
        pairs += [pair for alike in self.sounds_like.values() for pair in alike]
        weights = np.array([weight for _, weight in pairs], dtype=np.float32)
        return np.array([term for term, _ in pairs], dtype=np.uint64), weights / np.float32(self.mass)


def aliases_in(text: str, aliases: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The aliases found in a normalised text and what they stand for, unless the text says that too."""
    found = {}
    for said in sorted((said for said in aliases if said in text), key=len, reverse=True):
        meant = tuple(full for full in aliases[said] if full not in text)
        if meant:
            found[said] = meant
    return found


def spelled_out(text: str, aliases: Mapping[str, Sequence[str]]) -> str:
    """A normalised text with each alias replaced by the first thing that it stands for."""
    for said, meant in aliases_in(text, aliases).items():
        text = text.replace(said, meant[0])
    return text


def weigh(query: Query, channels: Sequence[Channel]) -> Weighed:
    """Multiply the grams' weights by their rarity over all segments of a channel."""
    grams = [*query.grams, *query.added]
    terms = np.array([gram.term for gram in grams], dtype=np.uint64)
    counts = np.zeros(len(grams), dtype=np.int64)
    size = 0
    for channel in channels:
        counts += channel.postings.occurrences(terms)
        size += channel.postings.size
    weights = [gram.weight * _rarity(int(count), size) for gram, count in zip(grams, counts, strict=True)]
    mass = sum(weights[: len(query.grams)]) * (K1 + 1)
    sounds = _sounds_like(grams, counts, channels, size) if size else {}
    weighed = tuple(Gram(gram.term, gram.string, weight) for gram, weight in zip(grams, weights, strict=True))
    return Weighed(weighed, max(mass, 1e-6), tuple(counts.tolist()), sounds)


def prepare(question: str, vector: Vectors, aliases: Mapping[str, Sequence[str]]) -> Query:
    """A question as it is searched with; `vector` is the encoder's, of `normalise(question)`."""
    text = normalise(question)[:LONGEST]
    grams = grams_of(text, at_most=LONGEST)
    known = {gram.term for gram in grams}
    found = aliases_in(text, aliases)
    added = {
        gram.term: Gram(gram.term, gram.string, gram.weight * _ALIAS_WEIGHT)
        for meant in found.values()
        for full in meant
        for gram in grams_of(full, at_most=LONGEST)
        if gram.term not in known
    }
    meant = {gram.term: full for said, full in found.items() for gram in grams if gram.string in said}
    return Query(text, tuple(grams), tuple(added.values()), meant, articles_named(text), vector)


def _rarity(count: int, size: int) -> float:
    return math.log(1 + (size - count + 0.5) / (count + 0.5)) if size else 0.0


def _sounds_like(
    grams: Sequence[Gram], counts: NDArray[np.int64], channels: Sequence[Channel], size: int
) -> dict[int, tuple[tuple[int, float], ...]]:
    """For rare pairs: the commonest pairs of the vocabulary that sound the same, with weights."""
    rare = [
        (gram, int(count))
        for gram, count in zip(grams, counts, strict=True)
        if len(gram.string) == 2 and count <= max(2, size * _SOUND_RARER_THAN) and gram.weight > 0.5
    ]
    if not rare:
        return {}
    sounds = syllables().of_pairs(np.array([gram.term for gram, _ in rare], dtype=np.uint64))
    found: dict[int, tuple[tuple[int, float], ...]] = {}
    for (gram, count), sound in zip(rare, sounds, strict=True):
        if not sound:
            continue
        alike: dict[int, int] = {}
        for channel in channels:
            postings, places = channel.postings, channel.sounds.alike(int(sound))
            held = postings.begins[places + 1] - postings.begins[places]
            for term, n in zip(postings.terms[places].tolist(), held.tolist(), strict=True):
                alike[term] = alike.get(term, 0) + n
        alike.pop(gram.term, None)
        best = sorted(((n, term) for term, n in alike.items() if n > count), reverse=True)[:2]
        if best:
            weights = [(term, gram.weight * _SOUND_WEIGHT * _rarity(n, size)) for n, term in best]
            found[gram.term] = tuple(weights)
    return found


def unknown_share(query: Query, bodies: Weighed, questions: Weighed) -> float:
    """The share of a question's own grams that stand in no passage and no anticipated question."""
    own = range(len(query.grams))
    mass = sum(query.grams[at].weight for at in own) or 1.0
    gone = (at for at in own if not bodies.counts[at] and not questions.counts[at])
    return sum(query.grams[at].weight for at in gone if query.grams[at].term not in bodies.sounds_like) / mass


def homophones(weighed: Weighed) -> dict[int, tuple[str, ...]]:
    """The strings that each rare gram may be a slip for."""
    return {gram: tuple(string_of(term) for term, _ in terms) for gram, terms in weighed.sounds_like.items()}
