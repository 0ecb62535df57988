"""Where dialogues stand (aiogram FSM): read without a lock, written with the turn that changed them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.tables import ConversationRow
from bot.turns.turn import Turn, current_turn
from storage.among import among
from storage.database import Database


class ConversationStorage(BaseStorage):
    """aiogram's storage over the `conversation` table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[str, asyncio.Future[tuple[str | None, dict[str, Any]]]] = {}
        self._reading: asyncio.Task[None] | None = None  # asyncio itself does not hold on to tasks

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Remember the state until the turn is committed."""
        _, data = await self._load(key)
        self._turn().conversations[_name(key)] = (state.state if isinstance(state, State) else state, data)

    async def get_state(self, key: StorageKey) -> str | None:
        """The state, as this turn left it."""
        return (await self._load(key))[0]

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Remember the data until the turn is committed."""
        state, _ = await self._load(key)
        self._turn().conversations[_name(key)] = (state, dict(data))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """The data, as this turn left it."""
        return dict((await self._load(key))[1])

    async def close(self) -> None:
        """Nothing of its own is open."""

    async def _load(self, key: StorageKey) -> tuple[str | None, dict[str, Any]]:
        turn = current_turn()
        name = _name(key)
        if turn is not None and name in turn.conversations:
            return turn.conversations[name]
        if turn is not None and name in turn.found:
            return turn.found[name]
        found = await self._read(name)
        if turn is not None:
            turn.found[name] = found
        return found

    async def _read(self, name: str) -> tuple[str | None, dict[str, Any]]:
        """All who ask at the same moment are answered by one query."""
        if name not in self._asked:
            self._asked[name] = asyncio.get_running_loop().create_future()
            if len(self._asked) == 1:
                self._reading = asyncio.create_task(self._answer())
        return await asyncio.shield(self._asked[name])

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        asked, self._asked = self._asked, {}
        try:
            async with self._database.glance() as session:
                rows = await session.execute(
                    select(ConversationRow.key, ConversationRow.state, ConversationRow.data).where(
                        among(session, ConversationRow.key, asked)
                    )
                )
                found = {row.key: (row.state, row.data) for row in rows}
        except Exception as error:
            for future in asked.values():
                future.set_exception(error)
            return
        for name, future in asked.items():
            future.set_result(found.get(name, (None, {})))

    def _turn(self) -> Turn:
        turn = current_turn()
        if turn is None:
            raise RuntimeError("A dialogue can only change while an update is handled.")
        return turn


async def save_conversations(session: AsyncSession, turns: Sequence[Turn]) -> None:
    """Write the states that the turns changed, in the transaction that commits the turns."""
    ended: list[str] = []
    rows: dict[str, dict[str, Any]] = {}
    for turn in turns:
        for name, (state, data) in turn.conversations.items():
            if state is None and not data:
                ended.append(name)
                rows.pop(name, None)
            else:
                rows[name] = {"key": name, "state": state, "data": data, "changed_at": turn.now}
    ended = [name for name in ended if name not in rows]
    if ended:
        await session.execute(delete(ConversationRow).where(ConversationRow.key.in_(ended)))
    if rows:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        statement = insert(ConversationRow)
        fresh = {name: statement.excluded[name] for name in ("state", "data", "changed_at")}
        upsert = statement.on_conflict_do_update(index_elements=["key"], set_=fresh)
        await (await session.connection()).execute(upsert, list(rows.values()))


def _name(key: StorageKey) -> str:
    return f"{key.bot_id}:{key.chat_id}:{key.user_id}:{key.thread_id or 0}:{key.destiny}"
