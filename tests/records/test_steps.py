"""Recording, correcting and withdrawing steps: what is kept, and what moves."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from sqlalchemy import select, update

from records import refusals as no
from records.facts import facts_of
from records.ledger import EntryUnknown, EntryVoided, LedgerPersonUnknown, entries_of, verify
from records.stages import Stage
from records.steps import correct, void
from records.tables import BranchRow, EntryRow, PersonRow, RoleRow
from storage.database import Database
from tests.records.way import CALENDAR, NOW, TODAY, TRACK, WAY, person, recorded


async def test_a_whole_way_is_kept_in_the_ledger_and_the_stage_with_the_person(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        stages = []
        for step, on, detail in WAY:
            done = await recorded(session, who, step, on, detail=detail)
            if done.stage_after is not done.stage_before:
                stages.append((step, done.stage_after))

    async with database.read() as session:
        row = await session.get(PersonRow, who)
        entries = await entries_of(session, who)
        assert await verify(session) is None

    assert stages == [
        ("activist_decided", Stage.ACTIVIST),
        ("candidate_listed", Stage.CANDIDATE),
        ("admission_approved", Stage.PROBATIONARY_MEMBER),
        ("conversion_approved", Stage.FULL_MEMBER),
    ]
    assert row is not None
    assert row.stage == "full_member"
    assert [fact.step for fact in facts_of(entries)] == [step for step, _, _ in WAY]


async def test_recording_says_which_dates_it_gave_and_took(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        first = await recorded(session, who, "application_received", "2027-12-01")
        second = await recorded(session, who, "interview", "2027-12-20")

    assert [(each.rule, each.was, each.becomes) for each in first.changes] == [("T02", None, date(2028, 1, 1))]
    assert [(each.rule, each.was, each.becomes) for each in second.changes] == [("T02", date(2028, 1, 1), None)]


async def test_of_two_who_record_the_same_step_at_once_one_is_told_that_it_is_there(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)

    async def try_once() -> bool:
        try:
            async with database.write() as session:
                await recorded(session, who, "application_received", "2027-12-01")
        except no.StepRepeated:
            return False
        return True

    outcomes = await asyncio.gather(*(try_once() for _ in range(4)))

    assert sorted(outcomes) == [False, False, False, True]
    async with database.read() as session:
        assert len(await entries_of(session, who)) == 1
        assert await verify(session) is None


async def test_a_refused_step_leaves_nothing_behind(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        await recorded(session, who, "birthday", "2010-01-01")

    with pytest.raises(no.StepUnderAge):
        async with database.write() as session:
            await recorded(session, who, "application_received", "2027-12-01")

    async with database.read() as session:
        assert len(await entries_of(session, who)) == 1


async def test_a_corrected_day_moves_what_hangs_on_it_and_the_old_entry_stays_readable(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        await recorded(session, who, "application_received", "2026-09-01", history=True)
        await recorded(session, who, "interview", "2026-09-10")
        wrong = await recorded(session, who, "activist_decided", "2027-11-20")
        right = await correct(
            session,
            TRACK,
            person=who,
            entry=wrong.entry.id,
            on=date(2027, 10, 20),
            reason="日期录错",
            recorded_by=None,
            today=TODAY,
            now=NOW,
            calendar=CALENDAR,
        )
        entries = await entries_of(session, who)

    moved = {(each.rule, each.was, each.becomes) for each in right.changes}
    assert ("T04", date(2028, 11, 20), date(2028, 10, 20)) in moved
    assert ("T03", date(2028, 5, 20), date(2028, 4, 20)) in moved
    assert [entry.happened_on for entry in entries][-2:] == [date(2027, 11, 20), date(2027, 10, 20)]
    assert [fact.on for fact in facts_of(entries)][-1] == date(2027, 10, 20)
    assert right.entry.voids == wrong.entry.id


async def test_a_correction_is_judged_like_a_recording(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        await recorded(session, who, "application_received", "2026-09-01")
        await recorded(session, who, "interview", "2026-09-10")
        activist = await recorded(session, who, "activist_decided", "2026-11-20")

        with pytest.raises(no.StepOutOfOrder):
            await correct(
                session,
                TRACK,
                person=who,
                entry=activist.entry.id,
                on=date(2026, 9, 9),
                reason="日期录错",
                recorded_by=None,
                today=TODAY,
                now=NOW,
                calendar=CALENDAR,
            )


async def test_a_withdrawn_entry_takes_its_stage_and_dates_along_and_can_be_withdrawn_once(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        await recorded(session, who, "application_received", "2026-09-01")
        await recorded(session, who, "interview", "2026-09-10")
        activist = await recorded(session, who, "activist_decided", "2026-11-20")
        settings = {"recorded_by": None, "today": TODAY, "now": NOW, "calendar": CALENDAR}
        gone = await void(session, TRACK, person=who, entry=activist.entry.id, reason="录错了人", **settings)
        with pytest.raises(EntryVoided):
            await void(session, TRACK, person=who, entry=activist.entry.id, reason="录错了人", **settings)
        back = await void(session, TRACK, person=who, entry=gone.entry.id, reason="没有录错", **settings)
        row = await session.get(PersonRow, who)
        assert row is not None
        await session.refresh(row)

    assert (gone.stage_before, gone.stage_after) == (Stage.ACTIVIST, Stage.APPLICANT)
    assert (back.stage_before, back.stage_after) == (Stage.APPLICANT, Stage.ACTIVIST)
    assert row.stage == "activist"


async def test_nobody_corrects_another_persons_entry(database: Database) -> None:
    async with database.write() as session:
        one, other = await person(session), await person(session, "20230002")
        entry = (await recorded(session, one, "application_received", "2026-09-01")).entry.id

        with pytest.raises(EntryUnknown):
            await void(
                session,
                TRACK,
                person=other,
                entry=entry,
                reason="-",
                recorded_by=None,
                today=TODAY,
                now=NOW,
                calendar=CALENDAR,
            )


async def test_a_pause_is_kept_with_the_person_and_ends(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        await recorded(session, who, "paused", "2027-03-01")
        paused = await session.scalar(select(PersonRow.paused).where(PersonRow.id == who))
        await recorded(session, who, "resumed", "2027-09-01")
        resumed = await session.scalar(select(PersonRow.paused).where(PersonRow.id == who))

    assert (paused, resumed) == (True, False)


async def test_marks_and_reason_are_kept_with_the_entry(database: Database) -> None:
    async with database.write() as session:
        who = await person(session)
        await recorded(session, who, "application_received", "2027-09-01")
        await recorded(session, who, "interview", "2027-11-01", reason="假期无人在校")
        entry = (await entries_of(session, who))[-1]

    assert entry.payload["reason"] == "假期无人在校"
    assert [(mark["code"], mark["rule"], mark["article"]) for mark in entry.payload["marks"]] == [("late", "T02", 7)]


async def test_a_mentor_is_a_full_member(database: Database) -> None:
    async with database.write() as session:
        who, other = await person(session), await person(session, "20230002")
        session.add(RoleRow(person_id=other, role="student", branch_id=await session.scalar(select(BranchRow.id)) or 0))
        for step, on, detail in WAY[:4]:
            await recorded(session, who, step, on, detail=detail)

        with pytest.raises(no.StepNotFullMember, match="20230002"):
            await recorded(session, who, "mentor_assigned", "2024-11-29", detail={"mentors": "何田、20230002"})
        history = await recorded(
            session, who, "mentor_assigned", "2024-11-28", detail={"mentors": "20230002"}, history=True
        )
        await session.execute(update(PersonRow).where(PersonRow.id == other).values(stage="full_member"))
        now_a_member = await recorded(session, who, "mentor_assigned", "2024-11-29", detail={"mentors": "20230002"})

    assert [mark.code for mark in history.marks] == ["not_full_member"]
    assert now_a_member.marks == []


async def test_a_step_of_nobody_is_refused(database: Database) -> None:
    with pytest.raises(LedgerPersonUnknown):
        async with database.write() as session:
            await recorded(session, 4711, "application_received", "2026-09-01")

    async with database.read() as session:
        assert await session.scalar(select(EntryRow.id)) is None
