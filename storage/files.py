"""Files that people sent or will receive, kept in the database beside what refers to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base


class FileRow(Base):
    """A file by its content; the same bytes are kept once."""

    __tablename__ = "file"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime]


@dataclass(frozen=True)
class StoredFile:
    """A file with the name it was sent under; size in bytes."""

    sha256: str
    name: str
    size: int
    content: bytes


async def store_file(session: AsyncSession, *, name: str, content: bytes, now: datetime) -> str:
    """Keep the bytes (once) and return their SHA-256 in hex."""
    sha256 = hashlib.sha256(content).hexdigest()
    if await session.get(FileRow, sha256) is None:
        session.add(FileRow(sha256=sha256, name=name, size=len(content), content=content, stored_at=now))
        await session.flush()
    return sha256


async def load_file(session: AsyncSession, sha256: str) -> StoredFile | None:
    """The file, or None when it was never stored or is already gone."""
    row = await session.scalar(select(FileRow).where(FileRow.sha256 == sha256))
    return None if row is None else StoredFile(row.sha256, row.name, row.size, row.content)


async def delete_file(session: AsyncSession, sha256: str) -> None:
    """Forget the bytes; nothing happens when they are not there."""
    await session.execute(delete(FileRow).where(FileRow.sha256 == sha256))
