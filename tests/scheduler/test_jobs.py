"""What happens by the clock happens also where the machine is switched off at night."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from scheduler.jobs import Job, start_jobs


async def test_what_is_wanted_at_the_start_is_done_then_and_not_only_at_its_hour() -> None:
    done: asyncio.Queue[str] = asyncio.Queue()
    jobs = [
        Job("yearly", "0 0 29 2 *", lambda: done.put("yearly")),
        Job("reminders", "0 0 29 2 *", lambda: done.put("reminders"), at_start=True),
    ]

    scheduler = start_jobs(jobs, ZoneInfo("Asia/Shanghai"))
    async with asyncio.timeout(30):
        first = await done.get()
    scheduler.shutdown(wait=False)

    assert (first, done.qsize()) == ("reminders", 0)
