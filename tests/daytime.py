"""A school at which it is noon now: a process that lives in real time does the same at every hour of every day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def noon_zone() -> str:
    """The time zone in which it is between twelve and one; nobody rests there and no push of the day falls due."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"  # these names count westwards


def today(zone: str) -> date:
    """The day that the school has now."""
    return datetime.now(ZoneInfo(zone)).date()
