"""Buttons below a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup


class Button(NamedTuple):
    """A label and what a press says (packed callback data, or an http address to open)."""

    label: str
    data: str | CallbackData


def keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup:
    """The rows as the platform wants them; what is empty is left out."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button(button) for button in row] for row in rows if row])


def _button(button: Button) -> InlineKeyboardButton:
    data = button.data.pack() if isinstance(button.data, CallbackData) else button.data
    if data.startswith(("http://", "https://")):
        return InlineKeyboardButton(text=button.label, url=data)
    return InlineKeyboardButton(text=button.label, callback_data=data)
