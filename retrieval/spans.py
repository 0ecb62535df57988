"""The shortest stretch of a passage that answers: whole sentences, given as offsets into its text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from content.passages import PassageText
from retrieval.chunks import quotable
from retrieval.encoder import Encoder
from retrieval.kinds import kinds
from retrieval.normalise import normalise
from retrieval.precedence import is_silent
from retrieval.queries import Query, looks_up
from retrieval.sharing import dice, letters, longest_run, pairs

Span = tuple[int, int]

_SHOWN_WHOLE, _SECTION_SHOWN_WHOLE = 45, 100  # characters up to which an article, and what is none, is not cut
_TWO_SENTENCES_IF = 0.82  # a neighbour is added when it scores at least this share of the best
_RETOLD = 1.2  # what a sentence earns that is retold word by word
_HINTS = 0.5  # what the words of the anticipated question add to a sentence that holds them …
_ASKS_THE_SAME = 0.5  # … where it shares so much of its pairs with the question; less where it shares less
_AS_ANTICIPATED = 0.6  # of what a sentence of the wanted kind earns where only the anticipated question asks so
_LONGEST_LIST = 600  # characters of a list that is quoted with the sentence that introduces it
_ITEM = re.compile(r"^[（(][一二三四五六七八九十\d]+[）)]|^[一二三四五六七八九十\d]+[、.．]")
_HOW_LONG = re.compile(r"(?:多长|多少|多久|什么|啥)时间")
_LASTS = re.compile(r"([\u4e00-\u9fff]{2})(?:是|为|要|有|得|需要)?(?:多长|多久|几个?[天年月周]|多少[天年月])")
_ASKS_LIST = re.compile(
    r"哪些|哪几|有什么|步骤|流程|程序|手续|任务|内容|材料|条件|要求|职责|方法|做什么|干什么|干嘛|做啥|干啥|都要|怎么走"
)
_OURSELVES = "路标"
_TOO_SHORT = 16  # characters: a sentence that names what is asked for, and does not list it
_SURELY = 0.7  # of a single question: from here a sentence answers it
# how a sentence begins that takes back some of what was said before
_QUALIFIES = re.compile(r"如?遇?到?有?(?:特殊|其他)(?:情况|原因)|但|不过|没有[^，。]{2,20}的，")
_STARTS_ARTICLE = re.compile(r"^第[一二三四五六七八九十百零〇\d]+条[　\s]*")


def choose(
    content: PassageText, query: Query, closest: str, encoder: Encoder, also: Sequence[Query] = (), retold: str = ""
) -> tuple[Span, ...]:
    """The spans to be quoted, in order of place, not overlapping.

    Args:
        closest: the anticipated question nearest to the one asked, whose words help to find the sentence.
        also: the single questions of a message that asks several things; a sentence that surely answers one is quoted.
        retold: what is quoted of a passage that rests on this one, and so tells which sentence is meant.
    """
    text = content.text
    pieces = quotable(text)
    if not pieces:
        return ()
    whole = _SHOWN_WHOLE if content.article else _SECTION_SHOWN_WHOLE  # ours are short, and say what else to mind
    if len(text.strip()) <= whole or len(pieces) == 1 or looks_up(query):
        return ((pieces[0][0], pieces[-1][1]),)
    told = _RETOLD * _alike(text, pieces, retold)
    chosen: list[Span] = []
    for part in also:
        scores = _scores(text, pieces, part, "", encoder)
        if scores.max() >= _SURELY:
            chosen += _around_best(text, pieces, scores, part, told)
    if len(also) < 2 or not chosen:
        chosen = list(_around_best(text, pieces, _scores(text, pieces, query, closest, encoder), query, told))
    return _joined(text, chosen)


def _around_best(
    text: str, pieces: list[Span], asked: NDArray[np.float64], query: Query, told: NDArray[np.float64]
) -> tuple[Span, ...]:
    """The sentence that says most of what is asked and of what is told, with its neighbours that say nearly as much."""
    best = int(np.argmax(asked + told))
    scores = asked if best == int(np.argmax(asked)) else asked + told
    listed = _list_around(text, pieces, best, scores, query)
    if listed:
        return listed
    first = last = best
    for neighbour in (best + 1, best - 1):
        if 0 <= neighbour < len(pieces) and scores[neighbour] >= _TWO_SENTENCES_IF * scores[best]:
            first, last = min(first, neighbour), max(last, neighbour)
    if last + 1 < len(pieces) and pieces[last][1] - pieces[first][0] < _TOO_SHORT and _ASKS_LIST.search(query.text):
        last += 1  # 「党章第三条列出党员义务。」: what they are comes next
    while last + 1 < len(pieces) and _QUALIFIES.match(text[slice(*pieces[last + 1])]):
        last += 1  # a limit without its exception would mislead
    while last + 1 < len(pieces) and all(is_silent(text[slice(*piece)]) for piece in pieces[first : last + 1]):
        last += 1  # what schools do instead stands in the next sentence
    while first and all(is_silent(text[slice(*piece)]) for piece in pieces[first : last + 1]):
        first -= 1  # or, where it comes last, in the one before
    return ((pieces[first][0], pieces[last][1]),)


def _joined(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order of place, neighbours and what overlaps as one."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and not text[joined[-1][1] : begin].strip():
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return tuple(joined)


def _scores(text: str, pieces: list[Span], query: Query, closest: str, encoder: Encoder) -> NDArray[np.float64]:
    folded = [_STARTS_ARTICLE.sub("", normalise(text[begin:end])) for begin, end in pieces]
    vectors = encoder.encode(folded)
    dense = vectors @ query.vector
    hint = letters(closest)
    trust = _HINTS * min(dice(pairs(query.core), pairs(hint)) / _ASKS_THE_SAME, 1.0)
    matter = _HOW_LONG.sub(" ", query.text)  # 时间 of 多长时间 is not what 延长时间 speaks of
    said = {
        gram.string: gram.weight * math.log(1 + len(folded) / max(sum(gram.string in piece for piece in folded), 1))
        for gram in (*query.grams, *query.added)
        if len(gram.string) > 1 and (gram.string in matter or gram.string not in query.text)
    }
    mass = sum(said.values()) or 1.0
    rows = []
    for piece, cosine in zip(folded, dense, strict=True):
        covered = sum(weight for string, weight in said.items() if string in piece) / mass
        hinted = _covered(hint, piece)
        score = covered + trust * hinted + 0.6 * max(float(cosine), 0.0)
        score += 0.3 * longest_run(letters(matter), piece) / max(len(query.core), 4)
        score += _type_bonus(query.text, closest, piece)
        rows.append(score)
    return np.array(rows)


def _alike(text: str, pieces: list[Span], retold: str) -> NDArray[np.float64]:
    """How much each sentence has in common with what retells the passage, 0 to 1."""
    told = pairs(letters(normalise(retold)))
    return np.array([dice(pairs(letters(normalise(text[slice(*piece)]))), told) for piece in pieces])


def _covered(hint: str, piece: str) -> float:
    pairs = [hint[at : at + 2] for at in range(len(hint) - 1)]
    return sum(pair in piece for pair in pairs) / len(pairs) if pairs else 0.0


def _type_bonus(question: str, closest: str, piece: str) -> float:
    """More for a sentence that holds the kind of thing that is asked for."""
    bonus = _wanted(question, piece)
    if not bonus:
        bonus = _AS_ANTICIPATED * _wanted(closest, piece)
    if _ASKS_LIST.search(question + closest) and piece.endswith(":"):
        bonus += 0.35
    if _OURSELVES in piece and _OURSELVES not in question:
        bonus -= 0.5  # what the program does beside what people have to do
    return bonus


def _wanted(asked: str, piece: str) -> float:
    lasting = _LASTS.search(asked)
    # 预备期多长: 预备期为1年, and not how long something else takes
    lasts = lasting and re.search(rf"{lasting[1]}[^,;.]{{0,7}}(?:\d+个?[年月天日周学工]|半年)", piece)
    kinds_said = (kind.adds for kind in kinds() if kind.asked.search(asked) and kind.says.search(piece))
    return sum(kinds_said) + (0.5 if lasts else 0.0)


def _list_around(
    text: str, pieces: list[Span], best: int, scores: NDArray[np.float64], query: Query
) -> tuple[Span, ...]:
    """Where the best sentence is part of a list: the list with its introduction, or the introduction and one item."""
    items = [_in_item(text, begin) for begin, _ in pieces]
    introduces = text[slice(*pieces[best])].endswith(("：", ":"))
    if not items[best] and not (introduces and best + 1 < len(pieces)):
        return ()
    first = best
    while first > 0 and items[first]:
        first -= 1
    last = max(best, first + 1)
    while last + 1 < len(pieces) and items[last + 1]:
        last += 1
    whole = (pieces[first][0], pieces[last][1])
    if (introduces or _ASKS_LIST.search(query.text)) and whole[1] - whole[0] <= _LONGEST_LIST:
        return (whole,)
    chosen = best if items[best] else first + 1 + int(np.argmax(scores[first + 1 : last + 1]))
    return (pieces[first], pieces[chosen]) if chosen > first else ()


def _in_item(text: str, begin: int) -> bool:
    """Whether the line that this sentence stands on is an item of a list."""
    return _ITEM.match(text[text.rfind("\n", 0, begin) + 1 :].lstrip("　 \t")) is not None
