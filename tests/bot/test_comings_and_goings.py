"""People move, hand over, shut the door and come back: a date is still told to whom it concerns, and once."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from bot.deeds.importing import import_roster, plan_roster, settle_moved
from bot.deeds.recording import record_step
from records.branches import ensure_branch
from records.people import Role, assign_mentor, grant_role
from records.roster import Roster, RosterRow, undo_import
from records.steps import StepRequest
from scheduler.tables import OutboxRow, ReminderRow
from storage.database import Database
from tests.bot.student_house import BEIJING, StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person

__all__ = ["emulator"]

MORNING = datetime(2026, 11, 25, 9, 0, tzinfo=BEIJING)  # a day before the talk is due


async def applicant(house: StudentHouse) -> tuple[Person, Person]:
    """Somebody whose talk is due on Thursday (today is Monday), and who holds it; both have heard of the recording."""
    student = await house.join("林晓雨", number="2026001")
    organiser = await house.join("周老师", role=Role.ORGANISER)
    await house.record("林晓雨", "application_received", "2026-10-26")
    await house.quiet()
    return student, organiser


async def reminded(house: StudentHouse) -> set[int]:
    """Who is to be reminded of something."""
    async with house.services.database.read() as session:
        return set(await session.scalars(select(ReminderRow.recipient_id).where(ReminderRow.planned_at.is_(None))))


async def came_in(house: StudentHouse) -> None:
    """Until the platform's word has come and was handled."""
    await house.emulator.comes_about(lambda it: not it.pending_updates)
    await house.heard_out()


async def test_whoever_moves_is_the_new_branchs_to_be_reminded_of_at_once(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        await applicant(house)
        await house.join("吴老师", role=Role.MENTOR)
        student, before, after = (house.people[name].id for name in ("林晓雨", "周老师", "吴老师"))
        async with library.write() as session:
            branch = await ensure_branch(session, "学生第二党支部", parent=house.committee)
            await grant_role(session, house.people["吴老师"].id, Role.ORGANISER, branch.id)
        assert await reminded(house) == {student, before}

        async with library.write() as session:
            row = RosterRow("名册", 2, "2026001", "林晓雨", "学生第二党支部")
            plan = await plan_roster(session, Roster((row,), (), ()), default_branch=None)
            applied = (await import_roster(house.services, session, plan, imported_by=None)).applied

        assert await reminded(house) == {student, after}

        async with library.write() as session:
            undone = await undo_import(session, applied.undo)
            await settle_moved(house.services, session, undone.moved)

        assert await reminded(house) == {student, before}


async def test_who_hands_a_student_over_and_who_takes_over_both_hear_of_it(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        await applicant(house)
        former, successor = await house.join("何老师", role=Role.MENTOR), await house.join("孙老师", role=Role.MENTOR)
        student = house.people["林晓雨"].id
        async with library.write() as session:
            await assign_mentor(session, house.people["何老师"].id, student, since=date(2026, 1, 1))
        await house.record("林晓雨", "interview", "2026-11-01")
        await house.record("林晓雨", "activist_decided", "2026-11-02")
        await former.hears("确定为入党积极分子")

        async with library.write() as session:
            request = StepRequest(student, "mentor_assigned", date(2026, 11, 20), {"mentors": "孙老师"})
            await record_step(house.services, session, request, among=list(house.people.values()))
        await house.quiet()

        await former.hears("指定培养联系人")
        await successor.hears("指定培养联系人")
        await house.record("林晓雨", "half_year_review", "2026-11-21")
        await house.quiet()
        assert [any("半年考察" in seen.text for seen in one.heard) for one in (former, successor)] == [False, True]


async def test_what_the_organiser_did_not_confirm_can_be_said_again_below_the_next_letter(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student, organiser = await applicant(house)
        for days in (0, 1):
            house.moment[0] = MORNING
            house.later(days=days)
            await house.plan()
            await house.quiet()
            letter = [seen for seen in student.heard if "项待办" in seen.text][-1]
            for _twice in range(2):
                student.presses("我已办", letter)
                await student.hears("已请组织员核实", since=student.last.revision)
            await house.quiet()

        assert sum("待您核实" in seen.text for seen in organiser.heard) == 2


async def test_what_could_not_be_told_stands_in_the_first_letter_after_coming_back(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator) as house:
        student, organiser = await applicant(house)
        student.blocks()
        await came_in(house)
        house.moment[0] = MORNING
        await house.plan()
        await organiser.hears("待办")
        house.later(days=1, hours=1)  # the day itself passes as well
        await house.plan()
        await house.quiet()
        assert not any("待办" in seen.text for seen in student.heard)

        student.unblocks()
        await came_in(house)
        assert await house.plan() == 1

        letter = await student.hears("待办")
        assert letter.on_a_locked_screen == "你有一项待办"
        assert "就是今天" in letter.text
        house.later(minutes=1)
        assert await house.plan() == 0


async def test_who_blocked_unnoticed_is_told_after_coming_back_too(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, _organiser = await applicant(house)
        house.moment[0] = MORNING
        with emulator.world.changed:  # the platform's own word of it does not come
            emulator.world.chats[student.id].blocked = True
        await house.plan()
        await house.quiet()
        async with library.read() as session:
            failed = select(OutboxRow.unique_key).where(OutboxRow.state == "failed")
            assert f"reminder:{house.people['林晓雨'].id}:2026-11-25" in (await session.scalars(failed)).all()
        house.later(days=1)

        student.unblocks()
        await came_in(house)
        await house.plan()

        assert "就是今天" in (await student.hears("待办")).text
