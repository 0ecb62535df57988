"""A broadcast page by page: whatever interrupts it, everybody has one letter, and a decision holds for all of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from scheduler.broadcasts import Broadcast, Standing, progress_of
from scheduler.delivery import Delivery
from scheduler.spreading import begin, decide, spread
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.scheduler.people import add_branch, add_student
from tests.scheduler.test_delivery import Postman

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PAGE, PEOPLE = 3, 10


async def begun(database: Database) -> Broadcast:
    """To ten people, of whom the first three have their letters."""
    async with database.write() as session:
        branch = await add_branch(session)
        for number in range(PEOPLE):
            await add_student(session, branch, number)
        broadcast = Broadcast("7-1", "text", 0, (branch,), "支部", None, NOON.isoformat(), people=PEOPLE)
        assert await begin(session, broadcast, notice_version="1", now=NOON, page=PAGE) == PAGE
    return broadcast


async def decided(database: Database, broadcast: Broadcast, standing: Standing) -> Broadcast:
    async with database.write() as session:
        return await decide(session, broadcast, standing, now=NOON, page=PAGE)


async def spread_all(database: Database) -> int:
    pages = 0
    while await spread(database, now=NOON, page=PAGE):
        pages += 1
    return pages


async def letters(database: Database) -> Counter[str]:
    async with database.read() as session:
        rows = list(await session.scalars(select(OutboxRow)))
    assert len({row.recipient_id for row in rows}) == len(rows)
    return Counter(row.state if row.last_error is None else row.last_error for row in rows)


async def test_everybody_gets_one_letter_though_any_page_is_interrupted(database: Database) -> None:
    broadcast = await begun(database)

    class Killed(Exception):
        """As the process would be, before the commit."""

    for _ in range(4):
        with pytest.raises(Killed):
            async with database.write() as session:
                rows = await session.scalars(select(OutboxRow.id))
                assert len(rows.all()) >= PAGE
                await decide(session, broadcast, Standing.CANCELLED, now=NOON, page=PAGE)
                raise Killed
        await spread(database, now=NOON, page=PAGE)

    assert await letters(database) == {"queued": PEOPLE}
    assert await spread_all(database) == 0


async def test_what_is_still_to_be_written_counts_as_waiting(database: Database) -> None:
    await begun(database)

    async with database.read() as session:
        progress = await progress_of(session, "7-1", now=NOON)

    assert (progress.waiting, progress.total) == (PEOPLE, PEOPLE)


@pytest.mark.parametrize("pages", range(5))
async def test_a_decision_at_any_moment_holds_for_what_is_written_and_for_what_is_not(
    database: Database, pages: int
) -> None:
    broadcast = await begun(database)
    for _ in range(pages):
        await spread(database, now=NOON, page=PAGE)

    broadcast = await decided(database, broadcast, Standing.PAUSED)
    await spread_all(database)
    assert await letters(database) == {"paused": PEOPLE}
    postman = Postman()
    delivery = Delivery(database, {"telegram": postman}, {}, lambda: NOON + timedelta(days=2))
    await delivery.drain()
    assert postman.carried == []

    broadcast = await decided(database, broadcast, Standing.RUNNING)
    broadcast = await decided(database, broadcast, Standing.CANCELLED)
    async with database.read() as session:
        progress = await progress_of(session, "7-1", now=NOON)
    assert (progress.waiting, progress.cancelled) == (0, PEOPLE)
    await spread_all(database)
    assert await letters(database) == {"cancelled": PEOPLE}
    await delivery.drain()
    assert postman.carried == []


async def test_resumed_before_all_were_held_back_everything_goes_out_once(database: Database) -> None:
    broadcast = await begun(database)
    await spread_all(database)
    broadcast = await decided(database, broadcast, Standing.PAUSED)
    await spread(database, now=NOON, page=PAGE)

    await decided(database, broadcast, Standing.RUNNING)
    await spread_all(database)
    postman = Postman()
    await Delivery(database, {"telegram": postman}, {}, lambda: NOON).drain()

    assert len(set(postman.carried)) == len(postman.carried) == PEOPLE
    assert await letters(database) == {"sent": PEOPLE}
