"""A university of a million: written by the database itself, as no such list of people should pass through Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Integer,
    String,
    cast,
    column,
    insert,
    literal,
    select,
    text,
    values,
)
from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import AccountRow, BranchRow, ConsentRow, PersonRow, RoleRow, StudyTurnRow
from scheduler.tables import ReminderRow
from storage.database import Database

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=ZONE)  # everybody's study card comes at eight, reminders at nine
NINE = MORNING + timedelta(hours=1)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
BRANCHES = 20_000  # of fifty people each
AHEAD = (3, 40, 200)  # days until a person's next reminders, spread over a month each
SPREAD = 30


async def fill(database: Database, people: int, due: int) -> None:
    """So many students who joined, with three reminders ahead each; `due` of them have a card and a reminder today."""
    every = people // due
    async with database.write() as session:
        if database.is_sqlite:
            for pragma in ("PRAGMA cache_size = -400000", "PRAGMA temp_store = MEMORY"):
                await session.execute(text(pragma))
        one = _numbers(people)
        number = one.c.number
        branches = min(BRANCHES, people)
        few = _numbers(branches)
        await _copy(
            session, BranchRow, {"id": few.c.number, "name": _text("支部", few.c.number), "kind": "branch"}, few
        )
        person = {
            "id": number,
            "student_number": cast(number + 1_000_000_000, String),
            "name": _text("学生", number),
            "branch_id": number % branches + 1,
            "stage": "activist",
            "paused": False,
            "details": {},
            "study_muted": False,
            "created_at": LONG_AGO,
        }
        await _copy(session, PersonRow, person, one)
        await _copy(session, RoleRow, {"person_id": number, "role": "student", "branch_id": number % branches + 1}, one)
        account = {"channel": "telegram", "external_id": number, "person_id": number}
        await _copy(session, AccountRow, {**account, "joined_at": LONG_AGO, "last_seen_at": LONG_AGO}, one)
        await _copy(session, ConsentRow, {"person_id": number, "version": "1", "given_at": LONG_AGO}, one)
        for is_due in (False, True):
            turn = {"person_id": number, "next_at": MORNING if is_due else MORNING + timedelta(days=1)}
            await _copy(session, StudyTurnRow, turn, one, (number % every == 0) == is_due)
        for which, days in enumerate(AHEAD):
            await _ahead(session, one, which, days)
        today = _reminder(number, "T02", NINE.date(), 0, NINE)
        await _copy(session, ReminderRow, today, one, number % every == 0)
        if not database.is_sqlite:
            await session.execute(text("ANALYZE"))  # as its autovacuum would have done by then


async def _ahead(session: AsyncSession, one: CTE, which: int, days: int) -> None:
    moments = [NINE + timedelta(days=days + number) for number in range(SPREAD)]
    table = (
        values(column("place", Integer), column("moment", DateTime(timezone=True)), name=f"moment{which}")
        .data([(place, moment.astimezone(UTC)) for place, moment in enumerate(moments)])
        .cte(f"moments{which}")
    )
    number = one.c.number
    wanted = _reminder(number, f"T{which + 3:02}", NINE.date(), 14, table.c.moment)
    columns, selected = zip(*wanted.items(), strict=True)
    query = select(*_typed(ReminderRow, columns, selected)).join_from(one, table, table.c.place == number % SPREAD)
    await session.execute(insert(ReminderRow).from_select(columns, query))


def _reminder(number: ColumnElement[int], rule: str, due: date, days: int, moment: Any) -> dict[str, Any]:
    return {
        "recipient_id": number,
        "subject_id": number,
        "rule": rule,
        "occurrence": f"due:{due.isoformat()}",
        "days_before": days,
        "due": due,
        "remind_at": moment,
    }


def _numbers(count: int) -> CTE:
    """1 … count."""
    first = select(literal(1).label("number")).cte(f"to{count}", recursive=True)
    return first.union_all(select(first.c.number + 1).where(first.c.number < count))


def _text(before: str, number: ColumnElement[int]) -> ColumnElement[str]:
    return literal(before) + cast(number, String)


async def _copy(
    session: AsyncSession, row: type[Any], wanted: dict[str, Any], source: CTE, *conditions: ColumnElement[bool]
) -> None:
    columns, selected = zip(*wanted.items(), strict=True)
    query = select(*_typed(row, columns, selected)).select_from(source).where(*conditions)
    await session.execute(insert(row).from_select(columns, query))


def _typed(row: type[Any], columns: Sequence[str], selected: Sequence[Any]) -> list[ColumnElement[Any]]:
    """Constants as the column keeps them."""
    types = (getattr(row, name).type for name in columns)
    return [
        one if isinstance(one, ColumnElement) else literal(one, kind) for one, kind in zip(selected, types, strict=True)
    ]
