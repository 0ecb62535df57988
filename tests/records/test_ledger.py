"""The ledger: only added to, and every touch of what stands in it is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from records.facts import facts_of
from records.ledger import (
    FIRST,
    Entry,
    EntryUnknown,
    EntryVoided,
    LedgerPersonUnknown,
    append,
    entries_of,
    entry_of,
    seal,
    verify,
)
from records.payloads import KindUnknown, PayloadWrong
from records.tables import AccessRow, BranchRow, EntryRow, PersonRow
from storage.database import Database

NOW = datetime(2026, 11, 22, 4, 0, 0, 123456, tzinfo=UTC)


async def people(session: AsyncSession, count: int = 1) -> list[int]:
    branch = BranchRow(name="本科生第一党支部", kind="branch")
    session.add(branch)
    await session.flush()
    rows = [
        PersonRow(name=f"学生{n}", student_number=f"2023{n:04}", branch_id=branch.id, details={}, created_at=NOW)
        for n in range(count)
    ]
    session.add_all(rows)
    await session.flush()
    return [row.id for row in rows]


async def step(session: AsyncSession, person: int, name: str, on: str, **more: object) -> Entry:
    return await append(
        session,
        person=person,
        kind="step",
        happened_on=date.fromisoformat(on),
        payload={"step": name},
        recorded_by=None,
        now=NOW,
        **more,  # type: ignore[arg-type]
    )


async def three_chains(session: AsyncSession) -> list[int]:
    ids = await people(session, 3)
    for name, on in (
        ("application_received", "2026-03-02"),
        ("interview", "2026-03-20"),
        ("activist_decided", "2026-09-01"),
    ):
        for person in ids:
            await step(session, person, name, on)
    return ids


async def test_each_entry_is_sealed_with_the_one_before_it(database: Database) -> None:
    async with database.write() as session:
        (person,) = await people(session)
        first = await step(session, person, "application_received", "2026-03-02")
        second = await step(session, person, "interview", "2026-03-20")

    assert (first.sequence, first.previous_hash) == (1, FIRST)
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    assert len(second.hash) == 64


async def test_what_was_written_reads_back_the_same_to_the_seal(database: Database) -> None:
    beijing = timezone(timedelta(hours=8))
    async with database.write() as session:
        (person,) = await people(session)
        written = await append(
            session,
            person=person,
            kind="activity",
            happened_on=date(2026, 11, 1),
            payload={"category": "志愿服务", "title": "社区“清洁”日 🧹", "hours": 2.5},
            recorded_by=person,
            verified_by=person,
            now=NOW.astimezone(beijing),
        )

    async with database.read() as session:
        (read,) = await entries_of(session, person)
        assert await entry_of(session, written.id) == read
        assert await verify(session) is None
    assert seal(read) == read.hash == written.hash
    assert read.recorded_at == NOW


async def test_whole_chains_hold(database: Database) -> None:
    async with database.write() as session:
        await three_chains(session)

    async with database.read() as session:
        assert await verify(session) is None


@pytest.mark.parametrize(
    "column",
    [
        {"happened_on": date(2026, 3, 1)},
        {"kind": "activity"},
        {"payload": {"step": "interview", "history": True}},
        {"recorded_at": NOW + timedelta(microseconds=1)},
        {"verified_by": 1},
    ],
)
async def test_an_edited_entry_is_found(database: Database, column: dict[str, object]) -> None:
    async with database.write() as session:
        ids = await three_chains(session)
        if "verified_by" in column:
            column = {"verified_by": ids[0]}
        await session.execute(
            update(EntryRow).where(EntryRow.person_id == ids[1], EntryRow.sequence == 2).values(**column)
        )

    async with database.read() as session:
        broken = await verify(session)

    assert broken is not None
    assert (broken.person, broken.sequence, broken.problem) == (ids[1], 2, "edited")


async def test_an_edited_entry_with_a_new_seal_breaks_the_next_one(database: Database) -> None:
    async with database.write() as session:
        ids = await three_chains(session)
        row = await session.scalar(select(EntryRow).where(EntryRow.person_id == ids[0], EntryRow.sequence == 1))
        assert row is not None
        row.happened_on = date(2020, 1, 1)
        row.hash = seal(row)

    async with database.read() as session:
        broken = await verify(session)

    assert broken is not None
    assert (broken.person, broken.sequence, broken.problem) == (ids[0], 2, "unlinked")


@pytest.mark.parametrize(("sequence", "found_at"), [(1, 1), (2, 2)])
async def test_a_removed_entry_is_found(database: Database, sequence: int, found_at: int) -> None:
    async with database.write() as session:
        ids = await three_chains(session)
        await session.execute(delete(EntryRow).where(EntryRow.person_id == ids[2], EntryRow.sequence == sequence))

    async with database.read() as session:
        broken = await verify(session)

    assert broken is not None
    assert (broken.person, broken.sequence, broken.problem) == (ids[2], found_at, "missing")


async def test_exchanged_entries_are_found(database: Database) -> None:
    async with database.write() as session:
        ids = await three_chains(session)
        for before, after in ((1, 99), (2, 1), (99, 2)):
            await session.execute(
                update(EntryRow).where(EntryRow.person_id == ids[0], EntryRow.sequence == before).values(sequence=after)
            )

    async with database.read() as session:
        broken = await verify(session)

    assert broken is not None
    assert (broken.person, broken.sequence) == (ids[0], 1)


async def test_an_entry_moved_to_another_person_is_found(database: Database) -> None:
    async with database.write() as session:
        ids = await three_chains(session)
        await session.execute(
            update(EntryRow)
            .where(EntryRow.person_id == ids[0], EntryRow.sequence == 3)
            .values(person_id=ids[1], sequence=4)
        )

    async with database.read() as session:
        broken = await verify(session)

    assert broken is not None
    assert (broken.person, broken.sequence) == (ids[1], 4)


async def test_a_person_who_was_deleted_leaves_the_other_chains_whole(database: Database) -> None:
    async with database.write() as session:
        ids = await three_chains(session)
        await session.execute(delete(EntryRow).where(EntryRow.person_id == ids[1]))
        await session.execute(delete(PersonRow).where(PersonRow.id == ids[1]))

    async with database.read() as session:
        assert await verify(session) is None


async def test_two_entries_cannot_have_the_same_place(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            ids = await three_chains(session)
            await session.execute(text(f"UPDATE entry SET sequence = 1 WHERE person_id = {ids[0]} AND sequence = 2"))  # noqa: S608


async def test_a_payload_is_checked_against_its_kind(database: Database) -> None:
    async with database.write() as session:
        (person,) = await people(session)
        common = {"person": person, "happened_on": date(2026, 11, 1), "recorded_by": None, "now": NOW}

        with pytest.raises(KindUnknown, match="mood"):
            await append(session, kind="mood", payload={}, **common)  # type: ignore[arg-type]
        with pytest.raises(PayloadWrong, match="step"):
            await append(session, kind="step", payload={}, **common)  # type: ignore[arg-type]
        with pytest.raises(PayloadWrong, match="attitude"):
            await append(session, kind="step", payload={"step": "interview", "attitude": "5"}, **common)  # type: ignore[arg-type]
        assert await entries_of(session, person) == []


async def test_an_entry_takes_the_place_of_another_of_the_same_person_once(database: Database) -> None:
    async with database.write() as session:
        one, other = await people(session, 2)
        wrong = await step(session, one, "application_received", "2026-03-02")
        right = await step(session, one, "application_received", "2026-03-01", voids=wrong.id)

        with pytest.raises(EntryVoided) as refused:
            await step(session, one, "application_received", "2026-02-01", voids=wrong.id)
        with pytest.raises(EntryUnknown):
            await step(session, other, "application_received", "2026-02-01", voids=right.id)
        facts = facts_of(await entries_of(session, one))

    assert refused.value.fields == {"entry": wrong.id, "by": right.id}
    assert [(fact.entry, fact.on) for fact in facts] == [(right.id, date(2026, 3, 1))]


async def test_an_entry_of_nobody_is_refused(database: Database) -> None:
    async with database.write() as session:
        with pytest.raises(LedgerPersonUnknown):
            await step(session, 4711, "application_received", "2026-03-02")


@pytest.mark.postgres
async def test_who_adds_to_a_chain_keeps_others_from_that_chain_and_from_nothing_else(
    new_postgres: Callable[[], str],
) -> None:
    database = Database(new_postgres())
    async with database.write() as session:
        (person,) = await people(session)

    async with database.write() as recording:
        await step(recording, person, "application_received", "2026-03-02")
        async with database.write() as looking:  # what refers to the person: a look, a letter, a reading
            await looking.execute(text("SET LOCAL lock_timeout = '100ms'"))
            looking.add(AccessRow(viewer_id=None, subject_id=person, what="record", at=NOW))
        with pytest.raises(DBAPIError, match="lock timeout"):
            async with database.write() as other:
                await other.execute(text("SET LOCAL lock_timeout = '100ms'"))
                await step(other, person, "interview", "2026-03-20")

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AccessRow)) == 1
        assert [entry.payload["step"] for entry in await entries_of(session, person)] == ["application_received"]
    await database.close()


async def test_facts_come_by_day_whatever_the_order_of_recording(database: Database) -> None:
    async with database.write() as session:
        (person,) = await people(session)
        await step(session, person, "interview", "2026-03-20")
        await step(session, person, "application_received", "2026-03-02")
        facts = facts_of(await entries_of(session, person))

    assert [fact.step for fact in facts] == ["application_received", "interview"]
    assert {fact.recorded_on for fact in facts} == {date(2026, 11, 22)}
