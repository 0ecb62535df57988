"""A passage that an organiser points at: named by title and article, and answering a question from now on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from content.attached import attach, detach, place_of
from content.documents import DocumentUnknown, by_title, passage, passages_of, show
from content.library import touch
from content.passages import Passage
from retrieval.naming import article_key
from storage.errors import WaymarkError

_POINTER = re.compile(r"《(?P<title>.+)》\s*(?P<place>[^《》。！？!?]{1,40})")


class PlaceUnknown(WaymarkError):
    """The document has no such article or heading."""

    key = "error.place_unknown"
    sentence = "{title} has no {place}. Look it up with /library; articles are written like 第七条."


class PassageGone(WaymarkError):
    """What was pointed at answers no more."""

    key = "error.passage_gone"
    sentence = "That passage is no longer in force. Please choose another."


def pointer_in(text: str) -> tuple[str, str] | None:
    """Title and article (or heading) where that is all that a text says: 「《发展党员工作细则》第七条」."""
    found = _POINTER.fullmatch(text.strip())
    return (found["title"].strip(), found["place"].strip()) if found else None


async def passage_named(session: AsyncSession, title: str, place: str, *, on: date) -> Passage:
    """The passage of a document in force. Raises: DocumentUnknown, PlaceUnknown."""
    document = await by_title(session, title, on=on)
    if document is None or document.state == "draft":
        raise DocumentUnknown(document=title)
    wanted = article_key(place)
    for one in await passages_of(session, document.id):
        content = one.content
        if wanted == article_key(place_of(content.article, content.headings) or "-"):
            return one
    raise PlaceUnknown(title=document.title, place=place)


async def passage_in_force(session: AsyncSession, identity: int, *, on: date) -> Passage:
    """The passage of that number, where it may answer today. Raises: PassageGone."""
    found = await passage(session, identity)
    if found is None or not found.in_force(on) or (await show(session, found.document)).state == "draft":
        raise PassageGone
    return found


async def let_answer(
    session: AsyncSession, found: Passage, questions: Sequence[str], *, added_by: int, now: datetime
) -> None:
    """From now on these questions lead to the passage, and to the same place of later editions."""
    series = (await show(session, found.document)).series
    place = place_of(found.content.article, found.content.headings)
    if await attach(session, series, place, questions, added_by=added_by, now=now):
        await touch(session)


async def let_answer_no_more(session: AsyncSession, found: Passage, questions: Sequence[str]) -> None:
    """Take that back."""
    series = (await show(session, found.document)).series
    if await detach(session, series, place_of(found.content.article, found.content.headings), questions):
        await touch(session)
