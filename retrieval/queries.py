"""A question made ready: normalised, cut into grams, widened by aliases, weighed by rarity."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Encoder, Vectors
from retrieval.keywords import K1
from retrieval.naming import articles_named, is_of_kind, kinds_named
from retrieval.normalise import normalise
from retrieval.segments import Channel
from retrieval.sharing import letters
from retrieval.terms import PAIR_SHIFT, Gram, grams_of, string_of, syllables

LONGEST = 240  # characters of a question that are searched with
_TERM_BITS = 2 * PAIR_SHIFT
_ALIAS_WEIGHT = 0.7
_SOUND_WEIGHT = 0.55
_MEANT = 0.5  # weight of a gram from which it says what is asked about
_NAMES_TEXT = re.compile(r"^.{0,24}?(?:细则|条例|规定|办法|章程|准则|规则|党章|法(?=第?\d+条))(?:\d{4}年?版?)?")
_NUMBERED = re.compile(r"第?\d+条(?:之\d+)?")
_SOUNDS_AT_MOST = 2  # grams that one may be a slip for
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

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of texts that are spoken of."""
        return kinds_named(self.core)

    def names(self, title: str, article: str) -> bool:
        """Whether this article (keys of both) can be meant by its number: 细则第1条 is none of an 办法."""
        return article in self.articles and (not self.kinds or is_of_kind(title, self.kinds))

    @cached_property
    def terms(self) -> NDArray[np.uint64]:
        """Those of all grams, the added ones last."""
        return np.array([gram.term for gram in (*self.grams, *self.added)], dtype=np.uint64)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """The same grams' weights, before their rarity."""
        return np.array([gram.weight for gram in (*self.grams, *self.added)], dtype=np.float64)

    @cached_property
    def sounds(self) -> NDArray[np.uint32]:
        """Of those of the same grams that are two characters and say something; 0 for the others."""
        heard = [len(gram.string) == 2 and gram.weight > _MEANT for gram in (*self.grams, *self.added)]
        return np.where(heard, syllables().of_pairs(self.terms), 0)


def looks_up(query: Query) -> bool:
    """Whether an article is named, and nothing is asked of it but what it says: 第13条写了啥, 细则第13条."""
    if not query.articles:
        return False
    rest = _NUMBERED.sub("", _NAMES_TEXT.sub("", query.core))
    meant = [gram for gram in query.grams if gram.weight > _MEANT and len(gram.string) > 1 and gram.string in rest]
    return all(gram.string in "写了原文内容全文讲说规定" for gram in meant)


def looks_up_a_number(query: Query) -> bool:
    """The same, and of no text in particular."""
    return looks_up(query) and _NAMES_TEXT.match(query.core) is None


@dataclass(frozen=True)
class Weighed:
    """A query in one channel: the rarity of its grams there and the grams that they may be slips for.

    Attributes:
        weights: of the query's grams and those added, each with its rarity.
        mass: what a perfect match would score.
        counts: in how many entries each gram stands.
        sounds_like: for rare grams the terms of those that sound the same, each with its weight.
    """

    query: Query
    weights: NDArray[np.float64]
    mass: float
    counts: NDArray[np.int64]
    sounds_like: Mapping[int, Sequence[tuple[int, float]]]

    @cached_property
    def grams(self) -> tuple[Gram, ...]:
        """The query's own grams, weighed."""
        own = zip(self.query.grams, self.weights.tolist(), strict=False)
        return tuple(Gram(gram.term, gram.string, weight) for gram, weight in own)

    @cached_property
    def terms(self) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Everything that is matched, with what a full match adds to the share of a perfect one."""
        alike = [pair for pairs in self.sounds_like.values() for pair in pairs]
        terms = np.array([term for term, _ in alike], dtype=np.uint64)
        weights = np.concatenate((self.weights, [weight for _, weight in alike]))
        return np.concatenate((self.query.terms, terms)), (weights / self.mass).astype(np.float32)


def aliases_in(text: str, aliases: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The aliases found in a normalised text and what they stand for, unless the text says that too."""
    found = {}
    for said in sorted((said for said in aliases if said in text), key=len, reverse=True):
        meant = tuple(full for full in aliases[said] if full not in text)
        if meant:
            found[said] = meant
    return found


def weigh(query: Query, channels: Sequence[Channel]) -> Weighed:
    """Multiply the grams' weights by their rarity over all segments of a channel."""
    counts = np.zeros(len(query.terms), dtype=np.int64)
    for channel in channels:
        counts += channel.postings.occurrences(query.terms)
    size = sum(channel.postings.size for channel in channels)
    weights = query.weights * _rarity(counts, size)
    mass = float(weights[: len(query.grams)].sum()) * (K1 + 1)
    return Weighed(query, weights, max(mass, 1e-6), counts, _sounds_like(query, counts, channels, size))


def prepare(question: str, encoder: Encoder, aliases: Mapping[str, Sequence[str]]) -> Query:
    """A question as it is searched with."""
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
    return Query(text, tuple(grams), tuple(added.values()), meant, articles_named(text), _vector(text, found, encoder))


def _vector(text: str, aliases: Mapping[str, Sequence[str]], encoder: Encoder) -> Vectors:
    """The mean of how a question is asked and how it reads with its aliases spelled out."""
    spelled = text
    for said, meant in aliases.items():
        spelled = spelled.replace(said, meant[0])
    asked: Vectors = encoder.encode([text])[0]
    if spelled == text:
        return asked
    both = asked + encoder.encode([spelled])[0]  # one after the other: two at once would wake further threads
    return np.asarray(both / max(float(np.linalg.norm(both)), 1e-12), dtype=np.float32)


def _rarity(counts: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    return np.log(1 + (size - counts + 0.5) / (counts + 0.5)) if size else np.zeros_like(counts, dtype=np.float64)


def _sounds_like(
    query: Query, counts: NDArray[np.int64], channels: Sequence[Channel], size: int
) -> dict[int, list[tuple[int, float]]]:
    """For rare pairs: the commonest pairs of the vocabulary that sound the same, with weights."""
    rare = np.flatnonzero((query.sounds != 0) & (counts <= max(2, size * _SOUND_RARER_THAN)))
    if not size or not len(rare):
        return {}
    terms = query.terms[rare]
    alike = [channel.sounds.alike(query.sounds[rare], channel.postings) for channel in channels]
    groups, others, held = (np.concatenate(parts) for parts in zip(*alike, strict=True))
    if len(channels) > 1:
        groups, others, held = _summed(groups, others, held)
    commoner = np.flatnonzero((held > counts[rare][groups]) & (others != terms[groups]))
    groups, others, held = groups[commoner], others[commoner], held[commoner]
    weights = _SOUND_WEIGHT * query.weights[rare[groups]] * _rarity(held, size)
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    columns = (held, others, terms[groups], weights)
    for _, other, term, weight in sorted(zip(*(column.tolist() for column in columns), strict=True), reverse=True):
        if len(found[term]) < _SOUNDS_AT_MOST:
            found[term].append((other, weight))
    return found


def _summed(
    groups: NDArray[np.int64], terms: NDArray[np.uint64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:
    """Each term of a group once, with the sum of its counts."""
    keys, back = np.unique((groups.astype(np.uint64) << _TERM_BITS) | terms, return_inverse=True)
    once = keys >> _TERM_BITS
    return once.astype(np.int64), keys ^ (once << _TERM_BITS), np.bincount(back, counts).astype(np.int64)


def unknown_share(query: Query, bodies: Weighed, questions: Weighed) -> float:
    """The share of a question's own grams that stand in no passage and no anticipated question."""
    counts = (bodies.counts + questions.counts).tolist()
    own = zip(query.grams, counts, strict=False)
    gone = sum(gram.weight for gram, count in own if not count and gram.term not in bodies.sounds_like)
    return gone / (sum(gram.weight for gram in query.grams) or 1.0)


def homophones(weighed: Weighed) -> dict[int, tuple[str, ...]]:
    """The strings that each rare gram may be a slip for."""
    return {gram: tuple(string_of(term) for term, _ in terms) for gram, terms in weighed.sounds_like.items()}
