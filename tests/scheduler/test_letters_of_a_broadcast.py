"""The letters of one broadcast are looked up; nobody goes through all that everybody else was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, text

from scheduler.broadcasts import progress_of
from storage.database import Database

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


async def test_the_letters_of_a_broadcast_are_found_by_the_index_of_keys(database: Database) -> None:
    said: list[tuple[str, Any]] = []

    def executes(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        said.append((statement, values))

    async with database.write() as session:
        connection = await session.connection()
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))  # few rows: it would read them all
        event.listen(connection.sync_connection, "before_cursor_execute", executes)
        await progress_of(session, "news", now=NOW)
        event.remove(connection.sync_connection, "before_cursor_execute", executes)
        (statement, values), *_ = said
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = [str(row[-1]).strip() for row in await connection.exec_driver_sql(explain + statement, values)]

    expected = "SEARCH outbox USING INDEX" if database.is_sqlite else "Index Cond: (((unique_key)::text >= "
    assert any(line.startswith(expected) and "unique_key" in line for line in plan), plan
