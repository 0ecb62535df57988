"""Delivers updates to the bot's own address, again and again until it says 2xx."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from .world import World

FIRST_PAUSE = 0.1  # seconds after a refusal; doubled each time
LONGEST_PAUSE = 2.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"

Reply = Callable[[bytes, str], Awaitable[None]]


class WebhookSender:
    """Keeps the order within a chat, and up to `max_connections` deliveries at once between chats."""

    def __init__(self, world: World, carry_out: Reply) -> None:
        self._world = world
        self._carry_out = carry_out
        self._woken = asyncio.Event()
        self._busy: set[Any] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as client:
            try:
                while True:
                    self._woken.clear()
                    self._start_deliveries(client)
                    await self._woken.wait()
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start_deliveries(self, client: aiohttp.ClientSession) -> None:
        with self._world.changed:
            hook, pending = self._world.webhook, self._world.updates.pending
        if not hook.url:
            return
        for update in pending:
            chat = _chat_of(update)
            if chat not in self._busy and len(self._busy) < hook.max_connections:
                self._busy.add(chat)
                task = asyncio.create_task(self._deliver(client, chat, update))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, client: aiohttp.ClientSession, chat: Any, update: dict[str, Any]) -> None:
        pause = FIRST_PAUSE
        try:
            while url := self._world.webhook.url:
                if await self._post(client, url, update):
                    break
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
        finally:
            self._busy.discard(chat)
            self._woken.set()

    async def _post(self, client: aiohttp.ClientSession, url: str, update: dict[str, Any]) -> bool:
        headers = {SECRET_HEADER: self._world.webhook.secret} if self._world.webhook.secret else {}
        error, body, kind = "", b"", ""
        try:
            async with client.post(url, json=update, headers=headers) as answer:
                body, kind = await answer.read(), answer.headers.get("Content-Type", "")
                if not 200 <= answer.status < 300:
                    error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as failure:
            error = f"Connection failed: {type(failure).__name__}"
        with self._world.changed:
            if error:
                self._world.webhook.last_error = error
                self._world.webhook.last_error_date = int(time.time())
                return False
            self._world.updates.confirm(update["update_id"])
            self._world.changed.notify_all()
        if body:
            with contextlib.suppress(Exception):  # the answer may hold a method to carry out; anything else is nothing
                await self._carry_out(body, kind)
        return True


def _chat_of(update: dict[str, Any]) -> Any:
    for content in update.values():
        if isinstance(content, dict):
            where = content.get("message", content)
            return where.get("chat", where.get("from", {})).get("id", update["update_id"])
    return update["update_id"]
