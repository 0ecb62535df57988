"""The other rooms of organisers: library, roster, invitations, exports, numbers, delivery truth."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from bot.channels import telegram
from content.documents import documents, passages_of
from content.library import add
from content.readers import read
from content.usefulness import note_unhelpful
from records.access import looked_at
from records.branches import ensure_branch
from records.invitations import ALARMING_FAILURES, check_code
from records.people import Role, assign_mentor, grant_role, mark_blocked
from storage.database import Database
from tests.bot.student_house import StudentHouse, full_member, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

RULES = "# 示例大学机房规定\n\n第一条　机房八时开放。\n第二条　离开时关机。\n第三条　本规定自2026年9月1日起施行。\n"


async def published(house: StudentHouse, by: str) -> None:
    async with house.services.database.write() as session:
        await add(
            session,
            read(RULES.encode(), "机房.md"),
            file_name="机房.md",
            content=RULES.encode(),
            added_by=house.people[by].id,
            now=house.now,
            today=house.today,
        )


async def test_everybody_sees_the_library_and_only_who_published_takes_down(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        await published(house, "王书记")

        student.says("/library")
        shelf = await student.hears("资料库")
        assert "示例大学机房规定" in shelf.text
        assert "段" not in shelf.text
        assert all("草稿" not in label for row in shelf.buttons for label in row)
        student.presses("1", shelf)
        book = await student.hears("起施行")
        assert all("下架" not in row for row in book.buttons)

        organiser.says("/library")
        shelf = await organiser.hears("资料库")
        number = next(line.split(".")[0] for line in shelf.text.splitlines() if "机房" in line)
        organiser.presses(number, shelf)
        book = await organiser.hears("示例大学机房规定》\n")
        organiser.presses("原文件", book)
        sent = await organiser.hears(lambda seen: seen.file_name == "机房.md")
        assert emulator.documents[sent.file_id or ""] == RULES.encode()
        organiser.presses("下架", book)
        organiser.presses("确认下架", await organiser.hears("下架《示例大学机房规定》？"))
        await organiser.hears("已下架")
        student.says("/library")
        assert "机房" not in (await student.hears("资料库")).text
    assert emulator.violations == []


async def test_the_library_is_checked_and_what_did_not_help_is_told_from_ten_people_on(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        await published(house, "王书记")
        async with database.write() as session:
            (document,) = await documents(session)
            first, *_ = await passages_of(session, document.id)
            for other in range(1000, 1009):
                await note_unhelpful(session, [first.id], person=other, on=house.today)
        organiser.says("/library")
        organiser.presses("检查", await organiser.hears("资料库"))
        told = await organiser.hears("资料库检查")
        assert "9 人" not in told.text

        student.says("机房几点开放")
        student.presses("没用", await student.hears("八时"))
        assert "满十人才显示" in (await student.hears("抱歉")).text
        student.says("/mydata")
        await student.hears("我的数据")

        organiser.says("/library")
        organiser.presses("检查", await organiser.hears("资料库"))
        assert "《示例大学机房规定》第一条：10 人" in (await organiser.hears("资料库检查")).text
        house.later(days=120)
        organiser.says("/library")
        organiser.presses("检查", await organiser.hears("资料库"))
        told = await organiser.hears("天没有被引用过")
        assert "《示例大学机房规定》全部 3 段" in told.text
    assert emulator.violations == []


async def test_the_roster_is_listed_by_stage_and_branch_in_pages(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        for number in range(12):
            await house.join(f"同学{number:02}", number=f"20261{number:02}")
        await house.record("同学03", "application_received", "2025-03-01")
        await house.record("同学03", "activist_decided", "2025-09-01")
        await house.quiet()

        organiser.says("/roster")
        first = await organiser.hears("名册")
        assert "列出 13 人" in first.text
        organiser.presses("下一页", first)
        assert "同学11" in (await organiser.hears("同学11")).text
        organiser.presses("入党积极分子 1", await organiser.hears("名册", since=0))
        assert "同学03" in (await organiser.hears("列出 1 人")).text
        async with database.read() as session:
            assert await looked_at(session, house.people["同学03"].id)
    assert emulator.violations == []


async def test_a_mentor_sees_whom_they_accompany_where_each_stands_and_what_comes_next(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        mentor = await house.join("陈老师", role=Role.MENTOR)
        student = await house.join("林晓雨", number="2026001")
        await house.join("周明", number="2026002")
        mentor.says("我联系的同学有谁")
        await mentor.hears("现在没有您联系的同学")
        async with database.write() as session:
            mentor_id, student_id = house.people["陈老师"].id, house.people["林晓雨"].id
            await assign_mentor(session, mentor_id, student_id, since=house.today)
        await house.record("林晓雨", "application_received", "2026-11-20")

        for asked in ("/due", "我联系的同学有谁", "我联系的同学都到哪一步了？"):
            mentor.says(asked)
            mine = (await mentor.hears("我联系的同学")).text
            assert "林晓雨 2026001 · 入党申请人\n下一步：派人谈话，由党支部办理" in mine
            assert "周明" not in mine
            assert "没有超期的" in mine
        async with database.read() as session:
            assert {look.viewer for look in await looked_at(session, student_id)} == {mentor_id}

        mentor.says("林晓雨到哪一步了")
        refused = (await mentor.hears("不透露其他人的情况")).text
        assert "/due" in refused
        assert "/record" not in refused
        student.says("周明到哪一步了")
        refused = (await student.hears("不透露其他人的情况")).text
        assert "/record" in refused
        assert "/due" not in refused
    assert emulator.violations == []


async def test_what_a_student_entered_is_verified_by_the_organiser_or_the_mentor(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        mentor = await house.join("陈老师", role=Role.MENTOR)
        student = await house.join("林晓雨", number="2026001")
        async with database.write() as session:
            mentor_id, student_id = house.people["陈老师"].id, house.people["林晓雨"].id
            await assign_mentor(session, mentor_id, student_id, since=house.today)
        for title, day in (("十月思想汇报", "昨天"), ("十一月思想汇报", "今天")):
            student.says(f"/report {title}")
            student.presses(day, await student.hears("是哪天"))
            await student.hears("待党支部核验")

        mentor.says("/due")
        mentor.presses("核验 林晓雨（2）", await mentor.hears("我联系的同学"))
        await mentor.hears("待核验 2 条")
        notice = next(seen for seen in mentor.heard if "已登记：林晓雨" in seen.text)
        mentor.presses("核验", notice)
        await mentor.hears("已核验：林晓雨的 #")
        await student.hears("已由陈老师核验")
        organiser.says("/roster 2026001")
        organiser.presses("核验（1）", await organiser.hears("已加入路标"))
        waiting = await organiser.hears("待核验 1 条")
        assert "思想汇报" in waiting.text
        organiser.presses("核验 #", waiting)
        await organiser.hears("没有待核验的记录")
        organiser.presses("核验 #", waiting)
        await organiser.hears("无需重复")
        student.says("/record")
        shown = (await student.hears("我的记录")).text
        assert "已核验：陈老师（2026-11-23）" in shown
        assert "已核验：王书记（2026-11-23）" in shown
        assert "待核验 0 条" in shown
    assert emulator.violations == []


async def test_invitations_for_a_branch_come_as_a_sheet_and_for_one_person_as_a_code(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        await house.join("林晓雨", number="2026001")
        organiser.sends_document("学号,姓名\n2026002,周明\n2026003,韩冰\n".encode(), "名册.csv")
        organiser.presses("确认导入", await organiser.hears("新增 2 人"))
        await organiser.hears("名册已导入")

        organiser.says("/invite")
        organiser.presses("学生第一党支部", await organiser.hears("给谁邀请码"))
        sheet = await organiser.hears("2 人的邀请码")
        page = emulator.documents[sheet.file_id or ""].decode()
        assert "周明" in page
        assert "<svg" in page
        organiser.says("/invite 2026002")
        code = (await organiser.hears("周明 的邀请码")).text.split("邀请码：")[1].split("\n")[0]

        newcomer = emulator.user("周明")
        newcomer.says(f"/start {code}")
        newcomer.presses("同意", await newcomer.hears("告知书"))
        await newcomer.hears("欢迎")
    assert emulator.violations == []


async def test_an_admin_makes_organisers_and_an_organiser_does_not(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        admin, organiser = await house.join("管理员", role=Role.ADMIN), await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")

        organiser.says("/roster 2026001")
        assert all("设为组织员" not in row for row in (await organiser.hears("已加入路标")).buttons)
        admin.says("/roster 2026001")
        admin.presses("设为组织员", await admin.hears("已加入路标"))
        asked = await admin.hears("林晓雨将能看到并登记本支部")
        student.says("/due")
        await student.hears("不对您的角色开放")
        admin.presses("设为组织员", asked)
        await admin.hears("现在是本支部的组织员")
        student.says("/due")
        await student.hears("到期事项")
        admin.presses("设为组织员", asked)  # a second press says the same again

        for name, number, told in (("林晓雨", "2026001", "林晓雨现在是入党申请人"), ("许党员", "2020001", "再点一次")):
            if name not in house.people:
                await full_member(house, name, number)
            admin.says(f"/roster {number}")
            admin.presses("设为培养联系人", await admin.hears(name))
            answer = await admin.hears(told)
        admin.presses("设为培养联系人", answer)
        await admin.hears("许党员 现在是本支部的培养联系人")

        admin.says("/invite")
        admin.presses("邀请新的组织员", await admin.hears("给谁邀请码"))
        await admin.hears("姓名")
        admin.says("李组织员")
        admin.presses("学生第一党支部", await admin.hears("负责哪个支部"))
        await admin.hears("李组织员 的邀请码")
    assert emulator.violations == []


async def test_records_are_exported_in_every_format_and_the_export_is_noted(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        await house.join("林晓雨", number="0026001")
        await house.record("林晓雨", "application_received", "2026-11-01")
        await house.quiet()

        organiser.says("/export")
        choice = await organiser.hears("导出参与记录")
        for label, ending in (
            ("Excel", ".xlsx"),
            ("CSV", ".csv"),
            ("Word 考察底稿", ".docx"),
            ("xAPI", ".json"),
            ("日历（期限）", ".ics"),
            ("JSON", ".json"),
        ):
            organiser.presses(label, choice)
            made = await organiser.hears("请妥善保管")
            assert (made.file_name or "").endswith(ending)
            if label == "Excel":
                book = load_workbook(io.BytesIO(emulator.documents[made.file_id or ""]))
                assert book["参与记录"]["A2"].value == "0026001"
        organiser.says("/export csv 0026001 2026-11-02")
        assert "0 条记录" in (await organiser.hears("1 人")).text
        async with database.read() as session:
            looks = await looked_at(session, house.people["林晓雨"].id)
        assert sum(look.what == "export" for look in looks) == 7
    assert emulator.violations == []


async def test_numbers_hide_small_groups(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        for number in range(10):
            await house.join(f"同学{number}", number=f"20261{number}")

        organiser.says("/stats")
        shown = await organiser.hears("汇总")
        assert "入党申请人：10 人" in shown.text
        await house.record("同学3", "application_received", "2025-03-01")
        await house.record("同学3", "activist_decided", "2025-09-01")
        organiser.says("/stats")
        shown = await organiser.hears("汇总")
        assert "入党积极分子：人数较少，不显示" in shown.text
    assert emulator.violations == []


async def test_the_audit_tells_what_did_not_arrive_and_who_looked(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        await house.join("林晓雨", number="2026001")
        gone = await house.join("韩冰", number="2026003")
        organiser.says("/broadcast 明天开会")
        organiser.presses("发送", await organiser.hears("能送达 2 人"))
        await organiser.hears("共 2 人")
        async with database.write() as session:
            await mark_blocked(session, telegram.CHANNEL, gone.id, now=house.now)
            for guesser in range(ALARMING_FAILURES):
                await check_code(session, "K7Q2M-9XRTA", "web", guesser, now=house.now)
        organiser.says("/roster 2026001")
        await organiser.hears("已加入路标")
        await house.quiet()

        organiser.says("/audit")
        audit = await organiser.hears("送达情况")
        assert "群发通知：已送达平台 2" in audit.text
        assert "邀请码" not in audit.text  # not of this branch alone
        organiser.presses("屏蔽了机器人的", audit)
        assert "韩冰" in (await organiser.hears("当面通知")).text
        organiser.presses("谁看过谁的记录", audit)
        assert "王书记 看了 林晓雨 的记录" in (await organiser.hears("查看记录")).text
        async with database.write() as session:
            committee = await ensure_branch(session, "示例大学党委")
            await grant_role(session, house.people["王书记"].id, Role.ORGANISER, committee.id)
        organiser.says("/audit")
        assert f"{ALARMING_FAILURES} 个错误的邀请码" in (await organiser.hears("送达情况")).text
    assert emulator.violations == []


async def test_a_committees_organiser_sees_all_branches_and_a_branchs_only_its_own(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        own = await house.join("王书记", role=Role.ORGANISER)
        await house.join("林晓雨", number="2026001")
        async with database.write() as session:
            committee = await ensure_branch(session, "示例大学党委")
            second = await ensure_branch(session, "学生第二党支部", parent=committee.id)
        house.branch = second.id
        await house.join("周明", number="2026002")
        above = await house.join("赵部长", role=Role.ORGANISER)
        async with database.write() as session:
            await grant_role(session, house.people["赵部长"].id, Role.ORGANISER, committee.id)

        own.says("/roster 2026002")
        await own.hears("名册里没有")
        own.says("/roster")
        assert "周明" not in (await own.hears("列出 2 人")).text
        above.says("/roster")
        both = await above.hears("全部支部")
        assert "周明" in both.text
        assert "林晓雨" in both.text
        above.presses("学生第二党支部", both)
        assert "林晓雨" not in (await above.hears("列出 2 人")).text
    assert emulator.violations == []
