"""Forgetting: letters that are over are kept as long as somebody may ask what became of them, and no longer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.outbox import Priority, State
from scheduler.tables import OutboxRow

# By lane. A key that is forgotten could be planned again: replies outlast the update that they answer, the others
# their day.
KEPT_FOR = {
    Priority.REPLY: timedelta(days=14),
    Priority.PROGRESS: timedelta(days=14),
    Priority.REMINDER: timedelta(days=180),
    Priority.STUDY: timedelta(days=180),
    Priority.BROADCAST: timedelta(days=400),
}
AT_ONCE = 5_000  # rows of a lane, so that nobody waits for it
_OVER = tuple(state.value for state in State if state not in (State.QUEUED, State.SENDING))


async def forget_letters(session: AsyncSession, channels: Collection[str], *, now: datetime) -> int:
    """Delete what is over and old, some thousands at a time. Returns how many."""
    forgotten = 0
    for lane, kept in KEPT_FOR.items():
        old = (
            select(OutboxRow.id)
            .where(
                OutboxRow.state.in_(_OVER),
                OutboxRow.channel.in_(list(channels)),
                OutboxRow.priority == int(lane),
                OutboxRow.not_before < now - kept,
            )
            .limit(AT_ONCE)
        )
        result = await session.execute(
            delete(OutboxRow).where(OutboxRow.id.in_(old)).execution_options(synchronize_session=False)
        )
        forgotten += result.rowcount if isinstance(result, CursorResult) else 0
    return forgotten
