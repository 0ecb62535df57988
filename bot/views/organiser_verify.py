"""What a student entered themselves, and who confirms it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import Verify
from bot.views.record import show_entry
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.growth import GrowthRow
from records.ledger import Entry
from records.people import Person

ROWS_AT_MOST = 10


def show_unverified(student: Person, waiting: Sequence[GrowthRow], done: Entry | None, _: Words) -> Shown:
    """What was just confirmed, and what still waits, oldest first, with a button each."""
    shown = waiting[:ROWS_AT_MOST]
    parts = [_("verify.done", entry=done.id, name=student.name)] if done else []
    if shown:
        parts.append(
            lines(_("verify.head", name=student.name, count=len(waiting)), *(show_entry(one, _) for one in shown))
        )
        parts.append(_("verify.note"))
    else:
        parts.append(_("verify.nothing", name=student.name))
    buttons = [
        Button(_.plain("verify.button", entry=one.entry), Verify(person=student.id, entry=one.entry)) for one in shown
    ]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}
