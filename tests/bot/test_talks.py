"""The day of a talk: each side moves it once, with the other's consent, and every word of it is kept."""

from __future__ import annotations

from datetime import date, datetime

from icalendar import Calendar
from sqlalchemy import select

from bot.buttons.organiser import TalkOf
from bot.buttons.student import TalkAct, TalkPress
from records.access import Looked, looked_at
from records.ledger import entries_of, verify
from records.people import Role
from scheduler.tables import OutboxRow, ReminderRow
from storage.database import Database
from tests.bot.student_house import BEIJING, StudentHouse, open_house
from tests.bot.test_permissions import pressed
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person

__all__ = ["emulator"]


async def applicant(house: StudentHouse) -> tuple[Person, Person]:
    """Somebody whose talk is due on Thursday (today is Monday 23 November), and who holds it."""
    student = await house.join("林晓雨", number="2026001")
    organiser = await house.join("王书记", role=Role.ORGANISER)
    await house.record("林晓雨", "application_received", "2026-10-26")
    await house.quiet()
    return student, organiser


async def said(house: StudentHouse) -> list[tuple[str, str, str]]:
    """What stands in the ledger about days."""
    async with house.services.database.read() as session:
        entries = await entries_of(session, house.people["林晓雨"].id)
        assert await verify(session) is None
    return [
        (one.payload["side"], one.payload["said"], one.payload["day"]) for one in entries if one.kind == "appointment"
    ]


async def reminded(house: StudentHouse) -> dict[str, set[str]]:
    """The days of the reminders ahead, by rule."""
    async with house.services.database.read() as session:
        rows = await session.scalars(select(ReminderRow).where(ReminderRow.planned_at.is_(None)))
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row.rule, set()).add(str(row.due))
    return found


async def propose(person: Person, opener: str, day: str) -> None:
    """From a list's button to the proposal."""
    person.presses(opener)
    seen = await person.hears("选一个日子")
    person.presses(day, seen)
    chosen = await person.hears("提议的日子")
    person.presses("提出", chosen)
    await person.hears("等待答复")


async def test_each_side_moves_a_talk_once_with_the_others_consent(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student, organiser = await applicant(house)

        organiser.says("/due")
        await organiser.hears("到期事项")
        await propose(organiser, "1 改期", "11-25 周三")
        letter = await student.hears("有一个日子请您答复")
        assert letter.text.splitlines()[0] == "有一个日子请您答复"
        assert "最晚 2026-11-26" in letter.text
        assert letter.buttons == [["同意", "不行"]]
        assert await reminded(house) == {"T02": {"2026-11-26"}}
        student.presses("同意", letter)
        agreed = await student.hears("约定的日子：2026-11-25（周三）")
        assert "最晚 2026-11-26" in agreed.text
        await organiser.hears("您约的日子有答复了")
        assert await reminded(house) == {"T02": {"2026-11-26"}, "appointed": {"2026-11-25"}}

        student.says("/dates")
        dates = await student.hears("我的期限")
        assert "约定 2026-11-25：派人谈话（还有 2 天）" in dates.text
        assert "因为 2026-11-23 双方约定；谈话的依据是细则第七条（细则要求）" in dates.text
        assert "最晚 2026-11-26：派人谈话（还有 3 天）" in dates.text
        await propose(student, "改期：派人谈话", "11-30 周一")
        asked = await organiser.hears("有一个日子请您答复")
        assert "晚于细则第七条（细则要求）的期限 2026-11-26；期限不因约定而改变" in asked.text
        organiser.presses("同意", asked)
        await organiser.hears("约定的日子：2026-11-30（周一）")
        told = await student.hears("您约的日子有答复了")
        assert "11-30" in told.text
        assert await reminded(house) == {"T02": {"2026-11-26"}, "appointed": {"2026-11-30"}}

        student.says("/dates")
        dates = await student.hears("我的期限")
        assert "约定 2026-11-30" in dates.text
        assert "晚于期限 2026-11-26，期限不因约定而改变" in dates.text
        student.presses("改期：派人谈话", dates)
        used = await student.hears("我方已经提过一次")
        assert used.buttons == []
        assert "2026-11-23 对方提议 2026-11-25（周三），2026-11-23 我方同意" in used.text
        assert await said(house) == [
            ("organiser", "proposed", "2026-11-25"),
            ("student", "agreed", "2026-11-25"),
            ("student", "proposed", "2026-11-30"),
            ("organiser", "agreed", "2026-11-30"),
        ]
        async with database.read() as session:
            looks = await looked_at(session, house.people["林晓雨"].id)
        assert {(look.viewer_name, look.what) for look in looks} == {("王书记", Looked.DATES)}

        await house.record("林晓雨", "interview", "2026-11-23")
        await house.quiet()
        assert await reminded(house) == {}
        organiser.presses("同意", asked)
        await organiser.hears("已经答复过")
    assert emulator.violations == []


async def test_a_day_that_does_not_suit_changes_nothing_and_says_what_holds(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        student, organiser = await applicant(house)
        student.says("/dates")
        await student.hears("我的期限")
        await propose(student, "约日子：派人谈话", "11-27 周五")

        student.says("/dates")
        assert "我方提议 2026-11-27（周五），等待对方答复" in (await student.hears("我的期限")).text
        organiser.says("/due")
        due = await organiser.hears("到期事项")
        assert "对方提议 2026-11-27（周五），等待我方答复" in due.text
        organiser.presses("1 答复", due)
        asked = await organiser.hears("行不行")
        organiser.presses("不行", asked)

        declined = await organiser.hears("我方表示不行")
        assert "还没有约定日子" in declined.text
        told = await student.hears("您约的日子有答复了")
        assert "对方表示不行" in told.text
        assert "最晚 2026-11-26" in told.text
        assert await reminded(house) == {"T02": {"2026-11-26"}}
        organiser.presses("同意", asked)
        await organiser.hears("已经答复过")
        assert [one[1] for one in await said(house)] == ["proposed", "declined"]


async def test_a_day_is_written_as_people_write_it_and_what_is_wrong_gets_one_sentence(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        student, organiser = await applicant(house)
        student.says("/dates")
        student.presses("约日子：派人谈话", await student.hears("我的期限"))
        student.presses("写日期", await student.hears("选一个日子"))
        await student.hears("请写一个日子")

        for wrong, sentence in (
            ("随便哪天", "不是日期"),
            ("2026-11-20", "不能提议：请选 2026-11-23（今天）到"),
            ("2028-01-01", "不能提议"),
        ):
            student.says(wrong)
            await student.hears(sentence)
        student.says("本周三")
        chosen = await student.hears("提议的日子：2026-11-25（周三）")
        student.presses("提出", chosen)
        await student.hears("等待答复")
        student.presses("提出", chosen)
        await student.hears("2026-11-25 的提议还没有答复")
        asked = await organiser.hears("有一个日子请您答复")

        house.later(days=3)
        organiser.presses("同意", asked)
        await organiser.hears("日子已过")
        student.presses("提出", chosen)
        await student.hears("一次谈话每一方只能提一次")
        assert await said(house) == [("student", "proposed", "2026-11-25")]


async def test_a_day_typed_below_the_days_on_offer_is_that_day_and_anything_else_is_a_question(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        student, organiser = await applicant(house)
        student.says("/dates")
        student.presses("约日子：派人谈话", await student.hears("我的期限"))
        await student.hears("选一个日子")
        student.says("11月25日")
        await student.hears("提议的日子：2026-11-25（周三）")
        student.says("周四行不行")
        await student.hears("没有找到")
        student.says("11月24日")
        await student.hears("没有找到")

        organiser.says("/due")
        organiser.presses("1 改期", await organiser.hears("到期事项"))
        await organiser.hears("选一个日子")
        organiser.says("2月30日")
        await organiser.hears("不是日期")
        organiser.says("11月26日")
        organiser.presses("提出", await organiser.hears("提议的日子：2026-11-26（周四）"))
        await organiser.hears("等待答复")
        organiser.says("11月27日")
        await organiser.hears("没有找到")
        assert await said(house) == [("organiser", "proposed", "2026-11-26")]


async def test_nobody_speaks_for_the_other_side_or_in_their_own_matter(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student, organiser = await applicant(house)
        person = house.people["林晓雨"].id
        organiser.says("/due")
        await organiser.hears("到期事项")
        await propose(organiser, "1 改期", "11-25 周三")
        await student.hears("请您答复")
        async with database.read() as session:
            proposal = (await entries_of(session, person))[-1].id

        agree = {"step": "interview", "value": proposal}
        answer = await pressed(house, organiser, TalkOf(act=TalkAct.AGREE, person=person, **agree).pack())
        assert "已经答复过" in answer
        stranger = await house.join("周明", number="2026002")
        assert "已经答复过" in await pressed(house, stranger, TalkPress(act=TalkAct.AGREE, **agree).pack())
        assert "不需要约日子" in await pressed(house, stranger, TalkPress(act=TalkAct.SHOW, step="oath_taken").pack())
        forged = TalkPress(act=TalkAct.PROPOSE, step="interview", value=20261399)
        assert "不是日期" in await pressed(house, student, forged.pack())
        own = TalkOf(act=TalkAct.SHOW, person=house.people["王书记"].id, step="interview")
        assert "您本人的谈话" in await pressed(house, organiser, own.pack())
        assert await said(house) == [("organiser", "proposed", "2026-11-25")]


async def test_who_cannot_be_asked_here_is_asked_in_person(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-10-26")
        await house.quiet()
        student.says("/dates")
        student.presses("约日子：派人谈话", await student.hears("我的期限"))
        student.presses("11-25 周三", await student.hears("选一个日子"))
        student.presses("提出", await student.hears("提议的日子"))

        await student.hears("对方还没有加入路标")
        assert await said(house) == []


async def test_a_question_that_was_settled_meanwhile_is_not_asked(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student, organiser = await applicant(house)
        house.moment[0] = datetime(2026, 11, 23, 22, 30, tzinfo=BEIJING)
        organiser.says("/due")
        await organiser.hears("到期事项")
        await propose(organiser, "1 改期", "11-25 周三")
        await house.record("林晓雨", "interview", "2026-11-23")
        house.later(hours=10)
        await house.quiet()

        async with database.read() as session:
            rows = list(await session.execute(select(OutboxRow.state, OutboxRow.last_error, OutboxRow.payload)))
        talks = [(state, error) for state, error, payload in rows if payload.get("template") == "talk"]
        assert talks == [("cancelled", "held meanwhile")]
        assert not any("请您答复" in one.text for one in student.heard)


async def test_the_committees_talk_has_no_limit_and_its_day_is_in_the_calendar(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        student, organiser = await applicant(house)
        for step, day in (
            ("interview", "2024-10-28"),
            ("activist_decided", "2024-11-10"),
            ("candidate_decided", "2026-01-10"),
            ("candidate_listed", "2026-03-01"),
            ("pre_review_passed", "2026-11-10"),
        ):
            await house.record("林晓雨", step, day)
        await house.quiet()

        organiser.says("/roster 2026001")
        card = await organiser.hears("发展对象")
        await propose(organiser, "约日子：" + _committee(house), "11-27 周五")
        assert card is not None
        student.presses("同意", await student.hears("有一个日子请您答复"))
        await student.hears("约定的日子：2026-11-27（周五）")
        student.says("/dates")
        dates = await student.hears("我的期限")
        assert "细则第二十三条" in dates.text
        student.presses("日历文件", dates)

        sent = await student.hears(lambda seen: seen.file_name == "我的期限.ics")
        days = [event.start for event in Calendar.from_ical(emulator.documents[sent.file_id or ""]).events]
        assert date(2026, 11, 27) in days
        assert "appointed" in await reminded(house)


def _committee(house: StudentHouse) -> str:
    return house.services.locales.words("zh_CN").plain("step.committee_interview")


async def test_a_day_that_a_student_proposed_stands_first_in_what_is_due_however_far_ahead(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        student = await house.join("林晓雨", number="2026001")
        organiser = await house.join("王书记", role=Role.ORGANISER)
        await house.record("林晓雨", "application_received", "2026-11-20")  # a limit four weeks away
        await house.quiet()
        student.says("/dates")
        await student.hears("我的期限")
        await propose(student, "约日子：派人谈话", "11-30 周一")

        organiser.says("/due")
        due = await organiser.hears("到期事项")
        assert "林晓雨（2026001）：派人谈话，提议 2026-11-30（周一）" in due.text
        organiser.presses("答复 林晓雨", due)
        asked = await organiser.hears("对方提议 2026-11-30（周一），行不行")
        organiser.presses("同意", asked)
        await organiser.hears("约定的日子：2026-11-30（周一）")
        organiser.says("/due")
        assert "等您答复" not in (await organiser.hears("到期事项")).text
        async with database.read() as session:
            looks = await looked_at(session, house.people["林晓雨"].id)
        assert {(look.viewer_name, look.what) for look in looks} == {("王书记", Looked.DATES)}
    assert emulator.violations == []


async def test_all_of_it_is_there_in_english(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator, language="en") as house:
        student = await house.join("林晓雨", number="2026001", language="en")
        organiser = await house.join("王书记", role=Role.ORGANISER, language="en")
        await house.record("林晓雨", "application_received", "2026-10-26")
        await house.quiet()
        organiser.says("/due")
        organiser.presses("1 Reschedule", await organiser.hears("1. 林晓雨"))
        organiser.presses("11-30 Mon", await organiser.hears("Choose a day"))
        organiser.presses("Propose", await organiser.hears("the limit does not move"))
        student.presses("Agree", await student.hears("Please answer about a day"))
        await student.hears("Agreed day: 2026-11-30 (Mon)")
