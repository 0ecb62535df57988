"""What was just asked, remembered for the buttons below an answer: a few questions, half an hour, then forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.tables import ConversationRow

KEPT = 5
KEPT_FOR = timedelta(minutes=30)  # as long as the inbox keeps what people write
_KEY = "asked"


async def remember(state: FSMContext, question: str, *, now: datetime, cited: Sequence[int] = ()) -> str:
    """Keep the question and which passages were quoted; returns the short name that buttons carry."""
    name = hashlib.sha256(question.encode()).hexdigest()[:12]
    asked = [one for one in await _asked(state, now=now) if one[0] != name]
    await state.update_data({_KEY: [*asked, [name, question, now.isoformat(), list(cited)]][-KEPT:]})
    return name


async def recall(state: FSMContext, name: str, *, now: datetime) -> str | None:
    """The question of that name; None when it is forgotten already."""
    return next((one[1] for one in await _asked(state, now=now) if one[0] == name), None) or None


async def was_passed_on(state: FSMContext, name: str, *, now: datetime) -> bool:
    """Whether the question of that name was passed on a while ago, and dropped for it."""
    return any(one[0] == name and not one[1] for one in await _asked(state, now=now))


async def take_cited(state: FSMContext, name: str, *, now: datetime) -> list[int] | None:
    """The passages that were quoted to the question of that name: told once, then none; None when it is forgotten."""
    asked = await _asked(state, now=now)
    found = next((one for one in asked if one[0] == name), None)
    if found is None:
        return None
    await state.update_data({_KEY: [[*one[:3], []] if one is found else one for one in asked]})
    return list(found[3])


async def forget(state: FSMContext, name: str, *, now: datetime) -> None:
    """Drop a question that was passed on; that it was is remembered for as long."""
    left = [[name, "", one[2], []] if one[0] == name else one for one in await _asked(state, now=now)]
    await state.update_data({_KEY: left})


async def _asked(state: FSMContext, *, now: datetime) -> list[list[Any]]:
    asked: list[list[Any]] = (await state.get_data()).get(_KEY, [])
    return [one for one in asked if now - datetime.fromisoformat(one[2]) < KEPT_FOR]


async def forget_old(session: AsyncSession, *, now: datetime) -> int:
    """Empty the questions of dialogues that nobody went on with; for the job that tidies. Returns how many."""
    rows = await session.scalars(select(ConversationRow).where(ConversationRow.changed_at < now - KEPT_FOR))
    old = [row for row in rows if _KEY in row.data]
    for row in old:
        row.data = {name: value for name, value in row.data.items() if name != _KEY}
    await session.flush()
    return len(old)
