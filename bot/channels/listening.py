"""How listening to Telegram goes, as the process that listens saw it last: what `doctor` tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.trouble import will_pass
from storage.database import Database
from storage.settings import get_setting, put_setting

_KEY = "telegram.listening"


class Hearing(StrEnum):
    """What came of the last attempt."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    CONFLICT = "conflict"
    REFUSED = "refused"


class Listening:
    """Keeps how it goes, and since when; written only when it changes."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._known: Hearing | None = None

    async def note(self, hearing: Hearing) -> None:
        """Remember it; while the database is in trouble it is remembered the next time."""
        if hearing is self._known:
            return
        try:
            async with self._database.write() as session:
                before = await listening(session)
                if before is None or before[0] is not hearing:
                    await put_setting(session, _KEY, [hearing.value, self._clock().isoformat()])
        except Exception as error:
            if not will_pass(error):
                raise
            return
        self._known = hearing


async def listening(session: AsyncSession) -> tuple[Hearing, datetime] | None:
    """How it went last and since when; None where nobody has listened yet."""
    kept = await get_setting(session, _KEY)
    return None if kept is None else (Hearing(kept[0]), datetime.fromisoformat(kept[1]))
