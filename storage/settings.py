"""Small values that the installation keeps about itself (key → JSON)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base


class SettingRow(Base):
    """One value."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


# Made once: some are asked for every second.
_VALUE = select(SettingRow.value).where(SettingRow.key == bindparam("key"))


async def get_setting(session: AsyncSession, key: str) -> Any:
    """The value, or None."""
    return await session.scalar(_VALUE, {"key": key})


async def put_setting(session: AsyncSession, key: str, value: Any) -> None:
    """Keep the value under the key, whoever else keeps one there for the first time at this moment."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(SettingRow).values(key=key, value=value)
    kept = statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
    await session.scalars(kept.returning(SettingRow), execution_options={"populate_existing": True})
