"""The Telegram door: updates by long polling into the durable inbox, methods by aiogram's own HTTP session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

import structlog
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, Response, TelegramMethod
from aiogram.types import Message
from aiogram.utils.token import TokenValidationError
from pydantic import BaseModel

from bot.channels.listening import Hearing
from bot.settings import WrongSetting
from bot.turns.inbox import Inbox
from scheduler.trouble import trouble_of, will_pass
from storage.errors import Term, WaymarkError

CHANNEL = "telegram"
POLL_SECONDS = 25
BACKOFF_SECONDS = (1, 2, 5, 10, 30)

log = structlog.get_logger(__name__)


RawUpdates = list[dict[str, Any]]


class GetRawUpdates(TelegramMethod[RawUpdates]):
    """Updates as they came: the inbox keeps them so, and one that aiogram cannot read does not stop the others."""

    __returning__ = RawUpdates
    __api_method__ = "getUpdates"

    offset: int | None
    timeout: int
    allowed_updates: list[str]


class TokenRefused(WaymarkError):
    """Telegram does not know the token."""

    key = "error.token_refused"
    sentence = "Telegram refuses WAYMARK_TELEGRAM_TOKEN. Get the token from @BotFather and put it into .env."


def telegram_bot(token: str, api: str) -> Bot:
    """The bot behind the door; nothing is opened yet.

    Raises:
        WrongSetting: the token does not have the form of a token.
    """
    _keep_answers()
    session = AiohttpSession(api=TelegramAPIServer.from_base(api))
    try:
        return Bot(token, session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML))
    except TokenValidationError as error:
        problem = Term("not a bot token; @BotFather gives one of the form 123456:ABC…", "setting.token")
        raise WrongSetting(name="WAYMARK_TELEGRAM_TOKEN", value="…", problem=problem) from error


@cache
def _keep_answers() -> tuple[type[BaseModel], ...]:
    """pydantic forgets a generic class that nobody holds, and aiogram would have it made anew for every answer."""
    kept = Response[Message], Response[bool], Response[Message | bool], Response[list[Message]], Response[RawUpdates]
    for kind in kept:
        kind.model_rebuild()  # now, not during the first answer
    return kept


Note = Callable[[Hearing], Awaitable[None]]


async def unnoted(_: Hearing) -> None:
    """Nobody wants to know how it goes."""


async def poll(bot: Bot, inbox: Inbox, allowed_updates: Sequence[str], note: Note = unnoted) -> None:
    """Fetch updates until cancelled; a batch is confirmed only after the inbox has committed it.

    The offset is given once to confirm a batch and then dropped: ids start anew at random after a quiet week, and an
    old offset would throw the new, smaller ids away unread.

    Raises:
        TokenRefused: there is no use in going on.
    """
    await _until_reached(bot, note)
    offset: int | None = None
    failures, timeout = 0, 0  # the first answer, also after trouble, comes at once and tells how it goes
    while True:
        request = GetRawUpdates(offset=offset, timeout=timeout, allowed_updates=list(allowed_updates))
        try:
            updates = await bot(request, request_timeout=POLL_SECONDS + 15)
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            await note(Hearing.REFUSED)
            raise TokenRefused from error
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
            continue
        except (TelegramAPIError, ClientDecodeError) as error:
            conflict = isinstance(error, TelegramConflictError)
            log.warning("telegram.poll_failed", error=type(error).__name__, second_poller=conflict)
            await note(Hearing.CONFLICT if conflict else Hearing.UNREACHABLE)
            await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
            failures, timeout = failures + 1, 0
            continue
        failures, timeout = 0, POLL_SECONDS
        await note(Hearing.OK)
        await _keep(inbox, updates)
        offset = updates[-1]["update_id"] + 1 if updates else None


async def _keep(inbox: Inbox, updates: RawUpdates) -> None:
    """Until the inbox has them: while the database is in trouble nothing is confirmed."""
    while True:
        try:
            await inbox.put(CHANNEL, updates)
            return
        except Exception as error:
            if not will_pass(error):
                raise
            log.warning("telegram.inbox_trouble", trouble=trouble_of(error), error=type(error).__name__)
            await asyncio.sleep(BACKOFF_SECONDS[0])


async def _until_reached(bot: Bot, note: Note) -> None:
    """Take down a webhook that an earlier set-up may have left: Telegram refuses polling while one stands."""
    failures = 0
    while True:
        try:
            await bot(DeleteWebhook(drop_pending_updates=False))
            return
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            await note(Hearing.REFUSED)
            raise TokenRefused from error
        except (TelegramAPIError, ClientDecodeError) as error:
            log.warning("telegram.unreachable", error=type(error).__name__)
            await note(Hearing.UNREACHABLE)
            await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
            failures += 1
