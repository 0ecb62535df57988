"""Waymark's command line with a pulse, and with patience for people who never stop asking.

    python -m benchmarks.retrieving.pulse FILE COMMAND…

How late the event loop comes is written down as it happens: each line of FILE is a moment (of `time.monotonic`, which
all processes share) and how many milliseconds it was late.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from typing import TextIO

BEAT_SECONDS, LATE_MS = 0.005, 5.0


def main() -> None:
    """Run the command with a loop that is watched."""
    file = open(sys.argv[1], "w", encoding="ascii", buffering=1)  # noqa: SIM115 (open as long as the process lives)
    make = asyncio.events.new_event_loop

    def watched() -> asyncio.AbstractEventLoop:
        loop = make()
        loop.call_soon(partial(_beat, loop, file, time.monotonic()))
        return loop

    asyncio.events.new_event_loop = watched
    from bot.lean import import_aiogram

    import_aiogram()
    from bot.cli.app import main as run
    from bot.turns import patience

    patience.PER_SECOND = 1_000  # our few askers are many people
    sys.exit(run(sys.argv[2:]))


def _beat(loop: asyncio.AbstractEventLoop, file: TextIO, due: float) -> None:
    now = time.monotonic()
    late = (now - due) * 1000
    if late > LATE_MS:
        file.write(f"{now} {late}\n")
    loop.call_later(BEAT_SECONDS, _beat, loop, file, time.monotonic() + BEAT_SECONDS)


if __name__ == "__main__":
    main()
