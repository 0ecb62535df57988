"""Somebody who had blocked the bot lets it in again: what could not be told meanwhile stands in the next letter."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from records.people import accounts_of, mark_unblocked, person_by_account
from scheduler.snoozing import missed_again


async def came_back(session: AsyncSession, channel: str, external_id: int) -> None:
    """The platform says, or their own message shows, that the person can be written to again."""
    person = await person_by_account(session, channel, external_id)
    shut = [] if person is None else [one.blocked_at for one in await accounts_of(session, person.id, blocked=True)]
    await mark_unblocked(session, channel, external_id)
    if person is not None and (since := _unreachable_since(shut)) is not None:
        await missed_again(session, person.id, since=since)


def _unreachable_since(doors: list[datetime | None]) -> datetime | None:
    """None where a door was open all the time."""
    shut = [moment for moment in doors if moment is not None]
    return max(shut) if shut and len(shut) == len(doors) else None
