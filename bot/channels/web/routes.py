"""What the page asks for over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from aiogram.types import User
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from bot.channels.web.bodies import UNIQUE_LENGTH
from bot.channels.web.history import message_of, messages_of
from bot.channels.web.hub import Hub
from bot.channels.web.inbound import CHANNEL, MAX_FILE_BYTES, FileTooBig, Inbound, NotUnderstood
from bot.channels.web.lines import Ear, serve_line
from bot.channels.web.people import sample_chat, sample_people, shown_commands, shown_person, sitter_of
from bot.channels.web.phrases import page_words
from bot.channels.web.visitors import COOKIE, VALID, Patience, Seal, Visitor, new_chat_id
from bot.clock import Clock
from bot.settings import Settings
from bot.words import Locales, Words
from records.invitations import TooManyAttempts, check_code
from records.people import PersonId
from storage.database import Database
from storage.errors import WaymarkError
from storage.files import clean_name, load_file

PAGE = Path(__file__).parent / "page"
MAX_JSON_BYTES = 4096
NOT_ADMITTED = 4401  # a line is closed with it: the page asks for an invitation again
NO_STORE = {"cache-control": "no-store"}
KEPT_A_DAY = "private, max-age=86400"
# A file that a browser opens by itself must not be able to do anything.
FILE_POLICY = "default-src 'none'; sandbox"


class WebServices(Protocol):
    """What the web door needs of the house."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def locales(self) -> Locales: ...


class Routes:
    """The page's endpoints. `seal` is set when the door opens."""

    def __init__(self, services: WebServices, hub: Hub, inbound: Inbound, *, demo: bool) -> None:
        self.seal: Seal | None = None
        self.demo = demo
        self.services = services
        self.hub = hub
        self.inbound = inbound
        self._patience = Patience()

    def table(self) -> list[BaseRoute]:
        """Every address of the page."""
        people = [Route("/people", self._answering(self.people))] if self.demo else []
        return [
            Route("/", self.page),
            Route("/healthz", self.health),
            Route("/me", self._answering(self.me)),
            *people,
            Route("/messages", self._answering(self.messages)),
            Route("/session", self._answering(self.enter), methods=["POST"]),
            Route("/session", self._answering(self.leave), methods=["DELETE"]),
            Route("/upload", self._answering(self.upload), methods=["POST"]),
            Route("/files/{message:int}/{unique}", self._answering(self.file)),
            WebSocketRoute("/line", self.line),
            Mount("/page", StaticFiles(directory=PAGE)),
        ]

    def visitor_of(self, connection: HTTPConnection) -> Visitor | None:
        """Whose cookie the browser shows."""
        if self.seal is None:
            return None
        return self.seal.read(connection.cookies.get(COOKIE), now=self.services.clock.now())

    def words_of(self, headers: Headers, language: str | None = None) -> Words:
        """The person's own language, else the browser's, else the installation's."""
        return self.services.locales.words(language or language_code(headers) or self.services.settings.language)

    async def page(self, request: Request) -> Response:
        """GET /: the empty page; everything in it is fetched."""
        return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})

    async def health(self, request: Request) -> Response:
        """GET /healthz: that the process lives; trouble with the database, which it waits out, is told by /readyz."""
        return JSONResponse({"ok": True}, headers=NO_STORE)

    async def me(self, request: Request) -> Response:
        """GET /me: who sits here, what they can do, and the words of the page."""
        visitor = self.visitor_of(request)
        async with self.services.database.read() as session:
            sitter = await sitter_of(session, visitor.chat_id) if visitor is not None and visitor.admitted else None
        person = sitter.person if sitter else None
        words = self.words_of(request.headers, person.language if person else None)
        body = {
            "demo": self.demo,
            "open": sitter is not None,
            "chat": sitter.chat_id if sitter else None,
            "person": shown_person(person, words) if person else None,
            "commands": shown_commands(sitter, words) if sitter else [],
            "language": words.language.replace("_", "-"),
            "words": page_words(words),
        }
        response = JSONResponse(body, headers=NO_STORE)
        if visitor is not None and visitor.admitted:
            self._set_cookie(request, response, visitor)
        return response

    async def people(self, request: Request) -> Response:
        """GET /people (demo only): whose place one can take."""
        words = self.words_of(request.headers)
        async with self.services.database.read() as session:
            people = await sample_people(session)
        return JSONResponse([shown_person(person, words) for person, _ in people], headers=NO_STORE)

    async def enter(self, request: Request) -> Response:
        """POST /session {code} or, in the demo, {person}."""
        asked = await _json(request)
        if self.demo and isinstance(asked.get("person"), int):
            async with self.services.database.read() as session:
                chat_id = await sample_chat(session, asked["person"])
            if chat_id is None:
                return JSONResponse({}, status_code=404)
            response = JSONResponse({"open": True}, headers=NO_STORE)
            self._set_cookie(request, response, Visitor(chat_id, admitted=True))
            return response
        if not isinstance(asked.get("code"), str):
            return JSONResponse({}, status_code=404)
        return await self._enter_by_code(request, asked["code"][:100])

    async def leave(self, request: Request) -> Response:
        """DELETE /session: forget who sits here."""
        response = JSONResponse({}, headers=NO_STORE)
        response.delete_cookie(COOKIE)
        return response

    async def messages(self, request: Request) -> Response:
        """GET /messages?before=ID: what was said earlier."""
        visitor = self._admitted(request)
        before = request.query_params.get("before", "")
        if visitor is None or not before.isdigit() or len(before) > 18:
            return JSONResponse({}, status_code=403)
        async with self.services.database.read() as session:
            said, more = await messages_of(session, visitor.chat_id, before=int(before))
        return JSONResponse({"messages": [message.shown() for message in said], "more": more}, headers=NO_STORE)

    async def upload(self, request: Request) -> Response:
        """POST /upload?client=…&name=…&chat=…&caption=…: the bytes of one file."""
        visitor = self._admitted(request)
        asked = request.query_params
        if visitor is None or asked.get("chat") != str(visitor.chat_id):
            return JSONResponse({}, status_code=403)  # the place was changed in another tab
        name = asked.get("name", "")
        content = await _body(request, name)
        speaker, _ = await self.speaker(visitor, request.headers)
        said = await self.inbound.upload(speaker, asked.get("client", ""), name, content, asked.get("caption", ""))
        return JSONResponse({"message": said.shown()}, headers=NO_STORE)

    async def file(self, request: Request) -> Response:
        """GET /files/ID/HASH: a file of one's own chat; `?view` draws a picture, otherwise it is saved."""
        visitor = self._admitted(request)
        if visitor is None:
            return JSONResponse({}, status_code=403)
        async with self.services.database.read() as session:
            message = await message_of(session, visitor.chat_id, request.path_params["message"])
            kept = message.content.file if message else None
            if kept is None or kept.sha256[:UNIQUE_LENGTH] != request.path_params["unique"]:
                return JSONResponse({}, status_code=404)
            stored = await load_file(session, kept.sha256)
        if stored is None:
            return JSONResponse({}, status_code=404)
        inline = kept.is_picture and "view" in request.query_params
        place = "inline" if inline else "attachment"
        headers = {
            "content-disposition": f"{place}; filename*=UTF-8''{quote(kept.name, safe='')}",
            "content-security-policy": FILE_POLICY,
            "cache-control": KEPT_A_DAY,
        }
        return Response(stored.content, media_type=kept.mime if inline else "application/octet-stream", headers=headers)

    async def line(self, socket: WebSocket) -> None:
        """WebSocket /line: the conversation."""
        await socket.accept()
        visitor = self._admitted(socket)
        if visitor is None:
            await socket.close(NOT_ADMITTED)
            return
        speaker, words = await self.speaker(visitor, socket.headers)
        with self.hub.listening(visitor.chat_id) as line:
            # Listening starts before the history is read: what is said in between comes twice rather than never.
            async with self.services.database.read() as session:
                said, more = await messages_of(session, visitor.chat_id)
            shown = [message.shown() for message in said]
            line.push({"t": "hello", "chat": visitor.chat_id, "messages": shown, "more": more})
            await serve_line(socket, line, Ear(self.inbound, speaker, words))

    async def speaker(self, visitor: Visitor, headers: Headers) -> tuple[User, Words]:
        """The sender of what this browser sends, and their words."""
        async with self.services.database.read() as session:
            sitter = await sitter_of(session, visitor.chat_id)
        words = self.words_of(headers, sitter.person.language if sitter.person else None)
        return sitter.as_user(language_code(headers)), words

    async def _enter_by_code(self, request: Request, code: str) -> Response:
        now = self.services.clock.now()
        address = request.client.host if request.client else "-"
        visitor = await self._newcomer(self.visitor_of(request))
        wait = self._patience.wait_of(address, now=now)
        if wait is not None:
            outcome: PersonId | WaymarkError = TooManyAttempts(minutes=max(1, -int(-wait.total_seconds() // 60)))
        else:
            async with self.services.database.write() as session:
                outcome = await check_code(session, code, CHANNEL, visitor.chat_id, now=now)
        if isinstance(outcome, WaymarkError):
            self._patience.failed(address, now=now)
            sentence = self.words_of(request.headers).plain_error(outcome)
            response = JSONResponse({"error": sentence}, status_code=403, headers=NO_STORE)
            self._set_cookie(request, response, visitor)  # so that the next try counts for the same browser
            return response
        response = JSONResponse({"open": True}, headers=NO_STORE)
        self._set_cookie(request, response, Visitor(visitor.chat_id, admitted=True))
        return response

    async def _newcomer(self, visitor: Visitor | None) -> Visitor:
        """The browser's chat if nobody sits there yet: another person's invitation opens another chat."""
        if visitor is not None:
            async with self.services.database.read() as session:
                sitter = await sitter_of(session, visitor.chat_id)
            if sitter.person is None:
                return Visitor(visitor.chat_id, admitted=False)
        return Visitor(new_chat_id(), admitted=False)

    def _admitted(self, connection: HTTPConnection) -> Visitor | None:
        visitor = self.visitor_of(connection)
        return visitor if visitor is not None and visitor.admitted else None

    def _set_cookie(self, request: Request, response: Response, visitor: Visitor) -> None:
        if self.seal is None:
            return
        response.set_cookie(
            COOKIE,
            self.seal.sign(visitor, now=self.services.clock.now()),
            max_age=int(VALID.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://"),
        )

    def _answering(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        """The endpoint, with a person's mistake answered by its sentence."""

        async def answering(request: Request) -> Response:
            try:
                response: Response = await endpoint(request)
            except WaymarkError as error:
                sentence = self.words_of(request.headers).plain_error(error)
                status = 413 if isinstance(error, FileTooBig) else 400
                return JSONResponse({"error": sentence}, status_code=status, headers=NO_STORE)
            return response

        return answering


def language_code(headers: Headers) -> str | None:
    """The first language that the browser asks for."""
    first = headers.get("accept-language", "").split(",")[0].split(";")[0].strip()
    return first if 2 <= len(first) <= 20 and first.replace("-", "").isalnum() and first.isascii() else None


async def _json(request: Request) -> dict[str, Any]:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_JSON_BYTES:
            raise NotUnderstood
    try:
        asked = json.loads(content)
    except ValueError as error:
        raise NotUnderstood from error
    return asked if isinstance(asked, dict) else {}


async def _body(request: Request, name: str) -> bytes:
    """The file's bytes, refused as soon as they are too many."""
    too_big = FileTooBig(name=clean_name(name), megabytes=MAX_FILE_BYTES // 1024 // 1024)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAX_FILE_BYTES:
        raise too_big
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_FILE_BYTES:
            raise too_big
        parts.append(chunk)
    return b"".join(parts)
