"""What is recorded about a student: seen, corrected, added to, set, copied and left behind by themselves."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from io import BytesIO

from openpyxl import load_workbook
from sqlalchemy import func, select

from records.access import Looked, note_look
from records.invitations import invite
from records.people import Role, accounts_of, add_person, person_by_id
from records.tables import ConsentRow, EntryRow
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.bot.student_house import BEIJING, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]


async def test_the_record_says_who_entered_what_and_who_looked(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.join("周老师", role=Role.ORGANISER)
        await house.record("林晓雨", "application_received", "2026-10-26")
        viewer = house.people["周老师"].id
        async with libraries.write() as session:
            await note_look(session, viewer, [house.people["林晓雨"].id], Looked.EXPORT, now=house.now)

        student.says("/record")

        shown = await student.hears("我的记录")
        assert "学号：2026001" in shown.text
        assert "党支部：学生第一党支部" in shown.text
        assert "2026-10-26 递交入党申请书" in shown.text
        assert "党组织登记" in shown.text
        student.presses("谁看过")
        assert "2026-11-23 10:00 周老师：导出" in (await student.hears("谁看过我的记录")).text
        async with libraries.read() as session:  # looking at oneself is no look
            student_id = house.people["林晓雨"].id
            assert len((await session.execute(select(func.count()).where(EntryRow.person_id == student_id))).all()) == 1
    assert emulator.violations == []


async def test_who_looked_is_told_again_only_when_somebody_looked_since(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.join("周老师", role=Role.ORGANISER)
        student.says("/record")
        record = await student.hears("我的记录")
        student.presses("谁看过", record)
        await student.hears("还没有人看过")

        again = student.presses("谁看过", record)

        assert "没有新的查看" in await asyncio.to_thread(again.waits_for_answer)
        async with library.write() as session:
            viewer = house.people["周老师"].id
            await note_look(session, viewer, [house.people["林晓雨"].id], Looked.RECORD, now=house.now)
        student.presses("谁看过", record)
        await student.hears("周老师：查看记录")
        again = student.presses("谁看过", record)
        assert "没有新的查看" in await asyncio.to_thread(again.waits_for_answer)
        await house.quiet()
        assert len(student.heard) == 3
        student.says("/record")
        student.presses("谁看过", await student.hears("我的记录"))
        await student.hears("周老师：查看记录")
    assert emulator.violations == []


async def test_what_was_marked_at_a_step_and_why_it_was_recorded_all_the_same_is_shown(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-09-01")
        await house.record("林晓雨", "interview", "2026-11-02", reason="假期无人在校")
        await house.record("林晓雨", "candidate_decided", "2026-11-10")
        await house.quiet()

        student.says("/record")

        shown = (await student.hears("我的记录")).text
        assert "理由：假期无人在校；超过规定期限（细则第七条）" in shown
        assert "缺少「确定为入党积极分子」（细则第十三条）" in shown


async def test_a_correction_is_asked_for_and_changes_nothing(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("周老师", role=Role.ORGANISER)
        await house.record("林晓雨", "application_received", "2026-10-26")
        async with library.read() as session:
            entry = (await session.scalars(select(EntryRow.id))).one()
        student.says("/record")
        await student.hears("我的记录")
        student.presses("请求更正")
        await student.hears("编号开头")

        student.says(f"#{entry} 日期应为 2026-10-25")

        await student.hears("附在这一条记录旁边")
        notice = await organiser.hears("更正请求")
        assert notice.text.splitlines()[0] == "有一项更正请求待您核实"
        assert "林晓雨（2026001）" in notice.text
        assert "2026-10-25" in notice.text
        async with library.read() as session:
            kept = (await session.scalars(select(EntryRow).where(EntryRow.kind == "answer"))).one()
            step = (await session.scalars(select(EntryRow).where(EntryRow.kind == "step"))).one()
        assert kept.payload == {"entry": entry, "text": f"#{entry} 日期应为 2026-10-25"}
        assert step.happened_on.isoformat() == "2026-10-26"


async def test_a_command_ends_a_dialogue(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/report")
        await student.hears("标题")

        student.says("/settings")
        await student.hears("我的设置")
        student.says("预备期从哪天算起？")

        await student.hears("算起")
        async with library.read() as session:
            assert await session.scalar(select(func.count()).select_from(EntryRow)) == 0


async def test_a_report_is_recorded_by_title_and_day_never_by_its_text(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        student.says("/report")
        await student.hears("标题")
        student.says("通过这一季度的学习，我认识到……" * 20)
        await student.hears("不读取、不分析，也不保存")
        for wrong, sentence in (
            ("2026-13-45", "「2026-13-45」不是标题"),
            ("思想汇报要手写吗", "像是一个问题，没有当作标题"),
            ("？！", "不是标题"),
        ):
            student.says(wrong)
            assert (await student.hears(sentence)).buttons == [["不登记了"]]

        student.says("2026年第四季度思想汇报")
        await student.hears("哪天交给")
        student.says("前几天")
        await student.hears("不是日期")
        student.presses("昨天")

        done = await student.hears("已登记")
        assert "2026-11-22 提交「2026年第四季度思想汇报」" in done.text
        async with libraries.read() as session:
            entry = (await session.scalars(select(EntryRow))).one()
        assert (entry.kind, entry.happened_on.isoformat(), entry.verified_by) == ("step", "2026-11-22", None)
        assert entry.payload["detail"] == {"title": "2026年第四季度思想汇报"}
        assert entry.recorded_by == entry.person_id


async def test_a_report_can_be_left_at_once_and_a_title_that_asks_stands_in_its_marks(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        student.says("/report")
        student.presses("不登记了", await student.hears("标题"))
        await student.hears("没有登记")
        student.says("预备期从哪天算起？")
        await student.hears("算起")

        student.says("/report 《青春何为？》")
        student.presses("今天", await student.hears("哪天交给"))
        await student.hears("提交「《青春何为？》」")
        student.says("/dates")
        student.presses("已完成", await student.hears("我的期限"))
        await student.hears("· 2026-11-23 思想汇报（本人登记，待核验）")
    assert emulator.violations == []


async def test_settings_are_changed_by_buttons_or_words(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/settings")
        await student.hears("我的设置")

        for label, then in (
            ("20:00", "学习卡片：20:00"),
            ("23:00–08:00", "免打扰：23:00–08:00"),
            ("暂停学习卡片", "已暂停"),
            ("恢复学习卡片", "学习卡片：20:00"),
            ("English", "Daily study card: 20:00"),
        ):
            student.presses(label)
            await student.hears(then)
        student.says("/settings 25点")
        await student.hears("not a time of day")
        student.says("/settings 19:30")
        await student.hears("Daily study card: 19:30")
        async with libraries.read() as session:
            person = await person_by_id(session, house.people["林晓雨"].id)
        assert person is not None
        assert (f"{person.study_time}", f"{person.quiet_from}", person.language) == ("19:30:00", "23:00:00", "en")


async def test_a_study_time_in_the_quiet_hours_says_when_the_card_comes(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/settings")
        assert "免打扰时段里" not in (await student.hears("我的设置")).text

        student.presses("7:00")
        early = (await student.hears("学习卡片：07:00")).text
        student.says("/settings 23:30")
        late = (await student.hears("学习卡片：23:30")).text
        student.presses("不设免打扰")
        free = (await student.hears("免打扰：不设免打扰")).text

        assert "07:00 在免打扰时段里，卡片会等到 07:30" in early
        assert "23:30 在免打扰时段里，到零点也等不到它结束，当天的卡片不会送到" in late
        assert "免打扰时段里" not in free
        student.says("/settings 23:30")
        student.presses("暂停学习卡片", await student.hears("学习卡片：23:30"))
        assert "免打扰时段里" not in (await student.hears("已暂停")).text
    assert emulator.violations == []


async def test_everything_about_me_can_be_downloaded(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-10-26")
        student.says("/mydata")
        await student.hears("我的数据")

        student.presses("下载 JSON")
        sent = await student.hears(lambda seen: seen.file_name == "我的数据.json")
        told = json.loads(emulator.documents[sent.file_id or ""])
        assert told["person"][0]["student_number"] == "2026001"
        assert told["entry"][0]["payload"]["step"] == "application_received"
        student.presses("下载表格（XLSX）")

        sent = await student.hears(lambda seen: seen.file_name == "我的数据.xlsx")
        book = load_workbook(BytesIO(emulator.documents[sent.file_id or ""]))
        assert {"个人信息", "登记", "同意记录"} <= set(book.sheetnames)
    assert emulator.violations == []


async def test_leaving_takes_two_presses_and_ends_everything(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-10-26")
        student.says("/mydata")
        await student.hears("我的数据")
        student.presses("撤回同意")
        assert "保留" in (await student.hears("撤回同意意味着")).text
        async with libraries.read() as session:
            assert (await session.scalars(select(ConsentRow.withdrawn_at))).one() is None

        student.presses("确认撤回")
        await student.hears("已撤回同意")

        student.says("/dates")
        await student.hears("邀请码")
        async with libraries.read() as session:
            person = house.people["林晓雨"].id
            assert await accounts_of(session, person, blocked=True) == []
            assert (await session.scalars(select(ConsentRow.withdrawn_at))).one() is not None
            assert await session.scalar(select(func.count()).select_from(EntryRow)) == 1
            assert await session.scalar(select(func.count()).where(OutboxRow.recipient_id == person)) == 0


async def test_who_leaves_takes_no_reminder_from_the_organisers_and_has_their_own_again_on_coming_back(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("周老师", role=Role.ORGANISER)
        await house.record("林晓雨", "application_received", "2026-10-26")  # the talk is due on 26 November
        student.says("/mydata")
        await student.hears("我的数据")
        student.presses("撤回同意")
        await student.hears("撤回同意意味着")
        student.presses("确认撤回")
        gone = await student.hears("已撤回同意")

        house.moment[0] = datetime(2026, 11, 25, 9, tzinfo=BEIJING)
        await house.plan()

        first = await organiser.hears("项待办")
        assert "林晓雨" in first.text
        await house.quiet()
        assert student.last.message_id == gone.message_id
        async with libraries.write() as session:
            code = await invite(session, house.people["林晓雨"].id, now=house.now)
        student.says(f"/start {code}")
        await student.hears("告知书")
        student.presses("同意")
        await student.hears("欢迎")
        house.later(days=1)
        await house.plan()
        assert "就是今天" in (await student.hears("项待办")).text
        await organiser.hears("项待办", since=first.revision)


async def test_privacy_tells_what_was_agreed_to(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")

        student.says("/privacy")

        assert "您在 2026-11-23 同意了" in (await student.hears("告知书")).text


async def test_who_has_given_a_code_but_not_agreed_sees_the_notice_again_whatever_they_ask(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        async with library.write() as session:
            person = await add_person(session, name="周明", branch_id=house.branch, now=house.now)
            code = await invite(session, person.id, now=house.now)
        newcomer = emulator.user("周明")

        newcomer.says("/privacy")
        assert "邀请码" in (await newcomer.hears("")).text
        newcomer.says(f"/start {code}")
        await newcomer.hears("告知书")
        for command in ("/privacy", "/help", "/dates"):
            newcomer.says(command)
            answer = await newcomer.hears("告知书")
            assert answer.buttons == [["同意", "不同意"]]
        newcomer.presses("同意", newcomer.last)

        await newcomer.hears("欢迎")
        newcomer.says("/help")
        assert "告知书" not in (await newcomer.hears("/privacy")).text
    assert emulator.violations == []


async def test_a_bare_code_is_taken_wherever_it_is_typed_by_who_has_not_joined(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        async with library.write() as session:
            person = await add_person(session, name="周明", branch_id=house.branch, now=house.now)
            code = await invite(session, person.id, now=house.now)
        newcomer = emulator.user("周明")

        newcomer.says("你好")
        await newcomer.hears("邀请码")
        newcomer.says(code)
        first = await newcomer.hears("告知书")
        newcomer.presses("不同意", first)
        await newcomer.hears("发送 /start 即可")
        newcomer.says(code.replace("-", " ").lower())
        await newcomer.hears("告知书")
        newcomer.presses("不同意", newcomer.last)
        await newcomer.hears("发送 /start 即可")
        newcomer.presses("同意", first)  # the old button: what it was for is gone
        await newcomer.hears("请发送党支部给您的邀请码")
        newcomer.says("K7Q2M-9XRTA")
        await newcomer.hears("这个邀请码不能用")
        newcomer.says("/start")
        await newcomer.hears("请发送党支部给您的邀请码")
        newcomer.says(code)
        newcomer.presses("同意", await newcomer.hears("告知书"))

        await newcomer.hears("欢迎")
        newcomer.says(code)
        assert "告知书" not in (await newcomer.hears("")).text
    assert emulator.violations == []


async def test_who_is_no_student_is_told_that_a_command_is_not_theirs(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        organiser = await house.join("周老师", role=Role.ORGANISER)
        student = await house.join("林晓雨")

        for command in ("/dates", "/record", "/progress", "/report", "/today"):
            organiser.says(command)
            await organiser.hears("不对您的角色开放")
        student.says("/dates")
        dates = await student.hears("我的期限")
        foreign = organiser.presses("日历文件", dates)

        assert "已经失效" in await asyncio.to_thread(foreign.waits_for_answer)
