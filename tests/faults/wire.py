"""The wire between a process and its database: it can be cut, or pass nothing on, and be mended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import make_url


class Wire:
    """A loopback port that passes everything on to another one. Synchronous and thread-safe."""

    def __init__(self, url: str) -> None:
        """Args:
        url: of the database at the other end.
        """
        self._target = make_url(url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._passing = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._port = 0

    def __enter__(self) -> Wire:
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        """The database as it is reached through the wire."""
        return self._target.set(port=self._port).render_as_string(hide_password=False)

    def cut(self) -> None:
        """Every connection ends at once, and there is nobody to connect to."""
        self._do(self._cut())

    def falls_silent(self) -> None:
        """Nothing arrives any more, at either end, and neither end is told; new connections are not answered."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def mend(self) -> None:
        """As before; what was held up arrives now."""
        self._do(self._mend())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in self._ends:
            end.transport.abort()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _mend(self) -> None:
        self._passing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._ends.add(sink)
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                await self._passing.wait()
                sink.write(data)
                await sink.drain()
        self._ends.discard(sink)
        sink.close()
