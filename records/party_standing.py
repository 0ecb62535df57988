"""From which day somebody's Party standing (党龄) counts: the end of probation, wherever it came to lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from records.bases import counted, scene_of
from records.dates import iso_date
from records.deadline import Readings
from records.facts import Fact
from records.track import Article, Track
from records.workdays import WorkCalendar


@dataclass(frozen=True)
class PartyStanding:
    """What the end of probation says of a probationary or full member.

    `since` is the end of probation: from it standing counts once somebody is converted, late or not (Art 33). An
    extension moves it to its own end; a discussion that was postponed after a transfer does not (Art 35).
    `article` and `postponed_article` are those of the edition that holds.
    """

    since: date
    converted: bool
    estimated: bool  # the committee has not written the dates of probation (Art 24)
    extended_on: date | None
    postponed_on: date | None
    article: Article
    postponed_article: Article


def party_standing(
    track: Track,
    facts: Iterable[Fact],
    today: date,
    *,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> PartyStanding | None:
    """The standing as of `today`; None before admission is approved, and where the end of probation is not known."""
    scene = scene_of(track, facts, today, calendar, readings)
    past, end = scene.past, counted(track.rule("T11"), scene)
    if end is None or not (past.latest("admission_approved") or past.latest("conversion_approved")):
        return None
    converted, extended = past.latest("conversion_approved"), past.latest("probation_extended")
    moved = past.latest("transferred_in")
    asked_on = converted.on if converted else today
    return PartyStanding(
        since=end.due,
        converted=converted is not None,
        estimated="estimated" in (end.note or ""),
        extended_on=extended.on if extended else None,
        postponed_on=iso_date(moved.detail.get("postponed_on")) if moved else None,
        article=_article(track, "T14", asked_on),
        postponed_article=_article(track, "T15", asked_on),
    )


def _article(track: Track, rule: str, day: date) -> Article:
    """Approval of conversion and standing are one article (33, formerly 34), postponement another."""
    edition = track.rule(rule).edition_on(day)
    return edition.article if edition else track.rule(rule).article
