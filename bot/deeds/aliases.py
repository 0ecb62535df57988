"""Short forms, slang and old names that organisers teach: judged before they change how questions are understood."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from content.aliases import keep_aliases, own_aliases
from content.library import STARTER
from content.tables import DocumentRow, PassageRow
from retrieval.normalise import normalise
from retrieval.search import load_aliases
from storage.errors import WaymarkError

MOST, LONGEST_SAID, LONGEST_MEANT = 300, 12, 30  # aliases; characters
GLOSSARY = STARTER + "handbook/glossary.md"
_EQUALS = re.compile(r"\s*(?:=|＝|->|→)\s*")
_SEVERAL = re.compile(r"\s*[、,，;；/]\s*")


class AliasNotUnderstood(WaymarkError):
    """Not written as `said = meant`."""

    key = "error.alias_not_understood"
    sentence = "Write it as: short form = name in the documents. For example: class aide = class teacher's assistant"


class AliasTooShort(WaymarkError):
    """A single character, or signs alone, would be found in almost every question."""

    key = "error.alias_too_short"
    sentence = "「{said}」 is too short: at least two letters or characters, or it would be found everywhere."


class AliasTooLong(WaymarkError):
    """A sentence is no alias."""

    key = "error.alias_too_long"
    sentence = "「{text}」 is too long: {most} characters at most. An alias is a word, not a sentence."


class AliasKnown(WaymarkError):
    """It says the same as an alias that is there."""

    key = "error.alias_known"
    sentence = "「{said}」 is understood as 「{meant}」 already."


class AliasShadows(WaymarkError):
    """The word is itself, or is a part of, one that the rules use."""

    key = "error.alias_shadows"
    sentence = "「{said}」 stands in the rules' own word 「{word}」; questions about that would be misunderstood."


class AliasesTooMany(WaymarkError):
    """The table is full."""

    key = "error.aliases_too_many"
    sentence = "There are {most} aliases already. Remove some that nobody needs."


def read_alias(text: str) -> tuple[list[str], list[str]]:
    """What is said and what is meant, several of each with 、 between. Raises: AliasNotUnderstood."""
    sides = [[part for part in _SEVERAL.split(side.strip()) if part] for side in _EQUALS.split(text)]
    if len(sides) != 2 or not all(sides):
        raise AliasNotUnderstood
    return sides[0], sides[1]


async def teach(
    session: AsyncSession, said: list[str], meant: list[str], *, added_by: int | None, clock: Clock
) -> None:
    """Keep the aliases, all of them or none.

    Raises:
        AliasTooShort, AliasTooLong, AliasKnown, AliasShadows, AliasesTooMany
    """
    own = await own_aliases(session)
    if len(own) + len(said) * len(meant) > MOST:
        raise AliasesTooMany(most=MOST)
    known = {(normalise(one), normalise(full)) for one, fulls in load_aliases().items() for full in fulls}
    known |= {(normalise(one.said), normalise(one.meant)) for one in own}
    words = await rule_words(session)
    for full in meant:
        _check_length(full, LONGEST_MEANT)
    for one in said:
        _check_length(one, LONGEST_SAID)
        plain = normalise(one)
        for full in meant:
            if plain == normalise(full) or (plain, normalise(full)) in known:
                raise AliasKnown(said=one, meant=full)
        word = next((word for word in words if plain in word and word not in map(normalise, meant)), None)
        if word is not None:
            raise AliasShadows(said=one, word=word)
    await keep_aliases(
        session, list(dict.fromkeys(said)), list(dict.fromkeys(meant)), added_by=added_by, now=clock.now()
    )


async def rule_words(session: AsyncSession) -> list[str]:
    """The words of the process, normalised: what our glossary explains and what the shipped aliases stand for."""
    headings = await session.scalars(
        select(PassageRow.headings)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .where(DocumentRow.file_name == GLOSSARY, DocumentRow.state == "published")
    )
    explained: Iterable[str] = (heading[-1] for heading in headings if len(heading) > 1)
    meant = (full for fulls in load_aliases().values() for full in fulls)
    return list(dict.fromkeys(normalise(word) for word in (*explained, *meant)))


def _check_length(text: str, most: int) -> None:
    if sum(map(str.isalpha, normalise(text))) < 2:
        raise AliasTooShort(said=text)
    if len(text) > most:
        raise AliasTooLong(text=text[:most], most=most)
