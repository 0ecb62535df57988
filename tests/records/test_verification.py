"""Verifying what somebody entered themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.words import Locales
from records.branches import create_branch
from records.exports.columns import checked_of
from records.facts import facts_of
from records.growth import growth_of, totals_of, unverified_of
from records.ledger import Entry, EntryUnknown, EntryVoided, append, entries_of, verify
from records.people import Person, Role, add_person
from records.privacy import everything_about
from records.verification import EntryOwn, EntryVerified, verify_entry
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
WORDS = Locales().words("zh_CN").plain


async def test_a_verification_is_an_entry_of_its_own_and_changes_no_fact(database: Database) -> None:
    async with database.write() as session:
        student, secretary = await _people(session)
        report = await _report(session, student, by=student)
        before = facts_of(await entries_of(session, student.id))

        await verify_entry(session, person=student.id, entry=report.id, by=secretary.id, today=TODAY, now=NOON)

        entries = await entries_of(session, student.id)
        (row,) = await growth_of(session, [student.id])
        told = await everything_about(session, student.id)
        broken = await verify(session)
    assert [one.kind for one in entries] == ["step", "verification"]
    assert (entries[1].payload, entries[1].recorded_by) == ({"entry": report.id}, secretary.id)
    assert facts_of(entries) == before
    assert (row.verified_by, row.verified_on, row.own) == ("周立言", TODAY, True)
    assert checked_of(row, WORDS) == "周立言（2026-11-22）"
    assert (totals_of([row]).verified_rows, totals_of([row]).unverified_rows) == (1, 0)
    assert [one["recorded_by_name"] for one in told["entry"]] == ["林一", "周立言"]
    assert broken is None


async def test_what_the_organisation_entered_waits_for_nobody(database: Database) -> None:
    async with database.write() as session:
        student, secretary = await _people(session)
        await _report(session, student, by=secretary)
        own = await _report(session, student, by=student, on=date(2026, 11, 1))
        rows = await growth_of(session, [student.id])

    assert [row.entry for row in unverified_of(rows)] == [own.id]
    assert [checked_of(row, WORDS) for row in rows] == ["党组织登记", "未核验"]
    assert totals_of(rows).unverified_rows == 1


async def test_nothing_is_verified_twice_by_its_own_author_or_after_it_was_withdrawn(database: Database) -> None:
    async with database.write() as session:
        student, secretary = await _people(session)
        report = await _report(session, student, by=student)
        gone = await _report(session, student, by=student, on=date(2026, 11, 2))
        await append(
            session,
            person=student.id,
            kind="void",
            happened_on=TODAY,
            payload={"reason": "重复"},
            recorded_by=secretary.id,
            now=NOON,
            voids=gone.id,
        )

        async def tried(entry: int, by: Person) -> None:
            await verify_entry(session, person=student.id, entry=entry, by=by.id, today=TODAY, now=NOON)

        with pytest.raises(EntryOwn):
            await tried(report.id, student)
        with pytest.raises(EntryVoided):
            await tried(gone.id, secretary)
        with pytest.raises(EntryUnknown):
            await tried(9999, secretary)
        await tried(report.id, secretary)
        with pytest.raises(EntryVerified):
            await tried(report.id, secretary)
        assert unverified_of(await growth_of(session, [student.id])) == []


async def _people(session: AsyncSession) -> tuple[Person, Person]:
    branch = await create_branch(session, "第一党支部")
    student = await add_person(session, name="林一", branch_id=branch.id, now=NOON)
    secretary = await add_person(session, name="周立言", branch_id=branch.id, now=NOON, roles=(Role.ORGANISER,))
    return student, secretary


async def _report(session: AsyncSession, student: Person, *, by: Person, on: date = date(2026, 10, 1)) -> Entry:
    return await append(
        session,
        person=student.id,
        kind="step",
        happened_on=on,
        payload={"step": "thought_report", "detail": {"title": "十月思想汇报"}},
        recorded_by=by.id,
        now=NOON,
    )
