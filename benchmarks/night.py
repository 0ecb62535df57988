"""What the nightly job costs, beside settling every student one by one, over the same invented school.

    python -m benchmarks.night [--people 5000] [--url postgresql+asyncpg://…/empty] [--only WAY]… [--json results.json]

The school is settled once; then each way runs on a night on which nothing has changed, and on one before which
something was recorded of one in twenty students (others for each way). Somebody writes every 20 ms meanwhile: how long
their turn takes, from the inbox to what is committed with its reply, is the last part of the table, and its work is
part of the CPU time. The first line is such turns while nothing else is done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.types import Message
from sqlalchemy import insert, select

from benchmarks.deadlining.lives import SEED, life
from benchmarks.delivering.rig import TOKEN
from bot.channels import telegram
from bot.clock import Clock
from bot.deeds.nightly import settle_everybody
from bot.deeds.recording import settle_anew
from bot.opening import open_services
from bot.services import Services
from bot.settings import Settings
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.replies import ReplySession
from records.branches import BranchKind, create_branch
from records.ledger import append
from records.people import Role, add_person, assign_mentor, people_of_branch
from records.tables import EntryRow
from records.track import TRACKS
from scheduler.tables import ReminderRow

NOW = datetime(2026, 11, 22, 19, 20, tzinfo=UTC)  # twenty past three in the night
PER_BRANCH = 100
CHANGED = 20  # one in so many
EVERY_SECONDS = 0.02  # somebody writes
ALONE_SECONDS = 10.0

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


async def nothing(_: Services) -> int:
    """A night on which nobody is looked at: what a turn takes by itself."""
    await asyncio.sleep(ALONE_SECONDS)
    return 0


async def measured(name: str, settling: Settling, services: Services) -> dict[str, Any]:
    """CPU and wall clock seconds of one night, and how long a turn took meanwhile."""
    waits: list[float] = []
    watch = asyncio.create_task(_writes(services, waits))
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
        "turns": len(waits),
        "turn_p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "turn_p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "turn_max_ms": round(waits[-1] * 1000, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


async def _writes(services: Services, waits: list[float]) -> None:
    """Somebody writes, again and again, and is answered: how long until that is kept?"""
    router, done = Router(), asyncio.Event()

    @router.message()
    async def echo(message: Message) -> None:
        await message.answer(f"echo {message.text}")

    dispatcher = Dispatcher(storage=ConversationStorage(services.database))
    dispatcher.include_router(router)
    door = telegram.telegram_bot(TOKEN, "http://127.0.0.1")  # nobody sends: what is measured ends with the commit
    bot = Bot(TOKEN, session=ReplySession(door.session), default=DefaultBotProperties(parse_mode="HTML"))
    inbox = Inbox(services.database, dispatcher, {telegram.CHANNEL: bot}, lambda: datetime.now(UTC), done.set)
    running = asyncio.create_task(inbox.run())
    try:
        while True:
            start = time.perf_counter()
            done.clear()
            await inbox.put(telegram.CHANNEL, [_message(time.time_ns())])
            await done.wait()
            waits.append(time.perf_counter() - start)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        running.cancel()


def _message(update: int) -> dict[str, Any]:
    user = {"id": 7, "is_bot": False, "first_name": "学生"}
    chat = {"id": 7, "type": "private", "first_name": "学生"}
    message = {"message_id": 1, "date": 1790000000, "chat": chat, "from": user, "text": "你好"}
    return {"update_id": update, "message": message}


async def run(people: int, folder: Path, url: str | None, ways: Sequence[str]) -> list[dict[str, Any]]:
    """The ways over the same school, the night without changes first."""
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
        results.append(await measured("turns alone", nothing, services))
        for number, (name, way) in enumerate((name, WAYS[name]) for name in ways):
            results.append(await measured(f"{name}: nothing has changed", way, services))
            await change(services, number)
            results.append(await measured(f"{name}: one in {CHANGED} has changed", way, services))
    return results


WAYS: dict[str, Settling] = {"one by one": one_by_one, "nightly job": settle_everybody}


def main() -> None:
    """Print the table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--url")
    parser.add_argument("--only", action="append", choices=WAYS, help="repeatable")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(run(options.people, Path(folder), options.url, options.only or list(WAYS)))
    print(f"Python {sys.version.split()[0]}, {platform.machine()}, {os.cpu_count()} cores, load {busy:.1f} before")
    for one in results:
        print("  ".join(f"{key} {value}" if key != "what" else f"{value:38}" for key, value in one.items()))
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
