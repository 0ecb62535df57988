"""The server's connections: either end notices when the other is gone, and none that is gone is handed out."""

from __future__ import annotations

import socket
import time
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

CONNECT_SECONDS = 10.0
# Seconds. A machine that is gone says nothing: without these the server would keep its locks, and a process would
# wait for an answer, for hours.
PROBE_AFTER, PROBE_EVERY, PROBES, UNANSWERED = 10, 5, 3, 30
# Whoever stands still within a transaction has to let go of what it locked. Handlers may ask another service, which
# has half a minute, while they hold one.
STANDSTILL = "60s"
# An update that was confirmed to a platform, and that a letter is being sent, must survive the end of the server,
# whatever it does otherwise; where it waits for other machines as well it goes on doing so.
_WEAK = "('off', 'local')"
_DURABLE = (
    f"SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN {_WEAK}"
)
_SESSION = (
    f"SET tcp_keepalives_idle = {PROBE_AFTER}; SET tcp_keepalives_interval = {PROBE_EVERY}; "
    f"SET tcp_keepalives_count = {PROBES}; SET tcp_user_timeout = '{UNANSWERED}s'; "
    f"SET idle_in_transaction_session_timeout = '{STANDSTILL}'; {_DURABLE}"
)
_PROBING = (
    ("SO_KEEPALIVE", socket.SOL_SOCKET, 1),
    ("TCP_KEEPIDLE", socket.IPPROTO_TCP, PROBE_AFTER),
    ("TCP_KEEPINTVL", socket.IPPROTO_TCP, PROBE_EVERY),
    ("TCP_KEEPCNT", socket.IPPROTO_TCP, PROBES),
    ("TCP_USER_TIMEOUT", socket.IPPROTO_TCP, UNANSWERED * 1000),
)
ASKED_AFTER_SECONDS = 5.0  # what is used more often is not asked; asking takes three round trips, most turns two more
_RESTS_SINCE = "rests_since"


# A megabyte, where the database lies: what there is room for in pages that are there already shows nothing.
_TRY = text(
    "CREATE TEMPORARY TABLE waymark_try ON COMMIT DROP AS "
    "SELECT repeat(md5(CAST(n AS text)), 8) AS filler FROM generate_series(1, 4000) AS n"
)


async def try_writing(engine: AsyncEngine) -> None:
    """Write something that nobody keeps.

    Raises:
        DBAPIError: as whoever wants to keep something would get it, full or only readable.
    """
    async with engine.connect() as connection:
        await connection.execute(text("SET LOCAL temp_tablespaces = ''"))
        await connection.execute(_TRY)


def watch_over(engine: AsyncEngine) -> None:
    """Let the pool give away only connections that are there.

    The driver knows at once when the server closes one (it stops, it ends idle ones); only what was cut without a word
    on the way shows by asking, which is done with those that nobody has used for a while.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def rests(_connection: Any, record: Any) -> None:
        record.info[_RESTS_SINCE] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def is_there(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.pop(_RESTS_SINCE, None)
        if since is None:  # just opened
            return
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError  # the others will have gone the same way
        if time.monotonic() - since > ASKED_AFTER_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error


async def connect(*arguments: Any, **options: Any) -> Any:
    """asyncpg's own connection.

    Raises:
        ConnectionError: also where nobody answers in time, which asyncpg tells apart.
    """
    try:
        connection = await asyncpg.connect(*arguments, timeout=CONNECT_SECONDS, **options)
        await connection.execute(_SESSION, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise ConnectionError("the database server does not answer") from error
    _probe(connection)
    return connection


def _probe(connection: Any) -> None:
    """Let the system find out whether the server is still there; not every system can."""
    wire = connection._transport.get_extra_info("socket")  # asyncpg has no other way to its socket
    if wire is None or wire.family not in (socket.AF_INET, socket.AF_INET6):
        return
    for name, level, value in _PROBING:
        if (option := getattr(socket, name, None)) is not None:
            wire.setsockopt(level, option, value)
