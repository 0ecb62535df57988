"""What becomes of a letter, outcome by outcome, and what a crash leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from scheduler import claiming, outbox, settling
from scheduler.delivery import Delivery, Outcome, Report
from scheduler.limits import Limiter
from scheduler.outbox import Draft, Kind, Letter
from scheduler.tables import OutboxRow
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class Postman:
    """A carrier that keeps what it was given and answers as it was told."""

    def __init__(self, *answers: Report) -> None:
        self.carried: list[str] = []
        self._answers = list(answers)

    async def carry(self, letter: Letter) -> Report:
        self.carried.append(letter.unique_key)
        return self._answers.pop(0) if self._answers else Report(Outcome.SENT, message_id=1)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def draft(key: str, kind: Kind = Kind.REMINDER, chat: int = 1, **fields: object) -> Draft:
    return Draft(unique_key=key, channel="telegram", chat_id=chat, kind=kind, payload={}, not_before=NOON, **fields)  # type: ignore[arg-type]


async def put(database: Database, *drafts: Draft) -> int:
    async with database.write() as session:
        return await outbox.enqueue(session, drafts, now=NOON)


async def states(database: Database) -> dict[str, str]:
    async with database.read() as session:
        rows = await session.execute(select(OutboxRow.unique_key, OutboxRow.state))
        return {row.unique_key: row.state for row in rows}


def delivery(database: Database, postman: Postman, clock: Callable[[], datetime]) -> Delivery:
    return Delivery(database, {"telegram": postman}, {}, clock)


async def test_the_same_key_is_kept_once(database: Database) -> None:
    assert await put(database, draft("a"), draft("b"), draft("a")) == 2
    assert await put(database, draft("b"), draft("c")) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "state"),
    [
        (Report(Outcome.SENT), Kind.STUDY, "sent"),
        (Report(Outcome.DEAD, reason="blocked"), Kind.REMINDER, "failed"),
        (Report(Outcome.CANCELLED, reason="resolved"), Kind.REMINDER, "cancelled"),
        (Report(Outcome.UNSURE), Kind.STUDY, "uncertain"),
        (Report(Outcome.UNSURE), Kind.REMINDER, "queued"),
        (Report(Outcome.NOT_SENT), Kind.STUDY, "queued"),
        (Report(Outcome.WAIT, retry_after=30), Kind.STUDY, "queued"),
        (Report(Outcome.LATER, retry_after=3600), Kind.REMINDER, "queued"),
    ],
)
async def test_each_outcome_has_its_end(database: Database, answer: Report, kind: Kind, state: str) -> None:
    await put(database, draft("a", kind))

    await delivery(database, Postman(answer), Hands()).drain()

    assert await states(database) == {"a": state}


async def test_a_refused_chat_waits_as_long_as_it_was_asked_and_holds_nobody_else(database: Database) -> None:
    clock = Hands()
    postman = Postman(Report(Outcome.WAIT, retry_after=30))
    await put(database, draft("a1", chat=1), draft("a2", chat=1), draft("b", chat=2))
    house = delivery(database, postman, clock)

    await house.drain()
    assert sorted(postman.carried) == ["a1", "b"]
    clock.now += timedelta(seconds=29)
    await house.drain()
    assert len(postman.carried) == 2
    clock.now += timedelta(seconds=1)
    await house.drain()

    assert await states(database) == {"a1": "sent", "a2": "sent", "b": "sent"}


async def test_what_may_be_repeated_is_tried_a_bounded_number_of_times(database: Database) -> None:
    clock = Hands()
    postman = Postman(*[Report(Outcome.UNSURE, reason="reply lost")] * 50)
    await put(database, draft("a"))
    house = delivery(database, postman, clock)

    for _ in range(20):
        await house.drain()
        clock.now += timedelta(hours=1)

    assert len(postman.carried) == outbox.MAX_ATTEMPTS
    assert await states(database) == {"a": "uncertain"}


async def test_a_letter_that_came_too_late_is_cancelled_with_the_reason(database: Database) -> None:
    clock = Hands()
    await put(database, draft("a", expires_at=NOON + timedelta(hours=1)))
    clock.now += timedelta(hours=1)
    postman = Postman()

    await delivery(database, postman, clock).drain()

    async with database.read() as session:
        row = await session.scalar(select(OutboxRow))
    assert row is not None
    assert (row.state, row.last_error, postman.carried) == ("cancelled", "expired", [])


async def test_replies_go_before_reminders_before_cards_and_in_their_order(database: Database) -> None:
    postman = Postman()
    await put(
        database,
        draft("card", Kind.STUDY),
        draft("broadcast", Kind.BROADCAST),
        draft("reminder", Kind.REMINDER),
        draft("reply 1", Kind.REPLY),
        draft("reply 2", Kind.REPLY),
    )

    await delivery(database, postman, Hands()).drain()

    assert postman.carried == ["reply 1", "reply 2", "reminder", "card", "broadcast"]


async def test_after_a_crash_letters_go_again_but_a_card_is_called_uncertain(database: Database) -> None:
    await put(database, draft("reminder", Kind.REMINDER, chat=1), draft("card", Kind.STUDY, chat=2))
    async with database.write() as session:
        later = datetime(2100, 1, 1, tzinfo=UTC)
        claimed = await claiming.claim(session, "telegram", now=NOON, lease_until=later, limit=8)
    assert len(claimed) == 2

    house = delivery(database, Postman(), Hands())
    await house.recover(everything=False)
    assert await states(database) == {"reminder": "sending", "card": "sending"}
    await house.recover(everything=True)

    assert await states(database) == {"reminder": "queued", "card": "uncertain"}


async def test_a_carrier_that_crashes_loses_nothing(database: Database) -> None:
    class Broken:
        async def carry(self, letter: Letter) -> Report:
            raise RuntimeError("a bug")

    await put(database, draft("a"), draft("card", Kind.STUDY, chat=2))

    await Delivery(database, {"telegram": Broken()}, {}, Hands()).drain()

    assert await states(database) == {"a": "queued", "card": "uncertain"}


async def test_what_this_process_is_sending_is_never_taken_for_interrupted(database: Database) -> None:
    class Slow:
        def __init__(self) -> None:
            self.began, self.may_end, self.carried = asyncio.Event(), asyncio.Event(), 0

        async def carry(self, letter: Letter) -> Report:
            self.carried += 1
            self.began.set()
            await self.may_end.wait()
            return Report(Outcome.SENT)

    slow = Slow()
    await put(database, *(draft(str(chat), chat=chat) for chat in range(20)))
    house = Delivery(database, {"telegram": slow}, {}, Hands())
    draining = asyncio.create_task(house.drain())

    await slow.began.wait()
    await house.recover(everything=True)
    assert "queued" not in (await states(database)).values()
    slow.may_end.set()
    await draining

    assert slow.carried == 20


async def test_a_letter_that_keeps_failing_holds_the_chats_next_ones_only_for_a_while(database: Database) -> None:
    clock = Hands()
    postman = Postman(*[Report(Outcome.UNSURE)] * 5)
    await put(database, draft("poison", Kind.REPLY), draft("next", Kind.REPLY))
    house = delivery(database, postman, clock)

    for _ in range(20):
        await house.drain()
        clock.now += timedelta(seconds=2)

    assert postman.carried[:4] == ["poison"] * 4
    assert (await states(database))["next"] == "sent"


async def test_a_letter_to_a_door_that_is_open_nowhere_fails_visibly(database: Database) -> None:
    await put(database, draft("a"))

    await Delivery(database, {}, {}, Hands(), elsewhere=["web"]).drain()
    await Delivery(database, {}, {}, Hands(), elsewhere=["telegram"]).drain()

    assert await states(database) == {"a": "failed"}


async def test_a_letter_that_was_sent_by_a_sleeper_is_not_sent_by_whoever_took_it_over(database: Database) -> None:
    clock = Hands()
    await put(database, draft("a"))
    async with database.write() as session:
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        (letter,) = await claiming.claim(session, "telegram", now=NOON, lease_until=long_ago, limit=1)
    async with database.write() as session:
        assert await claiming.recover(session, now=NOON) == 1
    async with database.write() as session:
        await settling.settle(session, [outbox.Result(letter, outbox.State.SENT)], now=NOON)
    postman = Postman()

    await delivery(database, postman, clock).drain()

    assert postman.carried == []
    assert await states(database) == {"a": "sent"}


async def test_what_a_sleeper_says_late_does_not_undo_what_its_successor_did(database: Database) -> None:
    await put(database, draft("a"))
    async with database.write() as session:
        (first,) = await claiming.claim(session, "telegram", now=NOON, lease_until=NOON, limit=1)
    async with database.write() as session:
        await claiming.recover(session, now=NOON + timedelta(minutes=1))
        (second,) = await claiming.claim(session, "telegram", now=NOON, lease_until=NOON, limit=1)
    assert second.attempts == first.attempts + 1
    async with database.write() as session:
        await settling.settle(session, [outbox.Result(second, outbox.State.SENT)], now=NOON)
        await settling.settle(session, [outbox.Result(first, outbox.State.FAILED, error="late")], now=NOON)

    assert await states(database) == {"a": "sent"}


async def test_asked_to_stop_at_any_commit_a_letter_was_sent_or_waits_for_the_next_start(database: Database) -> None:
    postman, keys = Postman(), [f"card {number}" for number in range(150)]
    await put(database, *(draft(key, Kind.STUDY, chat=place) for place, key in enumerate(keys)))
    commits_left = 0

    def counted(_: object) -> None:
        nonlocal commits_left
        commits_left -= 1
        if commits_left == 0:
            running.cancel()

    event.listen(database.engine.sync_engine, "commit", counted)
    for number in range(1, 9):
        commits_left, running = number, asyncio.create_task(delivery(database, postman, Hands()).run(alone=True))
        await asyncio.wait({running})
        assert set((await states(database)).values()) <= {"queued", "sent"}
    event.remove(database.engine.sync_engine, "commit", counted)

    await delivery(database, postman, Hands()).drain()
    assert set((await states(database)).values()) == {"sent"}
    assert sorted(postman.carried) == sorted(keys)


async def test_a_letter_that_goes_again_is_never_used_up_by_what_went_wrong_in_between(database: Database) -> None:
    clock = Hands()
    lost, again = Report(Outcome.UNSURE, reason="reply lost"), Report(Outcome.AGAIN, retry_after=3)
    postman = Postman(*(answer for _ in range(6) for answer in (lost, lost, again)), Report(Outcome.SENT))
    await put(database, draft("progress", Kind.PROGRESS))
    ours = delivery(database, postman, clock)

    for _ in range(18):
        await ours.drain()
        assert await states(database) == {"progress": "queued"}
        clock.now += timedelta(seconds=30)
    await ours.drain()

    assert len(postman.carried) == 19
    assert await states(database) == {"progress": "sent"}


@pytest.mark.postgres
async def test_processes_lock_what_they_share_in_one_order(new_postgres: Callable[[], str]) -> None:
    database, locks = Database(new_postgres()), list[str]()

    def noted(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "pg_advisory_xact_lock" in statement:
            locks.append("claiming")
        if "FOR UPDATE" in statement and "setting" in statement:
            locks.append("limits")

    event.listen(database.engine.sync_engine, "before_cursor_execute", noted)
    event.listen(database.engine.sync_engine, "commit", lambda _: locks.append("end"))
    await put(database, *(draft(str(chat), chat=chat) for chat in range(60)))
    await Delivery(database, {"telegram": Postman()}, {"telegram": Limiter(30)}, lambda: datetime.now(UTC)).drain()
    await database.close()

    turns = [turn.split() for turn in " ".join(locks).split("end")]
    both = [turn for turn in turns if "limits" in turn and "claiming" in turn]
    assert both
    assert all(turn[0] == "claiming" and turn.count("limits") == 1 for turn in both)


async def test_no_lane_starves_however_many_replies_wait(database: Database) -> None:
    postman = Postman()
    replies = [draft(f"reply {chat}", Kind.REPLY, chat) for chat in range(80)]
    others = [draft(kind.value, kind, 100 + at) for at, kind in enumerate((Kind.REMINDER, Kind.STUDY, Kind.BROADCAST))]
    await put(database, *replies, *others)

    limiters = {"telegram": Limiter(30)}
    await Delivery(database, {"telegram": postman}, limiters, lambda: datetime.now(UTC)).drain()

    assert len(postman.carried) == 83
    assert postman.carried[0].startswith("reply")
    assert postman.carried[-1].startswith("reply")
