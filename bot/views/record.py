"""One's own record: everything in it, who entered it, who confirmed it, and who looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import RecordPress, RecordView
from bot.views.dates import show_membership, step_name
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.access import Look
from records.exports.columns import category_of, checked_of, detail_of, recorder_of
from records.growth import GrowthRow, Totals
from records.party_standing import PartyStanding
from records.people import Person

ROWS_AT_MOST = 30
LOOKS_AT_MOST = 20


def show_record(
    person: Person,
    branch: str,
    details: Mapping[str, Any],
    membership: PartyStanding | None,
    rows: Sequence[GrowthRow],
    totals: Totals,
    _: Words,
) -> Shown:
    """The roster's words, from when Party standing counts, then the entries, latest first; all of it is in /mydata."""
    about = [_("record.line", name=_.plain("roster.field.student_number"), value=person.student_number or "—")]
    about.append(_("record.line", name=_.plain("roster.field.branch"), value=branch))
    about += [_("record.line", name=_field(name, _), value=str(value)) for name, value in details.items() if value]
    latest = list(reversed(rows))[:ROWS_AT_MOST]
    parts = [_("record.head", name=person.name), lines(*about), show_membership(membership, _)]
    if latest:
        head = _("record.entries", count=len(rows), hours=f"{totals.hours:g}", waiting=totals.unverified_rows)
        parts.append(lines(head, *(show_entry(row, _) for row in latest)))
    else:
        parts.append(_("record.empty"))
    if len(rows) > len(latest):
        parts.append(_("record.more", count=len(rows) - len(latest)))
    buttons = [
        Button(_.plain("record.looks_button"), RecordPress(view=RecordView.LOOKS)),
        Button(_.plain("record.correction_button"), RecordPress(view=RecordView.CORRECTION)),
    ]
    return {"text": paragraphs(parts), "reply_markup": keyboard([buttons])}


def show_entry(row: GrowthRow, _: Words) -> str:
    """One entry: number, day, what, hours and details, by whom entered and confirmed, and what was asked about it."""
    what = row.title or ""
    category = step_name(row.step, _) if row.step else category_of(row, _.plain)
    checked = _("record.verified", name=checked_of(row, _.plain)) if row.verified_by else checked_of(row, _.plain)
    who = _("record.by", name=recorder_of(row, _.plain))
    key = "record.entry_titled" if what else "record.entry"
    head = _(key, entry=row.entry, on=str(row.on), category=category, title=what)
    hours = _.plain("record.hours", hours=f"{row.hours:g}") if row.hours else ""
    detail = _.plain("export.semicolon").join(part for part in (hours, detail_of(row, _.plain)) if part)
    return lines(
        head,
        _("record.detail", detail=detail) if detail else "",
        _("record.who", who=who, checked=checked),
        _("record.correction_asked", day=str(row.correction_asked_on)) if row.correction_asked_on else "",
    )


def show_looks(looks: Sequence[Look], zone: ZoneInfo, _: Words) -> Shown:
    """Who looked at the record, latest first."""
    if not looks:
        return {"text": _("record.no_looks")}
    shown = [
        _(
            "record.look",
            at=f"{look.at.astimezone(zone):%Y-%m-%d %H:%M}",
            name=look.viewer_name or _.plain("record.operator"),
            what=_.plain(f"record.looked.{look.what.value}"),
        )
        for look in looks[:LOOKS_AT_MOST]
    ]
    more = _("record.more_looks", count=len(looks) - LOOKS_AT_MOST) if len(looks) > LOOKS_AT_MOST else ""
    return {"text": lines(_("record.looks_head"), *shown, more)}


def _field(name: str, _: Words) -> str:
    key = f"roster.field.{name}"
    return _.plain(key) if _.has(key) else name
