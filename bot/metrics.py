"""What an operator's monitoring sees: whether we live, whether we are ready, and numbers without names."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.tables import HANDLED, InboxRow
from bot.trouble import is_full
from records.invitations import wrong_codes_lately
from scheduler.limits import Limiter
from scheduler.outbox import Kind, Result, State
from scheduler.tables import OutboxRow
from scheduler.trouble import Trouble, trouble_of
from storage.database import Database

WAIT_BUCKETS = (0.1, 0.5, 1, 5, 30, 120, 600, 3600, 36000)  # a reply waits for moments, a broadcast for hours
BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
READY_SECONDS = 3.0  # a balancer asks every few seconds, and a database that is silent is none
LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
OVER = (State.SENT.value, State.CANCELLED.value)  # as many as there ever were: counted as they happen, not here

log = structlog.get_logger(__name__)


class Metrics:
    """The numbers of one process, and of the database that it shares."""

    def __init__(
        self, database: Database, limiters: Mapping[str, Limiter], clock: Callable[[], datetime], token: str
    ) -> None:
        """Args:
        token: what monitoring has to show; empty: only this machine itself is told.
        """
        self._database = database
        self._limiters = limiters
        self._clock = clock
        self._token = token
        self._registry = CollectorRegistry()
        registry = self._registry
        self._sends = Counter("waymark_sends", "Attempts by outcome", ["channel", "kind", "outcome"], registry=registry)
        self._refused = Counter("waymark_refused", "429 received", ["channel"], registry=registry)
        self._handled = Histogram(
            "waymark_handler_seconds", "Time to handle an update", ["channel"], buckets=BUCKETS, registry=registry
        )
        self._waits = Histogram(
            "waymark_letter_wait_seconds",
            "From its moment until it was sent, or after a 429 until it may go again",
            ["channel", "priority"],
            buckets=WAIT_BUCKETS,
            registry=registry,
        )
        self._pause = Gauge("waymark_limiter_wait_seconds", "Until one may be sent", ["channel"], registry=registry)
        self._up = Gauge("waymark_database_up", "Whether the database can be used", registry=registry)
        self._kept = registry = CollectorRegistry()  # what nobody can know without the database
        self._letters = Gauge("waymark_outbox_letters", "Letters", ["state", "priority"], registry=registry)
        self._oldest = Gauge("waymark_outbox_oldest_due_seconds", "How late the outbox is", registry=registry)
        self._updates = Gauge("waymark_inbox_updates", "Updates", ["state"], registry=registry)
        self._codes = Gauge("waymark_join_wrong_codes", "Wrong invitation codes in the last hour", registry=registry)

    def routes(self) -> list[Route]:
        """Asked by machines under whatever name they reach us."""
        return [Route("/readyz", self.ready), Route("/metrics", self.metrics)]

    def settled(self, result: Result) -> None:
        """An attempt has ended."""
        channel, kind = result.letter.channel, result.letter.kind
        outcome = "later" if result.state is State.QUEUED else result.state.value
        self._sends.labels(channel, kind.value if isinstance(kind, Kind) else kind, outcome).inc()
        over = result.ended_at if result.state is State.SENT else None
        if result.retry_after is not None:
            over = result.not_before
            self._refused.labels(channel).inc()
        if over is not None and result.letter.due_at is not None:
            waited = max(0.0, (over - result.letter.due_at).total_seconds())
            self._waits.labels(channel, str(result.letter.priority)).observe(waited)

    def handled(self, channel: str, seconds: float) -> None:
        """An update has been handled."""
        self._handled.labels(channel).observe(seconds)

    async def ready(self, request: Request) -> Response:
        """GET /readyz: whether what is sent to us now would be kept."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._try()
        except Exception as error:
            why = Trouble.FULL if self._has_no_room() else trouble_of(error) or type(error).__name__
            return JSONResponse({"ready": False, "why": why}, 503)
        if self._has_no_room():
            return JSONResponse({"ready": False, "why": Trouble.FULL}, 503)
        return JSONResponse({"ready": True})

    async def metrics(self, request: Request) -> Response:
        """GET /metrics, in Prometheus's format."""
        if not self._may_ask(request):
            return Response(status_code=403)
        now, kept = self._clock(), b""
        for channel, limiter in self._limiters.items():
            self._pause.labels(channel).set(limiter.pause(now))
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._try()
                await self._look(now)
            kept = generate_latest(self._kept)
        except Exception as error:  # whatever keeps us from looking: what the process knows is told all the same
            log.warning("metrics.database_trouble", trouble=trouble_of(error), error=type(error).__name__)
        self._up.set(bool(kept))
        return Response(generate_latest(self._registry) + kept, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    async def _try(self) -> None:
        """An embedded database may be read while nothing can be kept; a server is only asked, as many may ask it."""
        if self._database.is_sqlite:
            try:
                await self._database.try_writing()
            except DBAPIError as error:
                if (
                    trouble_of(error) is not Trouble.LOCKED
                ):  # somebody writes, an import of ours perhaps: it is waited for
                    raise
        else:
            async with self._database.glance() as session:
                await session.execute(text("SELECT 1"))

    def _has_no_room(self) -> bool:
        """What SQLite says of a full disk is often no more than that it cannot open a file."""
        folder = Path(str(self._database.url.database)).parent
        return self._database.is_sqlite and folder.exists() and is_full(folder)

    def _may_ask(self, request: Request) -> bool:
        if self._token:
            shown = request.headers.get("authorization", "").removeprefix("Bearer ")
            return hmac.compare_digest(shown.encode(), self._token.encode())
        is_near = request.client is not None and request.client.host in LOOPBACK
        return is_near and not any(name in request.headers for name in FORWARDED)

    async def _look(self, now: datetime) -> None:
        async with self._database.read() as session:
            letters = await session.execute(
                select(OutboxRow.state, OutboxRow.priority, func.count())
                .where(OutboxRow.state.not_in(OVER))
                .group_by(OutboxRow.state, OutboxRow.priority)
            )
            self._letters.clear()
            for state, priority, count in letters:
                self._letters.labels(state, str(priority)).set(count)
            oldest = await session.scalar(
                select(func.min(OutboxRow.not_before)).where(OutboxRow.state == State.QUEUED.value)
            )
            self._oldest.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0)
            updates = await session.execute(
                select(InboxRow.state, func.count()).where(InboxRow.state != HANDLED).group_by(InboxRow.state)
            )
            self._updates.clear()
            for state, count in updates:
                self._updates.labels(state).set(count)
            self._codes.set(await wrong_codes_lately(session, now=now))
