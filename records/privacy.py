"""What is kept about a person, told in full; and the ways in which it ends (PIPL Arts 15, 45, 47)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Protocol

from sqlalchemy import Column, Table, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from records.consent import withdraw_consent
from records.people import Account, PersonId, accounts_of
from records.tables import (
    AccessRow,
    ConsentRow,
    EntryRow,
    JoinAttemptRow,
    MentorshipRow,
    PersonRow,
    RoleRow,
)
from storage.database import Base

# A reference to a person under one of these names makes the row theirs; under any other (recorded_by, viewer_id …)
# they only did something to it.
_THEIRS = {"person_id", "subject_id", "student_id", "mentor_id", "recipient_id", "asked_by"}
_ADDRESSEE = "recipient_id"
# What the organisation's record consists of; all other rows are working data.
_RECORD = {table.__tablename__ for table in (PersonRow, RoleRow, MentorshipRow, ConsentRow, EntryRow, AccessRow)}
_SECRET = {"code_hash", "token_hash"}


class Keeper(Protocol):
    """Whoever keeps something under a person's account rather than under the person (messages, conversations)."""

    name: str

    async def tell(self, session: AsyncSession, account: Account) -> list[dict[str, Any]]:
        """Everything that is kept."""
        ...

    async def forget(self, session: AsyncSession, account: Account) -> int:
        """Delete it, and say how many rows that were."""
        ...


@dataclass(frozen=True)
class Erased:
    """How many rows went, by what they were; `person_kept` where others' records still name the person's deeds."""

    rows: dict[str, int]
    person_kept: bool = True


async def everything_about(
    session: AsyncSession, person: PersonId, *, keepers: Sequence[Keeper] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that is about the person, by table, as JSON can hold it; names stand beside numbers.

    Covers each table of the house that refers to people, those of later versions too; secrets are left out.
    """
    named = await session.execute(select(PersonRow.id, PersonRow.name))
    names: dict[int, str] = {row.id: row.name for row in named}
    told: dict[str, list[dict[str, Any]]] = {}
    for table, theirs in _tables():
        rows = await session.execute(
            select(table).where(or_(*(column == person for column in theirs))).order_by(*table.primary_key.columns)
        )
        told[table.name] = [_plain(table, row, names) for row in rows.mappings()]
    for account in await accounts_of(session, person, blocked=True):
        for keeper in keepers:
            told.setdefault(keeper.name, []).extend(await keeper.tell(session, account))
    return told


async def withdraw(session: AsyncSession, person: PersonId, *, now: datetime, keepers: Sequence[Keeper] = ()) -> Erased:
    """The person leaves Waymark: consent ends, and working data goes at once (accounts, readings, practice, messages).

    What the organisation recorded of the process stays, as it would have without Waymark; leaving leaves no mark there.
    So does what others are to be reminded of, which follows from that record.
    """
    erased = await _forget_accounts(session, person, keepers)
    for table, theirs in _tables():
        if table.name not in _RECORD:
            addressed = [column for column in theirs if column.name == _ADDRESSEE]
            await _delete(session, table, addressed or theirs, person, erased)
    await withdraw_consent(session, person, now=now)
    preferences = {"language": None, "study_time": None, "study_muted": False, "quiet_from": None, "quiet_until": None}
    await session.execute(update(PersonRow).where(PersonRow.id == person).values(**preferences))
    return Erased(erased)


async def erase(session: AsyncSession, person: PersonId, *, now: datetime, keepers: Sequence[Keeper] = ()) -> Erased:
    """Everything about the person goes, their ledger too: for when the purpose is met and the file is handed over.

    Where the person recorded, verified or looked at something of others, that stays true: then a row without name,
    number and details is left in their place.
    """
    erased = await _forget_accounts(session, person, keepers)
    for table, theirs in _tables():
        if table.name != PersonRow.__tablename__:
            await _delete(session, table, theirs, person, erased)
    if await _did_something(session, person):
        nothing: dict[str, Any] = {"name": "—", "student_number": None, "details": {}, "left_at": now}
        await session.execute(update(PersonRow).where(PersonRow.id == person).values(**nothing))
        return Erased(erased, person_kept=True)
    await session.execute(delete(PersonRow).where(PersonRow.id == person))
    return Erased(erased, person_kept=False)


def _tables() -> Iterator[tuple[Table, list[Column[Any]]]]:
    """Every table that can be about a person, those that refer to others first, with the columns that say of whom."""
    for table in reversed(Base.metadata.sorted_tables):
        if table.name == PersonRow.__tablename__:
            yield table, [table.c.id]
        theirs = [column for column in _references(table) if column.name in _THEIRS]
        if theirs:
            yield table, theirs


def _references(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns for key in column.foreign_keys if key.target_fullname == "person.id"]


async def _forget_accounts(session: AsyncSession, person: PersonId, keepers: Sequence[Keeper]) -> dict[str, int]:
    erased: dict[str, int] = {}
    for account in await accounts_of(session, person, blocked=True):
        for keeper in keepers:
            erased[keeper.name] = erased.get(keeper.name, 0) + await keeper.forget(session, account)
        await session.execute(
            delete(JoinAttemptRow).where(
                JoinAttemptRow.channel == account.channel, JoinAttemptRow.external_id == account.external_id
            )
        )
    return erased


async def _delete(
    session: AsyncSession, table: Table, theirs: Sequence[Column[Any]], person: PersonId, erased: dict[str, int]
) -> None:
    about = or_(*(column == person for column in theirs))
    count = await session.scalar(select(func.count()).select_from(table).where(about)) or 0
    if count:
        await session.execute(delete(table).where(about))
        erased[table.name] = count


async def _did_something(session: AsyncSession, person: PersonId) -> bool:
    for table in Base.metadata.sorted_tables:
        for column in _references(table):
            if await session.scalar(select(exists().select_from(table).where(column == person))):
                return True
    return False


def _plain(table: Table, row: Any, names: dict[int, str]) -> dict[str, Any]:
    plain = {name: _value(value) for name, value in row.items() if name not in _SECRET}
    for column in _references(table):
        if plain.get(column.name) is not None:
            plain[f"{column.name}_name"] = names.get(plain[column.name])
    return plain


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return value
