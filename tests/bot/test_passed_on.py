"""Passed-on questions: what belongs together is answered once, and who asked stays unknown unless they agree."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.buttons.student import Signing
from content.inquiries import Inquiry, open_inquiries
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
