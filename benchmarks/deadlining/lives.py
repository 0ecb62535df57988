"""Invented people by seeded chance: on time, late, extended, transferred, paused, on the way or through it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from records.ledger import FIRST, Entry

TODAY = date(2026, 11, 22)
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
