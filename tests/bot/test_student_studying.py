"""A student studies: the day's card, asked for or pushed at their own time, quiz questions, and the list of texts."""

from __future__ import annotations

import asyncio
from datetime import datetime, time
from functools import partial

from sqlalchemy import func, select

from content.tables import PracticeRow, QuestionRow, ReadingRow
from records.people import change_preferences
from records.tables import EntryRow
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.bot.student_house import BEIJING, StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Seen

__all__ = ["emulator"]

EARLY = datetime(2026, 11, 24, 7, 59, tzinfo=BEIJING)


def shows_tick(letter: str, seen: Seen) -> bool:
    return any(f"✓{letter}" in row for row in seen.buttons)


async def outcomes(house: StudentHouse, kind: str) -> list[tuple[str, str | None]]:
    async with house.services.database.read() as session:
        rows = await session.execute(
            select(OutboxRow.state, OutboxRow.last_error).where(OutboxRow.kind == kind).order_by(OutboxRow.id)
        )
        return [(row.state, row.last_error) for row in rows]


async def test_the_card_stays_all_day_and_can_be_exchanged_and_read(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/today")
        first = await student.hears("今天的学习卡片")
        assert first.buttons == [["已读", "换一个"], ["太浅", "太深"]]
        student.says("/today")
        assert (await student.hears("今天的学习卡片")).text == first.text

        student.presses("换一个")
        second = await student.hears("今天的学习卡片")
        assert second.text != first.text
        student.presses("已读", second)
        await student.hears("✓ 已读")
        await asyncio.to_thread(student.presses("已读", second).waits_for_answer)

        async with libraries.read() as session:
            rows = list(await session.scalars(select(ReadingRow).order_by(ReadingRow.ordinal)))
            entries = list(await session.scalars(select(EntryRow).where(EntryRow.kind == "study")))
        assert [row.response for row in rows] == ["another", "read"]
        assert len(entries) == 1
        assert entries[0].payload["title"] in second.text.replace("《", "").replace("》", "")
    assert emulator.violations == []


async def test_after_reading_today_s_card_the_next_one_is_asked_for_with_today(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/today")
        first = await student.hears("今天的学习卡片")
        student.presses("已读", first)
        await student.hears("✓ 已读")

        student.says("/today")

        second = await student.hears("今天的学习卡片")
        assert second.text != first.text
        assert second.buttons == [["已读", "换一个"], ["太浅", "太深"]]


async def test_the_card_is_of_the_step_that_comes_next_and_of_none_that_lies_behind(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        await house.record("林晓雨", "candidate_listed", "2026-09-01")
        await house.record("林晓雨", "pre_review_passed", "2026-11-10")
        await house.quiet()

        student.says("/today")

        assert "第9步" in (await student.hears("今天的学习卡片")).text
        for step in ("introducers_named", "political_review_passed", "intensive_training_completed"):
            await house.record("林晓雨", step, "2026-10-10")
        await house.record("林晓雨", "committee_reviewed", "2026-11-01")
        student.presses("换一个", await student.hears("今天的学习卡片"))
        await student.hears("第14步")
    assert emulator.violations == []


async def test_too_easy_and_too_hard_are_answered(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/today")
        await student.hears("今天的学习卡片")

        student.presses("太浅")

        assert (await student.hears("会深一些")).buttons == []


async def test_an_old_card_cannot_be_exchanged_and_says_so(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, other = await house.join("林晓雨"), await house.join("沈一诺")
        student.says("/today")
        card = await student.hears("今天的学习卡片")
        house.later(days=1)

        student.presses("换一个", card)
        await student.hears("这张卡片已经不在了")
        await asyncio.to_thread(other.presses("已读", card).waits_for_answer)  # never shown to them

        async with library.read() as session:
            assert [row.response for row in await session.scalars(select(ReadingRow))] == [None]


async def test_the_card_is_pushed_once_at_ones_own_time(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student, late = await house.join("林晓雨"), await house.join("沈一诺")
        async with libraries.write() as session:
            await change_preferences(session, house.people["沈一诺"].id, study_time=time(20))
        house.moment[0] = EARLY
        assert await house.plan() == 0

        house.later(minutes=1)
        assert await house.plan() == 1
        card = await student.hears("今天的学习卡片")
        assert "党" not in card.text.splitlines()[0]  # a locked screen shows this line
        assert await house.plan() == 0

        student.presses("已读", card)
        await student.hears("✓ 已读")
        assert late.heard == []
        house.later(hours=12)
        await house.plan()
        await late.hears("今天的学习卡片")
        await house.quiet()
        assert [state for state, _ in await outcomes(house, "study")] == ["sent", "sent"]


async def test_a_card_that_was_read_already_is_not_pushed(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        house.moment[0] = EARLY
        student.says("/today")
        student.presses("已读", await student.hears("今天的学习卡片"))
        await student.hears("✓ 已读")

        house.later(minutes=1)
        assert await house.plan() == 1
        await house.quiet()

        assert await outcomes(house, "study") == [("cancelled", "read already")]


async def test_who_muted_study_meanwhile_gets_no_card(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        house.moment[0] = EARLY
        house.later(minutes=1)
        async with library.write() as session:
            await house.plan_in(session)
            await change_preferences(session, house.people["林晓雨"].id, study_muted=True)
        await house.quiet()

        assert await outcomes(house, "study") == [("cancelled", "study is muted or paused")]
        assert student.heard == []


async def test_a_quiz_question_is_explained_and_counts_once(libraries: Database, emulator: Emulator) -> None:
    async with open_house(libraries, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/quiz")
        asked = await student.hears("单选题")
        assert asked.buttons == [["A", "B", "C", "D"]]

        student.presses("C")
        explained = await student.hears("答对了")
        assert "解析：" in explained.text
        assert "依据：《中国共产党发展党员工作细则》第一条" in explained.text
        again = student.presses("A", asked)
        assert "已经答过" in await asyncio.to_thread(again.waits_for_answer)
        student.presses("下一题")

        await student.hears("判断题")
        async with libraries.read() as session:
            assert await session.scalar(select(func.count()).select_from(PracticeRow)) == 1
            assert (await session.scalars(select(PracticeRow.correct))).one() is True


async def test_right_and_wrong_are_called_so_in_the_language_of_whoever_answers(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨", language="en")
        async with library.write() as session:  # leave one statement to be judged
            judged = (await session.scalars(select(QuestionRow).where(QuestionRow.kind == "judge"))).first()
            assert judged is not None
            for row in await session.scalars(select(QuestionRow).where(QuestionRow.id != judged.id)):
                row.retired_at = house.now
            judged.stages = []
            wrong = ["True", "False"][1 - judged.answer[0]]
        student.says("/quiz")
        assert (await student.hears("True or false")).buttons == [["True", "False"]]

        student.presses(wrong)

        assert f"You chose {wrong}" in (await student.hears("right: ")).text


async def test_several_answers_are_ticked_before_they_are_submitted(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        async with library.write() as session:  # leave one question of several answers
            several = (await session.scalars(select(QuestionRow).where(QuestionRow.kind == "multiple"))).first()
            assert several is not None
            for row in await session.scalars(select(QuestionRow).where(QuestionRow.id != several.id)):
                row.retired_at = house.now
            several.stages = []
            right = ["ABCDEF"[place] for place in several.answer]
        student.says("/quiz")
        await student.hears("多选题")

        nothing = student.presses("提交")
        assert "还没有选" in await asyncio.to_thread(nothing.waits_for_answer)
        for letter in right:
            student.presses(letter)
            await student.hears(partial(shows_tick, letter))
        student.presses("提交")

        await student.hears("答对了")
        student.presses("下一题")
        await student.hears("没有要做的题")


async def test_the_texts_of_ones_stage_can_be_paged_and_read(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student = await house.join("林晓雨")
        student.says("/courses")
        assert "入党申请人" in (await student.hears("学习目录")).text

        student.presses("下一页")
        await student.hears("导读")
        student.presses("上一页")
        await student.hears("流程手册")
        student.presses("2")
        await student.hears("（1/")
        student.presses("下一段")
        await student.hears("（2/")
        student.presses("回目录")

        await student.hears("学习目录")
    assert emulator.violations == []


async def test_the_days_question_to_think_about_is_the_same_for_all(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        student, other = await house.join("林晓雨"), await house.join("沈一诺")
        student.says("/discuss")
        other.says("/discuss")

        first = await student.hears("思考题")
        assert (await other.hears("思考题")).text == first.text
        student.presses("换一个")

        assert (await student.hears("思考题")).text != first.text
        assert "？" in first.text
        assert "不会记录" in first.text
