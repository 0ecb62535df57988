"""How fast a platform is spoken to, whatever the network does in between."""

from __future__ import annotations

import heapq
import itertools
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.limits import PLATFORM_PER_SECOND, SMOOTH_SECONDS, Limiter

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def sent_at_once(limiter: Limiter, chat: int, now: datetime, letter: int = 0) -> None:
    limiter.start(letter, now)
    limiter.finish(letter, chat, now)


def run(limiter: Limiter, seconds: int, longest: float, seed: int) -> list[float]:
    """As many letters as the limiter lets go, to a chat each; when the platform saw them, somewhere in between."""
    chance = random.Random(seed)
    flying: list[tuple[float, int]] = []
    seen: list[float] = []
    for step in range(seconds * 200):
        at = step / 200
        while flying and flying[0][0] <= at:
            ended, letter = heapq.heappop(flying)
            limiter.finish(letter, letter, after(ended))
        for _ in range(limiter.room(after(at))):
            latency = chance.random() * longest
            limiter.start(len(seen), after(at))
            heapq.heappush(flying, (at + latency, len(seen)))
            seen.append(at + latency * chance.random())
    return sorted(seen)


@settings(max_examples=25, deadline=None)
@given(st.floats(2, 30), st.floats(0.001, 1.5), st.integers(0, 1000))
def test_no_second_of_the_platforms_holds_more_than_allowed(per_second: float, longest: float, seed: int) -> None:
    seen = run(Limiter(per_second), 8, longest, seed)

    assert len(seen) <= per_second * (8 + SMOOTH_SECONDS) + 1
    for place, moment in enumerate(seen):
        within = [one for one in seen[place:] if one < moment + 1]
        assert len(within) <= PLATFORM_PER_SECOND


def test_a_platform_far_away_slows_nothing_down_while_its_limit_is_not_near() -> None:
    assert len(run(Limiter(25), 20, 0.3, 1)) / 20 > 24


def test_the_allowed_rate_is_nearly_reached_and_evenly_spread() -> None:
    seen = run(Limiter(30), 20, 0.01, 1)

    assert len(seen) / 20 > 29
    assert max(later - earlier for earlier, later in itertools.pairwise(seen)) < 0.2


@pytest.mark.parametrize(("chat", "burst", "spacing"), [(7, 3, 1.0), (-7, 2, 60 / 18)])
def test_a_chat_gets_a_short_burst_and_then_its_own_pace(chat: int, burst: int, spacing: float) -> None:
    limiter = Limiter()

    for letter in range(burst):
        assert chat not in limiter.resting(NOON)
        sent_at_once(limiter, chat, NOON, letter)

    assert limiter.resting(NOON) == {chat}
    assert limiter.resting(after(spacing - 0.01)) == {chat}
    assert limiter.resting(after(spacing + 0.01)) == set()


def test_a_refused_chat_is_left_alone_and_twice_as_long_if_it_refuses_again() -> None:
    limiter = Limiter()

    assert limiter.refused(1, 5, NOON) == 5
    assert limiter.resting(after(4.9)) == {1}
    assert limiter.resting(after(5.1)) == set()
    assert limiter.refused(1, 5, after(5.1)) == 10
    assert limiter.pause(after(5.1)) == 0


def test_many_refused_chats_hold_the_whole_bot_and_one_does_not() -> None:
    limiter = Limiter()

    limiter.refused(1, 60, NOON)
    limiter.refused(2, 60, NOON)
    assert limiter.pause(NOON) == 0
    limiter.refused(3, 60, NOON)

    assert limiter.pause(NOON) == pytest.approx(60)
    assert limiter.room(after(59)) == 0
    assert limiter.room(after(61)) > 0


def test_what_was_never_asked_of_the_platform_takes_nothing_away() -> None:
    limiter = Limiter(2)

    for letter in range(10):
        limiter.start(letter, NOON)
        limiter.finish(letter, letter, NOON, counted=False)

    assert limiter.room(NOON) >= 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_by_an_hour_stops_nothing(hours: int) -> None:
    limiter = Limiter(25)
    for letter in range(20):
        sent_at_once(limiter, 1, NOON, letter)
    limiter.refused(2, 30, NOON)
    limiter.hold(10, NOON)

    then = NOON + timedelta(hours=hours)

    assert limiter.pause(then) <= 10
    assert limiter.resting(then + timedelta(seconds=31)) == set()
    assert limiter.pause(then + timedelta(seconds=11)) == 0


def test_processes_share_what_they_know() -> None:
    one, other = Limiter(25), Limiter(25)
    for letter in range(3):
        sent_at_once(one, 5, NOON, letter)
    one.start(99, NOON)
    one.hold(2, NOON)

    other.restore(json.loads(json.dumps(one.dump())))

    assert other.resting(NOON) == {5}
    assert other.pause(NOON) == one.pause(NOON)
