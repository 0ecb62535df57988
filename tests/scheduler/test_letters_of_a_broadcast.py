"""The letters of one broadcast and whom it is for are looked up; nobody goes through all that others were sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from scheduler.broadcasts import Broadcast, Standing, progress_of
from scheduler.spreading import begin, decide
from storage.database import Database

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


LOOKS = ("progress", "pausing")


@pytest.mark.parametrize("look", LOOKS)
async def test_the_letters_of_a_broadcast_are_found_by_the_index_of_keys(database: Database, look: str) -> None:
    said: list[tuple[str, Any]] = []

    def executes(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if " outbox" in statement:
            said.append((statement, values))

    async with database.write() as session:
        connection = await session.connection()
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))  # few rows: it would read them all
        event.listen(connection.sync_connection, "before_cursor_execute", executes)
        if look == "progress":
            await progress_of(session, "news", now=NOW)
        else:
            broadcast = Broadcast("news", "text", 0, (1,), "支部", None, NOW.isoformat())
            await decide(session, broadcast, Standing.PAUSED, now=NOW)
        event.remove(connection.sync_connection, "before_cursor_execute", executes)
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plans = [
            [str(row[-1]).strip() for row in await connection.exec_driver_sql(explain + statement, values)]
            for statement, values in said
        ]

    expected = "SEARCH outbox USING INDEX" if database.is_sqlite else "Index Cond: (((unique_key)::text > "
    assert plans
    for plan in plans:
        assert any(line.startswith(expected) and "unique_key" in line for line in plan), plan


@pytest.mark.postgres
async def test_a_page_of_people_begins_where_the_last_one_ended(new_postgres: Callable[[], str]) -> None:
    database = Database(new_postgres())
    said: list[tuple[str, Any]] = []
    broadcast = Broadcast("news", "text", 0, (1,), "支部", None, NOW.isoformat())
    async with database.write() as session:
        connection = await session.connection()
        event.listen(
            connection.sync_connection,
            "before_cursor_execute",
            lambda _c, _cursor, statement, values, _context, _many: said.append((statement, values)),
        )
        await begin(session, broadcast, notice_version="1", now=NOW)
        statement, values = next(one for one in said if "FROM consent" in one[0])
        for way in ("seqscan", "bitmapscan", "nestloop", "hashjoin"):  # as it goes through very many people
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        plan = [str(row[0]).strip() for row in await connection.exec_driver_sql("EXPLAIN " + statement, values)]
    await database.close()

    consents = plan[plan.index(next(line for line in plan if " on consent" in line)) + 1]
    assert consents.startswith("Index Cond: (person_id > "), plan
