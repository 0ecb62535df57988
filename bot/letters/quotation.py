"""The answer to a passed-on question where an organiser pointed at a passage: the quotation with its source."""

from __future__ import annotations

from typing import Any

from aiogram.methods import SendMessage, TelegramMethod

from bot.letters.reader import reader_of
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from bot.views.answers import show_pointed
from content.documents import passage
from scheduler.outbox import Letter


async def write(services: Services, letter: Letter) -> TelegramMethod[Any] | Dropped | Postponed:
    """The passage, word for word, under what was asked."""
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    async with services.database.read() as session:
        found = await passage(session, letter.payload["passage"])
    if found is None:
        return Dropped("the passage is gone")
    return SendMessage(chat_id=letter.chat_id, **show_pointed(letter.payload["question"], found, reader.words))
