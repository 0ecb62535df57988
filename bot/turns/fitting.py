"""Fitting: what is said, in messages that the platform takes."""

from __future__ import annotations

from typing import Any

from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageText,
    SendDocument,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)

from bot.turns.splitting import cut, plain_text, split_html

MESSAGE, CAPTION, ALERT = 4096, 1024, 200  # UTF-16 units after entities are parsed, as Telegram counts them
Method = TelegramMethod[Any]


def fitted(method: Method) -> list[Method]:
    """The same in as many messages as it takes; the buttons stand below the last."""
    match method:
        case SendMessage() | EditMessageText():
            return _in_parts(method, "text", MESSAGE)
        case SendDocument() | SendPhoto():
            return _in_parts(method, "caption", CAPTION)
        case AnswerCallbackQuery() if method.text:
            return [method.model_copy(update={"text": cut(method.text, ALERT)})]
    return [method]


def without_markup(method: Method) -> Method:
    """The same as plain text, for a platform that does not understand its markup."""
    texts = {name: getattr(method, name, None) for name in ("text", "caption")}
    return method.model_copy(
        update={"parse_mode": None} | {name: plain_text(text) for name, text in texts.items() if text}
    )


def _in_parts(method: Any, field: str, limit: int) -> list[Method]:
    first, *others = split_html(getattr(method, field) or "", limit)
    if not others:
        return [method]
    more = method
    if not isinstance(method, SendMessage):
        more = SendMessage(chat_id=method.chat_id, text="…", parse_mode=method.parse_mode)
    said = [method.model_copy(update={field: first, "reply_markup": None})]
    said += [more.model_copy(update={"text": text, "reply_markup": None}) for text in others]
    return [*said[:-1], said[-1].model_copy(update={"reply_markup": method.reply_markup})]
