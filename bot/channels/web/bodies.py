"""A message of the page: what is kept, what the page draws, and the aiogram message that handlers see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from aiogram.enums import ChatType
from aiogram.types import Chat, Document, InlineKeyboardMarkup, Message, MessageEntity, PhotoSize, User

from bot.channels.web import markup
from bot.channels.web.markup import Node, safe_address

Json = dict[str, Any]
BOT = User(id=1, is_bot=True, first_name="Waymark", username="waymark")
UNIQUE_LENGTH = 16


@dataclass(frozen=True)
class KeptFile:
    """A file of a message; `width` and `height` in pixels where the page may draw it as a picture."""

    sha256: str
    name: str
    size: int
    mime: str
    width: int | None = None
    height: int | None = None

    @property
    def is_picture(self) -> bool:
        """Whether the page draws it."""
        return self.width is not None


@dataclass(frozen=True)
class Content:
    """What a message says. `rows` are its buttons: {"text", "data"} or {"text", "url"}."""

    author: Literal["bot", "me"]
    tree: list[Node]
    rows: list[list[Json]] = field(default_factory=list)
    file: KeptFile | None = None
    client: str | None = None
    group: str | None = None
    deleted: bool = False

    def to_body(self) -> Json:
        """As it is kept; what is empty is left out."""
        body: Json = {"author": self.author, "tree": self.tree, "rows": self.rows, "file": None}
        if self.file is not None:
            body["file"] = {key: value for key, value in vars(self.file).items() if value is not None}
        body |= {"client": self.client, "group": self.group, "deleted": self.deleted}
        return {key: value for key, value in body.items() if value}


@dataclass(frozen=True)
class PageMessage:
    """A message in its chat, under its number."""

    id: int
    chat_id: int
    sent_at: datetime
    content: Content

    def has_button(self, data: str) -> bool:
        """Whether one of its buttons says this when it is pressed."""
        return any(button.get("data") == data for row in self.content.rows for button in row)

    def shown(self) -> Json:
        """What the page draws. Where a file lies is told by its address, not by its hash."""
        content = self.content
        view: Json = {"id": self.id, "at": int(self.sent_at.timestamp() * 1000), **content.to_body()}
        if content.file is not None:
            file = content.file
            view["file"] = {
                "address": f"files/{self.id}/{file.sha256[:UNIQUE_LENGTH]}",
                "name": file.name,
                "size": file.size,
                "width": file.width,
                "height": file.height,
            }
        return view

    def to_message(self, speaker: User) -> Message:
        """The aiogram message; `speaker` is the person of the chat."""
        content = self.content
        text = markup.text_of(content.tree)
        entities = [MessageEntity.model_validate(entity) for entity in markup.entities_of(content.tree)] or None
        said: Json = {"text": text, "entities": entities}
        if content.file is not None:
            said = {"caption": text or None, "caption_entities": entities, **_attachment(content.file)}
        return Message(
            message_id=self.id,
            date=self.sent_at,
            chat=Chat(id=self.chat_id, type=ChatType.PRIVATE, first_name=speaker.first_name),
            from_user=BOT if content.author == "bot" else speaker,
            reply_markup=_keyboard(content.rows),
            media_group_id=content.group,
            **said,
        )


def content_of(body: Json) -> Content:
    """What was kept."""
    kept = body.get("file")
    return Content(
        author=body.get("author", "bot"),
        tree=body.get("tree", []),
        rows=body.get("rows", []),
        file=KeptFile(**kept) if kept else None,
        client=body.get("client"),
        group=body.get("group"),
        deleted=body.get("deleted", False),
    )


def rows_of(keyboard: object) -> list[list[Json]]:
    """The buttons that a page can show; those that only Telegram's own apps understand are left out."""
    if not isinstance(keyboard, InlineKeyboardMarkup):
        return []
    rows = []
    for row in keyboard.inline_keyboard:
        buttons: list[Json] = []
        for button in row:
            address = safe_address(button.url) if button.url else None
            if button.callback_data is not None:
                buttons.append({"text": button.text, "data": button.callback_data})
            elif address:
                buttons.append({"text": button.text, "url": address})
        if buttons:
            rows.append(buttons)
    return rows


def _keyboard(rows: list[list[Json]]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    keys = [
        [
            {"text": button["text"], "url": button["url"]}
            if "url" in button
            else {"text": button["text"], "callback_data": button["data"]}
            for button in row
        ]
        for row in rows
    ]
    return InlineKeyboardMarkup.model_validate({"inline_keyboard": keys})


def _attachment(file: KeptFile) -> Json:
    unique = file.sha256[:UNIQUE_LENGTH]
    if file.width is not None and file.height is not None:
        size = PhotoSize(
            file_id=file.sha256, file_unique_id=unique, width=file.width, height=file.height, file_size=file.size
        )
        return {"photo": [size]}
    return {
        "document": Document(
            file_id=file.sha256, file_unique_id=unique, file_name=file.name, mime_type=file.mime, file_size=file.size
        )
    }
