"""The growth file: what a person took part in, each row with its ledger entry, who recorded it and who verified it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import all_branches
from records.ledger import voided_by
from records.limits import Mark, marks_kept
from records.people import Person, PersonId, details_of, mentors_of
from records.tables import EntryRow, PersonRow
from records.verification import VERIFIABLE, Verified, verifications

SHOWN = ("step", "activity", "training", "study", "quiz", "report")
_TITLES = ("title", "document", "bank")
_CHUNK = 500  # people in one query


@dataclass(frozen=True)
class Subject:
    """A person as exports name them; `details` are those of the roster."""

    person: Person
    branch: str
    details: dict[str, Any]
    mentors: tuple[str, ...] = ()


@dataclass(frozen=True)
class GrowthRow:
    """One entry that stands. `kind` is step | activity | training | study | quiz | report.

    `step` is set where a step of the track was recorded. `hours` are class hours. `recorded_by` is a name, None for the
    operator's command line; `own` tells that the person entered it themselves. An entry of one's own without
    `verified_by` has been confirmed by nobody; the others the organisation has entered. `marks` and `reason`: what was
    against the rules, and why it was recorded all the same. `correction_asked_on`: when the person last said that
    something is wrong with it.
    """

    person: PersonId
    entry: int
    sequence: int
    kind: str
    on: date
    step: str | None
    category: str | None
    title: str | None
    hours: float | None
    organiser: str | None
    role: str | None
    evidence: str | None
    detail: dict[str, Any]
    history: bool
    recorded_by: str | None
    own: bool
    recorded_at: datetime
    verified_by: str | None
    hash: str
    verified_on: date | None = None
    marks: tuple[Mark, ...] = ()
    reason: str | None = None
    correction_asked_on: date | None = None

    @property
    def waits(self) -> bool:
        """Whether somebody of the organisation can still confirm it: the person entered it, and nobody did so far."""
        return self.own and self.verified_by is None and self.kind in VERIFIABLE


@dataclass(frozen=True)
class Totals:
    """Sums that anybody can check against the rows; hours are class hours."""

    hours: float
    verified_hours: float
    activities: int
    reports: int
    rows: int
    verified_rows: int
    unverified_rows: int


async def growth_of(
    session: AsyncSession, people: Iterable[PersonId], *, since: date | None = None, until: date | None = None
) -> list[GrowthRow]:
    """What these people did in the period (both ends included), person by person in the given order, by day.

    Entries that were voided, and those that only void, verify or answer another, are left out.
    """
    wanted = list(dict.fromkeys(people))
    rows: list[EntryRow] = []
    for start in range(0, len(wanted), _CHUNK):
        rows += await session.scalars(select(EntryRow).where(EntryRow.person_id.in_(wanted[start : start + _CHUNK])))
    voided = voided_by((row.id, row.voids) for row in sorted(rows, key=lambda row: row.id))
    rows.sort(key=lambda row: row.id)
    verified = verifications(rows, voided)
    names = await _names(session, rows)
    place = {person: number for number, person in enumerate(wanted)}
    standing = [
        row
        for row in rows
        if row.id not in voided
        and row.kind in SHOWN
        and (since is None or row.happened_on >= since)
        and (until is None or row.happened_on <= until)
        and row.payload.get("step") != "birthday"
    ]
    standing.sort(key=lambda row: (place[PersonId(row.person_id)], row.happened_on, row.sequence))
    asked = {row.payload["entry"]: row.happened_on for row in rows if row.kind == "answer"}
    return [_growth_row(row, names, verified.get(row.id), asked.get(row.id)) for row in standing]


async def subjects_of(session: AsyncSession, people: Sequence[Person], *, today: date) -> list[Subject]:
    """The people with what exports need besides their rows."""
    branches = {branch.id: branch.name for branch in await all_branches(session)}
    return [
        Subject(
            person,
            branches[person.branch_id],
            await details_of(session, person.id),
            tuple(mentor.name for mentor in await mentors_of(session, person.id, today=today)),
        )
        for person in people
    ]


def totals_of(rows: Iterable[GrowthRow]) -> Totals:
    """Sums over one person's rows, or over anybody's."""
    kept = list(rows)
    verified = [row for row in kept if row.verified_by is not None]
    return Totals(
        hours=sum(row.hours or 0 for row in kept),
        verified_hours=sum(row.hours or 0 for row in verified),
        activities=sum(row.kind == "activity" for row in kept),
        reports=sum(is_report(row) for row in kept),
        rows=len(kept),
        verified_rows=len(verified),
        unverified_rows=sum(row.waits for row in kept),
    )


def unverified_of(rows: Iterable[GrowthRow]) -> list[GrowthRow]:
    """Those that a person entered themselves and that wait for somebody to confirm them."""
    return [row for row in rows if row.waits]


def is_training(row: GrowthRow) -> bool:
    """Whether the row tells of a course, a lecture or the intensive training."""
    return row.kind == "training" or row.step in {"training_hours", "intensive_training_completed"}


def is_report(row: GrowthRow) -> bool:
    """Whether the row tells of a report that was handed in."""
    return row.kind == "report" or row.step == "thought_report"


def _growth_row(
    row: EntryRow, names: dict[int, str], verified: Verified | None, correction_asked_on: date | None
) -> GrowthRow:
    payload = row.payload
    detail: dict[str, Any] = payload.get("detail", {}) if row.kind == "step" else payload
    hours = detail.get("hours")
    title = next((str(detail[key]) for key in _TITLES if detail.get(key)), None)
    return GrowthRow(
        person=PersonId(row.person_id),
        entry=row.id,
        sequence=row.sequence,
        kind=row.kind,
        on=row.happened_on,
        step=payload.get("step"),
        category=payload.get("category"),
        title=title,
        hours=_number(hours),
        organiser=detail.get("organiser"),
        role=detail.get("role"),
        evidence=detail.get("evidence") or detail.get("certificate"),
        detail=detail,
        history=bool(payload.get("history", False)),
        recorded_by=names.get(row.recorded_by or 0),
        own=row.recorded_by == row.person_id,
        recorded_at=row.recorded_at,
        verified_by=names.get((verified.by if verified else row.verified_by) or 0),
        verified_on=verified.on if verified else None,
        hash=row.hash,
        marks=marks_kept(payload),
        reason=payload.get("reason"),
        correction_asked_on=correction_asked_on,
    )


async def _names(session: AsyncSession, rows: Iterable[EntryRow]) -> dict[int, str]:
    ids = sorted({id_ for row in rows for id_ in (row.recorded_by, row.verified_by) if id_ is not None})
    names: dict[int, str] = {}
    for start in range(0, len(ids), _CHUNK):
        found = await session.execute(
            select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(ids[start : start + _CHUNK]))
        )
        names.update((id_, name) for id_, name in found)
    return names


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
