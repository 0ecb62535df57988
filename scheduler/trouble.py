"""Whether an error means that the database cannot be reached at the moment, which passes, or is a mistake."""

from __future__ import annotations

import socket
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

READ_ONLY = "25006"
# PostgreSQL: no connection, out of resources, not ready, shutting down, the system in trouble, "try again" (deadlocks
# too), that we stood still for too long, and that it can only be read (a standby, or a service whose disk is full).
STATES = ("08", "53", "55", "57", "58", "40", "25P03", READ_ONLY)
SQLITE = ("locked", "busy", "full", "disk i/o", "unable to open", "readonly", "interrupted")


class Trouble(StrEnum):
    """What keeps the database from working, as far as whoever can help needs to know it."""

    FULL = "full"
    READ_ONLY = "read_only"
    LOCKED = "locked"
    GONE = "gone"


def trouble_of(error: BaseException) -> Trouble | None:
    """Which trouble it is; None for a mistake, which waiting does not mend."""
    if not will_pass(error):
        return None
    words = str(getattr(error, "orig", error)).lower()
    if "full" in words or "no space" in words or str(getattr(error.__cause__, "sqlstate", "")) == "53100":
        return Trouble.FULL
    if "readonly" in words or "read-only" in words:
        return Trouble.READ_ONLY
    return Trouble.LOCKED if "locked" in words or "busy" in words else Trouble.GONE


def will_pass(error: BaseException) -> bool:
    """Locked, full, gone or restarting: waiting helps, and no update and no letter is to blame."""
    if isinstance(error, BaseExceptionGroup):
        return any(will_pass(one) for one in error.exceptions)
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        if state:
            return state.startswith(STATES)
        return error.connection_invalidated or any(text in str(error.orig).lower() for text in SQLITE)
    # A plain OSError is what connecting raises after it has tried several addresses.
    return isinstance(error, PoolTimeout | ConnectionError | socket.gaierror) or type(error) is OSError
