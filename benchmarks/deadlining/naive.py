"""The naive design in a process of its own: a job for each person and rule in APScheduler's SQLAlchemyJobStore.

python -m benchmarks.deadlining.naive enter|tick URL JOBS DUE
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.date import DateTrigger

from benchmarks.deadlining.memory import memory_mib

ZONE = ZoneInfo("Asia/Shanghai")
ENTERED = 2000
BATCH = 10_000  # rows at once; the others are put there without the library
DEFAULTS = {"misfire_grace_time": None, "coalesce": True}
reminded: list[int] = []


def remind(person: int, rule: str) -> None:
    """As little as a job can do: ours writes a letter."""
    reminded.append(person)


class Clockwork(BaseScheduler):  # type: ignore[misc]  # APScheduler has no types
    """A scheduler whose minutes we call for, so that one of them can be timed; everything in it is the library's."""

    def wakeup(self) -> None:
        """Nothing sleeps."""

    def shutdown(self, wait: bool = True) -> None:
        """Abstract in the library."""
        super().shutdown(wait)

    def minute(self) -> float:
        """Seconds until every job whose time has come was submitted, run and taken off."""
        start = time.perf_counter()
        self._process_jobs()
        for pool in self._executors.values():
            pool.shutdown(wait=True)
        return time.perf_counter() - start


class Pool(BasePoolExecutor):  # type: ignore[misc]  # the same
    """The library's thread pool with its usual ten threads."""

    def __init__(self) -> None:
        super().__init__(ThreadPoolExecutor(10))


def clockwork(url: str) -> Clockwork:
    """As its documentation sets it up; no run is too late, or a slow start would drop what is to be measured."""
    return Clockwork(
        jobstores={"default": SQLAlchemyJobStore(url=url)},
        executors={"default": Pool()},
        job_defaults=DEFAULTS,
        timezone=ZONE,
    )


def enter(url: str, jobs: int, due: int) -> dict[str, Any]:
    """Seconds to put the first jobs in the store by the library, a commit each; the others are put there in bulk."""
    now = datetime.now(ZONE)
    scheduler = clockwork(url)
    scheduler.start(paused=True)

    def job(number: int) -> dict[str, Any]:
        moment = now if number % (jobs // due) == 0 else now + timedelta(days=1 + number % 300)
        return {"func": remind, "trigger": DateTrigger(moment, ZONE), "args": [number, "T02"], "id": f"{number}:T02"}

    start = time.perf_counter()
    for number in range(ENTERED):
        scheduler.add_job(**job(number))
    spent = time.perf_counter() - start
    store = scheduler._lookup_jobstore("default")
    usual: dict[str, Any] = {"executor": "default", "kwargs": {}, "name": "remind", "max_instances": 1, **DEFAULTS}

    def kept(number: int) -> dict[str, Any]:
        made = Job(scheduler, **job(number), **usual)
        made._modify(next_run_time=made.trigger.run_date)
        state = pickle.dumps(made.__getstate__(), pickle.HIGHEST_PROTOCOL)
        return {"id": made.id, "next_run_time": made.next_run_time.timestamp(), "job_state": state}

    with store.engine.begin() as connection:
        for first in range(ENTERED, jobs, BATCH):
            rows = [kept(number) for number in range(first, min(first + BATCH, jobs))]
            connection.execute(store.jobs_t.insert(), rows)
    return {"enter_s": spent}


def tick(url: str, _jobs: int, due: int) -> dict[str, Any]:
    """Seconds to start over the full store, and of the minute in which `due` jobs run."""
    start = time.perf_counter()
    scheduler = clockwork(url)
    scheduler.start()
    started, before = time.perf_counter() - start, memory_mib()
    ticked = scheduler.minute()
    assert len(reminded) == due
    return {
        "start_s": started,
        "tick_s": ticked,
        "memory_before_mib": before,
        "memory_most_mib": memory_mib("VmHWM"),
    }


if __name__ == "__main__":
    work = {"enter": enter, "tick": tick}[sys.argv[1]]
    print(json.dumps(work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
