"""Asking on which day a report was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import ReportPress
from bot.views.text import Shown
from bot.words import Words


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


def _cancelling(_: Words) -> list[Button]:
    return [Button(_.plain("report.cancel"), ReportPress())]
