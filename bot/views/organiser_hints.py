"""What is worth a look in the library, as organisers see it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from content.attached import place_of
from content.hints import UNFOUND_DAYS, Hints, Outdated, Twice, Unfound
from content.usefulness import Unhelpful
from records.statistics import K

SHOWN = 6
PLACES_SHOWN = 5


def show_hints(found: Hints, unhelpful: Sequence[Unhelpful], _: Words) -> Shown:
    """The four lists, each with what it means; a list that is empty says so."""
    parts = [
        _("hints.head"),
        _section("hints.unfound", [_unfound(one, _) for one in found.unfound], _, days=UNFOUND_DAYS),
        _section("hints.outdated", [_outdated(one, _) for one in found.outdated], _),
        _section("hints.twice", [_twice(one, _) for one in found.twice], _),
        _section("hints.unhelpful", [_unhelpful(one, _) for one in unhelpful], _, k=K),
    ]
    return {"text": paragraphs(parts)}


def _section(key: str, texts: Sequence[str], _: Words, **values: int) -> str:
    left = len(texts) - SHOWN
    more = _("upload.and_more", count=left) if left > 0 else ""
    return lines(_(key, **values), *(texts[:SHOWN] or [_("hints.none")]), more)


def _unfound(one: Unfound, _: Words) -> str:
    if len(one.places) == one.of:
        return _("hints.unfound_all", title=one.title, count=one.of)
    return _("hints.unfound_some", title=one.title, count=len(one.places), of=one.of, places=_places(one.places, _))


def _outdated(one: Outdated, _: Words) -> str:
    return _(f"hints.outdated.{one.why}", title=one.title, day=str(one.day), place=one.place, other=one.other)


def _twice(one: Twice, _: Words) -> str:
    places = [f"{here}–{there}" for here, there in one.places]
    return _("hints.twice_line", title=one.title, other=one.other, count=len(places), places=_places(places, _))


def _unhelpful(one: Unhelpful, _: Words) -> str:
    return _("hints.unhelpful_line", title=one.title, place=place_of(one.article, one.headings), people=one.people)


def _places(places: Sequence[str], _: Words) -> str:
    named = [place for place in places if place][:PLACES_SHOWN]
    shown = _.plain("dates.comma").join(named)
    return shown if len(named) == len(places) else shown + "……"
