"""An organiser records, corrects and looks after steps: everything is shown before it is done, and told afterwards."""

from __future__ import annotations

import asyncio
from datetime import date

from records.access import Looked, looked_at
from records.branches import create_branch
from records.ledger import entries_of
from records.people import Role, add_person, students_of
from records.steps import facts_of_person
from storage.database import Database
from tests.bot.student_house import StudentHouse, full_member, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person as Chatting

__all__ = ["emulator"]


async def facts(house: StudentHouse, name: str) -> list[tuple[str, str]]:
    async with house.services.database.read() as session:
        return [(fact.step, str(fact.on)) for fact in await facts_of_person(session, house.people[name].id)]


async def both(house: StudentHouse) -> tuple[Chatting, Chatting]:
    return await house.join("王书记", role=Role.ORGANISER), await house.join("林晓雨", number="2026001")


async def test_a_step_is_asked_for_one_by_one_shown_with_its_dates_and_told_to_both(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, student = await both(house)

        organiser.says("/step")
        who = await organiser.hears("为谁登记")
        organiser.presses("林晓雨 2026001", who)
        which = await organiser.hears("登记哪一步")
        organiser.presses("递交入党申请书", which)
        await organiser.hears("是哪一天")
        organiser.says("2026年11月20日")
        await organiser.hears("可跳过")
        organiser.presses("跳过")
        summary = await organiser.hears("请核对")
        assert "派人谈话" in summary.text
        assert "2026-12-20" in summary.text
        assert await facts(house, "林晓雨") == []
        organiser.presses("登记", summary)

        await organiser.hears("已登记")
        assert await facts(house, "林晓雨") == [("application_received", "2026-11-20")]
        await student.hears("")
        organiser.presses("登记", summary)
        await organiser.hears("已经结束")
        assert len(await facts(house, "林晓雨")) == 1
    assert emulator.violations == []


async def test_one_line_is_enough_and_what_the_rule_forbids_is_refused_with_its_article(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)

        organiser.says("/step 2026001 派人谈话 20261110")
        refused = await organiser.hears("没有登记")
        assert "递交入党申请书" in refused.text
        assert ["作为以往记录补录"] in refused.buttons
        organiser.presses("作为以往记录补录", refused)
        await organiser.hears("请输入")
        organiser.presses("跳过")
        summary = await organiser.hears("请核对")
        assert "缺少「递交入党申请书」（细则第七条）" in summary.text
        organiser.presses("登记", summary)
        await organiser.hears("已登记")
        assert await facts(house, "林晓雨") == [("interview", "2026-11-10")]

        for wrong, sentence in (
            ("/step 2026001 抽签 今天", "不是步骤名"),
            ("/step 2026001 派人谈话 明年", "不是日期"),
            ("/step 2999999", "名册里没有"),
        ):
            organiser.says(wrong)
            await organiser.hears(sentence)
    assert emulator.violations == []


async def test_what_may_happen_for_a_reason_asks_for_it_and_keeps_it(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.record("林晓雨", "application_received", "2026-10-20")
        await house.quiet()

        organiser.says("/step 林晓雨 确定为入党积极分子 2026-11-12")
        seen = await organiser.hears("")
        while "请输入" in seen.text:
            organiser.presses("跳过", seen)
            seen = await organiser.hears("")
        assert "派人谈话" in seen.text
        assert "请写明理由" in seen.text
        assert await facts(house, "林晓雨") == [("application_received", "2026-10-20")]
        organiser.says("谈话记录在原学院，已核对")
        summary = await organiser.hears("请核对")
        assert "理由：谈话记录在原学院，已核对" in summary.text
        assert "阶段：入党申请人 → 入党积极分子" in summary.text
        organiser.presses("登记", summary)

        await organiser.hears("已登记")
        async with database.read() as session:
            entry = (await entries_of(session, house.people["林晓雨"].id))[-1]
        assert entry.payload["reason"] == "谈话记录在原学院，已核对"
        assert entry.recorded_by == house.people["王书记"].id
    assert emulator.violations == []


async def test_mentors_named_with_a_step_see_their_students_and_say_what_was_done(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        mentor = await house.join("陈老师", role=Role.MENTOR)
        await house.record("林晓雨", "application_received", "2025-08-01")
        await house.record("林晓雨", "activist_decided", "2026-05-01")
        await house.quiet()

        organiser.says("/step 林晓雨 指定培养联系人 2026-05-10")
        await organiser.hears("请点选正式党员")
        organiser.says("陈老师")
        seen = await organiser.hears("")
        while "请核对" not in seen.text:
            buttons = [label for row in seen.buttons for label in row]
            organiser.presses("跳过" if "跳过" in buttons else "作为以往记录补录", seen)
            seen = await organiser.hears("")
        organiser.presses("登记", seen)
        await organiser.hears("已登记")

        async with database.read() as session:
            mine = await students_of(session, house.people["陈老师"].id, today=house.today)
        assert [one.name for one in mine] == ["林晓雨"]
        mentor.says("/due")
        due = await mentor.hears("我联系的同学")
        assert "半年考察" in due.text
        press = mentor.presses("1 已办，请组织员登记", due)
        assert "已请组织员登记" in await asyncio.to_thread(press.waits_for_answer)
        asked = await organiser.hears("陈老师 反馈")
        organiser.presses("去登记", asked)
        await organiser.hears("是哪一天")
    assert emulator.violations == []


async def test_what_cannot_be_recorded_on_the_day_is_refused_before_its_details_are_asked_for(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.record("林晓雨", "pre_review_passed", "2026-11-01")
        await house.quiet()

        organiser.says("/step 林晓雨 支部大会接收 2026-11-12")
        refused = await organiser.hears("未经政治审查")
        assert "没有登记" in refused.text
        organiser.presses("改日期", refused)
        await organiser.hears("是哪一天")
        organiser.says("/step 林晓雨 谈话 2026-11-12")
        refused = await organiser.hears("之前须先有「递交入党申请书」")
        organiser.presses("作为以往记录补录", refused)
        await organiser.hears("谈话人")
    assert emulator.violations == []


async def test_another_day_is_typed_after_a_refusal_and_other_words_are_a_question(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        organiser.says("/step 2026001 递交入党申请书 2026-12-10")
        await organiser.hears("没有登记")
        organiser.says("预备期从哪天算起？")
        await organiser.hears(lambda seen: "算起" in seen.text or "没有找到" in seen.text)
        organiser.says("/step 2026001 递交入党申请书 2026-12-10")
        await organiser.hears("没有登记")

        organiser.says("2026-11-10")

        await organiser.hears(lambda seen: "请输入" in seen.text or "请核对" in seen.text)
    assert emulator.violations == []


async def test_a_step_may_be_called_in_short_and_what_could_be_several_is_asked_again(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.record("林晓雨", "application_received", "2026-11-01")
        await house.quiet()

        organiser.says("/step 林晓雨 支部大会")
        told = await organiser.hears("可以是几个步骤")
        assert "支部党员大会通过接收、支部党员大会讨论转正" in told.text
        organiser.says("/step 林晓雨 短期培训 2026-11-10")
        await organiser.hears("短期集中培训")
        organiser.says("/step 林晓雨 聚餐")
        await organiser.hears("「聚餐」不是步骤名")
    assert emulator.violations == []


async def test_a_mentor_of_another_branch_is_named_by_number_and_a_namesake_there_is_not_meant(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        async with database.write() as session:
            elsewhere = await create_branch(session, "教工党支部")
            for name, number in (("孙老师", "T0007"), ("钱老师", "T0008")):
                one = await add_person(
                    session,
                    name=name,
                    student_number=number,
                    branch_id=elsewhere.id,
                    now=house.now,
                    roles=(Role.MENTOR,),
                )
                house.people[name] = one
        await house.record("林晓雨", "application_received", "2025-08-01")
        await house.record("林晓雨", "activist_decided", "2026-05-01")
        await house.quiet()

        async def name_mentors(typed: str, day: str) -> str:
            organiser.says(f"/step 林晓雨 指定培养联系人 {day}")
            await organiser.hears("培养联系人：")
            organiser.says(typed)
            organiser.presses("登记", await organiser.hears("请核对"))
            return (await organiser.hears("已登记")).text

        assert "没有找到" not in await name_mentors("T0007", "2026-05-10")
        assert "没有找到培养联系人：钱老师" in await name_mentors("钱老师", "2026-05-12")
        async with database.read() as session:
            for name, count in (("孙老师", 1), ("钱老师", 0)):
                assert len(await students_of(session, house.people[name].id, today=house.today)) == count
    assert emulator.violations == []


async def test_a_wrong_day_is_corrected_and_a_wrong_entry_withdrawn_with_a_reason(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, student = await both(house)
        other = await house.join("李组织员", role=Role.ORGANISER)
        await house.record("林晓雨", "application_received", "2026-11-01")
        await house.quiet()

        organiser.says("/roster 2026001")
        card = await organiser.hears("入党申请人")
        organiser.presses("更正最近一步", card)
        await organiser.hears("正确的日期")
        organiser.says("2026-11-03")
        await organiser.hears("更正的理由")
        organiser.says("申请书落款是三号")
        done = await organiser.hears("已更正")
        assert await facts(house, "林晓雨") == [("application_received", "2026-11-03")]
        told = await student.hears("递交入党申请书，2026-11-01 改为 2026-11-03")
        others = await other.hears("由 2026-11-01 更正为 2026-11-03")
        for seen in (done, told, others):  # the date that hangs on it, under which rule
            assert "→ 派人谈话（截止）：2026-12-01 改为 2026-12-03 · 细则第七条（细则要求）" in seen.text

        organiser.presses("撤销最近一步", card)
        await organiser.hears("已被第 2 条更正")
        organiser.says("/roster 2026001")
        organiser.presses("撤销最近一步", await organiser.hears("入党申请人"))
        await organiser.hears("为什么撤销")
        organiser.says("登记错了人")
        await organiser.hears("已撤销")
        assert await facts(house, "林晓雨") == []
        gone = await student.hears("一条记录已撤销")
        assert "－ 派人谈话（截止）：2026-12-03，不再提醒 · 细则第七条（细则要求）" in gone.text
    assert emulator.violations == []


async def test_due_shows_the_overdue_first_reminds_once_a_day_and_notes_who_looked(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        other = await house.join("李组织员", role=Role.ORGANISER)
        await house.join("周明", number="2026002")
        await house.record("林晓雨", "application_received", "2026-10-28")
        await house.record("周明", "application_received", "2026-09-01")
        await house.quiet()

        organiser.says("/due")
        due = await organiser.hears("到期事项")
        assert "超期 1 项，一周内到期 1 项" in due.text
        assert due.text.index("周明") < due.text.index("林晓雨")
        assert "细则第七条" in due.text
        press = organiser.presses("1 提醒", due)
        assert "已提醒 1 人" in await asyncio.to_thread(press.waits_for_answer)
        told = await other.hears("/due")
        assert "入党" not in told.text
        organiser.presses("1 提醒", due)
        await house.quiet()
        assert sum("有一项事项等您处理" in seen.text for seen in other.heard) == 1

        organiser.presses("2 登记", due)
        await organiser.hears("是哪一天")
        async with database.read() as session:
            looks = await looked_at(session, house.people["林晓雨"].id)
        assert {look.viewer_name for look in looks} == {"王书记"}
        assert {look.what for look in looks} == {Looked.DATES, Looked.RECORD}
    assert emulator.violations == []


async def test_rounds_that_were_missed_again_and_again_are_one_line_of_what_is_due(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.record("林晓雨", "activist_decided", "2024-11-10")
        await house.quiet()

        organiser.says("/due")

        due = await organiser.hears("到期事项")
        assert "超期 1 项" in due.text
        assert "已超期 562 天：半年考察（应不晚于 2025-05-10）" in due.text
        assert "此后还有 3 期没有记录，最近一期应不晚于 2026-11-10" in due.text
        organiser.presses("1 登记", due)
        await organiser.hears("是哪一天")


async def test_due_says_what_keeps_a_date_from_being_taken_as_it_stands(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.join("陈一", number="2026002")
        await house.record("林晓雨", "activist_decided", "2025-11-01")
        await house.record("林晓雨", "half_year_review", "2026-10-30")
        await house.record("林晓雨", "transferred_in", "2026-09-01")
        await house.record("陈一", "branch_meeting_admitted", "2025-11-20")
        await house.record("陈一", "paused", "2026-10-01")
        await house.quiet()

        organiser.says("/due")

        due = await organiser.hears("到期事项")
        met = due.text.index("时间条件已满足（2026-11-01 起）：支委会讨论拟列为发展对象")
        assert "转入前的培养时间待现单位审查认定" in due.text[met:]
        assert "估算：以入党志愿书写明的起止时间为准" in due.text
        assert "已暂停，日期照算，由组织研究" in due.text
    assert emulator.violations == []


LETTERS = "甲乙丙丁戊己庚辛壬癸"


async def test_introducers_are_chosen_among_the_branchs_full_members(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.join("陈老师", role=Role.MENTOR)
        await house.join("周明", number="2026002")  # on the way themselves: never offered
        for place, letter in enumerate(LETTERS):
            await full_member(house, f"党员{letter}", f"202300{place:02}")
        await house.record("林晓雨", "candidate_listed", "2026-11-01")
        await house.quiet()

        organiser.says("/step 林晓雨 确定入党介绍人 2026-11-10")
        asked = await organiser.hears("请点选正式党员（2 名）")
        offered = [label for row in asked.buttons for label in row]
        assert offered == [
            *(f"党员{'甲乙丙丁戊己庚辛壬癸'[n]} 202300{n:02}" for n in range(10)),
            "下一页",
            "跳过",
            "取消",
        ]
        organiser.presses("党员乙 20230001", asked)
        one = await organiser.hears("已选：党员乙")
        assert "✓ 党员乙 20230001" in one.buttons[0]
        assert not any("选好了" in label for row in one.buttons for label in row)  # the rules ask for two
        organiser.presses("下一页", one)
        more = await organiser.hears(lambda seen: seen.buttons and sorted(seen.buttons[0]) == ["王书记", "陈老师"])
        assert ["上一页"] in more.buttons
        organiser.says("周明")
        refused = await organiser.hears("还不是正式党员")
        assert "周明" in refused.text
        assert "细则第十四条" in refused.text
        organiser.presses("陈老师", more)

        summary = await organiser.hears("请核对")
        assert "党员乙、陈老师" in summary.text
        organiser.presses("登记", summary)
        await organiser.hears("已登记")
        async with database.read() as session:
            entry = (await entries_of(session, house.people["林晓雨"].id))[-1]
        assert entry.payload["detail"] == {"introducers": "党员乙、陈老师"}
        organiser.presses("党员乙 20230001", asked)
        await organiser.hears("已经结束")
    assert emulator.violations == []


async def test_one_mentor_is_enough_a_name_may_be_written_and_too_many_are_refused(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await full_member(house, "许党员", "20230001")
        await house.record("林晓雨", "application_received", "2025-08-01")
        await house.record("林晓雨", "activist_decided", "2026-05-01")
        await house.quiet()

        organiser.says("/step 林晓雨 指定培养联系人 2026-05-10")
        asked = await organiser.hears("请点选正式党员（1 至 2 名）")
        organiser.says("甲老师、乙老师、丙老师")
        assert "细则第九条" in (await organiser.hears("现为 3 名")).text
        organiser.presses("许党员 20230001", asked)
        chosen = await organiser.hears("已选：许党员")
        organiser.presses("许党员 20230001", chosen)
        again = await organiser.hears(lambda seen: "请点选" in seen.text and "已选" not in seen.text)
        organiser.presses("许党员 20230001", again)
        organiser.presses("选好了（1）", await organiser.hears("已选：许党员"))
        summary = await organiser.hears("请核对")
        assert "培养联系人：许党员" in summary.text
        organiser.presses("登记", summary)
        await organiser.hears("已登记")
        async with database.read() as session:
            mine = await students_of(session, house.people["许党员"].id, today=house.today)
        assert [one.name for one in mine] == ["林晓雨"]

        organiser.says("/step 林晓雨 指定培养联系人 2026-05-11")
        await organiser.hears("请点选正式党员")
        organiser.says("外院李老师")
        await organiser.hears("请核对")
    assert emulator.violations == []


async def test_a_mentor_is_never_the_person_themself_and_namesakes_are_told_apart(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.record("林晓雨", "application_received", "2025-08-01")
        await house.record("林晓雨", "activist_decided", "2026-05-01")
        himself = house.people["林晓雨"]
        await full_member(house, "许党员", "20230001")
        await full_member(house, "许党员", "20230002")
        second = house.people["许党员"]
        await full_member(house, "林晓雨", "20200001")
        namesake, house.people["林晓雨"] = house.people["林晓雨"], himself
        await house.quiet()

        organiser.says("/step 2026001 指定培养联系人 2026-05-10")
        await organiser.hears("请点选正式党员")
        organiser.says("2026001")
        await organiser.hears("是本人，不能做自己的培养联系人")
        organiser.says("林晓雨")
        assert "请改用学号：20200001" in (await organiser.hears("有 2 人名叫「林晓雨」")).text
        organiser.says("许党员")
        await organiser.hears("有 2 人名叫「许党员」，请改用学号：20230001、20230002")
        organiser.says("20230002、外院李老师")
        summary = await organiser.hears("请核对")
        assert "路标里没有外院李老师：可以登记" in summary.text
        organiser.presses("登记", summary)
        await organiser.hears("已登记")
        organiser.says("/step 2026001 指定培养联系人 2026-05-12")
        organiser.presses("林晓雨 20200001", await organiser.hears("请点选正式党员"))
        organiser.presses("选好了（1）", await organiser.hears("已选"))
        summary = await organiser.hears("请核对")
        assert "路标里没有" not in summary.text
        organiser.presses("登记", summary)
        await organiser.hears("已登记")

        async with database.read() as session:
            former = await students_of(session, second.id, today=date(2026, 5, 11))
            now = await students_of(session, namesake.id, today=house.today)
        assert [one.id for one in former] == [one.id for one in now] == [himself.id]
    assert emulator.violations == []


async def test_wrong_numbers_of_a_meeting_are_typed_again_where_they_are_refused(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        await house.record("林晓雨", "political_review_passed", "2026-10-01")
        await house.record("林晓雨", "pre_review_passed", "2026-11-01")
        await house.quiet()

        async def gives(*numbers: str) -> None:
            for name, number in zip(("应到", "实到", "赞成"), numbers, strict=True):
                await organiser.hears(name)
                organiser.says(number)

        organiser.says("/step 林晓雨 支部大会接收 2026-11-12")
        await gives("12", "6", "7")
        await organiser.hears("上报日期")
        organiser.says("跳过")
        refused = await organiser.hears("没有登记")
        assert refused.buttons == [["改人数", "改日期", "取消"]]
        organiser.presses("改人数", refused)
        await gives("12人", "9 名", "跳过")
        refused = await organiser.hears("没有登记")
        organiser.presses("改人数", refused)
        await gives("12", "9", "8票")
        while "请核对" not in (seen := await organiser.hears("")).text:
            organiser.says("跳过")

        assert all(line in seen.text for line in ("：12", "：9", "：8"))
    assert emulator.violations == []


async def test_words_typed_instead_of_pressed_do_what_the_buttons_do(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        organiser.says("/step 2026001 递交入党申请书 2026-12-10")
        await organiser.hears("没有登记")
        organiser.says("上周三")
        await organiser.hears("可跳过")
        organiser.says("跳过")
        await organiser.hears("请核对")
        organiser.says("昨天")
        summary = await organiser.hears("2026-11-22")
        assert "请核对" in summary.text
        organiser.says("取消")
        await organiser.hears("已取消")
        organiser.presses("登记", summary)
        await organiser.hears("已经结束")
        assert await facts(house, "林晓雨") == []

        await house.record("林晓雨", "application_received", "2026-10-20")
        await house.quiet()
        organiser.says("/step 林晓雨 确定为入党积极分子 2026-11-12")
        await organiser.hears("可跳过")
        organiser.says("跳过。")
        await organiser.hears("请写明理由")
        organiser.says("2026-11-13")
        assert "2026-11-13" in (await organiser.hears("请写明理由")).text
        organiser.says("取消")
        await organiser.hears("已取消")
    assert emulator.violations == []


async def test_a_further_talk_is_told_of_the_first_and_who_has_not_joined_is_not_told(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, _student = await both(house)
        async with database.write() as session:
            house.people["周明"] = await add_person(
                session, name="周明", student_number="2026002", branch_id=house.branch, now=house.now
            )
        for name in ("林晓雨", "周明"):
            await house.record(name, "application_received", "2026-06-01")
            await house.record(name, "interview", "2026-06-20")
        await house.quiet()

        for name, told in (("林晓雨", "本人和有关的人会收到通知"), ("周明", "本人还没有加入路标，收不到通知")):
            organiser.says(f"/step {name} 派人谈话 2026-11-10")
            await organiser.hears("谈话人")
            organiser.says("跳过")
            summary = await organiser.hears("请核对")
            assert "此前已登记过这项谈话：2026-06-20" in summary.text
            assert "超过规定期限" not in summary.text
            organiser.presses("登记", summary)
            recorded = await organiser.hears("已登记：")
            assert told in recorded.text
            organiser.presses("撤销登记", recorded)
            await organiser.hears("请写明理由")
            organiser.says("写错了")
            assert told in (await organiser.hears("已撤销")).text
    assert emulator.violations == []
