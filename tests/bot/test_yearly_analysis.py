"""The committee's yearly analysis (Art 11, T17): told to its organisers in the day's one letter, and to nobody else."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import func, select

from bot.deeds.analysing import settle_analysis
from bot.deeds.nightly import settle_everybody
from records.people import Role, grant_role
from records.tables import EntryRow
from scheduler.tables import ReminderRow
from storage.database import Database
from tests.bot.student_house import BEIJING, StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person

__all__ = ["emulator"]

LINE = "最晚 2026-12-31：分析入党积极分子队伍状况"


async def people(house: StudentHouse) -> tuple[Person, Person, Person, Person]:
    """A student, the branch's organiser, and two of the committee."""
    student = await house.join("林晓雨", number="2026001")
    branch = await house.join("王书记", role=Role.ORGANISER)
    home, house.branch = house.branch, house.committee
    committee = [await house.join(name, role=Role.ORGANISER) for name in ("周委员", "吴委员")]
    house.branch = home
    await house.record("林晓雨", "application_received", "2025-11-01")
    await house.record("林晓雨", "activist_decided", "2026-09-01")
    await house.quiet()
    return student, branch, committee[0], committee[1]


async def night_and_morning(house: StudentHouse, day: str) -> None:
    house.moment[0] = datetime.fromisoformat(day).replace(hour=3, minute=40, tzinfo=BEIJING)
    await settle_everybody(house.services)
    await settle_analysis(house.services)
    house.moment[0] = house.moment[0].replace(hour=9, minute=0)
    await house.plan()
    await house.quiet()


def letters(person: Person) -> list[str]:
    return [seen.text for seen in person.heard if "项待办" in seen.text]


async def test_it_stands_in_the_one_letter_of_the_committees_organisers_and_ends_when_one_has_made_it(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator) as house:
        student, branch, committee, colleague = await people(house)
        async with libraries.write() as session:  # what is a student's own is not mixed up with it
            await grant_role(session, house.people["周委员"].id, Role.STUDENT, house.branch)
        await house.record("周委员", "application_received", "2026-11-17")

        await night_and_morning(house, "2026-12-17")

        assert [LINE in one for one in letters(committee)] == [True]
        [both] = letters(committee)
        assert both.startswith("你有 2 项待办")
        assert "派人谈话" in both
        [theirs] = letters(colleague)
        assert "细则第十一条（细则要求）：每年分析一次入党积极分子队伍状况" in theirs
        assert "由上级党委办理" in theirs
        assert not any(LINE in one for person in (student, branch) for one in letters(person))

        await night_and_morning(house, "2026-12-24")
        assert sum(LINE in one for one in letters(colleague)) == 2
        colleague.presses("我已办")
        colleague.presses("吴委员：分析入党积极分子队伍状况", await colleague.hears("哪一项已经办了"))
        await colleague.hears("2026 年的分析已记为完成")
        async with libraries.read() as session:
            ahead = select(func.count()).where(ReminderRow.rule == "T17", ReminderRow.planned_at.is_(None))
            assert await session.scalar(ahead) == 0
            assert await session.scalar(select(func.count()).select_from(EntryRow)) == 3  # nobody's record
        await night_and_morning(house, "2026-12-30")
        assert [sum(LINE in one for one in letters(person)) for person in (committee, colleague)] == [2, 2]

        await night_and_morning(house, "2027-12-17")
        assert "最晚 2027-12-31：分析入党积极分子队伍状况" in letters(colleague)[-1]
    assert emulator.violations == []


async def test_settling_again_changes_nothing_and_what_was_made_meanwhile_is_left_out(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        _student, _branch, committee, colleague = await people(house)
        house.moment[0] = datetime(2026, 12, 24, 3, 40, tzinfo=BEIJING)

        assert await settle_analysis(house.services) == 6  # two people, 7, 1 and 0 days before
        assert await settle_analysis(house.services) == 0
        house.moment[0] = house.moment[0].replace(hour=9, minute=0)
        await house.plan()
        await house.quiet()
        assert colleague.last.on_a_locked_screen == "你有一项待办"
        committee.presses("我已办")
        await committee.hears("已记为完成")
        colleague.presses("明天再提醒")
        await colleague.hears("明天再提醒您")
        house.later(days=1)
        await house.plan()
        await house.quiet()

        assert letters(colleague) == []  # the letter has become the answer to the press, and no other has come


async def test_it_stands_in_the_list_of_what_is_due_in_the_committees_week_and_is_noted_there(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator) as house:
        _student, branch, committee, colleague = await people(house)
        house.moment[0] = datetime(2026, 12, 23, 10, 0, tzinfo=BEIJING)
        committee.says("/due")
        assert LINE not in (await committee.hears("到期事项")).text
        house.later(days=1)

        for person in (branch, colleague):
            person.says("/due")
        assert LINE not in (await branch.hears("到期事项")).text
        listed = await colleague.hears("到期事项")
        assert LINE in listed.text
        assert "示例大学党委" in listed.text
        assert "细则第十一条（细则要求）：每年分析一次入党积极分子队伍状况" in listed.text
        press = colleague.presses("本年分析已完成", listed)
        assert "2026 年的分析已记为完成" in await asyncio.to_thread(press.waits_for_answer)

        since = committee.last.revision
        committee.says("/due")
        assert LINE not in (await committee.hears("到期事项", since=since)).text
    assert emulator.violations == []


async def test_a_committee_without_activists_is_left_in_peace(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        home, house.branch = house.branch, house.committee
        committee = await house.join("周委员", role=Role.ORGANISER)
        house.branch = home
        await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-11-20")
        await house.quiet()

        await night_and_morning(house, "2026-12-17")

        assert not any("分析" in one for one in letters(committee))
