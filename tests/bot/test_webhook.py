"""What Telegram posts is kept before it is thanked for, and nobody else is believed."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import aiohttp
import pytest
import uvicorn
from sqlalchemy import func, select, text
from starlette.applications import Starlette

from bot.channels import webhook
from bot.metrics import Metrics
from bot.tables import HANDLED, InboxRow
from scheduler.limits import Limiter
from storage.database import Database
from tests.bot.small_house import SmallHouse, in_thread, now
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.child import text_update
from tests.faults.shop import shop

__all__ = ["emulator"]
SECRET = "a-secret-of-ours"
UPDATE = json.dumps(text_update(5, 7, "tea")).encode()


@asynccontextmanager
async def hooked(house: SmallHouse, metrics_token: str = "") -> AsyncIterator[str]:
    """The house with its webhook in place of polling; yields the address."""
    metrics = Metrics(house.database, {"telegram": Limiter()}, now, metrics_token)
    routes = [webhook.Webhook(house.inbox, SECRET).route(), *metrics.routes()]
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(Starlette(routes=routes), lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    parts = [server.serve(sockets=[listener]), house.inbox.run(), house.delivery.run(alone=True)]
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        yield address
    finally:
        server.should_exit = True
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await house.door.session.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _no_signals() -> Any:
    return nullcontext()


async def test_what_is_posted_is_answered(database: Database, emulator: Emulator) -> None:
    mei = emulator.user("林小梅")
    house = SmallHouse(database, emulator, shop())

    async with hooked(house) as address:
        await webhook.register(house.door, address, SECRET, ["message"])
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1"))

    assert [seen.text for seen in mei.heard] == ["taken tea", "number 1"]


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        ("another", b"{}", 403),
        ("", b"{}", 403),
        (SECRET, b"not json", 400),
        (SECRET, b"[]", 400),
        (SECRET, b'{"update_id": "1"}', 400),
        (SECRET, b'{"update_id": true}', 400),
        (SECRET, b'{"update_id": 99999999999999999999999}', 400),
        (SECRET, b"[" * 500_000, 400),
        (SECRET, b" " * (webhook.MAX_BYTES + 1), 413),
        (SECRET, b'{"update_id": 1}', 200),
        (SECRET, b'{"update_id": 1, "message": {"message_id": 1, "from": {"id": 7}, "chat": "x", "date": "x"}}', 200),
    ],
)
async def test_who_does_not_know_the_secret_or_posts_nonsense_changes_nothing(
    database: Database, emulator: Emulator, client: aiohttp.ClientSession, secret: str, body: bytes, status: int
) -> None:
    async with hooked(SmallHouse(database, emulator, shop())) as address:
        headers = {webhook.SECRET_HEADER: secret} if secret else {}
        async with client.post(address + webhook.PATH, data=body, headers=headers) as answer:
            assert answer.status == status

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(InboxRow)) == (status == 200)


@pytest.mark.parametrize(
    ("framing", "sent", "ends", "status"),
    [
        ("content-length: {whole}", UPDATE[: len(UPDATE) // 2], True, 0),
        ("content-length: {more}", UPDATE, True, 0),
        ("transfer-encoding: chunked", b"%x\r\n%s\r\n" % (len(UPDATE), UPDATE), True, 0),
        ("transfer-encoding: chunked", b"zz\r\n%s\r\n0\r\n\r\n" % UPDATE, False, 400),
        ("transfer-encoding: chunked", b"100000\r\n%s\r\n" % (b" " * 0x100000), False, 413),
        ("content-length: -5", UPDATE, False, 400),
        ("transfer-encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(UPDATE), UPDATE), False, 200),
    ],
    ids=["half", "less than said", "chunks break off", "no chunks", "too many chunks", "negative", "whole in chunks"],
)
async def test_of_a_body_that_breaks_off_or_is_malformed_nothing_is_kept_and_the_whole_one_is_taken_after_it(
    database: Database,
    emulator: Emulator,
    client: aiohttp.ClientSession,
    framing: str,
    sent: bytes,
    ends: bool,
    status: int,
) -> None:
    async with hooked(SmallHouse(database, emulator, shop())) as address:
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        length = framing.format(whole=len(UPDATE), more=len(UPDATE) + 1)
        head = f"POST {webhook.PATH} HTTP/1.1\r\nhost: {host}\r\n{webhook.SECRET_HEADER}: {SECRET}\r\n{length}\r\n\r\n"
        writer.write(head.encode() + sent)
        if ends:
            writer.write_eof()
        async with asyncio.timeout(20):
            answer = await reader.readline()
        writer.close()
        async with database.read() as session:
            kept = await session.scalar(select(func.count()).select_from(InboxRow))
        async with client.post(address + webhook.PATH, data=UPDATE, headers={webhook.SECRET_HEADER: SECRET}) as again:
            assert again.status == 200

    assert kept == (status == 200)
    if not ends:
        assert answer.split()[1:2] == [str(status).encode()]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(InboxRow)) == 1


async def test_the_same_update_posted_again_does_nothing_twice(
    database: Database, emulator: Emulator, client: aiohttp.ClientSession
) -> None:
    mei = emulator.user("林小梅")

    async with hooked(SmallHouse(database, emulator, shop())) as address:
        for _ in range(3):
            update = text_update(5, mei.id, "tea")
            async with client.post(
                address + webhook.PATH, json=update, headers={webhook.SECRET_HEADER: SECRET}
            ) as answer:
                assert answer.status == 200
        await in_thread(lambda: mei.waits_for("number 1"))

    assert [seen.text for seen in mei.heard] == ["taken tea", "number 1"]


@pytest.mark.filterwarnings("error")  # aiogram's repeats what people wrote
async def test_an_update_of_a_kind_that_nobody_knows_yet_is_taken_and_stops_nobody(
    database: Database, emulator: Emulator, client: aiohttp.ClientSession
) -> None:
    mei = emulator.user("林小梅")

    async with hooked(SmallHouse(database, emulator, shop())) as address:
        for update in ({"update_id": 4, "telepathy": {"from": {"id": mei.id}}}, text_update(5, mei.id, "tea")):
            async with client.post(
                address + webhook.PATH, json=update, headers={webhook.SECRET_HEADER: SECRET}
            ) as answer:
                assert answer.status == 200
        await in_thread(lambda: mei.waits_for("number 1"))

    async with database.read() as session:
        rows = await session.execute(select(InboxRow.update_id, InboxRow.state).order_by(InboxRow.update_id))
        assert [tuple(row) for row in rows] == [(4, HANDLED), (5, HANDLED)]


async def test_without_its_table_nothing_is_thanked_for(
    database: Database, emulator: Emulator, client: aiohttp.ClientSession
) -> None:
    house = SmallHouse(database, emulator, shop())
    async with database.write() as session:
        await session.execute(text("ALTER TABLE inbox RENAME TO gone"))

    async with hooked(house) as address:
        update = text_update(5, 7, "tea")
        async with client.post(address + webhook.PATH, json=update, headers={webhook.SECRET_HEADER: SECRET}) as answer:
            assert answer.status >= 500


async def test_monitoring_sees_numbers_and_no_words_of_people(
    database: Database, emulator: Emulator, client: aiohttp.ClientSession
) -> None:
    mei = emulator.user("林小梅")

    async with hooked(SmallHouse(database, emulator, shop()), metrics_token="monitoring") as address:
        update = text_update(5, mei.id, "a private question")
        await client.post(address + webhook.PATH, json=update, headers={webhook.SECRET_HEADER: SECRET})
        await in_thread(lambda: mei.waits_for("number 1"))
        async with client.get(f"{address}/readyz") as answer:
            assert answer.status == 200
        async with client.get(f"{address}/metrics") as answer:
            assert answer.status == 403
        headers = {"authorization": "Bearer monitoring"}
        async with client.get(f"{address}/metrics", headers=headers) as answer:
            told = await answer.text()

    assert "waymark_outbox_oldest_due_seconds 0.0" in told
    assert "private" not in told
    assert str(mei.id) not in told


def test_every_process_of_a_bot_derives_the_same_secret() -> None:
    assert webhook.secret_of("1:token", "") == webhook.secret_of("1:token", "")
    assert webhook.secret_of("1:token", "") != webhook.secret_of("2:token", "")
    assert webhook.secret_of("1:token", "chosen") == "chosen"
