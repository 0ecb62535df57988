"""/report and 「请求更正」: what a student enters and asks for by themselves, and every way out of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from records.people import Role
from records.tables import EntryRow
from records.track import TRACKS
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator import person as emulated
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

SCHOOL = TRACKS / "school.example.yaml"


@pytest.mark.parametrize("word", ["取消", "不登记了", "算了", "算了吧。", "退出", "Cancel", "取消登记"])
async def test_a_word_that_ends_a_dialogue_is_neither_a_title_nor_a_day(
    library: Database, emulator: Emulator, word: str
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        student.says("/report")
        await student.hears("标题")
        student.says(word)
        await student.hears("已取消")
        student.says("/report 十一月思想汇报")
        await student.hears("哪天交给")

        student.says(word)

        await student.hears("已取消")
        student.says(f"/report {word}")
        await student.hears("不是标题")
        assert await _entries(house) == []
    assert emulator.violations == []


async def test_such_a_word_ends_other_dialogues_too(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("周老师", role=Role.ORGANISER)
        student.says("/record")
        student.presses("请求更正", await student.hears("我的记录"))
        await student.hears("发送「取消」")
        student.says("取消")
        await student.hears("已取消")
        organiser.says("/step 2026001 interview")
        await organiser.hears("哪一天")

        organiser.says("算了")

        await organiser.hears("已取消")
        await house.quiet()
        assert not any("更正请求" in seen.text for seen in organiser.heard)


async def test_a_report_registered_by_a_slip_is_taken_back_and_is_due_again(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator, school_track=SCHOOL) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("周老师", role=Role.ORGANISER)
        await house.record("林晓雨", "application_received", "2025-09-01")
        await house.record("林晓雨", "activist_decided", "2026-09-10")
        await house.quiet()
        due = "2026-12-31：思想汇报"
        assert due in await _dates(student)
        receipt = await _report(student, "十一月思想汇报", "今天")
        assert due not in await _dates(student)

        student.presses("登记错了，撤回", receipt)

        done = await student.hears("已撤回：2026-11-23「十一月思想汇报」")
        assert "2026-12-31" in done.text
        assert done.buttons == []
        await organiser.hears("一条登记已撤销")
        assert due in await _dates(student)
        report, void = (await _entries(house))[-2:]
        assert (void.kind, void.voids, void.recorded_by) == ("void", report.id, report.person_id)
        student.presses("登记错了，撤回", receipt)
        await student.hears(f"#{report.id} 已经撤回")
        assert len(await _entries(house)) == 4
        await _report(student, "十一月思想汇报", "今天")
    assert emulator.violations == []


async def test_what_the_branch_has_verified_is_not_taken_back_by_oneself(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("周老师", role=Role.ORGANISER)
        receipt = await _report(student, "十一月思想汇报", "昨天")
        organiser.presses("核验", await organiser.hears("已登记：林晓雨"))
        await organiser.hears("已核验：林晓雨的 #")

        student.presses("登记错了，撤回", receipt)

        await student.hears("已由党支部核验（2026-11-23）")
        assert [one.kind for one in await _entries(house)] == ["step", "verification"]


async def test_only_ones_own_report_is_taken_back(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        other = await house.join("周明", number="2026002")
        await house.record("林晓雨", "application_received", "2026-10-26")
        await _report(student, "十一月思想汇报", "今天")
        application, report = await _entries(house)

        for who, entry in ((student, application), (other, report)):
            who.says("/help")
            seen = await who.hears("/record")
            forged = [[{"text": "…", "callback_data": f"back:{entry.id}"}]]
            who.presses("…", replace(seen, raw={**seen.raw, "reply_markup": {"inline_keyboard": forged}}))
            await who.hears(f"没有第 {entry.id} 条记录")

        assert len(await _entries(house)) == 2


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("昨天", "2026-11-22"),
        ("前天", "2026-11-21"),
        ("今天", "2026-11-23"),
        ("11月20日", "2026-11-20"),
        ("2026年11月20日", "2026-11-20"),
        ("上周三", "2026-11-18"),
    ],
)
async def test_the_day_of_a_report_is_read_as_days_are_elsewhere(
    library: Database, emulator: Emulator, typed: str, day: str
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        student.says("/report 十一月思想汇报")
        await student.hears("哪天交给")

        student.says(typed)

        await student.hears(f"已登记：{day} 提交")


async def test_a_report_is_not_older_than_the_application_nor_from_another_age(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        student.says("/report 十一月思想汇报")
        await student.hears("哪天交给")
        student.says("1026-11-20")
        await student.hears("核对年份")
        await house.record("林晓雨", "application_received", "2026-11-22")
        student.says("2026-11-20")
        await student.hears("入党申请书是 2026-11-22 递交的")
        student.presses("2026-11-21")
        assert "2026-11-21" in (await student.hears(lambda seen: "不会早在 2026-11-21" in seen.text)).text
        student.says("2026-11-24")
        await student.hears("还没有到")
        assert len(await _entries(house)) == 1

        student.says("2026-11-22")

        await student.hears("已登记：2026-11-22 提交")


async def test_a_question_is_no_request_for_a_correction(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, organiser = await _correcting(house)

        student.says("预备期从哪天算起？")

        await student.hears("像是一个问题，没有转给组织员")
        student.says("我的党支部写错了，应为学生第二党支部")
        await student.hears("已转给组织员")
        assert "学生第二党支部" in (await organiser.hears("更正请求")).text
        await house.quiet()
        assert not any("算起" in seen.text for seen in organiser.heard)


@pytest.mark.parametrize("typed", ["#{0} 应为 2026-10-25", "第{0}条的日期不对", "{0} 日期错了吗？", "编号 {0}：不对"])
async def test_a_correction_is_about_the_entry_whose_number_it_begins_with(
    library: Database, emulator: Emulator, typed: str
) -> None:
    async with open_house(library, emulator) as house:
        student, _organiser = await _correcting(house)
        entry = (await _entries(house))[0].id

        student.says(typed.format(entry))

        await student.hears("附在这一条记录旁边")
        assert (await _entries(house))[-1].payload["entry"] == entry


@pytest.mark.parametrize("typed", ["1 月的谈话没登记", "1号交的思想汇报没登记", "1 学时没登记", "1-2 日的培训没登记"])
async def test_a_number_of_days_or_hours_names_no_entry(library: Database, emulator: Emulator, typed: str) -> None:
    async with open_house(library, emulator) as house:
        student, _organiser = await _correcting(house)

        student.says(typed)

        await student.hears("已转给组织员。更正由")
        assert [one.kind for one in await _entries(house)] == ["step"]


async def test_a_number_that_is_no_entry_of_ones_own_is_told_and_a_number_alone_is_asked_about(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student, organiser = await _correcting(house)
        await house.join("周明", number="2026002")
        await house.record("周明", "application_received", "2026-10-20")
        own, others = await _entries(house)

        for foreign in (f"#{others.id} 日期不对", "999", f"第 {others.id} 条"):
            student.says(foreign)
            await student.hears("您的记录里没有 #")
        student.says(f"#{own.id}")
        await student.hears(f"#{own.id} 哪里不对")
        student.says("2026-10-25 才对，能改吗？")

        await student.hears("附在这一条记录旁边")
        assert f"#{own.id} 2026-10-25 才对" in (await organiser.hears("更正请求")).text
        assert (await _entries(house))[-1].payload["entry"] == own.id
        student.says("/record")
        assert "2026-11-23 请求过更正" in (await student.hears("我的记录")).text
    assert emulator.violations == []


async def test_the_hours_that_add_up_stand_with_the_entries_that_have_them(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "training_hours", "2026-10-20", hours="24", title="党课")
        await house.record("林晓雨", "training_hours", "2026-11-02", hours="1.5", form="线上")
        await house.record("林晓雨", "thought_report", "2026-11-03", title="十一月思想汇报")

        student.says("/record")

        shown = (await student.hears("累计 25.5 学时")).text
        assert [line.strip() for line in shown.splitlines() if " 学时；" in line and "累计" not in line] == [
            "1.5 学时；培训形式：线上；补录（启用路标前）",
            "24 学时；补录（启用路标前）",
        ]


async def _correcting(house: StudentHouse) -> tuple[emulated.Person, emulated.Person]:
    """A student with one entry who has pressed 「请求更正」, and an organiser."""
    student = await house.join("林晓雨", number="2026001")
    organiser = await house.join("周老师", role=Role.ORGANISER)
    await house.record("林晓雨", "application_received", "2026-10-26")
    student.says("/record")
    student.presses("请求更正", await student.hears("我的记录"))
    await student.hears("编号开头")
    return student, organiser


async def _report(student: emulated.Person, title: str, day: str) -> emulated.Seen:
    """Register a report handed in on one of the days offered. Returns the receipt."""
    student.says(f"/report {title}")
    student.presses(day, await student.hears("哪天交给"))
    return await student.hears("已登记：")


async def _dates(student: emulated.Person) -> str:
    student.says("/dates")
    return (await student.hears("我的期限")).text


async def _entries(house: StudentHouse) -> list[EntryRow]:
    async with house.services.database.read() as session:
        return list(await session.scalars(select(EntryRow).order_by(EntryRow.id)))
