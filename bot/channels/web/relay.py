"""Pages of one chat may be open at several processes: what one of them tells its pages, the others tell theirs."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import structlog

from bot.channels.web.hub import Hub, Json
from storage.database import Database

TOPIC = "waymark_page"
LONGEST = 7_900  # bytes; PostgreSQL carries less than 8,000
AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Relay:
    """PostgreSQL's LISTEN and NOTIFY between the hubs of one installation; a page that may have missed something reads
    the history anew."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._me = uuid4().hex
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        hub.elsewhere = self._pass_on

    async def run(self) -> None:
        """Until cancelled; a lost connection is made anew."""
        is_first = True
        while True:
            try:
                await self._relay(is_first=is_first)
            except Exception as error:  # the pages here go on all the same
                log.warning("page.relay_trouble", error=type(error).__name__)
            is_first = False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _relay(self, *, is_first: bool) -> None:
        async with self._database.engine.connect() as connection:
            try:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                lost = asyncio.Event()
                driver.add_termination_listener(lambda _: lost.set())
                await driver.add_listener(TOPIC, self._heard)
                if not is_first:
                    self._hub.cut_all()
                await self._send_until(lost, driver)
            finally:
                await connection.invalidate()  # it listens: nobody else is to have it

    async def _send_until(self, lost: asyncio.Event, driver: Any) -> None:
        ended = asyncio.create_task(lost.wait())
        try:
            while not lost.is_set():
                taking = asyncio.create_task(self._waiting.get())
                await asyncio.wait({taking, ended}, return_when=asyncio.FIRST_COMPLETED)
                if not taking.cancel():
                    await driver.execute("SELECT pg_notify($1, $2)", TOPIC, taking.result())
        finally:
            ended.cancel()

    def _pass_on(self, chat_id: int, event: Json) -> None:
        told = json.dumps([self._me, chat_id, event], ensure_ascii=False)
        if len(told.encode()) > LONGEST:
            told = json.dumps([self._me, chat_id, None])
        self._waiting.put_nowait(told)

    def _heard(self, _connection: Any, _process: int, _topic: str, told: str) -> None:
        sender, chat_id, event = json.loads(told)
        if sender == self._me:
            return
        if event is None:
            self._hub.cut(chat_id)
        else:
            self._hub.tell_here(chat_id, event)
