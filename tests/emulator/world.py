"""Everything that the emulated Telegram knows: chats, messages, files, updates, and the ledger of effects."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .faults import Faults
from .limits import RateLimits
from .params import Params
from .refusals import bad_request, forbidden
from .schema import Schema
from .updates import UpdateQueue

Message = dict[str, Any]


@dataclass
class Chat:
    """One conversation as both sides see it."""

    id: int
    type: str
    about: dict[str, Any]
    language_code: str | None = None
    started: bool = True
    blocked: bool = False
    deactivated: bool = False
    migrated_to: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)
    keyboard: list[list[str]] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        return self.type != "private"

    def brief(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, **self.about}

    def as_user(self) -> dict[str, Any]:
        user = {"id": self.id, "is_bot": False, **self.about}
        return {**user, "language_code": self.language_code} if self.language_code else user


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that Telegram keeps, sent by either side."""

    file_id: str
    unique_id: str
    data: bytes
    name: str
    mime: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that really happened for somebody because the bot asked for it."""

    method: str
    chat_id: int | None
    params: dict[str, Any]
    message_id: int | None
    time: datetime
    result: Any = None

    @property
    def text(self) -> str:
        """What the person read: text or caption after parsing, else what was asked for."""
        result = self.result if isinstance(self.result, dict) else {}
        return str(result.get("text") or result.get("caption") or self.params.get("text") or "")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived, whatever became of it. `status` 0: the connection was dropped."""

    method: str
    chat_id: int | str | None
    status: int
    time: datetime
    fault: str | None = None
    impatient: bool = False


@dataclass
class CallbackQuery:
    """One press of an inline button; `answer` is filled in by answerCallbackQuery."""

    id: str
    chat_id: int
    answer: dict[str, Any] | None = None


@dataclass
class Webhook:
    """Where updates are delivered to, when they are."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_date: int = 0


class World:
    """Thread-safe: hold `changed` (a re-entrant condition) to read or write; every change notifies it."""

    def __init__(self, *, token: str, username: str, seed: int, schema: Schema) -> None:
        self.token = token
        self.seed = seed
        self.schema = schema
        self.changed = threading.Condition(threading.RLock())
        self.on_update: list[Callable[[], None]] = []
        self.bot = {
            "id": int(token.split(":")[0]),
            "is_bot": True,
            "first_name": "Waymark",
            "username": username,
        }
        self.chats: dict[int, Chat] = {}
        self.usernames: dict[str, int] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self.polls: dict[str, tuple[int, int]] = {}
        self.settings: dict[str, Any] = {}
        self.updates = UpdateQueue(seed)
        self.webhook = Webhook()
        self.limits = RateLimits()
        self.faults = Faults()
        self.sent: list[Effect] = []
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.warnings: list[str] = []
        self.revision = 0
        self._last_message_id = 0
        self._chance = random.Random(seed)

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    def chat(self, chat_id: int | str | None) -> Chat:
        """The chat that the bot may write to, or the refusal that Telegram gives."""
        if chat_id in (None, ""):
            raise bad_request("chat_id is empty")
        if isinstance(chat_id, str):
            chat_id = self.usernames.get(chat_id.lstrip("@").lower())
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to:
            raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
        if chat.deactivated:
            raise forbidden("user is deactivated")
        if chat.blocked:
            raise forbidden(
                f"bot was kicked from the {chat.type} chat" if chat.is_group else "bot was blocked by the user"
            )
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        return chat

    def post(self, chat: Chat, content: dict[str, Any], *, sender: dict[str, Any]) -> Message:
        """A new message that both sides now see."""
        self._last_message_id += 1
        message = {
            "message_id": self._last_message_id,
            "from": sender,
            "chat": chat.brief(),
            "date": int(time.time()),
            **content,
        }
        chat.messages[self._last_message_id] = message
        self.touch(chat, self._last_message_id)
        return message

    def touch(self, chat: Chat, message_id: int | None = None) -> int:
        """Note a change for those who wait; the returned revision orders all changes."""
        self.revision += 1
        if message_id is not None:
            chat.revisions[message_id] = self.revision
        self.changed.notify_all()
        return self.revision

    def add_update(self, kind: str, content: dict[str, Any]) -> int | None:
        update_id = self.updates.add(kind, content)
        if update_id is not None:
            for wake in self.on_update:
                wake()
        self.changed.notify_all()
        return update_id

    def store(self, data: bytes, name: str, mime: str | None, folder: str) -> StoredFile:
        number = len(self.files) + 1
        mark = f"{self._chance.getrandbits(64):016x}"
        suffix = f".{name.rsplit('.', 1)[1]}" if "." in name else ""
        stored = StoredFile(
            f"BQACAgUAAx{mark}{number}", f"Ag{mark}", data, name, mime, f"{folder}/file_{number}{suffix}"
        )
        self.files[stored.file_id] = stored
        return stored

    def new_query(self, chat: Chat) -> CallbackQuery:
        query = CallbackQuery(str(self._chance.getrandbits(62)), chat.id)
        self.queries[query.id] = query
        return query

    def new_poll_id(self) -> str:
        return str(self._chance.getrandbits(62))

    def record(self, method: str, params: Params, result: Any) -> None:
        """Write an effect into the ledger."""
        first = result[0] if isinstance(result, list) and result else result
        message_id = first.get("message_id") if isinstance(first, dict) else None
        chat_id = params.chat_id()
        if isinstance(chat_id, str):
            chat_id = self.usernames.get(chat_id.lstrip("@").lower())
        query = self.queries.get(params.text("callback_query_id"))
        if query is not None:
            chat_id = query.chat_id
        if message_id is None and params.get("message_id"):
            message_id = params.integer("message_id")
        self.sent.append(Effect(method, chat_id, dict(params.values), message_id, self.now(), result))
        self.changed.notify_all()
