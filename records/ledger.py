"""The ledger: what happened to whom, only ever added to, each entry sealed with the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from records.payloads import checked_payload
from records.tables import EntryRow, PersonRow
from storage.errors import WaymarkError

FIRST = "0" * 64  # what stands before a person's first entry
BATCH = 1000


class LedgerPersonUnknown(WaymarkError):
    """An entry for somebody who is not there."""

    key = "error.ledger_person"
    sentence = "There is no person with the number {person}."


class EntryUnknown(WaymarkError):
    """An entry that is not there, or is another person's."""

    key = "error.entry_unknown"
    sentence = "There is no entry {entry} of this person."


class EntryVoided(WaymarkError):
    """An entry that was already replaced or withdrawn."""

    key = "error.entry_voided"
    sentence = "Entry {entry} no longer stands: entry {by} replaced or withdrew it."


@dataclass(frozen=True)
class Entry:
    """A ledger entry. `sequence` counts a person's entries from 1; `recorded_by` None is the operator."""

    id: int
    person: int
    sequence: int
    kind: str
    happened_on: date
    recorded_at: datetime
    recorded_by: int | None
    payload: dict[str, Any]
    verified_by: int | None
    voids: int | None
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class Broken:
    """The first entry at which a chain does not hold; `problem` is missing | unlinked | edited."""

    person: int
    sequence: int
    entry: int
    problem: str


async def append(
    session: AsyncSession,
    *,
    person: int,
    kind: str,
    happened_on: date,
    payload: dict[str, Any],
    recorded_by: int | None,
    now: datetime,
    verified_by: int | None = None,
    voids: int | None = None,
) -> Entry:
    """Add an entry to a person's chain; whoever adds to the same chain meanwhile waits.

    Raises:
        KindUnknown, PayloadWrong, LedgerPersonUnknown, EntryUnknown, EntryVoided.
    """
    content = checked_payload(kind, payload)
    await hold(session, person)
    if voids is not None:
        await _check_stands(session, person, voids)
    last = (
        await session.execute(
            select(EntryRow.sequence, EntryRow.hash)
            .where(EntryRow.person_id == person)
            .order_by(EntryRow.sequence.desc())
            .limit(1)
        )
    ).first()
    row = EntryRow(
        person_id=person,
        sequence=last.sequence + 1 if last else 1,
        kind=kind,
        happened_on=happened_on,
        recorded_at=now,
        recorded_by=recorded_by,
        payload=content,
        verified_by=verified_by,
        voids=voids,
        previous_hash=last.hash if last else FIRST,
    )
    row.hash = seal(row)
    session.add(row)
    await session.flush()
    return _entry(row)


async def hold(session: AsyncSession, person: int) -> None:
    """Keep a person's chain to this transaction until its end.

    Raises:
        LedgerPersonUnknown: there is nobody of that number.
    """
    # With the key shared: a row that merely refers to the person (a look, a letter) need not wait.
    held = select(PersonRow.id).where(PersonRow.id == person).with_for_update(key_share=True)
    if await session.scalar(held) is None:
        raise LedgerPersonUnknown(person=person)


async def entries_of(session: AsyncSession, person: int) -> list[Entry]:
    """Everything recorded of a person, voided entries too, in the order of recording."""
    rows = await session.scalars(select(EntryRow).where(EntryRow.person_id == person).order_by(EntryRow.sequence))
    return [_entry(row) for row in rows]


async def entry_of(session: AsyncSession, entry: int) -> Entry:
    """One entry.

    Raises:
        EntryUnknown: there is none.
    """
    row = await session.get(EntryRow, entry)
    if row is None:
        raise EntryUnknown(entry=entry)
    return _entry(row)


async def verify(session: AsyncSession) -> Broken | None:
    """Walk every chain, person by person, and name the first entry that does not hold; None when all do.

    Finds an edited, removed, inserted or moved entry. Entries cut off at the end of a chain leave no trace in it:
    compare with an earlier export or backup for those.
    """
    rows = await session.stream_scalars(
        select(EntryRow).order_by(EntryRow.person_id, EntryRow.sequence).execution_options(yield_per=BATCH)
    )
    person, sequence, previous = None, 0, FIRST
    async for row in rows:
        if row.person_id != person:
            person, sequence, previous = row.person_id, 0, FIRST
        if row.sequence != sequence + 1:
            return Broken(row.person_id, sequence + 1, row.id, "missing")
        if row.previous_hash != previous:
            return Broken(row.person_id, row.sequence, row.id, "unlinked")
        if row.hash != seal(row):
            return Broken(row.person_id, row.sequence, row.id, "edited")
        sequence, previous = row.sequence, row.hash
        session.expunge(row)
    return None


def seal(row: EntryRow | Entry) -> str:
    """SHA-256, in hex, over an entry's content as canonical JSON with the hash of the entry before it."""
    content = {
        "person": row.person if isinstance(row, Entry) else row.person_id,
        "sequence": row.sequence,
        "kind": row.kind,
        "happened_on": row.happened_on.isoformat(),
        "recorded_at": row.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "recorded_by": row.recorded_by,
        "payload": row.payload,
        "verified_by": row.verified_by,
        "voids": row.voids,
        "previous": row.previous_hash,
    }
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


async def _check_stands(session: AsyncSession, person: int, entry: int) -> None:
    rows = await session.execute(
        select(EntryRow.id, EntryRow.voids).where(EntryRow.person_id == person).order_by(EntryRow.sequence)
    )
    chain = [(row.id, row.voids) for row in rows]
    if entry not in {known for known, _ in chain}:
        raise EntryUnknown(entry=entry)
    by = voided_by(chain).get(entry)
    if by is not None:
        raise EntryVoided(entry=entry, by=by)


def _entry(row: EntryRow) -> Entry:
    return Entry(
        id=row.id,
        person=row.person_id,
        sequence=row.sequence,
        kind=row.kind,
        happened_on=row.happened_on,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        payload=row.payload,
        verified_by=row.verified_by,
        voids=row.voids,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def voided_by(entries: Iterable[tuple[int, int | None]]) -> dict[int, int]:
    """Which entries no longer stand, and the entry that put each aside, from (id, voids) in the order of recording."""
    voided: dict[int, int] = {}
    for entry, target in reversed(list(entries)):
        if target is not None and entry not in voided:
            voided[target] = entry
    return voided
