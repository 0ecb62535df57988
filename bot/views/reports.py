"""A report: its title and day are asked for, then it is recorded and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import ReportPress, TakeBack
from bot.views.changes import changes_text
from bot.views.text import Shown, paragraphs
from bot.words import Words
from records.ledger import Entry
from records.steps import Recorded


def show_ask_title(_: Words) -> Shown:
    """What title the report had; or none is to be recorded after all."""
    return {"text": _("report.ask_title"), "reply_markup": keyboard([_cancelling(_)])}


def show_no_title(wrong: str, text: str, most: int, _: Words) -> Shown:
    """Why a text is no title (too_long, no_title, question), and what to send instead."""
    return {"text": _(f"report.{wrong}", value=text, most=most), "reply_markup": keyboard([_cancelling(_)])}


def show_days(title: str, days: Sequence[date], _: Words) -> Shown:
    """The last days as buttons; another can be typed."""
    names = [_.plain("report.today"), _.plain("report.yesterday"), *(str(day) for day in days[2:])]
    buttons = [Button(name, ReportPress(day=day.isoformat())) for name, day in zip(names, days, strict=True)]
    rows = [buttons[:2], buttons[2:], _cancelling(_)]
    return {"text": _("report.ask_day", title=title), "reply_markup": keyboard(rows)}


def show_recorded(report: Entry, _: Words) -> Shown:
    """What was recorded, and the way back."""
    buttons = [Button(_.plain("report.take_back"), TakeBack(entry=report.id))]
    return {"text": _("report.recorded", **_named(report)), "reply_markup": keyboard([buttons])}


def show_taken_back(report: Entry, recorded: Recorded, _: Words) -> Shown:
    """That it no longer counts, and which dates are back."""
    return {"text": paragraphs([_("report.taken_back", **_named(report)), changes_text(recorded.changes, _)])}


def _named(report: Entry) -> dict[str, str | int]:
    return {"day": str(report.happened_on), "title": report.payload["detail"]["title"], "entry": report.id}


def _cancelling(_: Words) -> list[Button]:
    return [Button(_.plain("report.cancel"), ReportPress())]
