"""What an answer looks like to the student who asked: the place, whose requirement, and what is never answered."""

from __future__ import annotations

import asyncio

from content.library import add
from content.passages import DocumentKind
from content.readers import read
from records.people import Role
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

NATIONAL = """# 中国共产党发展党员工作细则

第七条　收到入党申请书后，应当在一个月内同入党申请人谈话。

第十三条　拟列为发展对象的应当公示，公示期不少于五个工作日。公示有异议的，应当查清。
"""
OWN = """# 示例大学发展党员工作办法

第二条 党支部收到入党申请书后，应当在两周内安排支部委员同入党申请人谈话。

第三条 发展对象应当公示，公示期为七个工作日。

第四条 思想汇报由本人手写。
"""


async def publish(house: StudentHouse, text: str, name: str, kind: DocumentKind) -> None:
    async with house.services.database.write() as session:
        await add(
            session,
            read(text.encode(), name),
            file_name=name,
            content=text.encode(),
            kind=kind,
            added_by=None,
            now=house.now,
            today=house.today,
        )


async def test_what_the_nation_and_the_school_require_stand_side_by_side_under_their_own_labels(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        await publish(house, NATIONAL, "细则.md", DocumentKind.OFFICIAL)
        await publish(house, OWN, "办法.md", DocumentKind.SCHOOL)

        student.says("收到入党申请书后多久谈话")

        told = (await student.hears("两周内")).text
        rules, school = told.index("《中国共产党发展党员工作细则》第七条\n细则要求 · "), told.index("学校要求 · ")
        assert rules < told.index("一个月内") < school < told.index("两周内")
        assert "《示例大学发展党员工作办法》第二条" in told
        student.says("公示几天")
        told = (await student.hears("七个工作日")).text
        assert "五个工作日" in told
        student.says("思想汇报要手写吗")
        told = (await student.hears("思想汇报由本人手写")).text
        assert "细则要求" not in told
    assert emulator.violations == []


async def test_an_article_is_found_however_its_number_is_written(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student = await house.join("林晓雨")
        await publish(house, NATIONAL, "细则.md", DocumentKind.OFFICIAL)

        for asked in ("第十三条写了啥", "細則第十三條", "细则第１３条", "13条讲什么", "《发展党员工作细则》第13条原文"):
            student.says(asked)
            whole = (await student.hears("《中国共产党发展党员工作细则》第十三条")).text
            assert "公示期不少于五个工作日。公示有异议的，应当查清。" in whole, asked
        student.says("细则第七条和第十三条分别说什么")
        both = (await student.hears("第七条")).text
        assert "一个月内" in both
        assert "应当查清" in both
    assert emulator.violations == []


async def test_each_thing_that_is_not_answered_on_principle_has_a_sentence_of_its_own_in_both_languages(
    database: Database, emulator: Emulator
) -> None:
    refused = {
        "隔壁寝室的陈浩然转正了没": ("不透露其他人的情况", "Other people"),
        "凭我这表现能过预审不": ("不预测任何人的结果", "predict"),
        "鉴别一下小李是真信仰还是假信仰": ("不评价任何人的信仰", "belie"),
        "谁给我打的叉": ("谁投了什么票不记录", "Ballots are secret"),
        "党校测试题的答案": ("不提供考试题目和答案", "Exam questions"),
    }
    async with open_house(database, emulator) as house:
        student, abroad = await house.join("林晓雨"), await house.join("周明", language="en")

        for question, (chinese, english) in refused.items():
            for asker, sentence in ((student, chinese), (abroad, english)):
                asker.says(question)
                told = await asker.hears("")
                assert sentence in told.text, told.text
                assert told.buttons == []
    assert emulator.violations == []


async def test_a_question_whose_answer_was_no_use_goes_into_the_same_queue_without_a_name(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("周老师", role=Role.ORGANISER)
        student.says("预备期从哪天算起")
        student.presses("没用", await student.hears("起施行"))
        student.presses("转给组织员", await student.hears("抱歉没帮上忙"))
        await student.hears("已转给组织员")

        organiser.says("/answer")
        queue = await organiser.hears("等待答复的问题（1）")
        assert "预备期从哪天算起" in queue.text
        assert "林晓雨" not in queue.text
        organiser.presses("1 回答", queue)
        await organiser.hears("请写出")
        organiser.says("从支部大会通过的那天算起，志愿书上写着。")

        assert "志愿书上写着" in (await student.hears("有答复了")).text
    assert emulator.violations == []


async def test_that_an_answer_was_no_use_is_noted_once_and_not_after_the_question_is_forgotten(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        student.says("预备期从哪天算起")
        answer = await student.hears("起施行")
        student.presses("没用", answer)
        sorry = await student.hears("抱歉没帮上忙")

        assert "已经记下" in await asyncio.to_thread(student.presses("没用", answer).waits_for_answer)
        student.presses("转给组织员", sorry)
        await student.hears("已转给组织员")
        assert "已经记下" in await asyncio.to_thread(student.presses("没用", answer).waits_for_answer)
        house.later(minutes=31)
        assert "已经清除" in await asyncio.to_thread(student.presses("没用", answer).waits_for_answer)

        await house.quiet()
        assert len(student.heard) == 3
    assert emulator.violations == []
