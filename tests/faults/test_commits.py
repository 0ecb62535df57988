"""A process that ends at any commit leaves everything as before it or as after it, and its successor finishes."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from bot.tables import InboxRow
from storage.database import Database
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person
from tests.faults import crier
from tests.faults.child import KILLED, Moment, Run, broadcast_run, process, small_run, text_update
from tests.faults.shop import orders_of, states

__all__ = ["emulator"]
IN_FLIGHT = 8


def run_to_its_end(run: Run, doing: Callable[[Run, Any], None] = small_run) -> int | None:
    """The number of commits, or None when the process was ended on the way."""
    here, there = multiprocessing.Pipe(duplex=False)
    child = process(doing, run, there)
    child.start()
    there.close()
    child.join(60)
    assert child.exitcode in (0, KILLED)
    return here.recv() if child.exitcode == 0 else None


async def consistent(url: str, users: list[int]) -> set[str]:
    """Each update is handled with its effect and its replies, or waits with none of them. Returns how far it got."""
    database = Database(url)
    async with database.read() as session:
        rows = list(await session.scalars(select(InboxRow)))
    letters = await states(database)
    effects = {user: await orders_of(database, user) for user in users}
    await database.close()
    for row in rows:
        counted = effects[int(row.lane)].count(row.payload["message"]["text"])
        replies = [key for key in letters if key.startswith(f"reply:telegram:{row.update_id}:")]
        assert (row.state, counted, len(replies)) in [("handled", 1, 2), ("waiting", 0, 0)]
    return {row.state for row in rows} | set(letters.values())


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_at_any_commit_leaves_nothing_half_done(
    request: pytest.FixtureRequest, emulator: Emulator, kind: str, moment: Moment
) -> None:
    new_database: Callable[[], str] = request.getfixturevalue(f"new_{kind}")
    expected = {"taken tea": 1, "number 1": 1, "taken cake": 1, "number 2": 1}
    end_at, commits, left_behind = 0, None, set[str]()
    while commits is None or end_at == 1:
        people = [emulator.user("林小梅"), emulator.user("陈博")]
        mei, bo = people
        updates = [text_update(1, mei.id, "tea"), text_update(2, bo.id, "tea"), text_update(3, mei.id, "cake")]
        url = new_database()
        run = Run(url, emulator.token, emulator.address, updates, bo.id, end_at, moment)

        commits = run_to_its_end(run)
        reached = asyncio.run(consistent(url, [mei.id, bo.id]))
        if commits is None:
            left_behind |= reached
            assert run_to_its_end(Run(url, emulator.token, emulator.address, updates, bo.id)) is not None
            asyncio.run(consistent(url, [mei.id, bo.id]))

        heard = Counter(seen.text for seen in mei.heard)
        assert set(heard) == set(expected)
        doubled = sum(heard.values()) - 4 + sum(seen.text != "card" for seen in bo.heard) - 2
        assert doubled <= (IN_FLIGHT if commits is None else 0)
        assert [seen.text for seen in bo.heard].count("card") == 1 or end_at > 0
        assert [seen.text for seen in bo.heard].count("card") <= 1
        end_at += 1
    assert {
        "waiting",
        "handled",
        "queued",
        "sending",
        "sent",
    } <= left_behind  # the kills came at every stage of the way


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_kill_at_any_commit_of_a_broadcast_leaves_nobody_out(
    request: pytest.FixtureRequest, emulator: Emulator, kind: str
) -> None:
    new_database: Callable[[], str] = request.getfixturevalue(f"new_{kind}")
    left_behind = set[int]()
    for end_at in count(1):
        secretary, *people = [emulator.user(f"{number}号") for number in range(5)]
        url = new_database()
        asyncio.run(_prepared(url, people))
        updates = [text_update(number, secretary.id, said) for number, said in enumerate(crier.SAYS, 1)]
        run = Run(url, emulator.token, emulator.address, updates, end_at=end_at)

        commits = run_to_its_end(run, broadcast_run)
        left_behind.add(asyncio.run(_letters(url)))
        if commits is None:
            assert run_to_its_end(replace(run, end_at=0), broadcast_run) is not None

        answers = [seen.text for seen in secretary.heard]
        assert list(dict.fromkeys(answers)) == [f"{said} done" for said in crier.SAYS]
        heard = [len(person.heard) for person in people]
        assert 0 not in heard
        assert sum(heard) + len(answers) - len(people) - len(updates) <= (IN_FLIGHT if commits is None else 0)
        if commits is not None:
            break
    assert left_behind == {0, 2, 4}  # the kills came between the pages too


async def _prepared(url: str, people: list[Person]) -> None:
    database = Database(url)
    await crier.have_joined(database, len(people), first_chat=people[0].id)
    await database.close()


async def _letters(url: str) -> int:
    database = Database(url)
    keys = [key for key in await states(database) if key.startswith("broadcast:")]
    await database.close()
    return len(keys)
