"""Verifying: somebody of the organisation confirms what a person entered themselves, as an entry of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from records.ledger import Entry, EntryUnknown, EntryVoided, append, entries_of, hold, voided_by
from storage.errors import WaymarkError

VERIFICATION = "verification"
VERIFIABLE = frozenset({"step", "activity", "training", "report"})  # what Waymark counted itself needs nobody's word


class EntryOwn(WaymarkError):
    """Somebody who would verify what is about themselves."""

    key = "error.entry_own"
    sentence = "Entry {entry} is about you: somebody else has to verify it."


class EntryVerified(WaymarkError):
    """An entry that somebody has verified already."""

    key = "error.entry_verified"
    sentence = "Entry {entry} was verified already, on {on}."


@dataclass(frozen=True)
class Verified:
    """Who verified an entry (None: the operator) and on which day."""

    by: int | None
    on: date


class _Recorded(Protocol):
    """An entry of the ledger, or its row."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def happened_on(self) -> date: ...
    @property
    def recorded_by(self) -> int | None: ...
    @property
    def payload(self) -> dict[str, Any]: ...


def verifications(entries: Iterable[_Recorded], voided: Iterable[int] = ()) -> dict[int, Verified]:
    """Which entries were verified, by the verifications among `entries` that nobody withdrew; the first one holds."""
    withdrawn = set(voided)
    found: dict[int, Verified] = {}
    for entry in entries:
        if entry.kind == VERIFICATION and entry.id not in withdrawn:
            found.setdefault(entry.payload["entry"], Verified(entry.recorded_by, entry.happened_on))
    return found


async def verify_entry(
    session: AsyncSession, *, person: int, entry: int, by: int | None, today: date, now: datetime
) -> Entry:
    """Confirm an entry of the person; returns the confirmed entry. That `by` may do so, the caller has made sure.

    Raises:
        EntryOwn, EntryUnknown, EntryVoided, EntryVerified: nothing was written.
    """
    if by == person:
        raise EntryOwn(entry=entry)
    await hold(session, person)
    found = unverified_entry(await entries_of(session, person), entry)
    await append(
        session, person=person, kind=VERIFICATION, happened_on=today, payload={"entry": entry}, recorded_by=by, now=now
    )
    return found


def unverified_entry(entries: Sequence[Entry], entry: int) -> Entry:
    """The entry of that number, among all of one person, which still stands and which nobody has verified.

    Raises:
        EntryUnknown, EntryVoided, EntryVerified.
    """
    found = next((one for one in entries if one.id == entry and one.kind in VERIFIABLE), None)
    if found is None:
        raise EntryUnknown(entry=entry)
    voided = voided_by((one.id, one.voids) for one in entries)
    if entry in voided:
        raise EntryVoided(entry=entry, by=voided[entry])
    known = verifications(entries, voided).get(entry)
    if known is not None or found.verified_by is not None:
        raise EntryVerified(entry=entry, on=known.on if known else found.happened_on)
    return found
