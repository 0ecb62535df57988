"""What one letter reminded of comes again: when its reader asked for that, and when it never reached them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.outbox import QUIET, Kind, Letter, State
from scheduler.tables import OutboxRow, ReminderRow


async def snooze(session: AsyncSession, recipient: int, *, planned_at: datetime, until: datetime) -> int:
    """「明天再提醒」: let what that letter reminded of come again at `until`. Returns how many; 0 the second time."""
    result = await session.execute(
        update(ReminderRow)
        .where(ReminderRow.recipient_id == recipient, ReminderRow.planned_at == planned_at)
        .values(planned_at=None, remind_at=until)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


async def wake(session: AsyncSession, recipient: int, *, now: datetime) -> None:
    """Let what waits for the end of somebody's quiet hours be looked at now: they have chosen other hours."""
    waits = (OutboxRow.state == State.QUEUED.value, OutboxRow.last_error == QUIET, OutboxRow.not_before > now)
    await session.execute(update(OutboxRow).where(OutboxRow.recipient_id == recipient, *waits).values(not_before=now))


async def plan_again(session: AsyncSession, letter: Letter) -> None:
    """Let what an undelivered letter was to remind of stand in the next one, as far as it still applies then."""
    planned_at = letter.payload.get("planned_at")
    if planned_at is not None and letter.recipient is not None:
        await due_again(session, [(letter.recipient, datetime.fromisoformat(planned_at))])


async def missed_again(session: AsyncSession, recipient: int, *, since: datetime) -> int:
    """Let what somebody could not be told, as no door of theirs was open from `since` on, be due. Returns how many.

    What no letter was written for was planned all the same, or everybody who cannot be reached would be looked at
    every minute.
    """
    written = select(OutboxRow.created_at).where(
        OutboxRow.recipient_id == recipient, OutboxRow.kind == Kind.REMINDER.value, OutboxRow.created_at >= since
    )
    result = await session.execute(
        update(ReminderRow)
        .where(
            ReminderRow.recipient_id == recipient,
            ReminderRow.planned_at >= since,
            ReminderRow.planned_at.not_in(written),
        )
        .values(planned_at=None)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


async def due_again(session: AsyncSession, letters: Sequence[tuple[int, datetime]]) -> None:
    """Let what these letters (recipient, when planned) were about be due as if it had not been planned."""
    if letters:
        values = [{"recipient": recipient, "planned": planned_at} for recipient, planned_at in letters]
        await (await session.connection()).execute(_DUE_AGAIN, values)


_DUE_AGAIN = (
    update(cast(Table, ReminderRow.__table__))
    .where(
        ReminderRow.recipient_id == bindparam("recipient"),
        ReminderRow.planned_at == bindparam("planned", type_=ReminderRow.planned_at.type),
    )
    .values(planned_at=None)
)
