"""Telling a person what happened, on their own door: the draft of a notice, written when it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from records.changes import Change
from records.people import PersonId, accounts_of
from scheduler.outbox import Draft, Kind

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
    changes: Sequence[Change] = (),
) -> Draft | None:
    """The draft of a notice to the door where the person was last seen; None when no door is open.

    Args:
        key: the sentence in the locales; `values` are its fields, those beginning with "@" are keys themselves.
        unique: makes telling twice harmless, e.g. "entry:17".
        buttons: (key of the label, callback data).
        changes: dates that moved; they are listed below.
    """
    payload = {
        "template": "notice",
        "key": key,
        "values": values or {},
        "buttons": [list(pair) for pair in buttons],
        "changes": [one.to_json() for one in changes],
    }
    return await letter_to(session, recipient, payload, unique=unique, now=now)


async def quote(
    session: AsyncSession, recipient: PersonId, *, passage: int, question: str, unique: str, now: datetime
) -> Draft | None:
    """The draft of a letter that answers a question with a passage, as it stands when it is sent; None as `notify`."""
    payload = {"template": "quotation", "passage": passage, "question": question}
    return await letter_to(session, recipient, payload, unique=unique, now=now)


async def letter_to(
    session: AsyncSession, recipient: PersonId, payload: dict[str, Any], *, unique: str, now: datetime
) -> Draft | None:
    """The same of any template: `payload` is what its writer in `bot.letters` reads."""
    accounts = await accounts_of(session, recipient)
    if not accounts:
        return None
    return Draft(
        unique_key=f"notice:{unique}:{recipient}",
        channel=accounts[0].channel,
        chat_id=accounts[0].external_id,
        kind=Kind.NOTICE,
        payload=payload,
        not_before=now,
        recipient=recipient,
    )
