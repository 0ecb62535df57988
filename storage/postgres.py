"""The server's connections: none is handed out that has gone, and none is asked each time whether it is there."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

ASKED_AFTER_SECONDS = 5.0  # what is used more often is not asked; asking takes three round trips, most turns two more
_RESTS_SINCE = "rests_since"


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
