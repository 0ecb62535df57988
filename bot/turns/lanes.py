"""Lanes: one person's updates are handled in their order, by one process at a time, wherever they came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database

Lane = tuple[str, str]  # channel, sender


def lane_of(payload: dict[str, Any]) -> str:
    """Who an update is from: one person's updates are handled in their order."""
    for value in payload.values():
        if isinstance(value, dict):
            sender = value.get("from") or value.get("chat") or value.get("user")
            if isinstance(sender, dict) and "id" in sender:
                return str(sender["id"])
    return "0"


class Keys(Protocol):
    """Who may handle which lane."""

    async def take(self, lanes: Iterable[Lane]) -> set[Lane]:
        """Those of the lanes that are now ours."""

    async def give_back(self, lanes: Iterable[Lane]) -> None:
        """Let others have them."""

    async def close(self) -> None:
        """Give back all."""


class OwnKeys:
    """The only process of an installation: every lane is ours."""

    async def take(self, lanes: Iterable[Lane]) -> set[Lane]:
        return set(lanes)

    async def give_back(self, lanes: Iterable[Lane]) -> None:
        return

    async def close(self) -> None:
        return


class SharedKeys:
    """Advisory locks of PostgreSQL, held by one connection: they end with the process, however it dies.

    If only the connection dies another process may take a lane while we still handle one of its updates; the update
    is then marked by whoever commits first, and the other's turn is undone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection | None = None
        self._held: set[Lane] = set()  # PostgreSQL counts: what is taken twice must be given back twice

    async def take(self, lanes: Iterable[Lane]) -> set[Lane]:
        asked = set(lanes)
        numbers = {_number(lane): lane for lane in asked - self._held}
        if numbers:
            rows = await self._ask(
                "SELECT k, pg_try_advisory_lock(k) FROM unnest(CAST(:keys AS bigint[])) AS k", numbers
            )
            self._held |= {numbers[key] for key, is_ours in rows if is_ours}
        return asked & self._held

    async def give_back(self, lanes: Iterable[Lane]) -> None:
        lanes = self._held & set(lanes)
        self._held -= lanes
        with suppress(Exception):  # a connection that is gone has given back everything
            await self._ask(
                "SELECT k, pg_advisory_unlock(k) FROM unnest(CAST(:keys AS bigint[])) AS k", map(_number, lanes)
            )

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(Exception):
                await connection.invalidate()  # the pool must not keep a connection with our locks
                await connection.close()

    async def _ask(self, statement: str, keys: Iterable[int]) -> list[Any]:
        try:
            if self._connection is None:
                connection = await self._database.engine.connect()
                self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            return list(await self._connection.execute(text(statement), {"keys": sorted(keys)}))
        except BaseException:
            await self.close()
            raise


def keys_for(database: Database) -> Keys:
    """The keys that fit the database."""
    return OwnKeys() if database.is_sqlite else SharedKeys(database)


def _number(lane: Lane) -> int:
    digest = hashlib.blake2b(":".join(lane).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
