"""A student asks what would be if: the dates that follow, what holds them up, and that nothing is recorded."""

from __future__ import annotations

from storage.database import Database
from tests.bot.student_house import open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]


async def test_what_if_something_is_supposed_too_early_says_what_holds_it_up_and_what_it_skips(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-10-26")
        await house.record("林晓雨", "activist_decided", "2026-11-20")
        await house.quiet()

        student.says("如果 2027-06-01 预审通过，最早什么时候能成为预备党员？")
        shown = (await student.hears("如果 2027-06-01")).text
        assert "在此之前还要依次完成：「指定培养联系人」（细则第九条）、「支委会讨论拟列为发展对象」" in shown
        assert "「派人谈话」" not in shown  # a later step stands, so nobody asks for it any more
        assert "「支委会讨论拟列为发展对象」2027-11-20 起（经过一年以上培养教育和考察，细则第十三条）" in shown
        assert "所以「上级党委预审合格」最早 2027-11-26" in shown

        student.says("如果 2027-06-01 确定为发展对象，最早什么时候能成为预备党员？")
        shown = (await student.hears("如果 2027-06-01")).text
        assert "⚠️ 按已登记的情况，「支委会讨论拟列为发展对象」2027-11-20 起（经过一年以上" in shown

        student.says("如果 2027-12-01 预审通过，最早什么时候能成为预备党员？")
        assert "⚠️" not in (await student.hears("如果 2027-12-01")).text
    assert emulator.violations == []


async def test_when_a_step_far_ahead_can_be_is_told_with_the_rules_that_make_it_so_late(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-10-26")
        await house.record("林晓雨", "activist_decided", "2026-11-20")
        await house.quiet()

        student.says("我什么时候能转正")

        shown = (await student.hears("按您的记录推算")).text
        assert "「支部党员大会讨论转正」最早 2028-11-26" in shown
        assert "「支委会讨论拟列为发展对象」2027-11-20 起（经过一年以上培养教育和考察，细则第十三条）" in shown
        assert "「支部党员大会讨论转正」2028-11-26 起（预备期为一年，细则第三十一条）" in shown
        assert "由党组织决定" in shown
    assert emulator.violations == []


async def test_what_if_probation_were_extended(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        asked = "如果延长预备期{}，最早什么时候转正？"

        student.says(asked.format("6个月"))
        assert "没有登记预备期的期满日" in (await student.hears("细则第三十一条")).text

        await house.record("林晓雨", "branch_meeting_admitted", "2025-12-10")
        await house.record("林晓雨", "admission_approved", "2026-01-05", probation_end="2026-12-09")
        await house.quiet()
        student.says(asked.format("6个月"))
        shown = (await student.hears("预备期延长到 2027-06-09")).text
        assert "原来到 2026-12-09" in shown
        assert "「上级党委审批转正」最早 2027-06-09" in shown
        assert "2027-06-09 起（预备期延长后，以延长后的截止日期为准，细则第三十一条）" in shown
        assert "赞成人数超过应到会有表决权人数的半数" in shown
        assert "由党组织决定" in shown
        student.says(asked.format(""))
        assert "按最短的半年算到 2027-06-09；最长可以到 2027-12-09" in (await student.hears("没有说延长多久")).text
        student.says(asked.format("3个月"))
        await student.hears("预备期只能延长至 2027-06-09 到 2027-12-09 之间")
        student.says("如果2026-12-20支部大会通过我为预备党员，又延长一年，最早什么时候转正？")
        shown = (await student.hears("预备期延长到 2028-12-20")).text
        assert "如果 2026-12-20「支部党员大会通过接收」" in shown
        assert "「上级党委审批转正」最早 2028-12-20" in shown

        await house.record("林晓雨", "probation_extended", "2026-11-20", extended_to="2027-06-09")
        student.says(asked.format("6个月"))
        await student.hears("预备期已于 2026-11-20 延长过一次")
    assert emulator.violations == []


async def test_what_if_is_computed_and_nothing_is_recorded(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")

        student.says("如果 2026-12-01 确定为积极分子，最早什么时候能成为发展对象？")

        shown = await student.hears("如果 2026-12-01")
        assert (
            "支委会讨论拟列为发展对象（党支部）：2027-12-01 起（经过一年以上培养教育和考察，细则第十三条）"
            in shown.text
        )
        assert "2027-12-01" in shown.text
        assert "党组织决定" in shown.text
        student.says("/dates")
        assert "目前没有正在计算的期限" in (await student.hears("我的期限")).text
