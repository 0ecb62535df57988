"""The web door: an embedded server around the page, opened and closed with the house."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.enums import ParseMode
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from bot.channels.web.guard import Guard, known_hosts
from bot.channels.web.hub import Hub
from bot.channels.web.inbound import Feed, Inbound
from bot.channels.web.relay import Relay
from bot.channels.web.routes import Routes, WebServices
from bot.channels.web.session import WebSession
from bot.channels.web.visitors import Seal, secret_of
from scheduler.waking import woken
from storage.errors import WaymarkError

TOKEN = "1:web"  # noqa: S105 (aiogram wants one of this form; nobody checks it)
FRAME_BYTES = 64 * 1024
GOODBYE_SECONDS = 3
TICK_SECONDS = 1.0  # the date that answers tell is set anew so often

log = structlog.get_logger(__name__)


class AddressTaken(WaymarkError):
    """Another program listens there, or the machine has no such address."""

    key = "error.web_address_taken"
    sentence = "The web page cannot be opened at {address}: {problem}. Change WAYMARK_WEB_PORT or WAYMARK_WEB_HOST."


class WebDoor:
    """The embedded default door.

    Attributes:
        bot: speaks on the page.
        machines: addresses that programs ask, under whatever name they reach us: no page, no cookie.
        opened: set while the page can be reached; `address` is final from then on.
    """

    def __init__(self, services: WebServices, *, demo: bool = False) -> None:
        self._services = services
        self._hub = Hub()
        session = WebSession(services.database, self._hub, services.clock.now)
        self.bot = Bot(TOKEN, session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML))
        self.opened = asyncio.Event()
        self.machines: list[BaseRoute] = []
        self._inbound = Inbound(services.database, self._hub, services.clock.now)
        self._routes = Routes(services, self._hub, self._inbound, demo=demo)
        self._host, self._port = services.settings.web_host, services.settings.web_port
        self._listener: socket.socket | None = None
        self._relay = None if services.database.is_sqlite else Relay(services.database, self._hub)

    @property
    def inbox(self) -> Feed | None:
        """Where updates go; set once the house is wired."""
        return self._inbound.inbox

    @inbox.setter
    def inbox(self, inbox: Feed | None) -> None:
        self._inbound.inbox = inbox

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        host = "127.0.0.1" if self._host == "0.0.0.0" else self._host  # noqa: S104 (compared, not bound)
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    async def serve(self) -> None:
        """Serve the page until cancelled.

        Raises:
            AddressTaken: the page cannot be reached at the configured address.
        """
        self._routes.seal = Seal(await secret_of(self._services.database))
        listener = self.bind()
        server = _Server(self._config(), self.opened)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        relaying = asyncio.create_task(self._relay.run()) if self._relay is not None else None
        try:
            await asyncio.shield(serving)
        finally:
            if relaying is not None:
                relaying.cancel()
            self.opened.clear()
            self._hub.cut_all()
            server.leave()
            await serving
            listener.close()
            self._listener = None

    def bind(self) -> socket.socket:
        """Take the address, unless it is ours already; called before anything runs that would have to be stopped.

        Raises:
            AddressTaken: the page cannot be reached at the configured address.
        """
        if self._listener is not None:
            return self._listener
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise AddressTaken(address=self.address, problem=error.strerror or type(error).__name__) from error
        self._port = listener.getsockname()[1]
        self._listener = listener
        return listener

    def _config(self) -> uvicorn.Config:
        page = Starlette(
            routes=self._routes.table(), middleware=[Middleware(Guard, hosts=self._hosts, refusal=self._wrong_host)]
        )
        return uvicorn.Config(
            Starlette(routes=[*self.machines, Mount("/", page)]),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=FRAME_BYTES,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )

    def _hosts(self) -> frozenset[str]:
        return known_hosts((self._host, self._port), self._services.settings.web_origins)

    def _wrong_host(self, headers: Headers) -> str:
        return self._routes.words_of(headers).plain("web.wrong_host", host=headers.get("host", "")[:200])


class _Server(uvicorn.Server):
    """Signals belong to whoever runs the house; and somebody wants to know when the page can be reached."""

    def __init__(self, config: uvicorn.Config, opened: asyncio.Event) -> None:
        super().__init__(config)
        self._opened = opened
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Finish what is under way, then end."""
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """Uvicorn's looks ten times a second whether it is to end, and is awake all night for it."""
        while not await self.on_tick(0):
            await woken(self._leaving, TICK_SECONDS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._opened.set()
