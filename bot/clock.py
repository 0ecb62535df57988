"""The clock: the one place that asks what time it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def _system_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """Moments in UTC, dates in the school's zone."""

    zone: ZoneInfo
    source: Callable[[], datetime] = _system_time

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return self.source()

    def today(self) -> date:
        """The date at the school."""
        return self.now().astimezone(self.zone).date()
