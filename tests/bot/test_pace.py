"""Long work lets everybody else have their turn."""

from __future__ import annotations

import asyncio

from bot.pace import STRETCH_SECONDS, Pace


async def test_after_a_stretch_of_work_others_have_their_turn_and_not_before() -> None:
    moment = [0.0]
    pace = Pace(lambda: moment[0])
    turns: list[str] = []

    async def conversation() -> None:
        turns.append("answered")

    waiting = asyncio.create_task(conversation())
    moment[0] += STRETCH_SECONDS / 2
    await pace.keep()
    assert turns == []

    moment[0] += STRETCH_SECONDS / 2
    await pace.keep()
    assert turns == ["answered"]
    await waiting


async def test_each_stretch_counts_from_the_last_rest() -> None:
    moment = [0.0]
    pace = Pace(lambda: moment[0])
    moment[0] += STRETCH_SECONDS
    await pace.keep()
    turns: list[str] = []

    async def conversation() -> None:
        turns.append("answered")

    waiting = asyncio.create_task(conversation())
    moment[0] += STRETCH_SECONDS / 2
    await pace.keep()

    assert turns == []
    await waiting
