"""The emulated Telegram as a test holds it in its hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from .faults import Fault, Faults, Kind
from .limits import RateLimits
from .person import Person
from .schema import SCHEMA_FILE, Schema
from .server import ApiServer
from .world import Chat, Effect, Request, World

TOKEN = "42424242:emulated-bot-token-that-opens-nothing"
FIRST_USER_ID = 7_000_000_001  # more than 32 bits, as real ids may have


class Emulator:
    """A Bot API server with one bot, its users, and a ledger of what took effect.

    Use it as a context manager, or `start` and `stop` it. Everything here is synchronous and thread-safe.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "waymark_emulated_bot",
        port: int = 0,
        seed: int = 20260511,
        schema_file: Path | None = SCHEMA_FILE,
        limits: bool = False,
    ) -> None:
        self.world = World(token=token, username=username, seed=seed, schema=Schema(schema_file))
        self.world.limits.enabled = limits
        self._server = ApiServer(self.world, port)
        self._groups = 0

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    goes_offline = stop
    """Nobody answers at the port any more, and open connections end."""
    comes_back = start
    """The same port, the same world."""

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def address(self) -> str:
        """For aiogram's TelegramAPIServer.from_base and for WAYMARK_TELEGRAM_API."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def base_url(self) -> str:
        """For python-telegram-bot."""
        return f"{self.address}/bot"

    @property
    def base_file_url(self) -> str:
        """For python-telegram-bot."""
        return f"{self.address}/file/bot"

    @property
    def now(self) -> datetime:
        return self.world.now()

    @property
    def sent(self) -> list[Effect]:
        """What really took effect, oldest first."""
        with self.world.changed:
            return list(self.world.sent)

    def sent_to(self, whom: Person | Chat | None = None, method: str | None = None) -> list[Effect]:
        """New messages only (send…, copy…), to one chat or to all, oldest first."""
        return [
            effect
            for effect in self.sent
            if effect.method.startswith(("send", "copy"))
            and effect.message_id is not None
            and (whom is None or whom.id == effect.chat_id)
            and method in (None, effect.method)
        ]

    @property
    def requests(self) -> list[Request]:
        """Every request that arrived, whatever became of it."""
        with self.world.changed:
            return list(self.world.requests)

    @property
    def violations(self) -> list[str]:
        return self.world.violations

    @property
    def warnings(self) -> list[str]:
        return self.world.warnings

    @property
    def documents(self) -> dict[str, bytes]:
        """Contents of every file that either side sent, by file_id."""
        with self.world.changed:
            return {file_id: stored.data for file_id, stored in self.world.files.items()}

    @property
    def limits(self) -> RateLimits:
        return self.world.limits

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def pending_updates(self) -> int:
        """Updates that the bot has not confirmed."""
        with self.world.changed:
            return len(self.world.updates)

    @property
    def is_polled(self) -> bool:
        """Whether the bot is waiting in getUpdates at this moment; `waits_until` can wait for it."""
        return self._server.is_polled

    def fails(self, kind: Kind, method: str | None = None, **how: Any) -> Fault:
        """Add a fault; the fields are those of `Fault`."""
        chat = how.pop("chat", None)
        if chat is not None:
            how["chat_id"] = chat.id
        return self.faults.add(Fault(kind, method, **how))

    def user(self, name: str, language_code: str = "zh-hans", *, id: int | None = None, started: bool = True) -> Person:
        """A new person. `started`: whether they once wrote to the bot, without which it may not write to them."""
        with self.world.changed:
            people = sum(not chat.is_group for chat in self.world.chats.values())
            user_id = id if id is not None else FIRST_USER_ID + people
            chat = Chat(user_id, "private", {"first_name": name}, language_code, started=started)
            self.world.chats[user_id] = chat
            return Person(self.world, chat)

    def person(self, user_id: int) -> Person:
        """Somebody who is already there."""
        return Person(self.world, self.world.chats[user_id])

    def group(self, title: str, *, supergroup: bool = False) -> Chat:
        """A group with the bot in it."""
        with self.world.changed:
            self._groups += 1
            chat_id = -(1_000_000_000_000 + self._groups) if supergroup else -(4_000_000 + self._groups)
            chat = Chat(chat_id, "supergroup" if supergroup else "group", {"title": title})
            self.world.chats[chat_id] = chat
            return chat

    def upgrades(self, group: Chat) -> Chat:
        """Turn a group into a supergroup: another id, and the old one refers to it."""
        new = self.group(str(group.about["title"]), supergroup=True)
        with self.world.changed:
            group.migrated_to = new.id
        return new

    def restart_update_ids(self, start: int | None = None) -> int:
        """The next update's id from now on: random, as after a week without updates, or `start`."""
        with self.world.changed:
            return self.world.updates.restart_ids(start)

    def waits_until(self, condition: Callable[[Emulator], bool], timeout: float = 10) -> None:
        """Return as soon as the condition holds; it is looked at after every change.

        Raises:
            TimeoutError: with the last requests.
        """
        with self.world.changed:
            if self.world.changed.wait_for(lambda: condition(self), timeout):
                return
            last = [(one.method, one.status) for one in self.world.requests[-10:]]
        raise TimeoutError(f"did not come about within {timeout} s; last requests: {last}")

    async def comes_about(self, condition: Callable[[Emulator], bool], timeout: float = 10) -> None:  # noqa: ASYNC109 - the same name as in its twin
        """`waits_until` without holding up the event loop."""
        await asyncio.to_thread(self.waits_until, condition, timeout)
