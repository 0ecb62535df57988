"""A student's dates: shown with their reasons, reminded of once, and answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from icalendar import Calendar
from sqlalchemy import event, func, select

from bot.views.dates import wording_of
from bot.words import Locales
from records.deadline import Deadline, State
from records.people import Role, assign_mentor, revoke_role
from records.tables import EntryRow
from scheduler.tables import OutboxRow, ReminderRow
from storage.database import Database
from tests.bot.student_house import BEIJING, StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person

__all__ = ["emulator"]

MORNING = datetime(2026, 11, 25, 9, 0, tzinfo=BEIJING)  # a day before the talk is due


async def applicant(house: StudentHouse) -> tuple[Person, Person]:
    """Somebody who applied a month ago, and the organiser; both have heard of the recording."""
    student = await house.join("林晓雨", number="2026001")
    organiser = await house.join("周老师", role=Role.ORGANISER)
    await house.record("林晓雨", "application_received", "2026-10-26")
    await house.quiet()
    return student, organiser


async def test_dates_say_when_why_and_who(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, _organiser = await applicant(house)

        student.says("/dates")

        shown = await student.hears("我的期限")
        assert "最晚 2026-11-26：派人谈话（还有 3 天）" in shown.text
        assert "因为 2026-10-26「收到入党申请书」，细则第七条（细则要求）：收到申请书后一个月内派人谈话" in shown.text
        assert "由党支部办理，自 2026-10-26 起已等 28 天" in shown.text
        assert shown.buttons == [["约日子：派人谈话"], ["已完成（1）"], ["日历文件", "日历订阅"]]
        student.presses("已完成")
        await student.hears("✓ 2026-10-26 递交入党申请书")
    assert emulator.violations == []


async def test_what_the_branch_confirmed_is_read_only_for_what_is_done(library: Database, emulator: Emulator) -> None:
    reads = list[str]()

    def noted(_c: object, _cursor: object, statement: str, *_: object) -> None:
        reads.append(statement)

    async def read_for(button: str) -> int:
        reads.clear()
        student.presses(button, shown)
        await student.hears("")
        return sum("FROM entry" in statement for statement in reads)

    async with open_house(library, emulator) as house:
        student, _organiser = await applicant(house)
        student.says("/dates")
        shown = await student.hears("我的期限")
        async with library.read() as session:
            event.listen(session.get_bind(), "before_cursor_execute", noted)

        done = await read_for("已完成")

        assert 0 < await read_for("日历订阅") < done
        assert 0 < await read_for("日历文件") < done


def test_a_schools_own_wording_of_its_rule_comes_first() -> None:
    words = Locales().words("zh_CN")
    day = date(2026, 12, 31)
    told = {"rule": "school.thought_report", "kind": "cycle", "step": "thought_report", "due": day, "base_date": day}
    rest = {"base_step": "activist_decided", "article": None, "level": "school", "state": State.FUTURE, "note": None}
    one = Deadline(**told, **rest, actor="student", waiting_since=None, effective=day)  # type: ignore[arg-type]

    assert wording_of(replace(one, title="每月交一篇思想汇报"), words) == "每月交一篇思想汇报"
    assert wording_of(one, words) == words.plain("why.school.thought_report")


async def test_a_floor_that_is_reached_promises_nothing(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        for step, day in (
            ("application_received", "2024-09-10"),
            ("interview", "2024-10-08"),
            ("activist_decided", "2025-03-15"),
        ):
            await house.record("林晓雨", step, day)

        student.says("/dates")

        shown = await student.hears("我的期限")
        assert "✅ 时间条件已满足（2026-03-15 起）：支委会讨论拟列为发展对象" in shown.text
        assert "已超期" in shown.text  # nobody reviewed them since
        assert "是否进入下一步，由党组织决定" in shown.text


async def test_the_calendar_file_opens_and_its_titles_tell_nothing(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, _organiser = await applicant(house)
        student.says("/dates")
        await student.hears("我的期限")

        student.presses("日历文件")

        sent = await student.hears(lambda seen: seen.file_name == "我的期限.ics")
        events = Calendar.from_ical(emulator.documents[sent.file_id or ""]).events
        assert [event.start.isoformat() for event in events] == ["2026-11-26"]
        assert all("党" not in str(event["summary"]) and event.alarms.times is not None for event in events)


async def test_an_extended_probation_is_told_everywhere_and_keeps_nobody_waiting_for_an_approval(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        for step, day, detail in (
            ("branch_meeting_admitted", "2025-11-10", {}),
            ("admission_approved", "2025-12-01", {"probation_end": "2026-11-09"}),
            ("admission_filed", "2025-12-05", {}),
            ("group_assigned", "2025-12-05", {}),
            ("oath_taken", "2025-12-20", {}),
            ("conversion_applied", "2026-11-02", {}),
            ("conversion_meeting", "2026-11-12", {}),
            ("probation_extended", "2026-11-12", {"extended_to": "2027-05-09"}),
        ):
            await house.record("林晓雨", step, day, **detail)
        await house.quiet()
        told = "预备期到 2027-05-09（延长后的预备期）；如转正，党龄从预备期满之日算起，细则第三十三条（细则要求）"

        student.says("/dates")
        dates = await student.hears("我的期限")
        assert told in dates.text
        assert "2027-05-09 起满足时间条件：支部党员大会讨论转正" in dates.text
        assert "依据 2026-11-12「延长预备期」时写明的截止日，细则第三十一条（细则要求）" in dates.text
        assert "审批转正" not in dates.text
        student.says("/progress")
        drawn = await student.hears(lambda seen: "photo" in seen.raw)
        assert told in drawn.text
        assert "下一步：支部党员大会讨论转正" in drawn.text
        student.says("/record")
        assert told in (await student.hears("我的记录")).text

        for step, day in (("conversion_meeting", "2027-05-12"), ("conversion_approved", "2027-06-01")):
            house.moment[0] = datetime.fromisoformat(day).replace(hour=10, tzinfo=BEIJING)
            await house.record("林晓雨", step, day)
        await house.quiet()
        student.says("/dates")
        assert "党龄自 2027-05-09 起计算，即延长后的预备期届满之日" in (await student.hears("我的期限")).text
    assert emulator.violations == []


async def test_progress_is_a_picture_and_words(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, _organiser = await applicant(house)

        student.says("/progress")
        drawn = await student.hears(lambda seen: "photo" in seen.raw)
        assert "下一步：派人谈话，由党支部办理" in drawn.text
        picture = emulator.documents[drawn.file_id or ""]
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20]) == 900
        student.presses("文字版")

        words = await student.hears("▶️ 申请入党")
        assert "✅ 递交入党申请书　2026-10-26" in words.text
    assert emulator.violations == []


async def test_progress_shows_the_next_round_and_from_when_the_coming_phase_is_possible(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-09-10")
        await house.record("林晓雨", "activist_decided", "2026-11-15")

        student.says("/progress")
        drawn = await student.hears(lambda seen: "photo" in seen.raw)
        student.presses("文字版", drawn)

        words = await student.hears("▶️ 入党积极分子的确定和培养教育")
        assert "▫️ 半年考察　最晚 2027-05-15" in words.text
        assert "▫️ 发展对象的确定和考察　2027-11-15 起" in words.text
    assert emulator.violations == []


async def test_progress_shows_the_phase_in_which_something_happened_last(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        for step, day in (
            ("application_received", "2024-09-10"),
            ("activist_decided", "2025-03-15"),  # and its filing was never entered
            ("candidate_decided", "2026-11-02"),
            ("candidate_agreed", "2026-11-10"),
        ):
            await house.record("林晓雨", step, day)

        student.says("/progress")

        drawn = await student.hears(lambda seen: "photo" in seen.raw)
        assert "备案" not in drawn.text
        assert "下一步：张贴公示" in drawn.text
        student.presses("文字版")
        words = await student.hears("▶️ 发展对象的确定和考察")
        assert "2026-11-10" in words.text
        await house.record("林晓雨", "public_notice_posted", "2026-11-20")
        student.presses("文字版", drawn)
        await student.hears("列为发展对象　党支部 · 2026-11-27 起")
    assert emulator.violations == []


async def test_a_reminder_reaches_the_student_and_who_must_act_once(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student, organiser = await applicant(house)
        house.moment[0] = MORNING

        await house.plan()

        for person in (student, organiser):
            letter = await person.hears("待办")
            assert letter.on_a_locked_screen == "你有一项待办"
            assert "派人谈话" in letter.text
            assert letter.buttons == [["知道了", "明天再提醒", "我已办"]]
        assert "林晓雨（2026001）" in organiser.last.text
        house.later(minutes=1)
        assert await house.plan_reminders() == 0
        await house.quiet()
        assert [sum("待办" in seen.text for seen in person.heard) for person in (student, organiser)] == [1, 1]
    assert emulator.violations == []


async def test_what_was_done_meanwhile_is_not_reminded_of(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student, _organiser = await applicant(house)
        house.moment[0] = MORNING
        async with libraries.write() as session:
            await house.plan_in(session)
            await house.record_in(session, "林晓雨", "interview", "2026-11-24")
        await house.quiet()

        async with libraries.read() as session:
            rows = await session.execute(
                select(OutboxRow.state, OutboxRow.last_error).where(OutboxRow.kind == "reminder")
            )
        assert {tuple(row) for row in rows} == {("cancelled", "no longer applies")}
        assert not any("待办" in seen.text for seen in student.heard)


async def test_a_letter_that_was_stuck_overnight_and_todays_are_one(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student, _organiser = await applicant(house)
        house.moment[0] = MORNING
        async with libraries.write() as session:
            await house.plan_in(session)
            house.later(hours=23, minutes=30)  # it can be sent again at half past eight
        await house.quiet()
        before = [seen.text for seen in student.heard if "待办" in seen.text]
        house.later(minutes=30)

        await house.plan()

        assert "就是今天" in (await student.hears("待办")).text
        for _ in range(3):
            house.later(minutes=1)
            await house.plan()
            await house.quiet()
        assert (before, sum("待办" in seen.text for seen in student.heard)) == ([], 1)


async def test_who_is_paused_or_organises_no_longer_is_not_told_what_was_planned_before(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator) as house:
        student, organiser = await applicant(house)
        successor = await house.join("吴老师", role=Role.ORGANISER)
        await house.record("林晓雨", "leaving_planned", "2026-11-20")  # a recording: the successor is settled in
        await house.quiet()
        house.moment[0] = MORNING
        async with libraries.write() as session:
            await house.plan_in(session)
            await house.record_in(session, "林晓雨", "paused", "2026-11-25")
            await revoke_role(session, house.people["周老师"].id, Role.ORGANISER, house.branch)
        await house.quiet()

        told = [any("项待办" in seen.text for seen in person.heard) for person in (student, organiser, successor)]
    assert told == [False, False, True]


async def test_done_already_asks_the_organiser_and_records_nothing(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, organiser = await applicant(house)
        house.moment[0] = MORNING
        await house.plan()
        letter = await student.hears("待办")

        student.presses("我已办", letter)

        await student.hears("已请组织员核实")
        asked = await organiser.hears("待您核实")
        assert "林晓雨 表示「派人谈话」已办。" in asked.text
        assert asked.on_a_locked_screen.splitlines()[0] == "有一项待您核实"
        recorded = next(seen for seen in organiser.heard if "已登记" in seen.text)
        assert recorded.on_a_locked_screen == "已登记："
        organiser.presses("我已办")
        await organiser.hears("/step")
        organiser.presses("登记", asked)
        await organiser.hears("是哪一天")
        async with library.read() as session:
            assert await session.scalar(select(func.count()).select_from(EntryRow)) == 1


async def test_in_english_what_waits_for_the_student_is_said_to_themselves_and_to_others_each_in_their_way(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator, language="en") as house:
        student = await house.join("林晓雨", number="2026001", language="en")
        mentor = await house.join("陈老师", role=Role.MENTOR, language="en")
        async with library.write() as session:
            accompanied = house.people["林晓雨"].id
            await assign_mentor(session, house.people["陈老师"].id, accompanied, since=house.today)
        for step in ("admission_approved", "admission_filed", "group_assigned", "oath_taken"):
            await house.record("林晓雨", step, "2025-12-20")
        await house.quiet()

        student.says("/dates")
        own = (await student.hears("My dates")).text
        mentor.says("/due")
        others = (await mentor.hears("My students")).text

        assert "conversion applied for, done by you" in own
        assert "the student" not in own
        assert "conversion applied for, done by the student" in others
    assert emulator.violations == []


async def test_in_english_too_a_locked_screen_tells_neither_side_anything(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator, language="en") as house:
        student = await house.join("林晓雨", number="2026001", language="en")
        organiser = await house.join("周老师", role=Role.ORGANISER, language="en")
        await house.record("林晓雨", "application_received", "2026-10-26")
        await house.quiet()
        house.moment[0] = MORNING

        await house.plan()

        for person, more in ((student, "/dates"), (organiser, "/due")):
            letter = await person.hears("to do")
            assert letter.on_a_locked_screen == "You have something to do"
            assert "By 2026-11-26" in letter.text
            assert "Because the application was received on 2026-10-26, Art. 7 of the rules (national)" in letter.text
            assert letter.buttons == [["Got it", "Remind me tomorrow", "Done already"]]
            person.presses("Got it", letter)
            await person.hears(f"To see it again, send {more}")
    assert emulator.violations == []


async def test_remind_me_tomorrow_does(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student, _organiser = await applicant(house)
        house.moment[0] = MORNING
        await house.plan()
        letter = await student.hears("待办")

        student.presses("明天再提醒", letter)
        await student.hears("明天再提醒您")
        house.later(days=1)
        await house.plan()

        again = await student.hears("待办", since=letter.revision)
        assert "就是今天" in again.text
        student.presses("知道了", again)
        assert (await student.hears("好的")).buttons == []


async def test_an_installation_sets_when_it_reminds_and_when_the_next_level_hears(
    library: Database, emulator: Emulator
) -> None:
    days = {"reminder_days": "5", "reminder_overdue_days": 10, "reminder_third_week": False, "escalate_after_days": 30}
    async with open_house(library, emulator, **days) as house:
        home, house.branch = house.branch, house.committee
        await house.join("周委员", role=Role.ORGANISER)
        house.branch = home
        await applicant(house)

        async with library.read() as session:
            rows = list(await session.scalars(select(ReminderRow).order_by(ReminderRow.remind_at)))
        by_name = {
            name: [row.days_before for row in rows if row.recipient_id == house.people[name].id]
            for name in ("林晓雨", "周委员")
        }
        assert by_name["林晓雨"][:5] == [0, -10, -20, -30, -40]  # five days before has passed
        assert by_name["周委员"][:2] == [-30, -40]


async def test_nobody_is_reminded_in_their_quiet_hours(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator, reminder_time="07:00") as house:
        student, _organiser = await applicant(house)
        heard = len(student.heard)
        house.moment[0] = MORNING.replace(hour=7)

        await house.plan()
        await house.quiet()
        assert len(student.heard) == heard
        house.later(minutes=30)
        house.delivery.nudge()

        await student.hears("待办")


async def test_who_gives_up_quiet_hours_gets_at_once_what_was_waiting_for_their_end(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator, reminder_time="07:00") as house:
        student, _organiser = await applicant(house)
        house.moment[0] = MORNING.replace(hour=7)
        await house.plan()
        await house.quiet()
        assert not any("待办" in seen.text for seen in student.heard)

        student.says("/settings")
        student.presses("不设免打扰", await student.hears("我的设置"))

        await student.hears("待办")
