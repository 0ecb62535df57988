"""What people call a thing and what the texts call it, as organisers add to the table that is shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from content.library import touch
from content.tables import AliasRow
from storage.errors import WaymarkError


@dataclass(frozen=True)
class Alias:
    """`said` is what people write, `meant` what the texts have."""

    id: int
    said: str
    meant: str
    added_by: int | None


class AliasUnknown(WaymarkError):
    """No such alias among those that organisers added."""

    key = "error.alias_unknown"
    sentence = "There is no alias {said} in the list. Those that come with Waymark cannot be removed."


async def own_aliases(session: AsyncSession) -> list[Alias]:
    """Those that organisers added, by what is said."""
    rows = await session.scalars(select(AliasRow).order_by(AliasRow.said, AliasRow.meant))
    return [Alias(row.id, row.said, row.meant, row.added_by) for row in rows]


async def find_aliases(session: AsyncSession, said: str) -> list[Alias]:
    """Those of one word, or of one number. Raises: AliasUnknown."""
    found = [one for one in await own_aliases(session) if said in (one.said, str(one.id))]
    if not found:
        raise AliasUnknown(said=said)
    return found


async def keep_aliases(
    session: AsyncSession, said: Sequence[str], meant: Sequence[str], *, added_by: int | None, now: datetime
) -> None:
    """Add every pair of the two, and let every process take notice."""
    session.add_all(AliasRow(said=one, meant=full, added_at=now, added_by=added_by) for one in said for full in meant)
    await touch(session)


async def drop_aliases(session: AsyncSession, aliases: Sequence[Alias]) -> None:
    """Remove these; every process takes notice."""
    for one in aliases:
        row = await session.get(AliasRow, one.id)
        if row is not None:
            await session.delete(row)
    await touch(session)
