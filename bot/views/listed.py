"""What recording a list, a ledger or a roster does, in a few lines."""

from __future__ import annotations

from collections.abc import Iterable

from bot.deeds.importing import ListedOutcome
from bot.words import Words
from records.exports.columns import mark_name

NAMED_AT_MOST = 3
_FIRST = frozenset({"under_age", "order"})  # a date is likely wrong; the others are mostly what no file tells


def corrected(outcomes: Iterable[ListedOutcome], _: Words) -> list[str]:
    """What takes the place of what an earlier file told, plain: whose, which step, from when to when."""
    return [
        _.plain(
            "upload.correction",
            where=outcome.planned.listed.where,
            name=outcome.planned.name,
            step=_.plain(f"step.{outcome.planned.listed.step}"),
            was=outcome.was,
            on=outcome.planned.listed.on,
        )
        for outcome in outcomes
        if outcome.status == "corrected"
    ]


def marked(outcomes: Iterable[ListedOutcome], _: Words) -> list[str]:
    """What is against the rules, plain: one line for each step and remark, with whom it is about; wrong dates first."""
    found: dict[tuple[bool, str, str], list[str]] = {}
    for outcome in outcomes:
        listed = outcome.planned.listed
        for mark in outcome.marks:
            key = (mark.code not in _FIRST, listed.step, mark_name(mark, _.plain))
            found.setdefault(key, []).append(f"{listed.where} {outcome.planned.name}")
    comma = _.plain("dates.comma")
    return [
        _.plain(
            "upload.mark" if len(whose) <= NAMED_AT_MOST else "upload.mark_of_many",
            step=_.plain(f"step.{step}"),
            text=text,
            whose=comma.join(whose[:NAMED_AT_MOST]),
            count=len(whose),
        )
        for (_later, step, text), whose in sorted(found.items(), key=lambda one: one[0][0])
    ]
