"""Answers that are quotations: the likeliest passages, cut to the sentences that answer, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from content.passages import DocumentKind, Level, Passage, PassageId
from retrieval.editions import Dated, OldText, coming_text, dated, first_days, last_days, old_text, tells_of_old
from retrieval.hits import Hit, LookUp, one_by_one
from retrieval.local_facts import lacks_local_fact
from retrieval.naming import THE_RULES, Target, article_key, articles_written_out, rests_on, title_key
from retrieval.normalise import normalise
from retrieval.parts import compared, parts, stands_alone
from retrieval.precedence import gives_amount, is_silent, speaks_of_all
from retrieval.principles import on_principle, principled
from retrieval.queries import Query, looks_up, looks_up_a_number
from retrieval.refusals import Refusal, says_nothing, small_talk
from retrieval.search import Index
from retrieval.self_harm import speaks_of_self_harm
from retrieval.sharing import dice, letters, pairs
from retrieval.spans import Span, choose
from retrieval.spelling import in_characters

_CITED_AT_MOST = 3
_CITED_FROM = 0.55  # of the first hit's score: less is a heading to offer, not a second answer
_NEAR_THE_WHOLE = 5  # hits of a message, among which what answers a part of it must be
_OTHER_LEVEL_SAYS = 0.7  # of the question, by weight: then the other level speaks of the same, and both are shown
_OTHER_LEVEL_LIKELY = 0.01  # of what is known by its questions: less, and it has the words alone in common
_ANSWERED_BEFORE = 0.45  # of the pairs of two questions: from here an answer to the one is told with the other
_OWN_SAYS = 0.3  # of the question: from here a rule of the organisation may speak of the same …
_MORE_THAN_OTHERS = 1.7  # … if it says so many times more of it than its other rules
_RETELLS = 0.2  # of the pairs of both: our own words and the sentence of the article that they retell
_SURELY = 0.8  # confidence from which what holds today answers a question for an old text, or one likely to be refused
_ALL_HITS = 30  # candidates are fewer
_EXPLAIN = "什么是"
_FIRST = {Level.NATIONAL: 0, Level.SCHOOL: 1}


@dataclass(frozen=True)
class Citation:
    """Stretches of one passage, as offsets into its text. Cannot be made of anything that is not in it."""

    passage: Passage
    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        text, end_before = self.passage.content.text, 0
        for start, end in self.spans:
            if not (end_before <= start < end <= len(text)) or not text[start:end].strip():
                raise ValueError(f"{start}–{end} is no stretch of a text of {len(text)} characters")
            end_before = end
        if not self.spans:
            raise ValueError("a citation quotes something")

    @property
    def quotes(self) -> tuple[str, ...]:
        """Each stretch, exactly as in the source."""
        return tuple(self.passage.content.text[start:end] for start, end in self.spans)

    @property
    def quote(self) -> str:
        """The stretches, joined by an ellipsis where something stands between them."""
        return "……".join(self.quotes)

    @property
    def level(self) -> Level:
        """Whose requirement it states."""
        return self.passage.content.level


@dataclass(frozen=True)
class Answer:
    """What the library says.

    Attributes:
        confidence: calibrated probability that the first hit answers, 0..1.
        citations: national before school; empty unless answered.
        hits: nearest passages, also where none was good enough to be quoted.
        refusal: why there is no answer; None where there is one.
        former: an old text was asked for, and what is cited is no longer in force.
        coming: a text was asked for that is not yet in force, and what is cited is such a one.
        understood: how a question typed in pinyin was read; "" where it was taken as it stands.
    """

    question: str
    answered: bool
    confidence: float
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    refusal: Refusal | None
    former: bool = False
    coming: bool = False
    understood: str = ""


def answer(index: Index, question: str, *, on: date, limit: int = 5) -> Answer:
    """Answer from passages in force on this day, by quotation, or say why not.

    Where the question is for an old text, or for one that comes, from that text if it is held, and from no other.
    Where several things are asked at once, each of them that is known is answered.

    Args:
        limit: hits at most.
    """
    read = in_characters(question)
    given = replace(_answer(index, articles_written_out(read), on=on, limit=limit), question=question)
    return given if read == question else replace(given, understood=read)


def _answer(index: Index, question: str, *, on: date, limit: int) -> Answer:
    text = normalise(question)
    reason = _unanswerable(text)
    if reason is not None:
        return Answer(question, False, 0.0, (), (), reason)
    former = old_text(text, on=on)
    if former is not None:
        return _of_old_text(index, question, former, on=on, limit=limit)
    coming = coming_text(text, on=on)
    if coming is not None:
        return _of_coming_text(index, question, coming, on=on)
    other = dated(text, on=on)
    if other is not None:
        return _of_that_day(index, question, other, on=on, limit=limit)
    return _of_today(index, question, text, on=on, limit=limit)


def _of_today(index: Index, question: str, text: str, *, on: date, limit: int) -> Answer:
    found = index.look_up(question, on=on, limit=_ALL_HITS)
    single = {part: index.look_up(part, on=on, limit=_ALL_HITS) for part in parts(text)}
    each = _surely_found(found, [one for part, one in single.items() if stands_alone(part)])
    each = each or _each_explained(index, found, compared(text), on=on)
    hits = _merged([*each, found])[:limit]
    confidence = max((one.hits[0].score for one in (*each, found) if one.hits), default=0.0)
    citations = _all_cited(index, each, on=on) or _all_cited(
        index, [found], [one.query for one in single.values()], on=on
    )
    if not citations or confidence < _SURELY:
        worded = principled(text)
        if worded.likely:
            return Answer(question, False, 0.0, (), (), worded.reason)
    if not citations:
        return Answer(question, False, confidence, (), hits, Refusal.NOTHING_FOUND)
    return Answer(question, True, confidence, citations, hits, None)


def _surely_found(whole: LookUp, each: Sequence[LookUp]) -> list[LookUp]:
    """Where a message asks for several things and at least two are known: what answers each of these, and the whole.

    Only what the whole message brings up too, since 「最多延多久」 alone may mean something else.
    """
    near = {hit.passage.id for hit in whole.hits[:_NEAR_THE_WHOLE]}
    sure = [found for found in each if found.answered and found.hits[0].passage.id in near]
    first = {found.hits[0].passage.id for found in sure}
    if len(first) < 2:
        return []
    return sure if whole.hits[0].passage.id in first or not whole.answered else [whole, *sure]


def _each_explained(index: Index, whole: LookUp, sides: Sequence[str], *, on: date) -> list[LookUp]:
    """What two matters are that are to be told apart, where nothing tells them apart itself."""
    if not sides or not whole.answered or all(side in _headed(whole.hits[0]) for side in sides):
        return []
    return _surely_found(whole, [index.look_up(_EXPLAIN + side, on=on, limit=_ALL_HITS) for side in sides])


def _headed(hit: Hit) -> str:
    return normalise(" ".join(hit.passage.content.headings[-1:]))


def _merged(each: Sequence[LookUp]) -> tuple[Hit, ...]:
    """First the best of each, then what else was found, every passage once."""
    placed: dict[PassageId, Hit] = {}
    for hit in (*(found.hits[0] for found in each if found.hits), *(hit for found in each for hit in found.hits[1:])):
        placed.setdefault(hit.passage.id, hit)
    return tuple(placed.values())


def _all_cited(index: Index, each: Sequence[LookUp], also: Sequence[Query] = (), *, on: date) -> tuple[Citation, ...]:
    """What answers each, a passage once, national before school."""
    cited: dict[PassageId, Citation] = {}
    for found in each:
        for citation in _citations(index, found.query, found.hits, also, on=on) if found.answered else ():
            cited.setdefault(citation.passage.id, citation)
    return tuple(sorted(cited.values(), key=lambda citation: _FIRST[citation.level]))


def _of_old_text(index: Index, question: str, asked: OldText, *, on: date, limit: int) -> Answer:
    """The best answer of the days before each replacement, from texts that no longer hold.

    Where none does, what holds today answers if it tells of what was before.
    """

    def meant(passage: Passage) -> bool:
        return asked.means(passage.effective_from, passage.effective_until, on=on)

    days = last_days(until for since, until in index.ended() if asked.means(since, until, on=on))
    best = _of_other_days(index, question, asked.matter, days, meant, none=Refusal.OLD_TEXT)
    if best.answered:
        return replace(best, former=True)
    return _telling_of_old(index, question, on=on, limit=limit) or best


def _telling_of_old(index: Index, question: str, *, on: date, limit: int) -> Answer | None:
    """What holds today, where it surely answers and what is quoted speaks itself of what was before it."""
    today = _of_today(index, question, normalise(question), on=on, limit=limit)
    telling = any(tells_of_old(normalise(one.passage.content.text), on=on) for one in today.citations)
    return today if telling and today.confidence >= _SURELY else None


def _of_coming_text(index: Index, question: str, matter: str, *, on: date) -> Answer:
    """The best answer of the days on which texts come into force, from those that do not hold yet."""
    days = first_days(index.begins(), on=on)
    best = _of_other_days(
        index, question, matter, days, lambda passage: passage.effective_from > on, none=Refusal.COMING_TEXT
    )
    return replace(best, coming=best.answered)


def _of_that_day(index: Index, question: str, asked: Dated, *, on: date, limit: int) -> Answer:
    """From what held, or will hold, on another day; what holds now only where it did, or will, on that day too."""

    def meant(passage: Passage) -> bool:
        return passage.effective_from > on or (passage.effective_until or date.max) <= on

    best = _of_other_days(index, question, asked.matter, [asked.day], meant, none=Refusal.NOTHING_FOUND)
    if best.answered:
        return replace(best, former=asked.day < on, coming=asked.day > on)
    given = replace(_of_today(index, asked.matter, asked.matter, on=on, limit=limit), question=question)
    if all(one.passage.effective_from <= asked.day for one in given.citations):
        return given
    none = Answer(question, False, 0.0, (), (), Refusal.OLD_TEXT)
    return _telling_of_old(index, question, on=on, limit=limit) or none


def _of_other_days(
    index: Index,
    question: str,
    matter: str,
    days: Sequence[date],
    meant: Callable[[Passage], bool],
    *,
    none: Refusal,
) -> Answer:
    """The best answer of several days, from the texts that are meant; `none` is the reason where no day is given."""
    best = Answer(question, False, 0.0, (), (), Refusal.NOTHING_FOUND if days else none)
    for day in days:
        found = index.look_up(matter, on=day, limit=_ALL_HITS)
        hits = [hit for hit in one_by_one(found.hits) if meant(hit.passage)]
        sure = [hit for hit in hits if hit.score >= found.gate or _says_the_same(found.query, hit)][:1]
        nearest = (*sure, *(hit for hit in hits if hit not in sure))[:_NEAR_THE_WHOLE]
        if not nearest or (bool(sure), nearest[0].score) <= (best.answered, best.confidence):
            continue
        citations = _citations(index, found.query, sure and nearest, on=day)
        refusal = None if citations else Refusal.NOTHING_FOUND
        best = Answer(question, bool(citations), nearest[0].score, citations, nearest, refusal)
    return best


def _unanswerable(text: str) -> Refusal | None:
    if speaks_of_self_harm(text):
        return Refusal.SELF_HARM
    if not text:
        return Refusal.EMPTY_QUESTION
    if says_nothing(text) or small_talk(text):
        return Refusal.NOT_A_QUESTION
    return on_principle(text)


def _citations(
    index: Index, query: Query, hits: Sequence[Hit], also: Sequence[Query] = (), *, on: date
) -> tuple[Citation, ...]:
    """The passages close to the best: one national rule and one of the school, where both speak."""
    if looks_up(query):  # of another article nothing is asked
        hits = [hit for hit in hits if query.names(*rests_on(hit.passage))] or hits
    hits = _without_practice(one_by_one(hits))
    near = [hit for hit in hits if hit.score >= _CITED_FROM * hits[0].score]
    near = [hit for hit in near if not _repeats(hit, near)][:_CITED_AT_MOST]
    giving = [hit for hit in near if gives_amount(query, hit.passage)]
    lead = near[0] if near[0] in giving or not giving else giving[0]
    near = [hit for hit in near if hit.level is lead.level or hit in giving]
    numbered = _so_numbered(query, hits) if looks_up_a_number(query) else []
    if numbered:
        near = numbered
    elif len({hit.level for hit in near}) == 1:
        others = [hit for hit in hits if hit.level is not near[0].level and _requires(hit)]
        if query.text.startswith(_EXPLAIN):  # a rule only uses the word
            others = [hit for hit in others if not hit.passage.own_rule]
        own = _own_rule_on_it(query, others)
        likely = [hit for hit in others[:_NEAR_THE_WHOLE] if hit.score >= _OTHER_LEVEL_LIKELY or not hit.closest]
        near += _ruled_beside(query, near, hits) if own else []
        near += own or [hit for hit in likely if _says_the_same(query, hit)][:1]
    lacking = [hit for hit in near if lacks_local_fact(query.text, normalise(hit.passage.content.text))]
    return _in_order(
        _quoted(index, query, [hit for hit in near if hit not in lacking and not _repeats(hit, near)], also, on=on)
    )


def _quoted(index: Index, query: Query, near: Sequence[Hit], also: Sequence[Query], *, on: date) -> list[Citation]:
    """What is quoted of each, and of the articles that our own words rest on: of these what they retell."""
    told: dict[Target, str] = {}
    quoted: dict[PassageId, Citation] = {}
    for hit in sorted(near, key=lambda hit: not hit.passage.retold):
        target = rests_on(hit.passage)
        spans = choose(hit.passage.content, query, hit.closest, index.encoder, also, told.get(target, ""))
        if spans:
            citation = quoted[hit.passage.id] = Citation(hit.passage, spans)
            if hit.passage.retold and hit.passage.content.basis:
                told.setdefault(target, citation.quote)
    cited = [quoted[hit.passage.id] for hit in near if hit.passage.id in quoted]
    articles = {rests_on(one.passage) for one in cited if not one.passage.retold}
    for target, words in told.items():
        if target not in articles and not is_silent(words):
            cited += _retold_in(index, query, target, words, on=on)
    return cited


def _retold_in(index: Index, query: Query, target: Target, words: str, *, on: date) -> list[Citation]:
    """Of the articles that these words retell what says as much, if it does."""
    found = [
        Citation(passage, choose(passage.content, query, "", index.encoder, retold=words))
        for passage in index.rules_at(target, on=on)
    ]
    return [
        one for one in found if dice(pairs(letters(normalise(one.quote))), pairs(letters(normalise(words)))) >= _RETELLS
    ]


def _ruled_beside(query: Query, near: Sequence[Hit], hits: Sequence[Hit]) -> list[Hit]:
    """The national article that says what an own rule is quoted on, unless one is quoted: not only what retells it."""
    if any(hit.passage.kind is DocumentKind.OFFICIAL for hit in near):
        return []
    articles = [hit for hit in hits if hit.passage.kind is DocumentKind.OFFICIAL and hit.score >= _OTHER_LEVEL_LIKELY]
    return [hit for hit in articles if _says_the_same(query, hit)][:1]


def _in_order(cited: Sequence[Citation]) -> tuple[Citation, ...]:
    """National before school, and an article before what our handbook says of it."""
    at: dict[tuple[str, str], int] = {}
    for citation in cited:
        at.setdefault(rests_on(citation.passage), len(at))

    def place(citation: Citation) -> tuple[int, int, bool]:
        passage = citation.passage
        return _FIRST[citation.level], at[rests_on(passage)], passage.retold

    return tuple(sorted(cited, key=place))


def _so_numbered(query: Query, hits: Sequence[Hit]) -> list[Hit]:
    """The articles of this number: that of the rules, which everybody means by it, or those of other texts."""
    found = [hit for hit in hits if article_key(hit.passage.content.article or "") in query.articles]
    return [hit for hit in found if title_key(hit.passage.title) == THE_RULES] or found[:_CITED_AT_MOST]


def _says_the_same(query: Query, hit: Hit) -> bool:
    return hit.coverage >= _OTHER_LEVEL_SAYS and (
        speaks_of_all(query, hit.passage) or is_silent(hit.passage.content.text)
    )


def _own_rule_on_it(query: Query, hits: Sequence[Hit]) -> list[Hit]:
    """What the organisation's own text says of the same, where one of its rules says more of it than the others."""
    own = [hit for hit in hits if hit.passage.own_rule and (not hit.passage.answered_here or _asks_it(query, hit))]
    own.sort(key=lambda hit: -hit.coverage)
    if not own or own[0].coverage < _OWN_SAYS or not speaks_of_all(query, own[0].passage):
        return []
    alone = len(own) == 1 or own[0].coverage >= _MORE_THAN_OTHERS * own[1].coverage
    return own[:1] if alone or own[0].coverage >= _OTHER_LEVEL_SAYS else []


def _asks_it(query: Query, hit: Hit) -> bool:
    """Whether the question that an organiser answered is much like the one asked."""
    return dice(pairs(query.core), pairs(letters(hit.closest))) >= _ANSWERED_BEFORE


def _without_practice(hits: Sequence[Hit]) -> list[Hit]:
    """Where an own rule stands before what schools often do, the latter is not said as well."""
    own = next((at for at, hit in enumerate(hits) if hit.passage.own_rule), len(hits))
    return [hit for at, hit in enumerate(hits) if at < own or not hit.passage.common_practice]


def _requires(hit: Hit) -> bool:
    """Whether it states or rests on a requirement; what our handbook explains of itself is no second answer."""
    passage = hit.passage
    ours = passage.kind in (DocumentKind.HANDBOOK, DocumentKind.GUIDE)
    return not ours or passage.content.basis is not None or hit.level is Level.SCHOOL


def _repeats(hit: Hit, near: Sequence[Hit]) -> bool:
    """A second section of our handbook on the matter adds nothing; the first is kept beside the official text."""
    if not hit.passage.retold or hit.level is Level.SCHOOL:
        return False
    ours = [other for other in near if other.passage.kind is hit.passage.kind and other.level is hit.level]
    return ours[0] is not hit
