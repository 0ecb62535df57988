"""What this organisation requires stands before what schools often do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from content.passages import Passage
from retrieval.normalise import normalise
from retrieval.queries import Query, Weighed, homophones
from retrieval.ranking import Candidate
from retrieval.terms import PAIR_SHIFT

_SPEAKS = 0.6  # of what is asked, by rarity: from here an own rule speaks of it
_LESS_THAN_PRACTICE = 0.3  # that an own rule may say less of the question than the practice and still go first
_CLEARLY_MORE = 0.1  # that it says more, so that nothing need be asked of single words
_LESS_THAN_BEST = 0.15  # that a second own rule may say less than the first and still go with it
_SCORES_NEAR = 0.6  # likewise, by the learned score
_AMONG_FIRST = 3  # practice further down answers nothing, and need not be stood for
_HALF = 0.5  # of a character that stands in the text, but beside others than in the question
_ASKS_AMOUNT = re.compile(r"多久|多长|多少|几|什么时候|啥时候|何时|期限|最[少多短长低高]")
_SILENT = re.compile(r"^(?:《.{2,20}》|细则|条例|规定)里?(?:只|也)?(?:没有|未)")
_BEGINNING = 60  # characters: enough of a text to see whether it begins so
_UNITS = re.compile(r"(?:几|多少|\d)个?[年月周天日次份字分名位人篇]|几个|(?:多长|多少|什么|啥)时间")
_COUNTED = re.compile(r"(?:几|多少)个?([字分人名票])")
_SAME_UNIT = {"人": "人|名|位", "名": "人|名|位"}
_MUST = frozenset(("必须", "一定", "应当", "应该"))  # a rule says that it must be by saying it
_STARTS_ARTICLE = re.compile(r"^第\d+条")
_SAYS_AMOUNT = re.compile(r"\d|半年|半数|学期|季度|每[年月周]")


def own_rules_first(
    query: Query, weighed: Weighed, candidates: Sequence[Candidate], scores: Sequence[float]
) -> list[tuple[int, int]]:
    """Ranked candidates in their new order: the place of each before, and the place that it holds now.

    Where an own rule goes before practice that it speaks of as well, both numbers differ.

    Args:
        weighed: the query in the channel of the texts.
        candidates: best first.
        scores: theirs, by the learned re-ranker.
    """
    order = [(at, at) for at in range(len(candidates))]
    practice = [at for at, one in enumerate(candidates[:_AMONG_FIRST]) if one.passage.common_practice]
    own = [at for at, one in enumerate(candidates) if one.passage.own_rule]
    if not practice or not own:
        return order
    said = {at: _Said.of(query, weighed, candidates[at].text) for at in (*practice, *own)}
    own.sort(key=lambda at: -said[at].share)
    for at in own:
        near = scores[at] >= scores[own[0]] - _SCORES_NEAR and said[at].share >= said[own[0]].share - _LESS_THAN_BEST
        if said[at].share < _SPEAKS or not near:
            continue
        beaten = [
            place for place in practice if place < at and _goes_before(query, candidates[at], said[at], said[place])
        ]
        if beaten:
            order.remove((at, at))
            order.insert(order.index((beaten[0], beaten[0])), (at, beaten[0]))
    return order


@dataclass(frozen=True)
class _Said:
    """What a text says of a question.

    Attributes:
        share: by rarity of characters; whole where a neighbour stands there beside it.
        leaves_out: a whole word of the question does not stand there as a word.
        lacks: nor do its characters.
    """

    share: float
    leaves_out: bool
    lacks: bool

    @classmethod
    def of(cls, query: Query, weighed: Weighed, text: str) -> _Said:
        own = weighed.grams[: len(query.grams)]
        slips = {**homophones(weighed), **query.meant}
        said = {gram.string for gram in own if _is_said(gram.string, slips.get(gram.term, ()), text)}
        beside = {piece for string in said if len(string) > 1 for piece in string}
        mass = total = 0.0
        for gram in own:
            if gram.term >> int(PAIR_SHIFT):
                continue
            total += gram.weight
            if gram.string in beside or (len(gram.string) > 1 and gram.string in said):
                mass += gram.weight
            elif gram.string in said:
                mass += _HALF * gram.weight
        unsaid = [word for word in _words(query) if word not in said and not beside & set(word)]
        return cls(mass / total if total else 0.0, bool(unsaid), any(not said & set(word) for word in unsaid))


def speaks_of_all(query: Query, passage: Passage) -> bool:
    """Whether a passage speaks of all that is asked about, and gives an amount where one is asked for.

    An answer given here speaks of what its question says.
    """
    text = normalise("\n".join((passage.content.text, *(passage.asked if passage.answered_here else ()))))
    grams = query.grams
    said = {gram.string for gram in grams if _is_said(gram.string, query.meant.get(gram.term, ()), text)}
    if not all(word in said or said.issuperset(word) for word in _words(query)):
        return False
    return gives_amount(query, passage)


def gives_amount(query: Query, passage: Passage) -> bool:
    """Whether it gives an amount, where one is asked for, or says that the rules give none."""
    return _ASKS_AMOUNT.search(query.text) is None or is_silent(passage.content.text) or _says_amount(query, passage)


@lru_cache(maxsize=1024)
def is_silent(text: str) -> bool:
    """细则没有写…: what a sentence or a section begins with where the rules say nothing of the matter."""
    beginning = text[:_BEGINNING]
    return any(word in beginning for word in "没沒未") and _SILENT.match(normalise(beginning)) is not None


def _words(query: Query) -> list[str]:
    """The pairs of neighbours that say what is asked about; 几个月 is left out, since 每季度 says it."""
    units = "".join(_UNITS.findall(query.text))
    return [
        gram.string
        for gram in query.grams
        if gram.term >> int(PAIR_SHIFT)
        and gram.weight == 1
        and gram.string not in _MUST
        and not set(units) & set(gram.string)
    ]


def _is_said(string: str, slips: Sequence[str], text: str) -> bool:
    return string in text or any(slip in text for slip in slips)


def _goes_before(query: Query, candidate: Candidate, own: _Said, practice: _Said) -> bool:
    if own.share < practice.share - _LESS_THAN_PRACTICE:
        return False
    asks_amount = _ASKS_AMOUNT.search(query.text) is not None
    if asks_amount and not _says_amount(query, candidate.passage):
        return False
    return own.share >= practice.share + _CLEARLY_MORE or not (own.lacks if asks_amount else own.leaves_out)


def _says_amount(query: Query, passage: Passage) -> bool:
    """Whether it gives an amount, and of words, marks, people or votes if it is them that are counted."""
    text = _STARTS_ARTICLE.sub("", normalise(passage.content.text))
    counted = _COUNTED.search(query.text)
    if counted and not re.search(rf"\d+多?[个余]?(?:{_SAME_UNIT.get(counted[1], counted[1])})|{counted[1]}数", text):
        return False
    return _SAYS_AMOUNT.search(text) is not None
