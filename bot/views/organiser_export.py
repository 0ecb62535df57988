"""What can be exported: of whom, since when, in which format."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import NOTHING, Exporting
from bot.deeds.exporting import FORMATS, Exported
from bot.reach import Reach
from bot.views.text import Shown, lines
from bot.words import Words
from records.people import Person

BRANCHES_AT_MOST = 12
SPRING, AUTUMN = 2, 8  # the months in which a semester begins


def show_choice(chosen: Exporting, reach: Reach, subject: Person | None, today: date, _: Words) -> Shown:
    """The choices so far; a format makes the file."""
    where = subject.name if subject else reach.title(chosen.branch, _.plain("due.everywhere"))
    begin = semester(today)
    sinces = {NOTHING: _.plain("export.always"), f"{begin:%Y%m%d}": _.plain("export.semester", since=str(begin))}
    since = sinces.get(chosen.since, chosen.since)
    rows = [
        [_choice(chosen, label, since=written, marked=written == chosen.since) for written, label in sinces.items()]
    ]
    labels = [_choice(chosen, _.plain(f"export.form.{form}"), form=form) for form in FORMATS]
    rows += [labels[:3], labels[3:]]
    if subject is None and len(reach.branches) > 1:
        options = [(0, _.plain("due.everywhere")), *((one.id, one.name) for one in reach.branches[:BRANCHES_AT_MOST])]
        rows += [[_choice(chosen, name, branch=branch, marked=branch == chosen.branch)] for branch, name in options]
    return {
        "text": lines(_("export.choose", where=where, since=since), _("export.hint")),
        "reply_markup": keyboard(rows),
    }


def caption_of(made: Exported, people: Sequence[Person], _: Words) -> str:
    """What stands below the file."""
    return _("export.caption", people=len(people), rows=made.rows)


def semester(today: date) -> date:
    """The first day of the month in which the semester began."""
    if today.month >= AUTUMN:
        return date(today.year, AUTUMN, 1)
    return date(today.year, SPRING, 1) if today.month >= SPRING else date(today.year - 1, AUTUMN, 1)


def _choice(chosen: Exporting, label: str, *, marked: bool = False, **change: object) -> Button:
    return Button(("● " if marked else "") + label, chosen.model_copy(update=change))
