"""The carrier: turns a letter into a method, sends it through its door, and tells the five outcomes apart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.types import Message
from aiohttp import ClientConnectorError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.turns.fitting import fitted, without_markup
from bot.turns.replies import freeze, is_callback_answer, thaw
from records.people import mark_blocked
from scheduler.delivery import Outcome, Report
from scheduler.outbox import BLOCKED, QUIET, Draft, Kind, Letter, enqueue
from scheduler.trouble import trouble_of, will_pass
from scheduler.waking import patient
from storage.database import Database
from storage.settings import get_setting, put_setting

log = structlog.get_logger(__name__)
SEND_TIMEOUT_SECONDS = 30.0
PAUSE_SECONDS = 1.0  # after trouble with the database
LEAST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 24 * 3600.0  # after a 429, whatever it says
NEVER = 0  # the session's own time-out, which would throw away what arrived while the process stood still
NOT_MODIFIED, UNCHANGED = "message is not modified", "unchanged"
HARMLESS = ("query is too old", "query id is invalid", "to delete not found", "to edit not found")


@dataclass(frozen=True)
class Dropped:
    """A letter that does not apply any more, with the reason that organisers see."""

    reason: str


@dataclass(frozen=True)
class Postponed:
    """A letter whose recipient rests; it goes at `until`."""

    until: datetime


@dataclass(frozen=True)
class Repeated:
    """A letter that goes now and, with what is to be said then, again."""

    method: TelegramMethod[Any]
    after: timedelta


Composed = TelegramMethod[Any] | Dropped | Postponed | Repeated
Compose = Callable[[Letter], Awaitable[Composed]]


class DoorCarrier:
    """Carries letters of one channel through the bot of its door."""

    def __init__(self, database: Database, bot: Bot, compose: Compose, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bot = bot
        self._compose = compose
        self._clock = clock

    async def carry(self, letter: Letter) -> Report:
        """Send once, after checking that the letter still applies; a group that has moved is written to where it is."""
        try:
            letter = replace(letter, chat_id=await self._where(letter))
            method = await self._prepare(letter)
        except Exception as error:
            if not will_pass(error):
                raise
            return Report(Outcome.NOT_SENT, reason="database trouble")
        if isinstance(method, Dropped):
            return Report(Outcome.CANCELLED, reason=method.reason)
        if isinstance(method, Postponed):
            seconds = (method.until - self._clock()).total_seconds()
            return Report(Outcome.LATER, reason=QUIET, retry_after=seconds)
        if not letter.is_ours(asyncio.get_running_loop().time()):
            return Report(Outcome.LATER, reason="held")
        if isinstance(method, Repeated):
            report = await self._send(method.method, letter)
            arrived = report.outcome is Outcome.SENT or report.reason == UNCHANGED
            return Report(Outcome.AGAIN, retry_after=method.after.total_seconds()) if arrived else report
        first, *others = fitted(method)
        report = await self._send(first, letter)
        if report.outcome is Outcome.SENT and others:
            await self._until_kept(letter, others)
        if report.outcome is Outcome.DEAD and report.reason == BLOCKED and not is_callback_answer(letter.payload):
            await self._keep(lambda session: mark_blocked(session, letter.channel, letter.chat_id, now=self._clock()))
        return report

    async def _prepare(self, letter: Letter) -> Composed:
        if "method" not in letter.payload:
            return await self._compose(letter)
        async with self._database.read() as session:
            method = await thaw(letter.payload, session)
        is_elsewhere = getattr(method, "chat_id", letter.chat_id) != letter.chat_id
        return method.model_copy(update={"chat_id": letter.chat_id}) if is_elsewhere else method

    async def _until_kept(self, letter: Letter, others: list[TelegramMethod[Any]]) -> None:
        """Trouble with the database is waited out: the first part has arrived, and is not to be sent again."""
        while True:
            try:
                return await self._go_on(letter, others)
            except Exception as error:
                if not will_pass(error):
                    raise
                log.warning("carrier.database_trouble", trouble=trouble_of(error), error=type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _go_on(self, letter: Letter, others: list[TelegramMethod[Any]]) -> None:
        """What does not fit into one message goes next, each part once even if the first is sent again."""
        now = self._clock()
        async with self._database.write() as session:
            drafts = [
                Draft(
                    unique_key=f"more:{letter.id}:{number}",
                    channel=letter.channel,
                    chat_id=letter.chat_id,
                    kind=Kind.REPLY,
                    payload=await freeze(self._bot, part, session, now=now),
                    not_before=now,
                )
                for number, part in enumerate(others)
            ]
            await enqueue(session, drafts, now=now)

    async def _where(self, letter: Letter) -> int:
        """The chat, or what has become of it; only groups move."""
        if letter.chat_id >= 0:
            return letter.chat_id
        async with self._database.read() as session:
            moved: int | None = await get_setting(session, _moved_key(letter.channel, letter.chat_id))
        return letter.chat_id if moved is None else moved

    async def _keep(self, what: Callable[[AsyncSession], Awaitable[None]]) -> None:
        """Remember what the platform told; if that cannot be now it will tell again, and the outcome stands anyhow."""
        try:
            async with self._database.write() as session:
                await what(session)
        except Exception as error:
            if not will_pass(error):
                raise
            log.warning("carrier.database_trouble", trouble=trouble_of(error), error=type(error).__name__)

    async def _send(self, method: TelegramMethod[Any], letter: Letter, *, plain: bool = False) -> Report:
        try:
            result = await patient(self._bot(method, request_timeout=NEVER), SEND_TIMEOUT_SECONDS)
        except TelegramMigrateToChat as error:
            moved = replace(letter, chat_id=error.migrate_to_chat_id)
            key = _moved_key(letter.channel, letter.chat_id)
            await self._keep(lambda session: put_setting(session, key, moved.chat_id))
            return await self._send(method.model_copy(update={"chat_id": moved.chat_id}), moved, plain=plain)
        except TelegramBadRequest as error:
            if "can't parse entities" in error.message and not plain and hasattr(method, "parse_mode"):
                return await self._send(without_markup(method), letter, plain=True)
            return outcome_of(error)
        except TelegramAPIError as error:
            return outcome_of(error)
        except TimeoutError:
            return Report(Outcome.UNSURE, reason="reply lost")
        except ClientDecodeError:  # a gateway's page instead of the platform's answer
            return Report(Outcome.UNSURE, reason="platform error")
        return Report(Outcome.SENT, message_id=result.message_id if isinstance(result, Message) else None)


def _moved_key(channel: str, chat_id: int) -> str:
    return f"moved.{channel}.{chat_id}"


def outcome_of(error: TelegramAPIError) -> Report:
    """Which of the five outcomes an error of aiogram's means."""
    match error:
        case TelegramRetryAfter():
            seconds = min(max(float(error.retry_after), LEAST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)
            return Report(Outcome.WAIT, reason="asked to wait", retry_after=seconds)
        case TelegramAPIError() if "too many requests" in error.message.lower():  # and no word of how long
            return Report(Outcome.WAIT, reason="asked to wait", retry_after=LEAST_WAIT_SECONDS)
        case TelegramForbiddenError():
            return Report(Outcome.DEAD, reason=BLOCKED)
        case TelegramUnauthorizedError():
            return Report(Outcome.NOT_SENT, reason="token refused")
        case TelegramBadRequest() if NOT_MODIFIED in error.message.lower():
            return Report(Outcome.CANCELLED, reason=UNCHANGED)
        case TelegramBadRequest() if any(text in error.message.lower() for text in HARMLESS):
            return Report(Outcome.CANCELLED, reason="no longer applies")
        case TelegramNetworkError() if isinstance(error.__cause__, ClientConnectorError | ConnectionRefusedError):
            return Report(Outcome.NOT_SENT, reason="no connection")
        case TelegramNetworkError():
            return Report(Outcome.UNSURE, reason="reply lost")
        case TelegramServerError():
            return Report(Outcome.UNSURE, reason="platform error")
    log.warning("delivery.refused", error=type(error).__name__)
    return Report(Outcome.DEAD, reason="refused")
