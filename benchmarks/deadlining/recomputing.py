"""Recomputing dates from ledger entries: one person, and many with full histories, on one core."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.deadlining.lives import SEED, TODAY, life
from benchmarks.deadlining.row import Row, row
from records.facts import Fact, facts_of
from records.ledger import Entry
from records.rules import deadlines
from records.track import TRACKS, Track, load_track
from records.workdays import WorkCalendar
from scheduler.deadlines import ReminderSettings, reminders_for

SAMPLES = 5000


def timed(work: Callable[[list[Entry]], Any], lives: Iterable[list[Entry]]) -> list[float]:
    """CPU seconds of each call, in order: what others do on the machine meanwhile does not count."""
    spent = []
    for one in lives:
        start = time.process_time()
        work(one)
        spent.append(time.process_time() - start)
    return spent


def work_with(track: Track, calendar: WorkCalendar) -> dict[str, Callable[[list[Entry]], Any]]:
    """What is measured, by name."""
    settings = ReminderSettings(zone=ZoneInfo("Asia/Shanghai"), calendar=calendar)
    recipients = {"branch": [1], "primary_committee": [2]}

    def dates(entries: list[Entry]) -> Any:
        return deadlines(track, facts_of(entries), today=TODAY, calendar=calendar)

    def everything(entries: list[Entry]) -> Any:
        return reminders_for(entries[0].person, dates(entries), recipients, today=TODAY, settings=settings)

    return {"entries → dates": dates, "entries → dates → reminders": everything}


def check(track: Track, calendar: WorkCalendar) -> None:
    """A benchmark of something wrong is worth nothing: one known date must come out."""
    (found,) = deadlines(track, [Fact(1, "application_received", TODAY)], today=TODAY, calendar=calendar)
    assert (found.rule, found.due) == ("T02", date(2026, 12, 22))


def recomputing(people: int) -> Iterator[Row]:
    """A single person many times, then everybody once; our rules, and a school's beside them."""
    calendar = WorkCalendar.standard()
    tracks = {"national rules": load_track(), "with a school's": load_track(school=TRACKS / "school.example.yaml")}
    check(tracks["national rules"], calendar)
    chance = random.Random(SEED)
    whole = max((life(chance, number) for number in range(200)), key=len)
    for label, track in tracks.items():
        for name, work in work_with(track, calendar).items():
            timed(work, [whole] * 200)  # warm
            spent = timed(work, [whole] * SAMPLES)
            who = f"one person of {len(whole)} entries, {label}"
            yield row("recompute", who, f"{name}, median", statistics.median(spent) * 1e6, "µs", 1000)
            yield row("recompute", who, f"{name}, p99", statistics.quantiles(spent, n=100)[98] * 1e6, "µs", 1000)
    for label, track in tracks.items():
        for name, work in work_with(track, calendar).items():
            chance = random.Random(SEED)  # the same people each time
            spent = timed(work, (life(chance, number) for number in range(people)))
            yield row("recompute", f"{people:,} people, {label}", f"{name}, all", sum(spent), "s", 60)
