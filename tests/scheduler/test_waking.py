"""A loop that sleeps can always be ended."""

from __future__ import annotations

import asyncio

import pytest

from scheduler import waking
from scheduler.waking import patient, woken


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


async def test_patience_ends_and_what_was_waited_for_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "LOOK_SECONDS", 0.0)
    left = asyncio.Event()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    with pytest.raises(TimeoutError):
        await patient(never(), 0.0)
    async with asyncio.timeout(5):
        await left.wait()
