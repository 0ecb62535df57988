"""A loop that sleeps can always be ended."""

from __future__ import annotations

import asyncio

import pytest

from scheduler.waking import woken


async def test_a_cancel_that_comes_with_the_event_is_not_swallowed() -> None:
    wake = asyncio.Event()

    async def loop() -> None:
        while True:
            wake.clear()
            await woken(wake, 5)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    wake.set()
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(task), 1)


async def test_it_wakes_by_itself() -> None:
    await woken(asyncio.Event(), 0.001)
