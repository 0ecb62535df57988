"""What monitoring sees: how much waits and since when, what became of what was sent, how long people waited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.requests import Request

from bot.metrics import Metrics
from scheduler.limits import Limiter
from scheduler.outbox import Draft, Kind, enqueue
from storage.database import Database
from tests.bot.small_house import now
from tests.bot.whole_house import running, settings_of
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

MONITOR = {"authorization": "Bearer monitoring"}
REPLIES = {"channel": "telegram", "kind": "reply"}
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class Numbers:
    """What /metrics said."""

    def __init__(self, text: str) -> None:
        self._samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def of(self, name: str, **labels: str) -> float:
        """The sum of what has these labels."""
        fitting = [one for one in self._samples if one.name == name and labels.items() <= one.labels.items()]
        return sum(one.value for one in fitting)

    def knows(self, name: str) -> bool:
        """Whether there is any such number."""
        return any(one.name == name for one in self._samples)


async def asked(metrics: Metrics) -> Numbers:
    scope = {
        "type": "http",
        "client": ("127.0.0.1", 1),
        "headers": [(b"authorization", MONITOR["authorization"].encode())],
    }
    return Numbers(bytes((await metrics.metrics(Request(scope))).body).decode())


async def test_what_waits_is_told_by_state_and_priority_with_how_late_it_is(database: Database) -> None:
    limiter = Limiter()
    metrics = Metrics(database, {"telegram": limiter}, lambda: NOON, "monitoring")
    late = NOON - timedelta(minutes=5)
    kinds = {Kind.REPLY: 1, Kind.REMINDER: 2, Kind.STUDY: 3, Kind.BROADCAST: 4, Kind.PROGRESS: 5}
    drafts = [Draft(f"{kind}:{n}", "telegram", n, kind, {}, late) for kind, many in kinds.items() for n in range(many)]
    async with database.write() as session:
        await enqueue(session, drafts, now=late)
    limiter.hold(12, NOON)

    numbers = await asked(metrics)

    priorities = ("0", "10", "20", "30", "40")
    waiting = [numbers.of("waymark_outbox_letters", state="queued", priority=one) for one in priorities]
    assert waiting == [1, 2, 3, 4, 5]
    assert numbers.of("waymark_outbox_oldest_due_seconds") == 300
    assert numbers.of("waymark_database_up") == 1
    assert numbers.of("waymark_limiter_wait_seconds", channel="telegram") == 12


async def test_without_the_database_it_is_not_ready_and_says_why() -> None:
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")

    answer = await Metrics(database, {}, now, "").ready(Request({"type": "http"}))

    assert (answer.status_code, b'"ready":false' in answer.body) == (503, True)
    await database.close()


async def test_a_database_that_takes_nothing_is_not_ready_though_it_can_be_read(new_sqlite: Callable[[], str]) -> None:
    database = Database(new_sqlite())
    only_read = Database(f"sqlite+aiosqlite:///file:{database.url.database}?mode=ro&uri=true")

    answer = await Metrics(only_read, {}, lambda: NOON, "monitoring").ready(Request({"type": "http"}))
    numbers = await asked(Metrics(only_read, {}, lambda: NOON, "monitoring"))
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
        while_somebody_writes = await Metrics(database, {}, now, "").ready(Request({"type": "http"}))

    assert (answer.status_code, b"read_only" in answer.body) == (503, True)
    assert numbers.of("waymark_database_up") == 0
    assert while_somebody_writes.status_code == 200
    await database.close()
    await only_read.close()


async def test_without_the_database_the_numbers_of_the_process_are_told_all_the_same() -> None:
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    limiter = Limiter()
    limiter.hold(12, NOON)
    metrics = Metrics(database, {"telegram": limiter}, lambda: NOON, "monitoring")
    metrics.handled("telegram", 0.5)

    numbers = await asked(metrics)

    assert numbers.of("waymark_database_up") == 0
    assert numbers.of("waymark_handler_seconds_count", channel="telegram") == 1
    assert numbers.of("waymark_limiter_wait_seconds", channel="telegram") == 12
    assert not numbers.knows("waymark_outbox_oldest_due_seconds")  # nobody knows: no number, rather than an old one
    await database.close()


async def test_what_became_of_what_was_sent_and_how_long_it_took_is_counted(
    new_sqlite: Callable[[], str], tmp_path: Path, emulator: Emulator
) -> None:
    settings = settings_of(tmp_path, new_sqlite(), emulator, metrics_token="monitoring")
    mei, bo = emulator.user("林小梅"), emulator.user("陈博文")

    async with running(settings) as page, aiohttp.ClientSession(page.address, headers=MONITOR) as client:
        emulator.fails("too_many_requests", "sendMessage", chat=mei)
        bo.says("/start")
        await bo.hears("")
        for _ in range(2):
            mei.says("/start")
            await mei.hears("")
        async with client.get("/healthz") as health, client.get("/readyz") as ready:
            assert (health.status, ready.status) == (200, 200)
        numbers = await until_sent(client, 3)
        async with client.get("/metrics", headers={"authorization": "Bearer guessed"}) as answer:
            assert answer.status == 403

    assert numbers.of("waymark_sends_total", outcome="sent", **REPLIES) == 3
    assert numbers.of("waymark_sends_total", outcome="later", **REPLIES) == 1
    assert numbers.of("waymark_refused_total", channel="telegram") == 1
    assert numbers.of("waymark_letter_wait_seconds_count", channel="telegram", priority="0") == 4  # the 429 too
    assert 1 <= numbers.of("waymark_letter_wait_seconds_sum", priority="0") < 60
    assert numbers.of("waymark_handler_seconds_count", channel="telegram") >= 3
    assert numbers.of("waymark_handler_seconds_sum", channel="telegram") > 0


async def until_sent(client: aiohttp.ClientSession, count: int) -> Numbers:
    """The numbers as soon as so many replies have been written down as sent."""
    async with asyncio.timeout(20):
        while True:
            async with client.get("/metrics") as answer:
                numbers = Numbers(await answer.text())
            if numbers.of("waymark_sends_total", outcome="sent", **REPLIES) >= count:
                return numbers
            await asyncio.sleep(0.02)
