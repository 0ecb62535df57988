"""What handlers of button presses share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram.types import CallbackQuery, InputFile, Message


def said_below(query: CallbackQuery) -> Callable[..., Awaitable[Any]]:
    """The way to say something in the chat of a press; the message itself may be too old to be given."""
    message = own_message(query)
    if message is not None:
        return message.answer
    bot = query.bot

    async def send(text: str, **options: Any) -> Any:
        return await bot.send_message(query.from_user.id, text, **options) if bot is not None else None

    return send


def shown_file(query: CallbackQuery) -> Callable[..., Awaitable[Any]]:
    """The way to send a file in the chat of a press."""
    message = own_message(query)
    if message is not None:
        return message.answer_document
    bot = query.bot

    async def send(document: InputFile, **options: Any) -> Any:
        return await bot.send_document(query.from_user.id, document, **options) if bot is not None else None

    return send


def changed(query: CallbackQuery) -> Callable[..., Awaitable[Any]]:
    """The way to change the message of a press; where it cannot be changed any more, the same is said below."""
    message = own_message(query)
    return message.edit_text if message is not None else said_below(query)


async def asked_no_more(query: CallbackQuery) -> None:
    """Take the buttons off the message of a press."""
    message = own_message(query)
    if message is not None:
        await message.edit_reply_markup()


def own_message(query: CallbackQuery) -> Message | None:
    """The message of a press if it stands in the presser's own chat; what is theirs is never said in another's."""
    message = query.message
    return message if isinstance(message, Message) and message.chat.id == query.from_user.id else None
