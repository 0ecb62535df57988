"""What processes of one installation share about time and limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.settings import SettingRow


async def shared_limits(session: AsyncSession, channel: str) -> tuple[dict[str, Any], datetime | None]:
    """What all processes together remember of a platform's limits, locked until this transaction ends, and the
    server's clock; None before anything was shared."""
    key = _limits_key(channel)
    asked = select(SettingRow.value, func.clock_timestamp()).where(SettingRow.key == key).with_for_update()
    row = (await session.execute(asked)).one_or_none()
    return ({}, None) if row is None else (row[0], row[1])


async def share_limits(session: AsyncSession, channel: str, state: dict[str, Any]) -> None:
    """Let the others know."""
    insert = postgresql.insert if _is_postgres(session) else sqlite.insert
    statement = insert(SettingRow).values(key=_limits_key(channel), value=state)
    await session.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": state}))


async def database_clock(session: AsyncSession, *, now: datetime) -> datetime:
    """The one clock that all processes of a database share: the server's; on an embedded database our own."""
    if not _is_postgres(session):
        return now
    moment: datetime | None = await session.scalar(select(func.clock_timestamp()))
    return moment or now


def _is_postgres(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _limits_key(channel: str) -> str:
    return f"limits.{channel}"
