"""A mailing: a letter for each of many people in one statement; the people never pass through this process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    ColumnElement,
    CursorResult,
    and_,
    bindparam,
    exists,
    literal,
    not_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from records.tables import AccountRow, PersonRow
from scheduler.outbox import Kind, Priority, State
from scheduler.tables import OutboxRow

_COLUMNS = [
    "unique_key",
    "channel",
    "chat_id",
    "recipient_id",
    "kind",
    "priority",
    "not_before",
    "expires_at",
    "payload",
    "state",
    "attempts",
    "created_at",
    "last_error",
    "finished_at",
]


async def write_letters(
    session: AsyncSession,
    *,
    kind: Kind,
    key: ColumnElement[str],
    recipients: ColumnElement[bool],
    payload: dict[str, str],
    now: datetime,
    expires_at: datetime | None = None,
    not_before: datetime | None = None,
    state: str = State.QUEUED.value,
    last_error: str | None = None,
    finished_at: datetime | None = None,
) -> int:
    """One INSERT … SELECT over `recipients` (a condition on people who have an open door). Returns how many are new.

    Args:
        key: the unique key of each person's letter, an expression over the person.
        not_before: now, unless another moment is given.
    """
    letters = (
        select(
            key,
            AccountRow.channel,
            AccountRow.external_id,
            PersonRow.id,
            literal(kind.value),
            literal(int(Priority[kind.name])),
            bindparam("not_before", not_before or now, type_=OutboxRow.not_before.type),
            bindparam("expires", expires_at, type_=OutboxRow.expires_at.type),
            bindparam("payload", payload, type_=JSON),
            literal(state),
            literal(0),
            bindparam("now", now, type_=OutboxRow.created_at.type),
            bindparam("last_error", last_error, type_=OutboxRow.last_error.type),
            bindparam("finished_at", finished_at, type_=OutboxRow.finished_at.type),
        )
        .join(AccountRow, _is_the_open_door())
        .where(recipients)
    )
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutboxRow).from_select(_COLUMNS, letters).on_conflict_do_nothing()
    result = await session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _is_the_open_door() -> ColumnElement[bool]:
    """The account through which the person (of the query around it) was seen last and that is not blocked.

    That there is no later one is a join, which a database does for everybody in one go; the first of a sorted list of
    doors would be looked up person by person.
    """
    later = aliased(AccountRow)
    last_seen = tuple_(AccountRow.last_seen_at, AccountRow.id)
    return and_(
        AccountRow.person_id == PersonRow.id,
        AccountRow.blocked_at.is_(None),
        not_(
            exists().where(
                later.person_id == AccountRow.person_id,
                later.blocked_at.is_(None),
                tuple_(later.last_seen_at, later.id) > last_seen,
            )
        ),
    )


def has_open_door() -> ColumnElement[bool]:
    """Whether anything can be sent to the person of the query around it."""
    return exists().where(AccountRow.person_id == PersonRow.id, AccountRow.blocked_at.is_(None))
