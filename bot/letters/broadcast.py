"""A broadcast: an organiser's own words to many; looked up when it is sent, so that a stop really stops it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiogram.methods import SendMessage, TelegramMethod

from bot.letters.reader import reader_of
from bot.services import Services
from bot.turns.carrier import Dropped, Postponed
from scheduler.broadcasts import Standing, broadcast_of
from scheduler.outbox import Letter

LOOK_AGAIN = timedelta(minutes=5)


async def write(services: Services, letter: Letter) -> TelegramMethod[Any] | Dropped | Postponed:
    """The text as the organiser wrote it, under who sent it."""
    async with services.database.read() as session:
        broadcast = await broadcast_of(session, letter.payload["broadcast"])
    if broadcast is None or broadcast.standing is Standing.CANCELLED:
        return Dropped("cancelled")
    if broadcast.standing is Standing.PAUSED:
        return Postponed(services.clock.now() + LOOK_AGAIN)
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    text = reader.words("broadcast.letter", branch=broadcast.branch_name, text=broadcast.text)
    return SendMessage(chat_id=letter.chat_id, text=text)
