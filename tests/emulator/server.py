"""The HTTP side: three encodings in, envelopes out, long polling, downloads, and faults on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from . import control
from .encoding import read_params
from .faults import Fault
from .methods import other_method, take_updates
from .params import Params
from .refusals import Refusal, bad_request, conflict, not_found, too_many_requests, unauthorized
from .registry import METHODS
from .webhook import WebhookSender
from .world import Request, World

LONGEST_POLL = 50  # seconds, whatever the bot asks for


class ApiServer:
    """Serves one world on a loopback port, in a thread with its own event loop."""

    def __init__(self, world: World, port: int = 0) -> None:
        self._world = world
        self.port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._polls: set[asyncio.Event] = set()
        self._poll_number = 0
        self._closing = False
        self._transports: dict[Any, asyncio.Transport] = {}

    @property
    def is_polled(self) -> bool:
        """Whether a getUpdates is waiting."""
        return bool(self._polls)

    def start(self) -> None:
        """Returns when requests are answered; the port stays the same over restarts."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=2048)
        # Inherited by the connections; without it every answer waits 40 ms for a delayed acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        self._closing = False
        config = uvicorn.Config(
            Starlette(routes=self._routes()),
            http=_protocol(self._transports),
            log_level="critical",
            lifespan="off",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener, ready), name="telegram", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the emulator did not start")

    def stop(self) -> None:
        """Closes the port and every connection, as when the network is gone."""
        if self._thread is None or self._server is None:
            return
        self._closing = True
        self._server.should_exit = True
        self._server.force_exit = True  # the connections are cut below, not waited for
        self._wake_polls_threadsafe()
        self._thread.join(10)
        self._thread = None

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        asyncio.run(self._serve(listener, ready))

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        assert self._server is not None
        self._loop = asyncio.get_running_loop()
        sender = WebhookSender(self._world, self._reply_from_webhook)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may just have closed
                self._loop.call_soon_threadsafe(self._wake, sender)

        with self._world.changed:
            self._world.on_update.append(wake)
        delivering = asyncio.create_task(sender.run())
        self._loop.call_soon(ready.set)  # the listener already accepts: the backlog holds whoever comes early
        try:
            await self._server.serve(sockets=[listener])
        finally:
            with self._world.changed:
                self._world.on_update.remove(wake)
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)
            for transport in list(self._transports.values()):
                transport.abort()
            listener.close()

    def _wake(self, sender: WebhookSender) -> None:
        sender.wake()
        for poll in self._polls:
            poll.set()

    def _wake_polls_threadsafe(self) -> None:
        with self._world.changed:
            for wake in self._world.on_update:
                wake()

    def _routes(self) -> list[Route]:
        return [
            Route("/bot{token}/{method}", self._on_method, methods=["GET", "POST"]),
            Route("/bot{token}/test/{method}", self._on_method, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._on_download, methods=["GET"]),
            *control.routes(self._world),
        ]

    async def _on_download(self, request: HttpRequest) -> Response:
        if request.path_params["token"] != self._world.token:
            return _json(unauthorized().envelope(), 401)
        _, fault = self._world.faults.striking("download", None)
        if fault is not None:
            return Response(status_code=fault.code)
        for stored in list(self._world.files.values()):
            if stored.path == request.path_params["path"]:
                return Response(stored.data, media_type=stored.mime or "application/octet-stream")
        return _json(not_found().envelope(), 404)

    async def _on_method(self, request: HttpRequest) -> Response:
        given = request.path_params["method"]
        name = self._world.schema.name_of(given) or given
        if request.path_params["token"] != self._world.token:
            malformed = ":" not in request.path_params["token"]
            return self._refused(name, None, not_found() if malformed else unauthorized())
        try:
            params = await read_params(request.headers, await request.body(), dict(request.query_params))
        except Refusal as refusal:
            return self._refused(name, None, refusal)
        delay, fault = self._world.faults.striking(name, params.chat_id())
        if delay:
            with self._world.changed:
                self._world.changed.notify_all()  # that it has begun
            await asyncio.sleep(delay)
        if fault and fault.kind in ("dropped", "server_error", "too_many_requests", "unauthorized"):
            return await self._fail(request, name, params, fault)
        try:
            result = await self._poll(params) if name == "getUpdates" else self.carry_out(name, params)
        except Refusal as refusal:
            return self._refused(name, params, refusal)
        if fault:
            return await self._fail(request, name, params, fault)
        self._note(name, params, 200)
        return _json({"ok": True, "result": result}, 200)

    def carry_out(self, name: str, params: Params) -> Any:
        """Check the request and do what it asks; the effect is in the ledger before anybody is answered."""
        world = self._world
        with world.changed:
            chat_id = params.chat_id()
            if chat_id is not None:
                waiting = world.faults.still_refused(chat_id if isinstance(chat_id, int) else None, time.monotonic())
                if waiting:
                    raise too_many_requests(waiting)
            does = METHODS.get(name.lower())
            if does is None and world.schema.is_loaded and world.schema.name_of(name) is None:
                world.violations.append(f"{name} is not a method")
                raise not_found()
            found = world.schema.check_request(name, params)
            world.warnings += found.warnings
            if found.violations:
                world.violations += found.violations
                raise bad_request(_explained(found.violations[0]))
            result = does(world, params) if does else other_method(world, name, params)
            if not name.lower().startswith("get"):
                world.record(name, params, result)
            return result

    async def _poll(self, params: Params) -> Any:
        """getUpdates: waits up to its timeout; a younger one ends it with 409."""
        self._poll_number += 1
        mine, woken = self._poll_number, asyncio.Event()
        for older in self._polls:
            older.set()
        self._polls.add(woken)
        with self._world.changed:
            self._world.changed.notify_all()
        ends = time.monotonic() + min(LONGEST_POLL, max(0, params.integer("timeout")))
        try:
            while True:
                woken.clear()
                with self._world.changed:
                    if self._world.webhook.url:
                        raise conflict(
                            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
                            "webhook first"
                        )
                    if mine != self._poll_number:
                        raise conflict(
                            "terminated by other getUpdates request; make sure that only one bot instance is running"
                        )
                    batch = take_updates(self._world, params)
                left = ends - time.monotonic()
                if batch or left <= 0 or self._closing:
                    return batch
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), left)
        finally:
            self._polls.discard(woken)

    async def _fail(self, request: HttpRequest, name: str, params: Params, fault: Fault) -> Response:
        chat_id, now = params.chat_id(), time.monotonic()
        match fault.kind:
            case "dropped" | "dropped_after_effect":
                self._note(name, params, 0, fault)
                transport = self._transports.get(request.scope["client"])
                if transport is not None:
                    transport.abort()
                while (await request.receive())["type"] != "http.disconnect":
                    pass
                return _Nothing()
            case "too_many_requests":
                self._note(name, params, 429, fault)
                chat = chat_id if isinstance(chat_id, int) else None
                self._world.faults.refuse(chat, fault.retry_after, fault.lasts, whole_bot=fault.whole_bot, now=now)
                return _json(too_many_requests(fault.retry_after).envelope(), 429)
            case "unauthorized":
                self._note(name, params, 401, fault)
                return _json(unauthorized().envelope(), 401)
            case _:
                self._note(name, params, fault.code, fault)
                if fault.html:
                    return HTMLResponse(f"<html><h1>{fault.code} Bad Gateway</h1></html>", fault.code)
                return _json(
                    Refusal(fault.code, _REASONS.get(fault.code, "Internal Server Error")).envelope(), fault.code
                )

    def _refused(self, name: str, params: Params | None, refusal: Refusal) -> Response:
        self._note(name, params, refusal.code)
        if refusal.code == 429 and params is not None:
            chat_id = params.chat_id()
            self._world.faults.refuse(
                chat_id if isinstance(chat_id, int) else None,
                refusal.parameters["retry_after"],
                0,
                whole_bot=False,
                now=time.monotonic(),
            )
        return _json(refusal.envelope(), refusal.code)

    def _note(self, name: str, params: Params | None, status: int, fault: Fault | None = None) -> None:
        chat_id = params.chat_id() if params else None
        early = chat_id is not None and self._world.faults.is_impatient(
            chat_id if isinstance(chat_id, int) else None, time.monotonic()
        )
        with self._world.changed:
            self._world.requests.append(
                Request(name, chat_id, status, self._world.now(), fault.kind if fault else None, early)
            )
            self._world.changed.notify_all()

    async def _reply_from_webhook(self, body: bytes, kind: str) -> None:
        """A webhook's answer may itself be a method call; its failure is told to nobody, as in life."""
        params = await read_params(Headers({"content-type": kind}), body, {})
        name = str(params.values.pop("method", ""))
        if name:
            with contextlib.suppress(Refusal):
                self.carry_out(name, params)


_REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
_EXPLAINED = {
    "sendMessage.text is required": "message text is empty",
    "editMessageText.text is required": "message text is empty",
}


def _explained(violation: str) -> str:
    return "chat_id is empty" if violation.endswith(".chat_id is required") else _EXPLAINED.get(violation, violation)


class _Nothing(Response):
    """No answer at all: the connection is already gone."""

    async def __call__(self, *_: Any) -> None:
        return


def _json(content: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status, media_type="application/json")


def _protocol(transports: dict[Any, asyncio.Transport]) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol that lets us cut a connection by its client's address."""

    class Cuttable(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.client, None)
            super().connection_lost(exc)

    return Cuttable
