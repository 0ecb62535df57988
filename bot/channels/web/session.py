"""The web page's session: carries out aiogram's methods as messages of the page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from aiogram import Bot
from aiogram.client.default import Default
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    GetFile,
    GetMe,
    SendChatAction,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType
from aiogram.types import BufferedInputFile, File, InputFile, InputMediaPhoto, Message, MessageEntity, User
from aiogram.utils.text_decorations import html_decoration

from bot.channels.web import markup
from bot.channels.web.bodies import BOT, UNIQUE_LENGTH, Content, KeptFile, PageMessage, rows_of
from bot.channels.web.history import KEPT_FOR, add_message, change_message, is_first, message_of
from bot.channels.web.hub import Hub
from bot.channels.web.markup import Node
from bot.channels.web.pictures import kept_file
from storage.database import Database
from storage.files import load_file, store_file

MAX_TEXT = 4096  # UTF-16 units, as on Telegram: what is too long there is too long here
MAX_CAPTION = 1024
HTML = "HTML"


class WebSession(BaseSession):
    """A method becomes a message in the database and an event for the open pages of its chat."""

    def __init__(self, database: Database, hub: Hub, clock: Callable[[], datetime]) -> None:
        super().__init__(api=TelegramAPIServer(base="web:{token}/{method}", file="web:{token}/{path}"))
        self._database = database
        self._hub = hub
        self._clock = clock

    async def close(self) -> None:
        """Nothing of its own is open."""

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 (aiogram's signature)
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """The bytes that a person uploaded."""
        sha256 = url.rsplit("/", 1)[-1]
        async with self._database.read() as session:
            stored = await load_file(session, sha256)
        if stored is None:
            raise TelegramNotFound(GetFile(file_id=sha256), "Not Found: the file is gone")
        for start in range(0, len(stored.content), chunk_size):
            yield stored.content[start : start + chunk_size]

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 (aiogram's signature)
    ) -> TelegramType:
        """Carry the method out.

        Raises:
            TelegramBadRequest: in the words in which Telegram refuses the same.
        """
        return cast(TelegramType, await self._carry_out(bot, method))

    async def _carry_out(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        match method:
            case SendMessage():
                return await self._say(bot, method, _words(bot, method, method.text, MAX_TEXT, needed=True))
            case SendDocument():
                return await self._say_file(bot, method, method.document, as_document=True)
            case SendPhoto():
                return await self._say_file(bot, method, method.photo)
            case SendMediaGroup():
                return await self._say_group(bot, method)
            case EditMessageText() | EditMessageCaption() | EditMessageMedia() | EditMessageReplyMarkup():
                return await self._edit(bot, method)
            case DeleteMessage():
                return await self._delete(method, method.chat_id, method.message_id)
            case DeleteMessages():
                return await self._delete_those_left(method)
            case AnswerCallbackQuery():
                return self._answer_press(method)
            case SendChatAction():
                self._hub.tell(_chat(method, method.chat_id), {"t": "action", "action": method.action})
                return True
            case GetMe():
                return BOT.as_(bot)
            case GetFile():
                return await self._describe_file(bot, method)
        if method.__returning__ is bool:  # menus, reactions and the like: nothing to show on a page
            return True
        raise TelegramBadRequest(method, f"Bad Request: {type(method).__name__} is not possible on the web page")

    async def _say(
        self,
        bot: Bot,
        method: SendMessage | SendDocument | SendPhoto | SendMediaGroup,
        tree: list[Node],
        *,
        file: KeptFile | None = None,
        group: str | None = None,
    ) -> Message:
        chat_id = _chat(method, method.chat_id)
        rows = rows_of(getattr(method, "reply_markup", None))
        content = Content(author="bot", tree=tree, rows=rows, file=file, group=group)
        async with self._database.write() as session:
            said = await add_message(session, chat_id, content, now=self._clock())
            first = await is_first(session, said)
        self._hub.tell(chat_id, {"t": "message", "message": said.shown(), "first": first})
        return _seen(bot, said)

    async def _say_file(
        self, bot: Bot, method: SendDocument | SendPhoto, file: InputFile | str, *, as_document: bool = False
    ) -> Message:
        tree = _words(bot, method, method.caption, MAX_CAPTION)
        kept = await self._keep(bot, method, file, as_document=as_document)
        return await self._say(bot, method, tree, file=kept)

    async def _say_group(self, bot: Bot, method: SendMediaGroup) -> list[Message]:
        group = uuid4().hex
        said = []
        for item in method.media:
            tree = _words(bot, method, item.caption, MAX_CAPTION, item)
            kept = await self._keep(bot, method, item.media, as_document=not isinstance(item, InputMediaPhoto))
            said.append(await self._say(bot, method, tree, file=kept, group=group))
        return said

    async def _edit(
        self, bot: Bot, method: EditMessageText | EditMessageCaption | EditMessageMedia | EditMessageReplyMarkup
    ) -> Message:
        chat_id = _chat(method, method.chat_id)
        kept = None
        if isinstance(method, EditMessageMedia):
            as_document = not isinstance(method.media, InputMediaPhoto)
            kept = await self._keep(bot, method, method.media.media, as_document=as_document)
        async with self._database.write() as session:
            before = await message_of(session, chat_id, method.message_id or 0)
            if before is None:
                raise TelegramBadRequest(method, "Bad Request: message to edit not found")
            after = _edited(bot, method, before, kept)
            if after == before.content:
                raise TelegramBadRequest(method, "Bad Request: message is not modified")
            said = await change_message(session, before.id, after)
        self._hub.tell(chat_id, {"t": "edit", "message": said.shown()})
        return _seen(bot, said)

    async def _delete(self, method: TelegramMethod[Any], chat: int | str, number: int) -> bool:
        chat_id = _chat(method, chat)
        async with self._database.write() as session:
            before = await message_of(session, chat_id, number)
            if before is None:
                raise TelegramBadRequest(method, "Bad Request: message to delete not found")
            await change_message(session, number, Content(author=before.content.author, tree=[], deleted=True))
        self._hub.tell(chat_id, {"t": "delete", "id": number})
        return True

    async def _delete_those_left(self, method: DeleteMessages) -> bool:
        for number in method.message_ids:
            with suppress(TelegramBadRequest):  # as on Telegram: those that are gone are passed over
                await self._delete(method, method.chat_id, number)
        return True

    def _answer_press(self, method: AnswerCallbackQuery) -> bool:
        chat, _, press = method.callback_query_id.partition("-")
        if not (chat.isdigit() and press):
            raise TelegramBadRequest(method, "Bad Request: query is too old or query id is invalid")
        event = {"t": "answer", "press": press, "text": method.text or "", "alert": bool(method.show_alert)}
        self._hub.tell(int(chat), event)
        return True

    async def _describe_file(self, bot: Bot, method: GetFile) -> File:
        async with self._database.read() as session:
            stored = await load_file(session, method.file_id)
        if stored is None:
            raise TelegramBadRequest(method, "Bad Request: invalid file_id")
        unique = stored.sha256[:UNIQUE_LENGTH]
        file = File(file_id=stored.sha256, file_unique_id=unique, file_size=stored.size, file_path=stored.sha256)
        return file.as_(bot)

    async def _keep(
        self, bot: Bot, method: TelegramMethod[Any], file: InputFile | str, *, as_document: bool
    ) -> KeptFile:
        if isinstance(file, InputFile):
            content = file.data if isinstance(file, BufferedInputFile) else b"".join([c async for c in file.read(bot)])
            name = file.filename or "file"
            async with self._database.write() as session:
                sha256 = await store_file(session, name=name, content=content, now=self._clock(), keep=KEPT_FOR)
            return kept_file(sha256, name, content, as_document=as_document)
        async with self._database.read() as session:
            stored = await load_file(session, file)
        if stored is None:
            raise TelegramBadRequest(method, "Bad Request: wrong file identifier/HTTP URL specified")
        return kept_file(stored.sha256, stored.name, stored.content, as_document=as_document)


def _edited(bot: Bot, method: TelegramMethod[Any], before: PageMessage, kept: KeptFile | None) -> Content:
    """What the message says after the edit; as on Telegram, buttons that are not named again are gone."""
    content = replace(before.content, rows=rows_of(getattr(method, "reply_markup", None)))
    if content.author != "bot":
        raise TelegramBadRequest(method, "Bad Request: message can't be edited")
    match method:
        case EditMessageText():
            if content.file is not None:
                raise TelegramBadRequest(method, "Bad Request: there is no text in the message to edit")
            return replace(content, tree=_words(bot, method, method.text, MAX_TEXT, needed=True))
        case EditMessageCaption():
            return replace(content, tree=_words(bot, method, method.caption, MAX_CAPTION))
        case EditMessageMedia():
            return replace(
                content, tree=_words(bot, method, method.media.caption, MAX_CAPTION, method.media), file=kept
            )
    return content


def _words(
    bot: Bot, method: TelegramMethod[Any], text: str | None, limit: int, where: Any = None, *, needed: bool = False
) -> list[Node]:
    """The tree of a text; `where` holds its parse mode and entities (the method itself, or one of its media)."""
    where = where or method
    mode = where.parse_mode
    if isinstance(mode, Default):
        mode = bot.default[mode.name]
    entities: list[MessageEntity] | None = getattr(where, "entities", None) or getattr(where, "caption_entities", None)
    source = text or ""
    if entities:
        source, mode = html_decoration.unparse(source, entities), HTML
    try:
        tree = markup.parse(source) if mode == HTML else markup.plain(source)
    except markup.MarkupRefused as error:
        raise TelegramBadRequest(method, f"Bad Request: can't parse entities: {error}") from error
    length = markup.units(markup.text_of(tree))
    if length > limit:
        what = "message caption is too long" if limit == MAX_CAPTION else "message is too long"
        raise TelegramBadRequest(method, f"Bad Request: {what}")
    if needed and not markup.text_of(tree).strip():
        raise TelegramBadRequest(method, "Bad Request: message text is empty")
    return tree


def _chat(method: TelegramMethod[Any], chat: int | str | None) -> int:
    if isinstance(chat, int):
        return chat
    raise TelegramBadRequest(method, "Bad Request: chat not found")


def _seen(bot: Bot, said: PageMessage) -> Message:
    return said.to_message(User(id=said.chat_id, is_bot=False, first_name="Web")).as_(bot)
