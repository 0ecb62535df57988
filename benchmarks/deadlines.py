"""How long it takes to recompute dates: one person, and 100,000 with full histories on one core.

    python -m benchmarks.deadlines [--people 100000] [--json results.json]

Every person is invented by seeded chance: on time, late, extended, transferred, paused, somewhere on the way or through
it. Each is read from ledger entries (as they come from the database), and the facts, dates and reminders are computed
anew; nothing is cached from one person to the next but the track and the calendar.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from records.facts import Fact, facts_of
from records.ledger import FIRST, Entry
from records.rules import deadlines
from records.track import TRACKS, Track, load_track
from records.workdays import WorkCalendar
from scheduler.deadlines import ReminderSettings, reminders_for

TODAY = date(2026, 11, 22)
SAMPLES = 5000
SEED = 20261122
# Steps of a whole way with the days that usually pass before each.
WAY = [
    ("application_received", 0),
    ("interview", 20),
    ("activist_decided", 160),
    ("activist_filed", 8),
    ("mentor_assigned", 2),
    ("half_year_review", 175),
    ("thought_report", 20),
    ("half_year_review", 165),
    ("thought_report", 10),
    ("candidate_decided", 60),
    ("candidate_agreed", 10),
    ("public_notice_posted", 5),
    ("candidate_listed", 9),
    ("introducers_named", 1),
    ("political_review_passed", 10),
    ("intensive_training_completed", 12),
    ("committee_reviewed", 5),
    ("pre_review_passed", 10),
    ("volunteer_form_completed", 4),
    ("branch_meeting_admitted", 20),
    ("committee_interview", 20),
    ("admission_approved", 30),
    ("admission_filed", 5),
    ("oath_taken", 15),
    ("probation_review", 120),
    ("thought_report", 60),
    ("conversion_applied", 100),
    ("conversion_meeting", 40),
    ("conversion_approved", 50),
    ("archived", 10),
]
SIDE_EVENTS = ("transferred_in", "paused", "resumed", "leaving_planned", "training_hours", "resolution_submitted")


def life(chance: random.Random, person: int) -> list[Entry]:
    """One invented person's ledger, up to today."""
    day = date(2020, 9, 1) + timedelta(days=chance.randrange(2200))
    entries = [_entry(person, 1, "birthday", day - timedelta(days=7000 + chance.randrange(1500)), {})]
    for step, usual in WAY:
        day += timedelta(days=int(usual * chance.choice((1, 1, 1, 1.2, 2))))
        if day > TODAY:
            break
        detail: dict[str, str] = {}
        if step == "admission_approved" and chance.random() < 0.8:
            detail["probation_end"] = (day + timedelta(days=300)).isoformat()
        entries.append(_entry(person, len(entries) + 1, step, day, detail))
        if step == "conversion_applied" and chance.random() < 0.1:
            extended_to = (day + timedelta(days=230)).isoformat()
            entries.append(_entry(person, len(entries) + 1, "probation_extended", day, {"extended_to": extended_to}))
        if chance.random() < 0.06:
            entries.append(_entry(person, len(entries) + 1, chance.choice(SIDE_EVENTS), day, {}))
    if chance.random() < 0.1:  # a correction: the last entry again, a day earlier
        last = entries[-1]
        again = _entry(
            person, len(entries) + 1, last.payload["step"], last.happened_on - timedelta(days=1), {}, last.id
        )
        entries.append(again)
    return entries


def _entry(person: int, sequence: int, step: str, on: date, detail: dict[str, str], voids: int | None = None) -> Entry:
    return Entry(
        id=person * 100 + sequence,
        person=person,
        sequence=sequence,
        kind="step",
        happened_on=on,
        recorded_at=datetime(on.year, on.month, on.day, 4, tzinfo=UTC),
        recorded_by=None,
        payload={"step": step, "detail": detail},
        verified_by=None,
        voids=voids,
        previous_hash=FIRST,
        hash=FIRST,
    )


def timed(work: Callable[[list[Entry]], Any], lives: Iterable[list[Entry]]) -> list[float]:
    """CPU seconds of each call, in order: what others do on the machine meanwhile does not count."""
    spent = []
    for one in lives:
        start = time.process_time()
        work(one)
        spent.append(time.process_time() - start)
    return spent


def summary(name: str, spent: list[float]) -> dict[str, Any]:
    """Median and percentiles in microseconds, the whole in seconds."""
    cuts = statistics.quantiles(spent, n=100)
    return {
        "what": name,
        "people": len(spent),
        "median_us": round(statistics.median(spent) * 1e6, 1),
        "p95_us": round(cuts[94] * 1e6, 1),
        "p99_us": round(cuts[98] * 1e6, 1),
        "max_us": round(max(spent) * 1e6, 1),
        "total_s": round(sum(spent), 2),
    }


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


def run(people: int) -> Iterator[dict[str, Any]]:
    """One line each: a single person many times, then everybody once; our rules, and a school's beside them."""
    calendar = WorkCalendar.standard()
    tracks = {"national": load_track(), "national + school": load_track(school=TRACKS / "school.example.yaml")}
    check(tracks["national"], calendar)
    chance = random.Random(SEED)
    whole = max((life(chance, n) for n in range(200)), key=len)
    for label, track in tracks.items():
        for name, work in work_with(track, calendar).items():
            timed(work, [whole] * 200)  # warm
            yield summary(f"one person ({len(whole)} entries), {label}: {name}", timed(work, [whole] * SAMPLES))
    for label, track in tracks.items():
        for name, work in work_with(track, calendar).items():
            chance = random.Random(SEED)  # the same people each time
            yield summary(f"everybody, {label}: {name}", timed(work, (life(chance, n) for n in range(people))))


def main() -> None:
    """Print the table line by line, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {platform.machine()}, CPU time on one core, today {TODAY}")
    print(f"{'what':74} {'people':>7} {'median µs':>10} {'p95 µs':>8} {'p99 µs':>8} {'total s':>8}", flush=True)
    results = []
    for one in run(options.people):
        results.append(one)
        print(
            f"{one['what']:74} {one['people']:>7} {one['median_us']:>10} {one['p95_us']:>8} {one['p99_us']:>8}"
            f" {one['total_s']:>8}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
