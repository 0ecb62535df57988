"""The rule beside one's own dates: what else resembles the question is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.knowledge import Knowledge
from content.passages import Passage
from records.deadline import Deadline
from retrieval.answer import Answer, Citation
from retrieval.naming import article_key, title_key
from retrieval.normalise import normalise
from retrieval.parts import parts

_RULES = "发展党员工作细则"
_KEY = title_key(_RULES)


async def beside_dates(
    knowledge: Knowledge, found: Answer, question: str, dates: Sequence[Deadline], *, on: date
) -> Answer:
    """What of an answer is the rule that the dates rest on; that rule itself, where it was not found.

    An answer to several questions stays whole.
    """
    articles = [f"第{one.article}条" for one in dates if isinstance(one.article, int)]
    if not articles or parts(normalise(question)):
        return found
    kept = _resting_on(articles, found) or _resting_on(articles, await knowledge.ask(_RULES + articles[0], on=on))
    return replace(found, answered=bool(kept), citations=kept)


def _resting_on(articles: Sequence[str], found: Answer) -> tuple[Citation, ...]:
    return tuple(one for one in found.citations if _article_of(one.passage) in articles)


def _article_of(passage: Passage) -> str:
    """The article of the rules that a passage is, or rests on; "" where it is of something else."""
    basis = passage.content.basis
    title, article = (basis.title, basis.article) if basis else (passage.title, passage.content.article or "")
    return article_key(article) if title_key(title) == _KEY else ""
