"""What organisers should look at in their library: never found, out of date, said twice. Nothing about people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from content.attached import place_of
from content.library import STARTER
from content.numerals import number_of
from content.overlap import overlaps
from content.tables import DocumentRow, PassageRow
from content.titles import core_title
from records.dates import months_after

UNFOUND_DAYS = 90
_TITLED = re.compile(r"《([^《》]{4,60})》")
_ITSELF = r"本(?:规定|办法|细则|方案|意见|通知|制度|指南)[^。；\n]{0,20}?"
_UNTIL = re.compile(_ITSELF + r"有效期?(?:截?至|到)\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_FOR = re.compile(_ITSELF + r"(?:有效期|试行期?)(?:限)?为?\s*([一二两三四五1-5])\s*年")


@dataclass(frozen=True)
class Standing:
    """A passage of the organisation's own documents with what a hint may rest on."""

    document: str
    series: str
    title: str
    since: date
    until: date | None
    added: date
    place: str
    text: str
    cited: date | None


@dataclass(frozen=True)
class Unfound:
    """A document with passages that no answer quoted of late, by their places; `of` is how many it has."""

    title: str
    places: tuple[str, ...]
    of: int


@dataclass(frozen=True)
class Outdated:
    """A reason to look whether a document still holds.

    Attributes:
        why: replaced (until `day`), coming (from `day`), ended (by its own words, on `day`), refers (to `other`, which
            has another text since `day`).
    """

    title: str
    why: str
    day: date
    place: str = ""
    other: str = ""


@dataclass(frozen=True)
class Twice:
    """Two documents that say nearly the same at these pairs of places."""

    title: str
    other: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Hints:
    """Everything worth a look."""

    unfound: tuple[Unfound, ...]
    outdated: tuple[Outdated, ...]
    twice: tuple[Twice, ...]


async def standing_passages(session: AsyncSession) -> list[Standing]:
    """Every published passage that is not ours, in force or not, by title and place."""
    rows = await session.execute(
        select(DocumentRow, PassageRow.article, PassageRow.headings, PassageRow.text, PassageRow.cited_on)
        .join(PassageRow, PassageRow.document_id == DocumentRow.id)
        .where(DocumentRow.state == "published")
        .order_by(DocumentRow.title, DocumentRow.effective_from, DocumentRow.id, PassageRow.ordinal)
    )
    return [
        Standing(
            document.id,
            document.series,
            document.title,
            document.effective_from,
            document.effective_until,
            document.added_at.date(),
            place_of(article, headings),
            text,
            cited,
        )
        for document, article, headings, text, cited in rows
        if not (document.file_name or "").startswith(STARTER)
    ]


def hints(passages: Sequence[Standing], *, on: date) -> Hints:
    """What to look at on this day; 10,000 passages take seconds, so never on the loop."""
    in_force = [one for one in passages if one.since <= on and (one.until is None or on < one.until)]
    return Hints(_unfound(in_force, on), _outdated(passages, in_force, on), _twice(in_force))


def _unfound(in_force: Sequence[Standing], on: date) -> tuple[Unfound, ...]:
    long_ago = on - timedelta(days=UNFOUND_DAYS)
    found: dict[str, list[Standing]] = {}
    for one in in_force:
        if max(one.since, one.added) <= long_ago:
            found.setdefault(one.document, []).append(one)
    silent = {
        document: [one for one in its if one.cited is None or one.cited < long_ago] for document, its in found.items()
    }
    return tuple(
        Unfound(its[0].title, tuple(one.place for one in its), len(found[document]))
        for document, its in silent.items()
        if its
    )


def _outdated(passages: Sequence[Standing], in_force: Sequence[Standing], on: date) -> tuple[Outdated, ...]:
    found: dict[tuple[str, str, str], Outdated] = {}
    editions: dict[str, Standing] = {}
    for one in in_force:
        known = editions.setdefault(core_title(one.title), one)
        editions[core_title(one.title)] = max(known, one, key=lambda edition: edition.since)
    for one in passages:
        if one.until is not None and one.until <= on:
            found.setdefault((one.document, "replaced", ""), Outdated(one.title, "replaced", one.until))
        elif one.since > on:
            found.setdefault((one.document, "coming", ""), Outdated(one.title, "coming", one.since))
        else:
            end = ends_by_its_words(one.text, one.since)
            if end is not None and end <= on:
                found.setdefault((one.document, "ended", ""), Outdated(one.title, "ended", end, one.place))
            for title in _TITLED.findall(one.text):
                other = editions.get(core_title(title))
                if other is not None and other.series != one.series and other.since > one.since:
                    hint = Outdated(one.title, "refers", other.since, one.place, other.title)
                    found.setdefault((one.document, "refers", other.document), hint)
    return tuple(found.values())


def ends_by_its_words(text: str, since: date) -> date | None:
    """The first day on which a text holds no longer that says of itself how long it does; None where it does not."""
    until, lasts = _UNTIL.search(text), _FOR.search(text)
    try:
        if until is not None:
            return date(int(until[1]), int(until[2]), int(until[3])) + timedelta(days=1)
    except ValueError:
        return None
    return months_after(since, 12 * number_of(lasts[1])) if lasts is not None else None


def _twice(in_force: Sequence[Standing]) -> tuple[Twice, ...]:
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pair in overlaps([one.text for one in in_force]):
        one, other = in_force[pair.one], in_force[pair.other]
        if one.series != other.series:
            found.setdefault((one.title, other.title), []).append((one.place, other.place))
    return tuple(Twice(title, other, tuple(places)) for (title, other), places in found.items())
