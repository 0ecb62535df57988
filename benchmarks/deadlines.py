"""Dates at the size of a large university: recomputing them, the planner's minute, and the naive design beside it.

    python -m benchmarks.deadlines [--only PART]… [--people N] [--crowd N] [--due N] [--jobs N …] [--json results.json]

recompute: one person many times, then everybody once, each read from ledger entries (as they come from the database);
nothing is cached from one person to the next but the track and the calendar. CPU time on one core.

tick: the planner over a million people of whom 20,000 have a study card and as many a reminder due, in a process of its
own, on SQLite and on a PostgreSQL that flushes to the disk as in service. The databases' own plans are looked through
for tables that are read from end to end.

naive: one job for each person and rule in APScheduler's SQLAlchemyJobStore, the same share of them due, up to one job a
person of the crowd. On PostgreSQL it needs psycopg: `pip install -e '.[peers]'`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.deadlining.crowd import fill
from benchmarks.deadlining.naive import ENTERED
from benchmarks.deadlining.recomputing import recomputing
from benchmarks.deadlining.row import Row, line, row
from benchmarks.delivering.letters import new_database
from benchmarks.delivering.rig import DurableCluster
from storage.database import Database
from tests.postgres import server_binaries

PARTS = ("recompute", "tick", "naive")
JOBS = (100_000, 1_000_000)


def main() -> None:
    """Print the table line by line, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS, help="repeatable")
    parser.add_argument("--people", type=int, default=100_000, help="whose dates are recomputed")
    parser.add_argument("--crowd", type=int, default=1_000_000, help="over whom the planner looks")
    parser.add_argument("--due", type=int, default=20_000, help="of the crowd")
    parser.add_argument("--jobs", type=int, nargs="*", default=JOBS, help="of the naive design")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(
        f"Python {sys.version.split()[0]}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    results = []
    for one in run(options):
        print(line(one), flush=True)
        results.append(one)
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def run(options: argparse.Namespace) -> Iterator[Row]:
    """Every part that was asked for."""
    wanted = options.only or PARTS
    if "recompute" in wanted:
        yield from recomputing(options.people)
    if not {"tick", "naive"} & set(wanted):
        return
    binaries = server_binaries()
    cluster = DurableCluster(binaries) if binaries else None
    if cluster is None:
        print("PostgreSQL's server binaries are not installed: SQLite only", file=sys.stderr)
    else:
        cluster.start()
    try:
        with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
            for kind in ("sqlite", "postgres") if cluster else ("sqlite",):
                if "tick" in wanted:
                    yield from ticking(kind, Path(folder), cluster, options.crowd, options.due)
                for jobs in options.jobs if "naive" in wanted else ():
                    yield from naive(kind, Path(folder), cluster, jobs, jobs * options.due // options.crowd)
    finally:
        if cluster is not None:
            cluster.stop()


def ticking(kind: str, folder: Path, cluster: DurableCluster | None, people: int, due: int) -> Iterator[Row]:
    """The planner's minutes over a full house."""
    url = new_database(kind, folder, cluster)
    asyncio.run(_filled(url, people, due))
    found = child("ticking", url)
    who = f"{kind}, {people:,} people"
    yield row("tick", who, "nothing due, median", found["idle_s"] * 1000, "ms")
    for name, what in (("cards", "study cards"), ("reminders", "reminders")):
        assert found[name] == due, found
        yield row("tick", who, f"{due:,} {what} due", found[f"{name}_s"], "s", 2)
        yield row("tick", who, f"{what}: longest transaction", found[f"{name}_longest_s"] * 1000, "ms")
        yield row("tick", who, f"{what}: the minute after", found[f"{name}_again_s"] * 1000, "ms")
    before, most = found["memory_before_mib"], found["memory_most_mib"]
    yield row("tick", who, "memory before", before, "MiB")
    yield row("tick", who, "more at most meanwhile", most - before, "MiB", 32)
    for one in found["whole_tables"]:
        print(f"read from end to end: {one}", file=sys.stderr)
    yield row("tick", who, "tables read from end to end", len(found["whole_tables"]), "", 0)


def naive(kind: str, folder: Path, cluster: DurableCluster | None, jobs: int, due: int) -> Iterator[Row]:
    """The same share of jobs due at a size that APScheduler can bear."""
    url = new_database(kind, folder, cluster).replace("+aiosqlite", "")
    if kind == "postgres":
        url = url.replace("+asyncpg", "+psycopg")
        if find_spec("psycopg") is None:
            print("psycopg is not installed: no APScheduler on PostgreSQL", file=sys.stderr)
            return
    entered = child("naive", "enter", url, str(jobs), str(due))
    found = child("naive", "tick", url, str(jobs), str(due))
    who = f"APScheduler, {kind}, {jobs:,} jobs"
    yield row("naive", who, f"entering {ENTERED:,} of them", entered["enter_s"], "s")
    yield row("naive", who, "starting over them", found["start_s"], "s")
    yield row("naive", who, f"{due:,} jobs due", found["tick_s"], "s")
    yield row("naive", who, "memory before", found["memory_before_mib"], "MiB")
    yield row("naive", who, "more at most meanwhile", found["memory_most_mib"] - found["memory_before_mib"], "MiB")


def child(module: str, *arguments: str) -> Any:
    """What a fresh process found out, so that nobody's memory is another's."""
    command = [sys.executable, "-m", f"benchmarks.deadlining.{module}", *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


async def _filled(url: str, people: int, due: int) -> None:
    database = Database(url)
    await fill(database, people, due)
    await database.close()


if __name__ == "__main__":
    main()
