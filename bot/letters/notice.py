"""A notice: one sentence about something that happened, told to a person on their own door."""

from __future__ import annotations

from typing import Any

from aiogram.methods import SendMessage, TelegramMethod

from bot.buttons.keyboard import Button, keyboard
from bot.deeds.telling import NAMED, notify
from bot.letters.reader import reader_of
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from bot.views.changes import changes_text
from bot.views.text import covered, paragraphs
from records.changes import Change
from scheduler.outbox import Letter

__all__ = ["NAMED", "notify", "write"]


async def write(services: Services, letter: Letter) -> TelegramMethod[Any] | Dropped | Postponed:
    """The sentence in the reader's language, and the dates that moved."""
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    words = reader.words
    values = {
        name: words.plain(value[1:]) if isinstance(value, str) and value.startswith(NAMED) else value
        for name, value in letter.payload["values"].items()
    }
    rows = [[Button(words.plain(label), data)] for label, data in letter.payload["buttons"]]
    moved = [Change.from_json(one) for one in letter.payload.get("changes", ())]
    parts = [words(letter.payload["key"], **values), covered(changes_text(moved, words)) if moved else ""]
    return SendMessage(
        chat_id=letter.chat_id,
        text=paragraphs(parts),
        reply_markup=keyboard(rows) if rows else None,
    )
