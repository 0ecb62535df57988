"""Files that people sent or will receive, kept in the database beside what refers to them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, LargeBinary, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base

MAX_NAME = 120  # characters


class FileRow(Base):
    """A file by its content; the same bytes are kept once."""

    __tablename__ = "file"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime]
    kept_until: Mapped[datetime | None] = mapped_column(index=True)  # None: as long as something refers to it


@dataclass(frozen=True)
class StoredFile:
    """A file with the name it was sent under; size in bytes."""

    sha256: str
    name: str
    size: int
    content: bytes


async def store_file(
    session: AsyncSession, *, name: str, content: bytes, now: datetime, keep: timedelta | None = None
) -> str:
    """Keep the bytes (once) and return their SHA-256 in hex.

    Args:
        keep: for how long at least; None keeps them until they are deleted. The longest wish wins.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    until = None if keep is None else now + keep
    row = await session.get(FileRow, sha256)
    if row is None:
        session.add(
            FileRow(sha256=sha256, name=name, size=len(content), content=content, stored_at=now, kept_until=until)
        )
    elif row.kept_until is not None:
        row.kept_until = None if until is None else max(until, row.kept_until)
    await session.flush()
    return sha256


async def load_file(session: AsyncSession, sha256: str) -> StoredFile | None:
    """The file, or None when it was never stored or is already gone."""
    row = await session.scalar(select(FileRow).where(FileRow.sha256 == sha256))
    return None if row is None else StoredFile(row.sha256, row.name, row.size, row.content)


async def drop_file(session: AsyncSession, sha256: str, *, before: datetime) -> None:
    """Delete a file now whose time would be over by `before`; what somebody else keeps longer stays."""
    await session.execute(delete(FileRow).where(FileRow.sha256 == sha256, FileRow.kept_until <= before))


async def forget_files(session: AsyncSession, *, now: datetime) -> int:
    """Delete the files whose time is over. Returns how many."""
    result = await session.execute(delete(FileRow).where(FileRow.kept_until < now))
    return result.rowcount if isinstance(result, CursorResult) else 0


def clean_name(name: str) -> str:
    """A file's name without folders and without what cannot be seen."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    stem, dot, ending = seen.rpartition(".")
    if len(seen) > MAX_NAME:
        seen = f"{stem[: MAX_NAME - 12]}{dot}{ending[:11]}" if stem else seen[:MAX_NAME]
    return seen or "file"
