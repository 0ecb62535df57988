"""The handful of things that happen by the clock, run by APScheduler: none of them is about one person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """`cron` has the five fields of crontab, local to the school's zone; missed runs are made up by one.

    `at_start`: also when the process begins, for what a machine that is off at that hour would never do.
    """

    name: str
    cron: str
    run: Callable[[], Awaitable[object]]
    at_start: bool = False


def start_jobs(jobs: Sequence[Job], zone: ZoneInfo) -> AsyncIOScheduler:
    """Start the clockwork in the running loop; the caller shuts it down."""
    scheduler = AsyncIOScheduler(timezone=zone)
    for job in jobs:
        scheduler.add_job(
            _logged(job),
            CronTrigger.from_crontab(job.cron, timezone=zone),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # however late: the job itself decides what still applies
        )
        if job.at_start:
            scheduler.add_job(_logged(job), id=f"{job.name} at start", misfire_grace_time=None)
    scheduler.start()
    return scheduler


def _logged(job: Job) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await job.run()
        except Exception as error:  # the next run must come all the same
            log.error("job.failed", job=job.name, exc_info=error)

    return run
