"""Sleeping until somebody wakes us or for a while, and what may not be broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
LOOK_SECONDS = 1.0  # for reading what has arrived


async def woken(wake: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, at the latest after so many seconds.

    Not `asyncio.wait_for`: on Python 3.11 it swallows a cancel that arrives with the event, and the loop never ends.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


async def patient(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result, if it comes within so long; whatever has arrived is looked at before the time is.

    A process that stood still finds its time over and the answer there: `asyncio.timeout` would throw the answer away.

    Raises:
        TimeoutError: the work has been cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """The result; whoever is cancelled meanwhile is cancelled when the work is over.

    A commit under way cannot be called back: whoever left it would not know what it wrote.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
