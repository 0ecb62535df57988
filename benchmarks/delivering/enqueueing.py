"""A broadcast to everybody, put into the outbox at once."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from benchmarks.delivering.letters import with_database
from benchmarks.delivering.ours import now
from benchmarks.delivering.rig import Process
from scheduler.broadcasts import Broadcast
from scheduler.outbox import Kind
from scheduler.spreading import begin, spread
from scheduler.tables import OutboxRow
from storage.database import Database

if TYPE_CHECKING:
    from benchmarks.delivering.parts import Bench, Row

FILL = (
    "INSERT INTO branch (id, name, kind) VALUES (1, '支部', 'branch')",
    "INSERT INTO person (id, name, stage, branch_id, details, created_at, study_muted, paused) "
    "SELECT n, '学生', 'applicant', 1, '{{}}', {moment}, {no}, {no} FROM {numbers}",
    "INSERT INTO account (id, channel, external_id, person_id, joined_at, last_seen_at) "
    "SELECT n, 'telegram', 7000000000 + n, n, {moment}, {moment} FROM {numbers}",
    "INSERT INTO role (person_id, role, branch_id) SELECT n, 'student', 1 FROM {numbers}",
    "INSERT INTO consent (id, person_id, version, given_at) SELECT n, n, '1', {moment} FROM {numbers}",
)


def enqueueing(bench: Bench) -> list[Row]:
    """Time and memory, on each database."""
    from benchmarks.delivering.parts import row

    rows: list[Row] = []
    for kind in bench.databases:
        url, count = bench.database(kind), bench.options.rows
        with_database(url, partial(fill, count=count))
        process = Process("benchmarks.delivering.enqueueing", "--database", url)
        process.says()
        before = process.memory_mib()
        process.hears("go")
        written, seconds = process.says(600).split()
        grown = process.memory_mib("VmHWM") - before
        process.stop()
        who = f"Waymark, {kind}"
        target = "≤ 60" if count >= 1_000_000 else ""
        rows += [
            row("enqueue", who, "letters written", int(written), ""),
            row("enqueue", who, "time for all", float(seconds), "s", target, f"{count:,} rows"),
            row("enqueue", who, "memory on top", grown, "MiB", size=f"{count:,} rows"),
        ]
    return rows


async def fill(database: Database, count: int) -> None:
    """So many invented people who have joined and agreed."""
    if database.is_sqlite:
        numbers = f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT n FROM c)"  # noqa: S608 (a number)
        words = {"moment": "'2026-01-01 00:00:00.000000'", "no": "0", "numbers": numbers}
    else:
        words = {
            "moment": "'2026-01-01T00:00:00Z'",
            "no": "false",
            "numbers": f"generate_series(1, {count}) AS series(n)",
        }
    async with database.write() as session:
        for statement in FILL:
            await session.execute(text(statement.format(**words)))
    if not database.is_sqlite:
        async with database.write() as session:
            await session.execute(text("ANALYZE"))


async def _begin(url: str) -> None:
    database = Database(url)
    broadcast = Broadcast("bench", "text", 0, (1,), "支部", None, now().isoformat())
    async with database.read() as session:
        await session.execute(text("SELECT 1"))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began = time.monotonic()
    async with database.write() as session:
        await begin(session, broadcast, notice_version="1", now=now())
    while await spread(database, now=now()):
        pass
    seconds = round(time.monotonic() - began, 2)
    async with database.read() as session:
        written = await session.scalar(select(func.count()).where(OutboxRow.kind == Kind.BROADCAST.value))
    print(written, seconds, flush=True)
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    asyncio.run(_begin(parser.parse_args().database))
