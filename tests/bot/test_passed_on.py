"""Passed-on questions: what belongs together is answered once, and who asked stays unknown unless they agree."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

from bot.buttons.student import Signing
from content.inquiries import Inquiry, open_inquiries
from content.library import add
from content.readers import read
from records.people import Role
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person as Chatting

__all__ = ["emulator"]


async def passes_on(student: Chatting, question: str) -> None:
    student.says(question)
    student.presses("转给组织员", await student.hears("没有找到"))
    await student.hears("转给组织员，没有带您的姓名")


async def test_similar_questions_are_offered_as_one_and_one_answer_reaches_both_and_is_found_by_both_phrasings(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        first = await house.join("林晓雨", number="2026001")
        second = await house.join("周明", number="2026002")
        third = await house.join("韩冰", number="2026003")
        await passes_on(first, "三号楼的打印机坏了找谁修")
        await passes_on(second, "三号楼打印机坏了应该找谁来修")
        await passes_on(third, "团费收据丢了怎么补")

        organiser.says("/answer")
        queue = await organiser.hears("等待答复的问题（3）")
        assert "1 和 2 可能是同一个问题" in queue.text
        assert not any(name in queue.text for name in ("林晓雨", "周明", "韩冰"))
        organiser.presses("合并 1 和 2", queue)
        queue = await organiser.hears("等待答复的问题（2）")
        assert "也这样问：三号楼打印机坏了应该找谁来修" in queue.text
        assert "2 人在等" in queue.text
        organiser.presses("1 回答", queue)
        await organiser.hears("请写出")
        organiser.says("找楼下值班室的师傅。")

        assert "问：三号楼的打印机坏了找谁修" in (await first.hears("有答复了")).text
        assert "问：三号楼打印机坏了应该找谁来修" in (await second.hears("有答复了")).text
        draft = await organiser.hears("草稿")
        assert "也这样问：三号楼打印机坏了应该找谁来修" in draft.text
        second.says("三号楼打印机坏了应该找谁来修？")
        await second.hears("没有找到")
        organiser.presses("确认发布", draft)
        await organiser.hears("已发布")
        second.says("三号楼打印机坏了应该找谁来修")
        assert "党支部答复" in (await second.hears("值班室的师傅。")).text
    assert emulator.violations == []


async def test_three_wordings_of_three_askers_become_one_line_and_one_answer(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        wordings = ("打印机坏了找谁", "3号楼打印机坏了", "打印机用不了谁来修")
        askers = [await house.join(name, number=f"202600{at}") for at, name in enumerate(("林晓雨", "周明", "韩冰"), 1)]
        for asker, wording in zip(askers, wordings, strict=True):
            await passes_on(asker, wording)

        organiser.says("/answer")
        for waiting, pair in ((3, "合并 1 和 2"), (2, "合并 1 和 2")):
            organiser.presses(pair, await organiser.hears(f"等待答复的问题（{waiting}）"))
        queue = await organiser.hears("等待答复的问题（1）")
        assert "3 人在等" in queue.text
        organiser.presses("1 回答", queue)
        await organiser.hears("请写出")
        organiser.says("找楼下值班室的师傅。")

        for asker, wording in zip(askers, wordings, strict=True):
            assert f"问：{wording}" in (await asker.hears("有答复了")).text
        organiser.presses("确认发布", await organiser.hears("草稿"))
        await organiser.hears("已发布")
        askers[2].says("打印机用不了谁来修")
        assert "党支部答复" in (await askers[2].hears("值班室的师傅。")).text
    assert emulator.violations == []


async def test_the_first_administrator_hears_of_a_question_before_there_are_organisers(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        admin = await house.join("管理员", role=Role.ADMIN)
        await passes_on(await house.join("林晓雨", number="2026001"), "三号楼的打印机坏了找谁修")

        assert "打印机" not in (await admin.hears("新问题")).text


async def test_what_was_joined_wrongly_is_taken_out_and_answered_on_its_own(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        first = await house.join("林晓雨", number="2026001")
        second = await house.join("周明", number="2026002")
        await passes_on(first, "三号楼的打印机坏了找谁修")
        await passes_on(second, "三号楼的打印机坏了找谁赔")
        organiser.says("/answer")
        organiser.presses("合并 1 和 2", await organiser.hears("可能是同一个问题"))
        organiser.presses("1 拆开", await organiser.hears("2 人在等"))

        organiser.presses("2 单独列出", await organiser.hears("哪一个其实是别的问题"))

        await organiser.hears("已单独列出：三号楼的打印机坏了找谁赔")
        organiser.says("/answer")
        organiser.presses("1 回答", await organiser.hears("等待答复的问题（2）"))
        await organiser.hears("请写出")
        organiser.says("找楼下值班室。")
        await first.hears("值班室")
        await house.quiet()
        assert not any("值班室" in seen.text for seen in second.heard)
    assert emulator.violations == []


async def test_an_asker_may_be_named_and_take_it_back_and_nobody_else_can_name_them(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        other = await house.join("周明", number="2026002")
        await passes_on(student, "三号楼的打印机坏了找谁修")
        (waiting,) = await waits(house)
        other.says("/help")
        heard = await other.hears("")
        press = Signing(inquiry=waiting.id, named=True).pack()
        forged = {**heard.raw, "reply_markup": {"inline_keyboard": [[{"text": "…", "callback_data": press}]]}}
        pressed = other.presses("…", replace(heard, raw=forged))
        assert "失效" in await asyncio.to_thread(pressed.waits_for_answer)

        student.presses("告诉组织员是我问的", await student.hears("已转给组织员", since=0))
        signed = await student.hears("组织员会看到这个问题是您问的")
        organiser.says("/answer")
        assert "提问人（本人同意署名）：林晓雨" in (await organiser.hears("等待答复的问题")).text
        student.presses("不要署名", signed)
        await student.hears("组织员看不到是谁问的")
        organiser.says("/answer")
        assert "林晓雨" not in (await organiser.hears("等待答复的问题")).text
    assert emulator.violations == []


async def waits(house: StudentHouse) -> list[Inquiry]:
    async with house.services.database.read() as session:
        return await open_inquiries(session, [house.branch])


RULES = """# 示例大学打印室规定

第一条　打印室周一到周五八时至二十时开放。
第二条　打印机故障的，向一号楼值班室报修，当天有人处理。
第三条　损坏设备照价赔偿。
"""


async def publish(house: StudentHouse, text: str = RULES, **options: date) -> str:
    async with house.services.database.write() as session:
        parsed, content = read(text.encode(), "打印室.md"), text.encode()
        document = await add(
            session,
            parsed,
            file_name="打印室.md",
            content=content,
            added_by=None,
            now=house.now,
            today=house.today,
            **options,
        )
    return document.id


async def test_an_organiser_points_at_an_article_the_asker_gets_it_word_for_word_and_the_next_asker_too(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        question = "机器卡纸了该喊谁"
        await passes_on(student, question)
        await publish(house)
        organiser.says("/answer")
        organiser.presses("1 回答", await organiser.hears("等待答复的问题"))
        assert "直接引用" in (await organiser.hears("请写出")).text

        organiser.says("《示例大学打印室规定》第2条")
        organiser.presses("用这一条回答", await organiser.hears("会这样发给提问的人"))

        told = await student.hears("组织员指出这一条可以回答")
        assert f"问：{question}" in told.text
        assert "《示例大学打印室规定》第二条" in told.text
        assert "打印机故障的，向一号楼值班室报修，当天有人处理。" in told.text
        done = await organiser.hears("以后这样问，会引用《示例大学打印室规定》第二条")
        student.says(question)
        assert "值班室报修" in (await student.hears("《示例大学打印室规定》第二条")).text

        await publish(house, RULES.replace("一号楼", "九号楼"))
        student.says(question + "？")
        assert "九号楼值班室报修" in (await student.hears("《示例大学打印室规定》第二条")).text

        organiser.presses("以后不引用这一条", done)
        await organiser.hears("不再施行")
    assert emulator.violations == []


async def test_the_nearest_passages_are_offered_looked_at_and_an_attached_question_is_taken_back(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        await publish(house)
        await passes_on(student, "打印机的纸盒谁来加纸")
        organiser.says("/answer")
        organiser.presses("1 回答", await organiser.hears("等待答复的问题"))
        offered = await organiser.hears("请写出")
        assert "1. 《示例大学打印室规定》" in offered.text

        organiser.presses("看 1", offered)
        shown = await organiser.hears("会这样发给提问的人")
        assert not any("组织员指出" in seen.text for seen in student.heard)
        organiser.presses("用这一条回答", shown)
        await student.hears("组织员指出")
        organiser.presses("以后不引用这一条", await organiser.hears("以后这样问，会引用"))
        await organiser.hears("以后这样问不会因此引用")
        student.says("打印机的纸盒谁来加纸")
        await student.hears("没有找到")
        organiser.presses("用这一条回答", shown)
        await house.quiet()
        assert sum("组织员指出" in seen.text for seen in student.heard) == 1
    assert emulator.violations == []


async def test_a_place_that_is_not_there_gets_a_sentence_and_another_may_be_typed(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        student = await house.join("林晓雨", number="2026001")
        await passes_on(student, "三号楼的水龙头坏了找谁修")
        await publish(house)
        organiser.says("/answer")
        organiser.presses("1 回答", await organiser.hears("等待答复的问题"))
        await organiser.hears("请写出")

        for typed, told in (
            ("《示例大学打印室规定》第九条", "里没有「第九条」"),
            ("《没有这份文件》第一条", "没有这份文件"),
            ("《示例大学打印室规定》第二条", "会这样发给"),
        ):
            organiser.says(typed)
            await organiser.hears(told)
        organiser.says("《示例大学打印室规定》第二条说的是打印机，水龙头请找后勤处。")

        assert "水龙头请找后勤处" in (await student.hears("有答复了")).text
    assert emulator.violations == []
