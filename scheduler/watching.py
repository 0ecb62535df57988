"""Watching a broadcast: one letter a watcher that goes again and again, until there is nothing left to tell."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.broadcasts import Progress
from scheduler.outbox import Kind, Priority, State
from scheduler.tables import OutboxRow

SOONEST, LATEST = timedelta(seconds=3), timedelta(seconds=30)  # between two looks while letters go out
LOOKS = 50  # over the time that is left


async def watch(
    session: AsyncSession, broadcast: str, *, watcher: int, channel: str, chat_id: int, message: int, now: datetime
) -> None:
    """Let this message of the watcher's tell how the broadcast goes; an earlier one of theirs is left as it is."""
    begun = {
        "channel": channel,
        "payload": {"template": "progress", "broadcast": broadcast, "message": message},
        "not_before": now + SOONEST,
        "state": State.QUEUED.value,
        "attempts": 0,
        "lease_until": None,
        "last_error": None,
        "finished_at": None,
    }
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutboxRow).values(
        unique_key=f"progress:{broadcast}:{chat_id}",
        chat_id=chat_id,
        recipient_id=watcher,
        kind=Kind.PROGRESS.value,
        priority=int(Priority.PROGRESS),
        created_at=now,
        **begun,
    )
    await session.execute(statement.on_conflict_do_update(index_elements=["unique_key"], set_=begun))


def next_look(progress: Progress, *, now: datetime) -> timedelta:
    """When it is worth telling again: often near the end, seldom on a long way, not while everybody rests."""
    left = progress.time_left(now)
    pause = min(max((left or timedelta(0)) / LOOKS, SOONEST), LATEST)
    return max(pause, progress.next_at - now) if progress.next_at is not None else pause
