"""How long it is kept what became of a letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from scheduler.forgetting import forget_letters
from scheduler.outbox import Draft, Kind, State, enqueue
from scheduler.tables import OutboxRow
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "days"),
    [(Kind.REPLY, 14), (Kind.STUDY, 180), (Kind.REMINDER, 180), (Kind.NOTICE, 180), (Kind.BROADCAST, 400)],
)
async def test_what_is_over_is_forgotten_in_its_time_and_what_waits_never(
    database: Database, kind: Kind, days: int
) -> None:
    def draft(number: int) -> Draft:
        return Draft(unique_key=f"{number}", channel="web", chat_id=1, kind=kind, payload={}, not_before=NOON)

    async def forgotten(after: timedelta) -> int:
        async with database.write() as session:
            return await forget_letters(session, ("telegram", "web"), now=NOON + after)

    async with database.write() as session:
        await enqueue(session, [draft(number) for number in range(3)], now=NOON)
        for key, state in (("0", State.SENT), ("1", State.FAILED)):
            await session.execute(update(OutboxRow).where(OutboxRow.unique_key == key).values(state=state.value))

    assert await forgotten(timedelta(days=days)) == 0
    assert await forgotten(timedelta(days=days, seconds=1)) == 2
    assert await forgotten(timedelta(days=4000)) == 0
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(OutboxRow)) == 1
