"""What a search reads of a passage that it found, with what it works out of it, once for as long as it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from content.passages import Passage
from retrieval.naming import Target, article_key, rests_on, target_of, title_key
from retrieval.normalise import normalise
from retrieval.sharing import pairs

_SENTENCE_END, _CLAUSE_END = re.compile(r"[.!?;\n]"), re.compile(r"[.!?;\n,:]")  # in a normalised text


@dataclass(frozen=True)
class Reading:
    """A passage as it is looked at more closely.

    Attributes:
        text: title, headings and text, normalised.
        asked: its anticipated questions, normalised, a line each.
    """

    passage: Passage
    text: str
    asked: str

    @cached_property
    def title(self) -> str:
        """The key of its title."""
        return title_key(self.passage.title)

    @cached_property
    def article(self) -> str:
        """The key of its article, "" where it is none."""
        return article_key(self.passage.content.article or "")

    @cached_property
    def target(self) -> Target:
        """What it is known by, whoever uploaded it."""
        return target_of(self.passage)

    @cached_property
    def rests_on(self) -> Target:
        """The article that it is or rests on."""
        return rests_on(self.passage)

    @cached_property
    def heading(self) -> frozenset[str]:
        """The pairs of its innermost heading."""
        headings = self.passage.content.headings
        return pairs(normalise(headings[-1])) if headings else frozenset()

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Its sentences."""
        return tuple(filter(None, _SENTENCE_END.split(self.text)))


@lru_cache(maxsize=8192)
def clauses(sentence: str) -> tuple[str, ...]:
    """Those of a normalised sentence, none where it is one itself."""
    found = tuple(filter(None, _CLAUSE_END.split(sentence)))
    return found if len(found) > 1 else ()
