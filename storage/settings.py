"""Small values that the installation keeps about itself (key → JSON)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base


class SettingRow(Base):
    """One value."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


async def get_setting(session: AsyncSession, key: str) -> Any:
    """The value, or None."""
    row = await session.get(SettingRow, key)
    return None if row is None else row.value


async def put_setting(session: AsyncSession, key: str, value: Any) -> None:
    """Keep the value under the key."""
    await session.merge(SettingRow(key=key, value=value))
