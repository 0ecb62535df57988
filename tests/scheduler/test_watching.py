"""How long a broadcast still takes, and how often that is worth telling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.broadcasts import Progress
from scheduler.watching import LATEST, SOONEST, next_look

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def progress(waiting: int, pace: float, next_at: datetime | None = NOON) -> Progress:
    return Progress(sent=1, waiting=waiting, blocked=0, failed=0, unsure=0, cancelled=0, pace=pace, next_at=next_at)


@pytest.mark.parametrize(
    ("waiting", "pace", "next_at", "left"),
    [
        (3000, 25, NOON, timedelta(minutes=2)),
        (3000, 25, NOON + timedelta(seconds=59), timedelta(minutes=2)),
        (3000, 25, NOON + timedelta(hours=8), None),  # people rest
        (3000, 0, NOON, None),  # nothing has gone yet: nobody can know
        (0, 25, None, None),
    ],
)
def test_what_is_left_takes_as_long_as_the_last_minute_says(
    waiting: int, pace: float, next_at: datetime | None, left: timedelta | None
) -> None:
    assert progress(waiting, pace, next_at).time_left(NOON) == left


def test_a_short_way_is_told_often_a_long_one_seldom_and_rest_not_at_all() -> None:
    assert next_look(progress(10, 25), now=NOON) == SOONEST
    assert next_look(progress(25 * 1000, 25), now=NOON) == timedelta(seconds=20)
    assert next_look(progress(1_000_000, 25), now=NOON) == LATEST
    assert next_look(progress(10, 0, NOON + timedelta(hours=8)), now=NOON) == timedelta(hours=8)
