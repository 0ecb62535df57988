"""Sleeping until somebody wakes us, or for a while."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def woken(wake: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, at the latest after so many seconds.

    Not `asyncio.wait_for`: on Python 3.11 it swallows a cancel that arrives with the event, and the loop never ends.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
