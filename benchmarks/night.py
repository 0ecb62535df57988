"""What the nightly job costs, beside settling every student one by one, over the same invented school.

    python -m benchmarks.night [--people 5000] [--url postgresql+asyncpg://…/empty] [--json results.json]

The school is settled once; then each way runs on a night on which nothing has changed, and on one before which
something was recorded of one in twenty students (others for each way). Somebody writes something small every 20 ms
meanwhile: how long they wait for their turn is the last part of the table, and their work is part of the CPU time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import random
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from benchmarks.deadlining.lives import SEED, life
from bot.clock import Clock
from bot.deeds.nightly import settle_everybody
from bot.deeds.recording import settle_anew
from bot.opening import open_services
from bot.services import Services
from bot.settings import Settings
from records.branches import BranchKind, create_branch
from records.ledger import append
from records.people import Role, add_person, assign_mentor, people_of_branch
from records.tables import EntryRow
from records.track import TRACKS
from scheduler.tables import ReminderRow

NOW = datetime(2026, 11, 22, 19, 20, tzinfo=UTC)  # twenty past three in the night
PER_BRANCH = 100
CHANGED = 20  # one in so many

Settling = Callable[[Services], Awaitable[int]]


async def one_by_one(services: Services) -> int:
    """A transaction for everybody, in which everything is read anew."""
    async with services.database.read() as session:
        people = await people_of_branch(session)
    changed = 0
    for person in people:
        if any(role is Role.STUDENT for role, _ in person.roles):
            async with services.database.write() as session:
                changed += await settle_anew(services, session, person)
    return changed


async def fill(services: Services, people: int) -> None:
    """A committee with its branches: an organiser and a mentor each, and students somewhere on the way."""
    chance = random.Random(SEED)
    async with services.database.write() as session:
        top = await create_branch(session, "学院党委", kind=BranchKind.COMMITTEE)
        await add_person(session, name="党委", branch_id=top.id, now=NOW, roles=(Role.ORGANISER,))
        for number in range(people):
            if number % PER_BRANCH == 0:
                branch = await create_branch(session, f"第{number // PER_BRANCH + 1}党支部", parent=top.id)
                await add_person(session, name="组织员", branch_id=branch.id, now=NOW, roles=(Role.ORGANISER,))
                mentor = await add_person(session, name="联系人", branch_id=branch.id, now=NOW, roles=(Role.MENTOR,))
            student = await add_person(session, name=f"学生{number}", branch_id=branch.id, now=NOW)
            await assign_mentor(session, mentor.id, student.id, since=date(2020, 1, 1))
            kept = [
                {
                    "person_id": student.id,
                    "sequence": one.sequence,
                    "kind": one.kind,
                    "happened_on": one.happened_on,
                    "recorded_at": one.recorded_at,
                    "payload": one.payload,
                    "previous_hash": one.previous_hash,
                    "hash": one.hash,
                }
                for one in life(chance, number)
            ]
            await session.execute(insert(EntryRow), kept)


async def change(services: Services, first: int) -> None:
    """Something is on record of every twentieth student from `first` on of which their reminders do not know yet."""
    async with services.database.write() as session:
        students = [one for one in await people_of_branch(session) if any(r is Role.STUDENT for r, _ in one.roles)]
        for student in students[first::CHANGED]:
            payload = {"step": "application_received", "detail": {}}
            await append(
                session,
                person=student.id,
                kind="step",
                happened_on=NOW.date(),
                payload=payload,
                recorded_by=None,
                now=NOW,
            )


async def measured(name: str, settling: Settling, services: Services) -> dict[str, Any]:
    """CPU and wall clock seconds of one night, and the longest that the conversation had to wait for its turn."""
    waits: list[float] = []
    watch = asyncio.create_task(_watch(services, waits))
    cpu, wall = time.process_time(), time.perf_counter()
    changed = await settling(services)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    watch.cancel()
    waits.sort()
    return {
        "what": name,
        "changed": changed,
        "cpu_s": round(cpu, 2),
        "wall_s": round(wall, 2),
        "turn_p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "turn_p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "turn_max_ms": round(waits[-1] * 1000, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


async def _watch(services: Services, waits: list[float]) -> None:
    """Somebody writes something small, again and again: how long until it is kept?"""
    while True:
        start = time.perf_counter()
        async with services.database.write() as session:
            await session.execute(delete(ReminderRow).where(ReminderRow.id == -1))
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(0.02)


async def run(people: int, folder: Path, url: str | None) -> list[dict[str, Any]]:
    """Both ways over the same school, the night without changes first."""
    settings = Settings(
        data=folder, database_url=url or "", school_track=TRACKS / "school.example.yaml", _env_file=None
    )  # type: ignore[call-arg]  # pydantic-settings' own
    results = []
    async with open_services(settings, Clock(settings.zone, lambda: NOW)) as services:
        await fill(services, people)
        await settle_everybody(services)
        async with services.database.read() as session:
            rows = len((await session.execute(select(ReminderRow.id))).all())
        print(f"{people} students, {rows} reminders to come", flush=True)
        for number, (name, way) in enumerate((("one by one", one_by_one), ("nightly job", settle_everybody))):
            results.append(await measured(f"{name}: nothing has changed", way, services))
            await change(services, number)
            results.append(await measured(f"{name}: one in {CHANGED} has changed", way, services))
    return results


def main() -> None:
    """Print the table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--url")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(run(options.people, Path(folder), options.url))
    print(f"Python {sys.version.split()[0]}, {platform.machine()}")
    for one in results:
        print("  ".join(f"{key} {value}" if key != "what" else f"{value:38}" for key, value in one.items()))
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
