"""Asking on which day a report was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import ReportPress
from bot.views.text import Shown
from bot.words import Words


def show_days(title: str, days: Sequence[date], _: Words) -> Shown:
    """The last days as buttons; another can be typed."""
    names = [_.plain("report.today"), _.plain("report.yesterday"), *(str(day) for day in days[2:])]
    buttons = [Button(name, ReportPress(day=day.isoformat())) for name, day in zip(names, days, strict=True)]
    rows = [buttons[:2], buttons[2:], [Button(_.plain("report.cancel"), ReportPress())]]
    return {"text": _("report.ask_day", title=title), "reply_markup": keyboard([row for row in rows if row])}
