"""Dates that a recorded, corrected or withdrawn step moved, as both sides read them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views.dates import article_of, step_name
from bot.views.text import lines
from bot.words import Words
from records.changes import Change

CHANGES_AT_MOST = 10


def changes_text(changes: Sequence[Change], _: Words) -> str:
    """Which dates move, appear or go, and under which rule."""
    if not changes:
        return ""
    shown = []
    for one in changes[:CHANGES_AT_MOST]:
        key = "step.date_moves" if one.was and one.becomes else "step.date_comes" if one.becomes else "step.date_goes"
        kind = _.plain(f"kind.{one.kind}") if _.has(f"kind.{one.kind}") else one.kind
        shown.append(
            _(
                key,
                step=step_name(one.step, _),
                kind=kind,
                was=str(one.was),
                becomes=str(one.becomes),
                rule=article_of(one, _),
            )
        )
    left = len(changes) - len(shown)
    return lines(_("step.changes"), *shown, _("upload.and_more", count=left) if left > 0 else "")
