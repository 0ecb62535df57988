"""Numbers and delivery truth: sums that tell of nobody, and what did not arrive, as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import Audit, Numbers
from bot.reach import Reach
from bot.views.organiser_broadcast import reason_name, state_name
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.access import LookAt
from records.stages import Stage
from records.statistics import Figure, K
from scheduler.outbox import State
from scheduler.truth import PUSHED, Blocked, Undelivered

BRANCHES_AT_MOST = 20
PARTS = ("failed", "blocked", "looks")


@dataclass(frozen=True)
class NumbersOf:
    """The sums of a branch, small groups hidden."""

    stages: Sequence[Figure]
    here: Sequence[Figure]
    months: Sequence[Figure]


def show_numbers(found: NumbersOf, reach: Reach, branch: int, today: date, _: Words) -> Shown:
    """Sums of at least ten people each."""
    title = reach.title(branch, _.plain("due.everywhere"))
    by_stage = {one.key: one for one in found.stages}
    stages = [_figure(_.plain(f"stage.{stage}"), by_stage[stage], _) for stage in Stage if stage in by_stage]
    here = [_figure(_.plain(f"stats.{one.key}"), one, _) for one in found.here]
    months = [
        _("stats.month", month=one.key, hours=f"{one.total or 0:g}", people=one.people or 0)
        if not one.is_hidden
        else _("stats.hidden", what=one.key)
        for one in found.months
    ]
    parts = [
        _("stats.head", title=title, today=str(today)),
        lines(_("stats.stages"), *stages),
        lines(_("stats.joined"), *here),
        lines(_("stats.months"), *months) if months else "",
        _("stats.note", k=K),
    ]
    rows = []
    if len(reach.branches) > 1:
        rows = [[Button(one.name, Numbers(branch=one.id))] for one in reach.branches[:BRANCHES_AT_MOST]]
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_audit(counts: Mapping[tuple[str, str], int], parked: int, guessed: int, days: int, _: Words) -> Shown:
    """What became of everything that was pushed lately, and what somebody should look into.

    Args:
        guessed: wrong invitation codes within the hour, where they are so many that somebody is guessing.
    """
    shown = []
    for kind in PUSHED:
        states = [
            _.plain("audit.state", state=state_name(state.value, _), count=counts[kind, state.value])
            for state in State
            if counts.get((kind, state.value))
        ]
        if states:
            shown.append(
                _("audit.kind", kind=_.plain(f"letter.kind.{kind}"), states=_.plain("dates.comma").join(states))
            )
    parts = [
        _("audit.head", days=days),
        lines(*shown) or _("audit.nothing"),
        _("audit.parked", count=parked) if parked else "",
        _("audit.guessing", count=guessed) if guessed else "",
        _("audit.note"),
    ]
    row = [Button(_.plain(f"audit.{part}_button"), Audit(part=part)) for part in PARTS]
    return {"text": paragraphs(parts), "reply_markup": keyboard([[button] for button in row])}


def show_undelivered(found: Sequence[Undelivered], zone: ZoneInfo, _: Words) -> Shown:
    """What failed or is uncertain, and why."""
    shown = [
        _(
            "audit.failed",
            name=one.name,
            number=one.student_number or "—",
            kind=_.plain(f"letter.kind.{one.kind}"),
            state=state_name(one.state, _),
            why=reason_name(one.reason, _) or "—",
            at=f"{one.at.astimezone(zone):%m-%d %H:%M}",
        )
        for one in found
    ]
    return {"text": lines(_("audit.failed_head"), *shown) if shown else _("audit.failed_none")}


def show_blocked(found: Sequence[Blocked], zone: ZoneInfo, _: Words) -> Shown:
    """Who cannot be reached at all."""
    shown = [
        _(
            "audit.blocked",
            name=one.name,
            number=one.student_number or "—",
            since=f"{one.since.astimezone(zone):%Y-%m-%d}",
        )
        for one in found
    ]
    return {"text": lines(_("audit.blocked_head"), *shown) if shown else _("audit.blocked_none")}


def show_looks(found: Sequence[LookAt], zone: ZoneInfo, _: Words) -> Shown:
    """Who looked at whose record."""
    shown = [
        _(
            "audit.look",
            viewer=one.look.viewer_name or _.plain("export.operator"),
            name=one.subject_name,
            what=_.plain(f"look.{one.look.what.value}"),
            at=f"{one.look.at.astimezone(zone):%m-%d %H:%M}",
        )
        for one in found
    ]
    return {"text": lines(_("audit.looks_head"), *shown) if shown else _("audit.looks_none")}


def _figure(label: str, figure: Figure, _: Words) -> str:
    if figure.is_hidden:
        return _("stats.hidden", what=label)
    return _("stats.line", what=label, people=figure.people or 0)
