"""The process that an operator starts, in the middle of a broadcast: killed, without its database, asked to stop."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from storage.database import Database
from tests.emulator import Emulator, Person
from tests.emulator.fixtures import emulator
from tests.faults.shop import states
from tests.journeys.cohort import PATIENCE
from tests.journeys.crowd import have_joined
from tests.journeys.running import Waymark
from tests.postgres import Cluster

__all__ = ["emulator"]
IN_FLIGHT = 8
OUTAGE_SECONDS = float(os.environ.get("WAYMARK_TESTS_OUTAGE_SECONDS", "3"))  # 60 for the minute of the promise
OVER = "通知已处理完"


@pytest.fixture
def start(tmp_path: Path, emulator: Emulator) -> Iterator[Callable[..., Waymark]]:
    """Makes processes of one installation, each with a folder of its own."""
    processes: list[Waymark] = []

    def make(url: str, **settings: str) -> Waymark:
        folder = tmp_path / f"process{len(processes)}"
        folder.mkdir()
        made = Waymark(
            folder,
            telegram_token=emulator.token,
            telegram_api=emulator.address,
            telegram_per_second="30",
            database_url=url,
            **settings,
        )
        processes.append(made)
        return made

    yield make
    for process in processes:
        process.kill()
        print(process.output)  # shown by pytest where the test fails


def crowd(emulator: Emulator, url: str, count: int) -> tuple[Person, list[Person]]:
    """An organiser and so many students, who have all joined."""
    secretary, students = emulator.user("周书记"), [emulator.user(f"学生{number}") for number in range(count)]
    have_joined(url, secretary, students)
    return secretary, students


def announces(secretary: Person, words: str) -> None:
    """Up to 「发送」."""
    secretary.says(f"/broadcast {words}")
    secretary.presses("发送", secretary.waits_for("通知预览", timeout=PATIENCE))


def doubled(students: Sequence[Person], words: str) -> int:
    """How many letters came twice; nobody may have gone without."""
    received = Counter({student.id: sum(words in seen.text for seen in student.heard) for student in students})
    assert [one for one, times in received.items() if not times] == []
    return received.total() - len(students)


def readiness(address: str) -> tuple[int, bool]:
    """What a balancer is told: the status, and whether we are ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{make_url(address).port}/readyz") as answer:
            return answer.status, json.load(answer)["ready"]
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)["ready"]


def after_the_lease(url: str) -> None:
    """As if three quarters of a minute had passed since the processes died."""

    async def run() -> None:
        database = Database(url)
        async with database.write() as session:
            await session.execute(text("UPDATE outbox SET lease_until = now() WHERE state = 'sending'"))
        await database.close()

    asyncio.run(run())


def test_a_broadcast_and_the_message_that_tells_of_it_go_on_after_a_kill(
    start: Callable[..., Waymark], database_url: str, emulator: Emulator
) -> None:
    secretary, students = crowd(emulator, database_url, 150)
    emulator.limits.enabled = True
    several = "postgresql" in database_url
    processes = [start(database_url, web="false"), *([start(database_url)] if several else [])]
    for process, command in zip(processes, ("serve", "worker"), strict=False):
        process.start_serving(command)
    announces(secretary, "周五下午三点开会")
    told = secretary.waits_for("等待中", timeout=PATIENCE)
    emulator.waits_until(lambda it: len(it.sent_to()) >= 70, PATIENCE)
    for process in processes:
        process.kill()
    if several:
        after_the_lease(database_url)
    processes[0].start_serving()
    over = secretary.waits_for(OVER, timeout=PATIENCE, since=0)

    assert over.message_id == told.message_id
    assert f"已送达 {len(students)}" in over.text
    assert doubled(students, "周五") <= IN_FLIGHT * len(processes)
    assert emulator.limits.refused == 0
    assert emulator.violations == []


@pytest.mark.postgres
def test_while_the_database_server_is_stopped_everything_waits_and_then_goes_on(
    start: Callable[..., Waymark], postgres: Cluster, new_postgres: Callable[[], str], emulator: Emulator
) -> None:
    url = new_postgres()
    secretary, students = crowd(emulator, url, 80)
    waymark = start(url)
    address = waymark.start()
    assert readiness(address) == (200, True)
    announces(secretary, "周五下午三点开会")
    emulator.waits_until(lambda it: len(it.sent_to()) >= 30, PATIENCE)

    postgres.goes()
    try:
        assert readiness(address) == (503, False)
        students[0].says("/help")
        with pytest.raises(TimeoutError):
            secretary.waits_for(OVER, timeout=OUTAGE_SECONDS)
        assert readiness(address) == (503, False)
    finally:
        postgres.comes_back()
    secretary.waits_for(OVER, timeout=PATIENCE, since=0)
    students[0].waits_for("您可以", timeout=PATIENCE, since=0)

    assert readiness(address) == (200, True)
    assert doubled(students, "周五") == 0
    assert "trouble=gone" in waymark.output
    assert waymark.stop() == 0
    assert set(asyncio.run(_states(url)).values()) == {"sent"}


async def _states(url: str) -> dict[str, str]:
    database = Database(url)
    try:
        return await states(database)
    finally:
        await database.close()
