"""Long work beside the conversation: in short stretches, after each of which everybody else has the process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

STRETCH_SECONDS = 0.004  # a turn that meets one waits so long
RESTS = 3.0  # times as long as the stretch was: a turn of several steps meets one or two of them
LONGEST_REST_SECONDS = 0.2  # what stood still (a locked database) is not made up for


class Pace:
    """How long one piece of work has gone on since its last rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, rests: float = RESTS) -> None:
        self._clock = clock
        self._rests = rests
        self._since = clock()

    async def keep(self) -> None:
        """Rest, if the stretch was long enough; to be called wherever the work can be interrupted."""
        worked = self._clock() - self._since
        if worked >= STRETCH_SECONDS:
            await asyncio.sleep(min(worked * self._rests, LONGEST_REST_SECONDS))
            self._since = self._clock()
