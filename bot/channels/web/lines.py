"""The WebSocket of one open page: events go out, what the person does comes in."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from aiogram.types import User
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.channels.web.hub import Line
from bot.channels.web.inbound import Inbound, NotUnderstood
from bot.words import Words
from storage.errors import WaymarkError

TRY_AGAIN = 1012  # "service restart": the page connects again
BROKEN = 1011

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ear:
    """Who speaks on a line, and to whom."""

    inbound: Inbound
    speaker: User
    words: Words


async def serve_line(socket: WebSocket, line: Line, ear: Ear) -> None:
    """Talk to one page until either side hangs up."""
    sending = asyncio.create_task(_send(socket, line))
    hearing = asyncio.create_task(_hear(socket, line, ear))
    try:
        await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        hearing.cancel()
        ends = await asyncio.gather(sending, hearing, return_exceptions=True)
    code = BROKEN if any(isinstance(end, Exception) for end in ends) else TRY_AGAIN
    with suppress(RuntimeError, WebSocketDisconnect):  # the page may be gone already
        await socket.close(code)


async def _send(socket: WebSocket, line: Line) -> None:
    """In text frames: what was queued before is sent first."""
    while (event := await line.events.get()) is not None:
        with suppress(WebSocketDisconnect):
            await socket.send_text(json.dumps(event, ensure_ascii=False, separators=(",", ":")))


async def _hear(socket: WebSocket, line: Line, ear: Ear) -> None:
    try:
        async for frame in socket.iter_text():
            await _take(frame, line, ear)
    except Exception as error:  # the page connects again and repeats what was not acknowledged
        log.error("web.line_failed", exc_info=error)
        raise


async def _take(frame: str, line: Line, ear: Ear) -> None:
    """One thing that the person did; acknowledged when the inbox has it."""
    client: str | None = None
    try:
        said = _parsed(frame)
        if said["t"] == "ping":
            line.push({"t": "pong"})
            return
        client = said["client"]
        if said["t"] == "press":
            await ear.inbound.press(ear.speaker, client, said["message"], said["data"])
        else:
            await ear.inbound.text(ear.speaker, client, said["text"])
        line.push({"t": "ack", "client": client})
    except WaymarkError as error:
        line.push({"t": "refused", "client": client, "text": ear.words.plain_error(error)})


def _parsed(frame: str) -> dict[str, Any]:
    """The frame if it is one of the three that a page sends.

    Raises:
        NotUnderstood: it is something else.
    """
    shapes: dict[str, dict[str, type]] = {
        "ping": {},
        "text": {"client": str, "text": str},
        "press": {"client": str, "message": int, "data": str},
    }
    try:
        said = json.loads(frame)
        shape = shapes[said["t"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotUnderstood from error
    if not all(type(said.get(name)) is kind for name, kind in shape.items()):
        raise NotUnderstood
    return dict(said)
