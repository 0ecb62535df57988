"""What a person does on the page becomes an aiogram update, kept once however often the page sends it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from weakref import WeakValueDictionary

from aiogram.types import CallbackQuery, Update, User

from bot.channels.web import markup
from bot.channels.web.bodies import Content, Json, KeptFile, PageMessage
from bot.channels.web.history import KEPT_FOR, add_message, is_first, message_of, message_sent_as
from bot.channels.web.hub import Hub
from bot.channels.web.pictures import kept_file
from storage.database import Database
from storage.errors import WaymarkError
from storage.files import clean_name, store_file

CHANNEL = "web"
MAX_TEXT = 4096  # UTF-16 units, Telegram's limits
MAX_CAPTION = 1024
MAX_FILE_BYTES = 20 * 1024 * 1024
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class NotUnderstood(WaymarkError):
    """The page sent something that it never sends; a reload brings the right page."""

    key = "error.web_not_understood"
    sentence = "The page sent something unknown. Reload it."


class MessageTooLong(WaymarkError):
    """A text or a caption beyond the limit."""

    key = "error.web_too_long"
    sentence = "The message has {length} characters; at most {limit} are possible. Send it in several parts."


class NothingSaid(WaymarkError):
    """A message without a letter in it."""

    key = "error.web_nothing_said"
    sentence = "The message is empty."


class ButtonGone(WaymarkError):
    """The message has no such button (any more)."""

    key = "error.web_button_gone"
    sentence = "This button is no longer there. Use the newest message."


class FileTooBig(WaymarkError):
    """Beyond 20 MB, as on Telegram."""

    key = "error.web_file_too_big"
    sentence = "{name} is larger than {megabytes} MB. Split it, or save it in a smaller form."


class FileEmpty(WaymarkError):
    """A file of no bytes: usually one that was still being copied."""

    key = "error.web_file_empty"
    sentence = "{name} is empty. Check the file and choose it again."


class Feed(Protocol):
    """The durable inbox."""

    async def put(self, channel: str, updates: list[Json]) -> int:
        """Keep the updates that are not known yet; they survive a crash when this returns."""


class Inbound:
    """Takes in what pages send. `inbox` is set when the house is wired."""

    def __init__(self, database: Database, hub: Hub, clock: Callable[[], datetime]) -> None:
        self.inbox: Feed | None = None
        self._database = database
        self._hub = hub
        self._clock = clock
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def text(self, speaker: User, client: str, text: str) -> PageMessage:
        """A message. When this returns, the inbox has it.

        Raises:
            NotUnderstood, NothingSaid, MessageTooLong: nothing was kept.
        """
        _check_client(client)
        if not text.strip():
            raise NothingSaid
        return await self._take(speaker, Content(author="me", tree=_said(text, MAX_TEXT), client=client))

    async def upload(self, speaker: User, client: str, name: str, content: bytes, caption: str) -> PageMessage:
        """A file, as a picture where it is one.

        Raises:
            NotUnderstood, FileEmpty, FileTooBig, MessageTooLong: nothing was kept.
        """
        _check_client(client)
        name = clean_name(name)
        if not content:
            raise FileEmpty(name=name)
        if len(content) > MAX_FILE_BYTES:
            raise FileTooBig(name=name, megabytes=MAX_FILE_BYTES // 1024 // 1024)
        tree = _said(caption, MAX_CAPTION)
        file = await self._keep(name, content)
        return await self._take(speaker, Content(author="me", tree=tree, file=file, client=client))

    async def press(self, speaker: User, client: str, number: int, data: str) -> None:
        """A pressed button. Its answer comes under the same `client`.

        Raises:
            NotUnderstood, ButtonGone: the message is not of this chat, or has no such button.
        """
        _check_client(client)
        async with self._database.read() as session:
            message = await message_of(session, speaker.id, number)
        if message is None or not message.has_button(data):
            raise ButtonGone
        update_id = update_id_of(speaker.id, client)
        query = CallbackQuery(
            id=f"{speaker.id}-{client}",
            from_user=speaker,
            chat_instance=str(speaker.id),
            message=message.to_message(speaker),
            data=data,
        )
        await self._put(Update(update_id=update_id, callback_query=query))

    async def _take(self, speaker: User, content: Content) -> PageMessage:
        client = content.client or ""
        async with self._turn(speaker.id):
            async with self._database.write() as session:
                said = await message_sent_as(session, speaker.id, client)
                if said is None:
                    said = await add_message(session, speaker.id, content, now=self._clock())
                first = await is_first(session, said)
            update_id = update_id_of(speaker.id, client)
            await self._put(Update(update_id=update_id, message=said.to_message(speaker)))
        self._hub.tell(speaker.id, {"t": "message", "message": said.shown(), "first": first})
        return said

    async def _keep(self, name: str, content: bytes) -> KeptFile:
        async with self._database.write() as session:
            sha256 = await store_file(session, name=name, content=content, now=self._clock(), keep=KEPT_FOR)
        return await asyncio.to_thread(kept_file, sha256, name, content)

    async def _put(self, update: Update) -> None:
        if self.inbox is None:
            raise RuntimeError("The web door has no inbox yet.")
        await self.inbox.put(CHANNEL, [update.model_dump(mode="json", exclude_none=True, by_alias=True)])

    def _turn(self, chat_id: int) -> asyncio.Lock:
        return self._turns.setdefault(chat_id, asyncio.Lock())


def update_id_of(chat_id: int, client: str) -> int:
    """The update's id: the same for the same message sent again."""
    digest = hashlib.sha256(f"{chat_id}:{client}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1  # signed columns hold 63 bits


def _said(text: str, limit: int) -> list[markup.Node]:
    length = markup.units(text)
    if length > limit:
        raise MessageTooLong(length=length, limit=limit)
    return markup.plain(text.strip())


def _check_client(client: str) -> None:
    if not CLIENT_ID.fullmatch(client):
        raise NotUnderstood
