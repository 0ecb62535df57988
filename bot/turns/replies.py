"""Replies: what handlers say is written to the outbox of their turn instead of being sent from under them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any, cast

from aiogram import Bot
from aiogram import methods as telegram_methods
from aiogram.client.default import Default
from aiogram.client.session.base import BaseSession
from aiogram.methods import AnswerCallbackQuery, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import BufferedInputFile, FSInputFile, InputFile
from sqlalchemy.ext.asyncio import AsyncSession

from bot.turns.fitting import fitted
from bot.turns.turn import current_turn
from scheduler.outbox import UNCOUNTED, Draft, Kind
from storage.files import load_file, store_file

# What a person would notice, and so must happen exactly when the turn's effects do.
SPEAKING = ("Send", "Edit", "Delete", "AnswerCallbackQuery", "Stop", "Pin", "Unpin", "Copy", "Forward")
FILE_KEY = "$file"
SENDING_TAKES = timedelta(days=7)  # at most; then an attachment is gone
Json = dict[str, Any]


class ReplySession(BaseSession):
    """A door's session as handlers see it: speaking is kept for the commit, asking goes straight through."""

    def __init__(self, door: BaseSession) -> None:
        super().__init__(api=door.api)
        self._door = door

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 (aiogram's signature)
    ) -> TelegramType:
        """Keep or pass on. What is kept has no result yet: handlers must not look at it."""
        turn = current_turn()
        if turn is None or not type(method).__name__.startswith(SPEAKING):
            return await self._door.make_request(bot, method, timeout)
        for part in fitted(method):
            payload = await freeze(bot, part, turn.session, now=turn.now)
            chat_id = payload["fields"].get("chat_id")
            turn.letters.append(
                Draft(
                    unique_key=turn.next_key(),
                    channel=turn.channel,
                    chat_id=turn.chat_id if chat_id is None else int(chat_id),
                    kind=Kind.REPLY,
                    payload=payload | ({UNCOUNTED: True} if isinstance(part, AnswerCallbackQuery) else {}),
                    not_before=turn.now,
                )
            )
        return cast(TelegramType, None)

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 (aiogram's signature)
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """Downloads are the door's."""
        async for chunk in self._door.stream_content(url, headers, timeout, chunk_size, raise_for_status):
            yield chunk

    async def close(self) -> None:
        """The door is closed by whoever opened it."""


async def freeze(bot: Bot, method: TelegramMethod[Any], session: AsyncSession | None, *, now: Any) -> Json:
    """A method as JSON: defaults filled in, files moved into the file table."""

    async def plain(value: Any) -> Any:
        if isinstance(value, Default):
            return await plain(bot.default[value.name])
        if isinstance(value, InputFile):
            return await _freeze_file(value, bot, session, now)
        if isinstance(value, dict):
            items = {name: await plain(item) for name, item in value.items()}
            return {name: item for name, item in items.items() if item is not None}
        if isinstance(value, list | tuple):
            return [await plain(item) for item in value]
        return value if value is None or isinstance(value, str | int | float | bool) else str(value)

    fields = await plain(method.model_dump(warnings=False, exclude_none=True))
    if getattr(method, "parse_mode", "") is None:
        fields["parse_mode"] = None  # said so: it is plain text, whatever the bot's default
    return {"method": type(method).__name__, "fields": fields}


async def thaw(payload: Json, session: AsyncSession) -> TelegramMethod[Any]:
    """The method that was frozen, with its files."""

    async def whole(value: Any) -> Any:
        if isinstance(value, dict):
            if FILE_KEY in value:
                stored = await load_file(session, value[FILE_KEY])
                return BufferedInputFile(stored.content if stored else b"", filename=value["name"])
            return {name: await whole(item) for name, item in value.items()}
        if isinstance(value, list):
            return [await whole(item) for item in value]
        return value

    kind: type[TelegramMethod[Any]] = getattr(telegram_methods, payload["method"])
    return kind.model_validate(await whole(payload["fields"]))


def is_callback_answer(payload: Json) -> bool:
    """Whether the letter only stops the little clock on a pressed button."""
    return bool(payload.get("method") == AnswerCallbackQuery.__name__)


async def _freeze_file(file: InputFile, bot: Bot, session: AsyncSession | None, now: Any) -> Json:
    if session is None:
        raise TypeError("A file can only be kept inside a turn.")
    if isinstance(file, FSInputFile):
        content = await asyncio.to_thread(lambda: open(file.path, "rb").read())  # noqa: SIM115
    else:
        content = b"".join([chunk async for chunk in file.read(bot)])
    name = file.filename or "file"
    return {FILE_KEY: await store_file(session, name=name, content=content, now=now, keep=SENDING_TAKES), "name": name}
