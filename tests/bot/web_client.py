"""A page without a browser: the requests and frames that the real one sends."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.bot.web_house import WebHouse

Json = dict[str, Any]
_numbers = itertools.count()


class Line:
    """An open WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.hello: Json = {}

    async def event(self, *kinds: str) -> Json:
        """The next event of one of these kinds; others are passed over."""
        while True:
            event: Json = json.loads(await self.socket.recv())
            if event["t"] in kinds:
                return event

    async def say(self, text: str, client: str | None = None) -> str:
        """Send a text and wait until it is acknowledged; returns its id."""
        client = client or new_client()
        await self.send({"t": "text", "client": client, "text": text})
        while (await self.event("ack"))["client"] != client:
            pass
        return client

    async def press(self, message: int, data: str) -> str:
        """Press a button; returns the id under which the answer comes."""
        client = new_client()
        await self.send({"t": "press", "client": client, "message": message, "data": data})
        return client

    async def answer(self) -> Json:
        """The next message of the bot."""
        while True:
            message: Json = (await self.event("message"))["message"]
            if message["author"] == "bot":
                return message

    async def send(self, frame: Any) -> None:
        """Send whatever it is."""
        await self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))


class Client:
    """A browser's cookies and addresses."""

    def __init__(self, house: WebHouse, **headers: str) -> None:
        self.address = house.door.address
        self.headers = {"origin": self.address, "accept-language": "zh-CN,zh;q=0.9", **headers}
        self.http = httpx.AsyncClient(base_url=self.address, headers=self.headers, trust_env=False)

    async def sit_as(self, person: int) -> None:
        """Take a sample person's place."""
        response = await self.http.post("/session", json={"person": person})
        assert response.status_code == 200

    async def upload(self, name: str, content: bytes, caption: str = "", client: str | None = None) -> httpx.Response:
        """Send a file."""
        chat = (await self.http.get("/me")).json()["chat"]
        asked = {"client": client or new_client(), "name": name, "chat": chat, "caption": caption}
        return await self.http.post("/upload", params=asked, content=content)

    @asynccontextmanager
    async def line(self, **headers: str) -> AsyncIterator[Line]:
        """Open the conversation."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        given = {**self.headers, "cookie": cookies, **headers}
        origin = given.pop("origin")
        address = self.address.replace("http", "ws", 1) + "/line"
        async with connect(address, additional_headers=given, origin=origin, proxy=None) as socket:  # type: ignore[arg-type]
            line = Line(socket)
            line.hello = await line.event("hello")
            yield line


def new_client() -> str:
    """An id as a page makes it."""
    return f"client-{next(_numbers):08}"


def text_of(tree: list[Any]) -> str:
    """What a person reads."""
    return "".join(node if isinstance(node, str) else text_of(node["c"]) for node in tree)
