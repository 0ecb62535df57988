"""Reminders as they are read; on a locked screen they say nothing of the matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import ReminderReply, Reply
from bot.views.dates import show_date, step_name
from bot.views.text import Shown, covered, lines, paragraphs
from bot.words import Words
from records.deadline import Deadline
from records.people import Person, Role

SHOWN_AT_MOST = 10


@dataclass(frozen=True)
class Due:
    """A date of `subject` that the reader is reminded of; `item` is its place in the letter."""

    item: int
    subject: Person
    deadline: Deadline


def show_reminders(due: Sequence[Due], reader: Person, planned_at: datetime, today: date, _: Words) -> Shown:
    """What is due, and the three answers."""
    first = _("reminder.one") if len(due) == 1 else _("reminder.several", count=len(due))
    parts = [_show(one, reader, today, _) for one in due[:SHOWN_AT_MOST]]
    if len(due) > SHOWN_AT_MOST:
        parts.append(_("reminder.more", count=len(due) - SHOWN_AT_MOST, command=list_command(reader)))
    row = [Button(_.plain(f"reminder.{reply.value}"), ReminderReply.to(reply, planned_at)) for reply in Reply]
    return {"text": paragraphs([first, covered(paragraphs(parts))]), "reply_markup": keyboard([row])}


def list_command(reader: Person) -> str:
    """Where somebody sees all that is due: of others, or of themselves alone."""
    return "/dates" if all(role is Role.STUDENT for role, _ in reader.roles) else "/due"


def show_which(due: Sequence[Due], planned_at: datetime, _: Words) -> Shown:
    """Which of several was done."""
    rows = [
        [Button(label_of(one, _), ReminderReply.to(Reply.DONE, planned_at, one.item))] for one in due[:SHOWN_AT_MOST]
    ]
    return {"text": _("reminder.which"), "reply_markup": keyboard(rows)}


def label_of(one: Due, _: Words) -> str:
    """The date in a few words."""
    return f"{one.subject.name}：{step_name(one.deadline.step, _)}"


def _show(one: Due, reader: Person, today: date, _: Words) -> str:
    own = one.subject.id == reader.id
    shown = show_date(one.deadline, today, _, own=own)
    if own:
        return shown
    return lines(_("reminder.about", name=one.subject.name, number=one.subject.student_number or "—"), shown)
