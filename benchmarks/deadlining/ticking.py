"""The planner's minute in a process of its own, over an address that `crowd` has filled.

python -m benchmarks.deadlining.ticking URL
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, func, select

from benchmarks.deadlining.crowd import MORNING, NINE, ZONE
from benchmarks.deadlining.memory import memory_mib
from scheduler.planner import Planning, plan_when_free
from scheduler.tables import OutboxRow
from storage.database import Database

PLANNING = Planning(ZONE, study_time=MORNING.time(), reminder_time=NINE.time())
IDLE = 20
WATCHED = ("reminder", "person", "study_turn", "account", "consent", "role")


async def measured(url: str) -> dict[str, Any]:
    """Seconds of each kind of minute, of the longest transaction, MiB before and after, and looks at whole tables."""
    database = Database(url)
    lasted, said = watch(database)
    found: dict[str, Any] = {}

    async def minute(now: datetime) -> tuple[float, int]:
        start = time.perf_counter()
        letters = await plan_when_free(database, PLANNING, lambda: now)
        return time.perf_counter() - start, letters

    await minute(MORNING - timedelta(hours=1))  # connections are open, statements are compiled
    found["idle_s"] = statistics.median([(await minute(MORNING - timedelta(minutes=5)))[0] for _ in range(IDLE)])
    found["memory_before_mib"] = memory_mib()
    said.clear()
    for name, now in (("cards", MORNING), ("reminders", NINE)):
        lasted.clear()
        found[f"{name}_s"], found[name] = await minute(now)
        found[f"{name}_longest_s"] = max(lasted)
        found[f"{name}_again_s"], again = await minute(now + timedelta(minutes=1))
        assert again == 0
    found["memory_after_mib"], found["memory_most_mib"] = memory_mib(), memory_mib("VmHWM")
    found["whole_tables"] = await whole_tables(database, dict(said))
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(OutboxRow)) == found["cards"] + found["reminders"]
    await database.close()
    return found


def watch(database: Database) -> tuple[list[float], dict[str, Any]]:
    """How long each transaction lasts, and every statement with the values that it had first."""
    lasted: list[float] = []
    said: dict[str, Any] = {}
    began = [0.0]
    engine = database.engine.sync_engine

    @event.listens_for(engine, "begin")
    def begins(_connection: Any) -> None:
        began[0] = time.perf_counter()

    @event.listens_for(engine, "commit")
    def commits(_connection: Any) -> None:
        lasted.append(time.perf_counter() - began[0])

    @event.listens_for(engine, "before_cursor_execute")
    def executes(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if statement.split()[0] in ("SELECT", "UPDATE", "INSERT"):
            said.setdefault(statement, values[0] if many else values)

    return lasted, said


async def whole_tables(database: Database, said: dict[str, Any]) -> list[str]:
    """The lines of the database's own plans that go through a table of people from end to end.

    The outbox is not among them: it holds only what was planned just now, of which no statistics are there yet.
    """
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    found = []
    async with database.session() as session:
        connection = await session.connection()
        for statement, values in said.items():
            for row in await connection.exec_driver_sql(explain + statement, values):
                line = str(row[-1]).strip()
                words = line.replace("->", " ").split()
                if words[0] == "SCAN" and "USING" not in words and words[1] in WATCHED:
                    found.append(line)
                if words[:2] == ["Seq", "Scan"] and words[3] in WATCHED:
                    found.append(line)
        await session.rollback()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measured(sys.argv[1]))))
