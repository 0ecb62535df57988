"""A notice: one sentence about something that happened, told to a person on their own door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram.methods import SendMessage, TelegramMethod
from sqlalchemy.ext.asyncio import AsyncSession

from bot.carrier import Dropped, Postponed
from bot.keyboards import Button, keyboard
from bot.letters.reader import reader_of
from bot.services import Services
from records.people import PersonId, accounts_of
from scheduler.outbox import Draft, Kind, Letter

NAMED = "@"  # a value that begins so is itself a key of the locales: "@step.oath_taken"


async def notify(
    session: AsyncSession,
    recipient: PersonId,
    key: str,
    *,
    unique: str,
    now: datetime,
    values: dict[str, Any] | None = None,
    buttons: Sequence[tuple[str, str]] = (),
) -> Draft | None:
    """The draft of a notice to the door where the person was last seen; None when no door is open.

    Args:
        key: the sentence in the locales; `values` are its fields, those beginning with "@" are keys themselves.
        unique: makes telling twice harmless, e.g. "entry:17".
        buttons: (key of the label, callback data).
    """
    accounts = await accounts_of(session, recipient)
    if not accounts:
        return None
    return Draft(
        unique_key=f"notice:{unique}:{recipient}",
        channel=accounts[0].channel,
        chat_id=accounts[0].external_id,
        kind=Kind.NOTICE,
        payload={"template": "notice", "key": key, "values": values or {}, "buttons": [list(pair) for pair in buttons]},
        not_before=now,
        recipient=recipient,
    )


async def write(services: Services, letter: Letter) -> TelegramMethod[Any] | Dropped | Postponed:
    """The sentence in the reader's language."""
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    words = reader.words
    values = {
        name: words.plain(value[1:]) if isinstance(value, str) and value.startswith(NAMED) else value
        for name, value in letter.payload["values"].items()
    }
    rows = [[Button(words.plain(label), data)] for label, data in letter.payload["buttons"]]
    return SendMessage(
        chat_id=letter.chat_id,
        text=words(letter.payload["key"], **values),
        reply_markup=keyboard(rows) if rows else None,
    )
