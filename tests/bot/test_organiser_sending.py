"""Broadcasts and passed-on questions: what organisers say to many, and to one whom they do not know."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from records.people import Role, add_person
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]


async def letters(house: StudentHouse) -> list[str]:
    async with house.services.database.read() as session:
        rows = await session.scalars(select(OutboxRow).where(OutboxRow.kind == "broadcast").order_by(OutboxRow.id))
        return [row.state for row in rows]


async def test_a_broadcast_says_whom_it_reaches_goes_out_once_and_is_reported(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        mei, bo = await house.join("林晓雨", number="2026001"), await house.join("周明", number="=1+1")
        gone = await house.join("韩冰", number="2026003")

        organiser.says("/broadcast 周五 <b>下午三点</b> 教三 201\n请准时 & 带笔记本")
        preview = await organiser.hears("通知预览")
        assert "能送达 3 人" in preview.text
        assert "<b>下午三点</b>" in preview.text
        assert preview.buttons[0] == ["发送", "取消"]
        assert await letters(house) == []
        gone.blocks()
        organiser.presses("发送", preview)

        got = await mei.hears("周五 <b>下午三点</b> 教三 201\n请准时 & 带笔记本")
        assert "📢" in got.text
        await bo.hears("周五")
        await house.quiet()
        organiser.presses("发送", preview)
        await organiser.hears(lambda seen: "共 3 人" in seen.text or "共 2 人" in seen.text, since=0)
        await house.quiet()
        assert sum("周五" in seen.text for seen in mei.heard) == 1

        organiser.presses("刷新进度")
        progress = await organiser.hears("已送达 2")
        assert "失败 0" in progress.text
        organiser.presses("送达明细", progress)
        report = await organiser.hears("每人一行")
        rows = emulator.documents[report.file_id or ""].decode("utf-8-sig").splitlines()
        assert rows[0].startswith('"学号","姓名","党支部","状态"')
        assert any(row.startswith('"\'=1+1"') and "已送达平台" in row for row in rows)
    assert emulator.violations == []


async def test_a_broadcast_can_be_paused_resumed_and_stopped_and_then_nothing_more_is_sent(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        students = [await house.join(f"同学{number}", number=f"202610{number}") for number in range(6)]
        house.later(hours=14)  # midnight: everybody rests, so the letters wait

        organiser.says("/broadcast 明天的党课改到下午")
        organiser.presses("发送", await organiser.hears("能送达 6 人"))
        progress = await organiser.hears("等待中 6")
        await house.quiet()
        organiser.presses("暂停", progress)
        paused = await organiser.hears("已暂停")
        house.later(hours=10)
        await house.quiet()
        assert [seen.text for seen in students[0].heard] == []

        organiser.presses("继续", paused)
        for student in students:
            await student.hears("改到下午", since=0)

        house.later(hours=14)
        organiser.says("/broadcast 第二条通知")
        organiser.presses("发送", await organiser.hears("能送达 6 人"))
        progress = await organiser.hears("等待中 6")
        await house.quiet()
        organiser.presses("停止", progress)
        await organiser.hears("已取消 6")
        house.later(hours=10)
        await house.quiet()
        assert all("第二条" not in seen.text for student in students for seen in student.heard)
    assert emulator.violations == []


async def test_the_message_below_a_broadcast_tells_by_itself_how_it_goes_until_it_is_over(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        students = [await house.join(f"同学{number}", number=f"202610{number}") for number in range(6)]
        house.later(hours=14)  # midnight: everybody rests, so the letters wait
        organiser.says("/broadcast 明天的党课改到下午")
        organiser.presses("发送", await organiser.hears("能送达 6 人"))
        await organiser.hears("等待中 6")
        await house.quiet()
        heard = len(organiser.heard)

        house.later(seconds=4)
        await house.quiet()
        resting = await organiser.hears("免打扰时段，11-24 07:30 继续发送", since=0)
        assert len(organiser.heard) == heard

        house.later(hours=10)
        students[0].blocks()
        await house.quiet()
        house.later(seconds=31)
        await house.quiet()
        over = await organiser.hears("通知已处理完", since=0)
        assert "已送达 5" in over.text
        assert "被屏蔽 1" in over.text
        assert over.message_id == resting.message_id
        edits = len(emulator.sent_to(organiser, "editMessageText"))

        house.later(hours=1)
        await house.quiet()
        assert len(emulator.sent_to(organiser, "editMessageText")) == edits
    assert emulator.violations == []


@pytest.mark.parametrize("by", ["pressing", "writing"])
async def test_who_blocks_the_bot_gets_nothing_and_who_comes_back_gets_the_next(
    database: Database, emulator: Emulator, by: str
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        mei, bo = await house.join("林晓雨", number="2026001"), await house.join("周明", number="2026002")

        async def broadcast(text: str, reachable: int) -> None:
            organiser.says(f"/broadcast {text}")
            organiser.presses("发送", await organiser.hears(f"能送达 {reachable} 人"))
            await bo.hears(text)
            await house.quiet()

        with emulator.world.changed:  # the platform's own word of it does not come
            emulator.world.chats[mei.id].blocked = True
        await broadcast("第一条", 2)
        await broadcast("第二条", 1)
        assert sum(one.chat_id == mei.id for one in emulator.requests if one.method == "sendMessage") == 1

        if by == "pressing":
            mei.unblocks()
            await emulator.comes_about(lambda it: not it.pending_updates)
            await house.heard_out()
        else:
            with emulator.world.changed:
                emulator.world.chats[mei.id].blocked = False
            mei.says("/help")
            await mei.hears("您可以")
        await broadcast("第三条", 2)

        assert [seen.text.splitlines()[-1] for seen in mei.heard][-1] == "第三条"
        assert not any("第一条" in seen.text or "第二条" in seen.text for seen in mei.heard)
    assert emulator.violations == []


async def test_a_stopped_broadcast_tells_no_more_and_a_resumed_one_goes_on(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        students = [await house.join(f"同学{number}", number=f"202610{number}") for number in range(3)]
        house.later(hours=14)
        organiser.says("/broadcast 明天的党课改到下午")
        organiser.presses("发送", await organiser.hears("能送达 3 人"))
        progress = await organiser.hears("等待中 3")
        await house.quiet()
        organiser.presses("暂停", progress)
        paused = await organiser.hears("已暂停")
        for _ in range(3):
            house.later(hours=5)
            await house.quiet()
        assert "已暂停" in organiser.last.text

        organiser.presses("继续", paused)
        for student in students:
            await student.hears("改到下午", since=0)
        await house.quiet()
        house.later(seconds=31)
        await house.quiet()

        assert "已送达 3" in (await organiser.hears("通知已处理完", since=0)).text
    assert emulator.violations == []


async def test_a_broadcast_can_be_for_those_only_of_whom_a_step_is_outstanding(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        mei, bo = await house.join("林晓雨", number="2026001"), await house.join("周明", number="2026002")
        async with database.write() as session:  # on the roster, and has never come
            house.people["韩冰"] = await add_person(
                session, name="韩冰", branch_id=house.branch, now=house.now, student_number="2026003"
            )
        for name in ("林晓雨", "韩冰"):
            await house.record(name, "application_received", "2026-09-01")
        await house.quiet()

        organiser.says("/broadcast 请尽快约谈话时间")
        organiser.presses("只发给有某一步没办的人", await organiser.hears("能送达 2 人"))
        asked = await organiser.hears("哪一步还没有办")
        assert asked.buttons[0] == ["派人谈话：2 人"]
        organiser.presses("派人谈话", asked)
        preview = await organiser.hears("能送达 1 人")
        assert "其中只发给：「派人谈话」还没有办的人" in preview.text
        organiser.presses("发送", preview)

        await mei.hears("约谈话时间")
        await house.quiet()
        assert all("约谈话时间" not in seen.text for seen in bo.heard)
        organiser.presses("送达明细", await organiser.hears("共 1 人"))
        report = await organiser.hears("每人一行")
        rows = emulator.documents[report.file_id or ""].decode("utf-8-sig").splitlines()
        assert len(rows) == 3
        assert '"林晓雨"' in rows[1]
        assert "已送达平台" in rows[1]
        assert '"韩冰"' in rows[2]
        assert "没有发出" in rows[2]
    assert emulator.violations == []


async def test_a_broadcast_can_be_for_one_stage_only(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        mei, bo = await house.join("林晓雨", number="2026001"), await house.join("周明", number="2026002")
        await house.record("林晓雨", "application_received", "2025-03-01")
        await house.record("林晓雨", "activist_decided", "2025-09-01")
        await house.quiet()

        organiser.says("/broadcast 积极分子培训报名")
        organiser.presses("入党积极分子", await organiser.hears("能送达 2 人"))
        organiser.presses("发送", await organiser.hears("能送达 1 人"))

        await mei.hears("培训报名")
        await house.quiet()
        assert all("培训报名" not in seen.text for seen in bo.heard)
    assert emulator.violations == []


async def test_a_passed_on_question_is_answered_without_names_and_then_answers_everybody(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student, other = await house.join("林晓雨", number="2026001"), await house.join("周明", number="2026002")
        student.says("活动室的投影仪钥匙找谁借")
        student.presses("转给组织员", await student.hears("没有找到"))
        await student.hears("已转给组织员")

        organiser.says("/answer")
        queue = await organiser.hears("等待答复的问题")
        assert "投影仪钥匙" in queue.text
        assert "林晓雨" not in queue.text
        organiser.presses("1 回答", queue)
        await organiser.hears("请写出")
        organiser.says("投影仪钥匙在三楼值班室，凭学生证登记借用。")
        done = await organiser.hears("已答复")
        told = await student.hears("有答复了")
        assert "三楼值班室" in told.text

        assert "草稿" in done.text
        other.says("活动室投影仪的钥匙找谁借呀")
        await other.hears("没有找到")
        organiser.presses("确认发布", done)
        await organiser.hears("现在就能用它回答")
        other.says("活动室的投影仪钥匙找谁借")
        assert "三楼值班室" in (await other.hears("值班室")).text
        press = organiser.presses("1 回答", queue)
        assert "失效" in await asyncio.to_thread(press.waits_for_answer)
    assert emulator.violations == []


async def test_the_same_question_of_two_students_waits_once_and_one_answer_reaches_both(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student, other = await house.join("林晓雨", number="2026001"), await house.join("周明", number="2026002")

        for who, asked, told in (
            (student, "活动室的投影仪钥匙找谁借", "有了答复会发给您"),
            (student, "请问活动室的投影仪钥匙找谁借呀", "不用再转"),
            (other, "活动室的投影仪钥匙找谁借？", "同样的问题已经在等答复"),
        ):
            who.says(asked)
            who.presses("转给组织员", await who.hears("没有找到"))
            await who.hears(told)
        await house.quiet()
        assert sum("新问题" in one.text for one in organiser.heard) == 1

        organiser.says("/answer")
        queue = await organiser.hears("等待答复的问题")
        assert queue.text.count("投影仪钥匙") == 1
        organiser.presses("1 回答", queue)
        await organiser.hears("请写出")
        organiser.says("三楼值班室。")
        assert "三楼值班室" in (await student.hears("有答复了")).text
        assert "三楼值班室" in (await other.hears("有答复了")).text
        await house.quiet()
        assert sum("有答复了" in one.text for one in student.heard) == 1
        organiser.says("/answer")
        await organiser.hears("没有等待答复的问题")
    assert emulator.violations == []


async def test_who_asked_is_told_when_a_question_is_not_answered_here(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        student.says("活动室的投影仪钥匙找谁借")
        student.presses("转给组织员", await student.hears("没有找到"))
        await student.hears("已转给组织员")

        organiser.says("/answer")
        organiser.presses("1 不回答", await organiser.hears("等待答复的问题"))
        asked = await organiser.hears("请当面问党支部")
        await house.quiet()
        assert not any("请当面问党支部" in seen.text for seen in student.heard)
        organiser.presses("确认不回答", asked)

        await organiser.hears("已关闭")
        assert "投影仪钥匙" in (await student.hears("请当面问党支部")).text
    assert emulator.violations == []


async def test_an_organiser_who_asked_is_told_the_answer_too(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        asking = await house.join("王书记", role=Role.ORGANISER)
        answering = await house.join("周老师", role=Role.ORGANISER)
        asking.says("活动室的投影仪钥匙找谁借")
        asking.presses("转给组织员", await asking.hears("没有找到"))
        await asking.hears("新问题")

        answering.says("/answer")
        answering.presses("1 回答", await answering.hears("等待答复的问题"))
        await answering.hears("请写出")
        answering.says("三楼值班室。")

        assert "三楼值班室" in (await asking.hears("有答复了")).text
    assert emulator.violations == []


async def test_the_answer_that_the_library_holds_already_still_reaches_who_asked(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        student.says("活动室的投影仪钥匙找谁借")
        refused = await student.hears("没有找到")
        for publishing in (True, False):
            student.presses("转给组织员", refused)
            await student.hears("有了答复会发给您")
            organiser.says("/answer")
            organiser.presses("1 回答", await organiser.hears("等待答复的问题"))
            await organiser.hears("请写出")
            organiser.says("三楼值班室。")
            done = await organiser.hears("已答复")
            await student.hears("有答复了")
            assert ("草稿" in done.text) is publishing
            if publishing:
                student.says("活动室的投影仪钥匙找谁借")
                refused = await student.hears("没有找到")
                organiser.presses("确认发布", done)
                await organiser.hears("现在就能用它回答")
    assert emulator.violations == []
