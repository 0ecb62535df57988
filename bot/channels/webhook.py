"""Telegram's other way in: it posts updates to an address of ours, and is thanked once they are kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import SetWebhook
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.listening import Hearing
from bot.channels.telegram import BACKOFF_SECONDS, CHANNEL, Note, TokenRefused, unnoted
from scheduler.trouble import trouble_of, will_pass

PATH = "/telegram"
MAX_BYTES = 1_000_000
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 (the name of a header)
MAX_CONNECTIONS = 40

log = structlog.get_logger(__name__)


class Feed(Protocol):
    """The durable inbox."""

    async def put(self, channel: str, updates: Sequence[dict[str, Any]]) -> int: ...


class Webhook:
    """Takes updates in from whoever knows the secret."""

    def __init__(self, inbox: Feed, secret: str) -> None:
        self._inbox = inbox
        self._secret = secret.encode()

    def route(self) -> Route:
        """Where Telegram posts to."""
        return Route(PATH, self.take, methods=["POST"])

    async def take(self, request: Request) -> Response:
        """200 only after the commit; 503 while the database is in trouble, so that Telegram tries again."""
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret):
            return Response(status_code=403)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        update = _update(body)
        if update is None:
            return Response(status_code=400)
        try:
            await self._inbox.put(CHANNEL, [update])
        except Exception as error:
            if not will_pass(error):
                raise
            log.warning("webhook.inbox_trouble", trouble=trouble_of(error), error=type(error).__name__)
            return Response(status_code=503)
        return Response(status_code=200)


def secret_of(token: str, chosen: str) -> str:
    """The operator's, or one that every process with the same bot derives alike."""
    return chosen or hmac.new(token.encode(), b"waymark webhook", hashlib.sha256).hexdigest()


def address_of(url: str) -> str:
    """Where Telegram posts to, of what the operator has set."""
    return url.rstrip("/") + PATH


async def register(bot: Bot, url: str, secret: str, allowed_updates: Sequence[str], note: Note = unnoted) -> None:
    """Tell Telegram the address; tried until Telegram is reached.

    Raises:
        TokenRefused: there is no use in going on.
    """
    request = SetWebhook(
        url=address_of(url),
        secret_token=secret,
        allowed_updates=list(allowed_updates),
        max_connections=MAX_CONNECTIONS,
        drop_pending_updates=False,
    )
    failures = 0
    while True:
        try:
            await bot(request)
            await note(Hearing.OK)
            return
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            await note(Hearing.REFUSED)
            raise TokenRefused from error
        except (TelegramAPIError, ClientDecodeError) as error:
            log.warning("webhook.not_registered", error=type(error).__name__)
            await note(Hearing.UNREACHABLE)
            await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
            failures += 1


async def _body(request: Request) -> bytes | None:
    """What was posted; None when it is too long, whatever its header said."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def _update(body: bytes) -> dict[str, Any] | None:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(update, dict):
        return None
    number = update.get("update_id")
    return update if type(number) is int and 0 <= number < 2**63 else None
