"""The driver's connection to an embedded database, made to end whatever it is doing when it is asked to."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from functools import partial
from typing import Any

import aiosqlite

CLOSE_SECONDS = 2.0  # longer nobody waits for a statement that is under way; its thread closes when it is over


DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_damage(error: BaseException) -> bool:
    """Whether the file is no database any more."""
    code: int = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    return code & 0xFF in DAMAGED


class Connection(aiosqlite.Connection):
    """aiosqlite's, but it may be closed at any moment and more than once.

    SQLAlchemy closes the connection of a task that is cancelled, and stops it when the task is cancelled again. With
    aiosqlite 0.22 the second of the two waits for ever: the thread that should answer has ended. And a cancelled
    statement that is still held somewhere would keep its transaction, and so the lock, until it is collected.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(partial(sqlite3.connect, *arguments, **options), iter_chunk_size=64)
        self._thread.daemon = True  # a process that ends does not wait for a statement that waits for a lock
        self._ended: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        """Give up the transaction and close, after the statement under way."""
        if self._running:
            self._tx.put_nowait((None, self._give_up))
            self._ended = super().stop()
        return self._ended

    async def close(self) -> None:
        """Stop, and wait for the end as long as it makes sense."""
        ended = self.stop()
        if ended is not None:
            await asyncio.wait({ended}, timeout=CLOSE_SECONDS)

    def _give_up(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.rollback()
