"""An organiser sends files: each is shown as it was understood, and nothing is kept before it is confirmed."""

from __future__ import annotations

import asyncio
import io

import pytest
from aiogram.fsm.state import StatesGroup
from aiogram.types import Document
from openpyxl import Workbook

from bot.deeds.uploads import MEGABYTE, MOST_MEGABYTES, UploadTooBig, fetch
from bot.words import Locales
from records.people import Role, add_person, people_of_branch, person_by_number
from records.steps import facts_of_person
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.content.making import a_docx, an_xlsx
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person as Chatting

__all__ = ["emulator"]

RULES = """# 示例大学自习室预约规定

第一章　总则

第一条　自习室每天七时开放，二十二时关闭。
第二条　预约后三十分钟没有签到的，预约自动取消。

第二章　附则

第三条　本规定自2026年9月1日起施行。
"""


def sheet(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


async def organiser_of(house: StudentHouse) -> Chatting:
    return await house.join("王书记", role=Role.ORGANISER)


async def test_a_document_is_answerable_at_once_after_publishing_and_no_longer_after_undoing(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, student = await organiser_of(house), await house.join("林晓雨", number="2026001")

        organiser.sends_document(RULES.encode(), "自习室.md")

        preview = await organiser.hears("示例大学自习室预约规定")
        assert "2 章、3 条" in preview.text
        assert "2026-09-01（文中写明）" in preview.text
        assert preview.buttons[0] == ["发布", "取消"]
        student.says("自习室预约后多久没有签到会取消")
        await student.hears("没有找到")

        organiser.presses("发布")
        await organiser.hears("已发布")
        student.says("自习室预约后多久没有签到会取消")
        assert "三十分钟" in (await student.hears("《示例大学自习室预约规定》")).text

        organiser.presses("撤销")
        await organiser.hears("已撤销")
        student.says("自习室预约后多久没有签到会取消？")
        await student.hears("没有找到")
    assert emulator.violations == []


async def test_stages_day_and_the_old_version_are_chosen_before_publishing(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)
        organiser.sends_document(RULES.encode(), "自习室.md")
        await organiser.hears("共 3 段")
        organiser.presses("发布")
        await organiser.hears("已发布")

        organiser.sends_document(RULES.replace("三十分钟", "十五分钟").encode(), "自习室2.md")
        preview = await organiser.hears("替换：《示例大学自习室预约规定》第 1 版")
        organiser.presses("适用阶段", preview)
        choice = await organiser.hears("给哪些阶段看")
        organiser.presses("☐ 发展对象", choice)
        choice = await organiser.hears(lambda seen: ["☑ 发展对象"] in seen.buttons)
        organiser.presses("返回", choice)
        preview = await organiser.hears("适用阶段：发展对象")
        organiser.presses("施行日期", preview)
        await organiser.hears("从哪天起施行")
        organiser.says("2026年12月1日")
        preview = await organiser.hears("2026-12-01（您指定）")
        organiser.presses("发布", preview)

        done = await organiser.hears("第 2 版")
        assert "从 2026-12-01 起用于回答" in done.text
    assert emulator.violations == []


async def test_whether_a_text_is_national_or_the_schools_own_is_shown_and_can_be_changed(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser, student = await organiser_of(house), await house.join("林晓雨", number="2026001")
        organiser.sends_document(RULES.encode(), "自习室.md")
        preview = await organiser.hears("性质：本校规定")
        organiser.presses("改为国家规定", preview)
        preview = await organiser.hears("性质：国家规定")
        organiser.presses("改为本校规定", preview)
        preview = await organiser.hears("性质：本校规定")
        organiser.presses("发布", preview)
        await organiser.hears("已发布")

        student.says("自习室预约后多久没有签到会取消")

        assert "学校要求" in (await student.hears("《示例大学自习室预约规定》")).text
    assert emulator.violations == []


async def test_an_old_preview_or_a_second_press_changes_nothing(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)
        organiser.sends_document(RULES.encode(), "自习室.md")
        preview = await organiser.hears("自习室")
        organiser.presses("发布", preview)
        await organiser.hears("已发布")

        organiser.presses("发布", preview)

        assert "什么也没有改变" in (await organiser.hears("预览已经结束")).text
        organiser.says("/library")
        shelf = await organiser.hears("资料库")
        assert shelf.text.count("自习室") == 1


async def test_a_roster_is_tried_out_with_what_is_wrong_and_where_then_imported_and_taken_back(
    database: Database, emulator: Emulator
) -> None:
    rows = (("学号", "姓名"), ("2026001", "林晓雨"), ("2026002", "周明"), ("20260", None), ("2026001", "林晓雨"))
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)

        organiser.sends_document(sheet(*rows), "名册.xlsx")

        preview = await organiser.hears("名册")
        assert "新增 2 人" in preview.text
        assert "未收入 2 行" in preview.text
        assert "没有姓名" in preview.text
        organiser.presses("确认导入", preview)
        await organiser.hears("名册已导入：新增 2 人")
        async with database.read() as session:
            assert (await person_by_number(session, "2026002")).branch_id == house.branch

        organiser.presses("撤销")
        assert "移除 2 人" in (await organiser.hears("已撤销")).text
    assert emulator.violations == []


async def test_a_day_of_a_roster_that_has_not_come_is_named_with_its_cell(
    library: Database, emulator: Emulator
) -> None:
    rows = (("学号", "姓名", "出生日期", "申请入党时间"), ("2026001", "林晓雨", "2005-03-01", "2030-01-01"))
    async with open_house(library, emulator) as house:
        organiser = await organiser_of(house)

        organiser.sends_document(sheet(*rows), "名册.xlsx")

        preview = await organiser.hears("新增 1 人", timeout=40)
        assert "Sheet!D2 林晓雨：「递交入党申请书」的日期 2030-01-01 还没有到" in preview.text
        async with library.read() as session:
            assert await people_of_branch(session, house.branch) == [house.people["王书记"]]
        organiser.presses("确认导入", preview)
        await organiser.hears("新增 1 人", timeout=40)
        async with library.read() as session:
            facts = await facts_of_person(session, (await person_by_number(session, "2026001")).id)
        assert [fact.step for fact in facts] == ["birthday"]
    assert emulator.violations == []


async def test_who_applied_before_the_eighteenth_birthday_is_named_in_the_preview_of_a_roster(
    library: Database, emulator: Emulator
) -> None:
    rows = (("学号", "姓名", "出生日期", "申请入党时间"), ("2026001", "林晓雨", "2008-03-01", "2025-09-10"))
    async with open_house(library, emulator) as house:
        organiser = await organiser_of(house)

        organiser.sends_document(sheet(*rows), "名册.xlsx")

        preview = await organiser.hears("新增 1 人", timeout=40)
        assert "「递交入党申请书」申请时未满十八岁" in preview.text
        assert "Sheet!D2 林晓雨" in preview.text
    assert emulator.violations == []


async def test_a_roster_sent_again_corrects_a_day_and_undoing_brings_the_old_one_back(
    library: Database, emulator: Emulator
) -> None:
    async def applied(house: StudentHouse) -> list[str]:
        async with library.read() as session:
            facts = await facts_of_person(session, (await person_by_number(session, "2026001")).id)
        return [str(fact.on) for fact in facts if fact.step == "application_received"]

    head = ("学号", "姓名", "申请入党时间")
    async with open_house(library, emulator) as house:
        organiser = await organiser_of(house)
        organiser.sends_document(sheet(head, ("2026001", "林晓雨", "2025-09-10")), "名册.xlsx")
        organiser.presses("确认导入", await organiser.hears("新增 1 人", timeout=40))
        await organiser.hears("名册已导入", timeout=40)

        organiser.sends_document(sheet(head, ("2026001", "林晓雨", "2025-09-11")), "名册.xlsx")
        preview = await organiser.hears("更正以前导入的日期", timeout=40)
        assert "Sheet!C2 林晓雨：「递交入党申请书」2025-09-10 → 2025-09-11" in preview.text
        assert await applied(house) == ["2025-09-10"]
        organiser.presses("确认导入", preview)
        done = await organiser.hears("更正日期 1 处", timeout=40)
        assert await applied(house) == ["2025-09-11"]

        organiser.presses("撤销", done)
        await organiser.hears("已撤销", timeout=40)
        assert await applied(house) == ["2025-09-10"]
    assert emulator.violations == []


async def test_dates_of_a_ledger_in_a_wrong_order_are_named_in_its_preview(
    library: Database, emulator: Emulator
) -> None:
    people = [(f"202600{n}", f"同学{n}") for n in range(1, 6)]
    rows = [("学号", "姓名", "申请入党时间", "谈话时间"), *((*who, "2025-09-10", "2025-09-01") for who in people)]
    async with open_house(library, emulator) as house:
        organiser = await organiser_of(house)
        async with library.write() as session:
            for number, name in people:
                await add_person(session, name=name, student_number=number, branch_id=house.branch, now=house.now)

        organiser.sends_document(sheet(*rows), "台账.xlsx")

        preview = await organiser.hears("可以登记 10 步", timeout=40)
        [wrong] = [line for line in preview.text.splitlines() if "日期先后有误" in line]
        assert "「递交入党申请书」" in wrong
        assert "Sheet!C2 同学1" in wrong
        assert "等 5 处" in wrong
    assert emulator.violations == []


async def test_a_list_of_steps_is_tried_out_and_recorded_for_everybody_who_is_mine(
    database: Database, emulator: Emulator
) -> None:
    rows = (
        ("学号", "姓名", "步骤", "日期"),
        ("2026001", "林晓雨", "递交入党申请书", "2026-11-02"),
        ("2026001", "林晓雨", "派人谈话", "2026-11-10"),
        ("2026009", "别处人", "派人谈话", "2026-11-10"),
    )
    async with open_house(database, emulator) as house:
        organiser, student = await organiser_of(house), await house.join("林晓雨", number="2026001")

        organiser.sends_document(sheet(*rows), "步骤.xlsx")
        preview = await organiser.hears("可以登记 2 步", timeout=40)
        assert "没有「2026009」" in preview.text
        async with database.read() as session:
            assert await facts_of_person(session, house.people["林晓雨"].id) == []
        organiser.presses("确认导入", preview)

        await organiser.hears("已登记 2 步")
        await student.hears("")
        async with database.read() as session:
            assert len(await facts_of_person(session, house.people["林晓雨"].id)) == 2
    assert emulator.violations == []


async def test_a_list_of_what_happened_before_can_be_recorded_as_history(
    database: Database, emulator: Emulator
) -> None:
    rows = (("学号", "姓名", "步骤", "日期"), ("2026001", "林晓雨", "确定为入党积极分子", "2025-11-10"))
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)
        await house.join("林晓雨", number="2026001")

        organiser.sends_document(sheet(*rows), "步骤.xlsx")
        preview = await organiser.hears("可以登记 0 步", timeout=40)
        assert "请先记录「递交入党申请书」" in preview.text
        organiser.presses("作为以往记录补录", preview)
        preview = await organiser.hears("可以登记 1 步", timeout=40)
        organiser.presses("不作为以往记录", preview)
        organiser.presses("作为以往记录补录", await organiser.hears("可以登记 0 步", timeout=40))
        organiser.presses("确认导入", await organiser.hears("可以登记 1 步", timeout=40))

        await organiser.hears("已登记 1 步", timeout=40)
        async with database.read() as session:
            (fact,) = await facts_of_person(session, house.people["林晓雨"].id)
        assert (fact.step, str(fact.on), fact.history) == ("activist_decided", "2025-11-10", True)
    assert emulator.violations == []


async def test_a_question_bank_says_which_rows_it_leaves_out(database: Database, emulator: Emulator) -> None:
    rows = (
        ("题干", "选项A", "选项B", "答案"),
        ("入党介绍人有几名？", "一名", "两名", "B"),
        ("预备期为几年？", "一年", "两年", "E"),
    )
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)

        organiser.sends_document(sheet(*rows), "练习.xlsx")

        preview = await organiser.hears("题库「练习」")
        assert "可以收入 1 题" in preview.text
        assert "Sheet!3" in preview.text
        organiser.presses("发布", preview)
        await organiser.hears("新增 1 题")
        organiser.presses("撤销")
        await organiser.hears("撤下 1 题")
    assert emulator.violations == []


async def test_files_that_cannot_be_read_are_refused_with_a_sentence(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)

        organiser.sends_document(b"\x89PNG....", "图片.docx")
        assert (await organiser.hears("")).buttons == []
        organiser.sends_document(b"", "空.md")
        assert "空" in (await organiser.hears("")).text
    assert emulator.violations == []


async def test_a_text_that_is_called_a_pdf_is_refused_with_what_to_do(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)
        abroad = await house.join("Li", role=Role.ORGANISER, language="en")

        for sender, sentence in ((organiser, "却不是 PDF"), (abroad, "is no PDF")):
            sender.sends_document(RULES.encode(), "自习室.pdf")
            told = await sender.hears(sentence)
            assert "自习室.pdf" in told.text
            assert ".txt" in told.text
            assert told.buttons == []
        organiser.sends_document("仅此一行。".encode(), "自习室.xlsx")
        await organiser.hears("却不是 XLSX")
        organiser.sends_document(RULES.encode(), "自习室.txt")
        await organiser.hears("2 章、3 条")
    assert emulator.violations == []


async def test_a_file_is_looked_at_before_it_is_fetched_and_its_name_is_made_harmless(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)

        organiser.sends_document(bytes(21 * MEGABYTE), "大.pdf")
        assert "21 MB" in (await organiser.hears("大.pdf")).text
        assert not [one for one in emulator.requests if one.method == "getFile"]

        emulator.fails("server_error", "download")
        organiser.sends_document(RULES.encode(), "../../etc/自\u202e习室.md")
        assert "请再发一次" in (await organiser.hears("自习室.md")).text
        organiser.sends_document(RULES.encode(), "../../etc/自\u202e习室.md")
        organiser.presses("取消", await organiser.hears("3 段"))
        assert "etc" not in (await organiser.hears("自习室.md")).text
    assert emulator.violations == []


async def test_a_file_that_is_announced_as_too_large_is_not_even_asked_for(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)

        organiser.sends_document(bytes(MOST_MEGABYTES * MEGABYTE + 1), "扫描件.pdf")

        assert f"{MOST_MEGABYTES} MB" in (await organiser.hears("扫描件.pdf")).text
    assert not [one for one in emulator.requests if one.method == "getFile"]


async def test_no_more_is_taken_than_may_be_received_whatever_was_announced() -> None:
    class Generous:
        taken = 0

        async def download(self, _: Document, into: io.BytesIO) -> None:
            for _chunk in range(100):
                into.write(bytes(MEGABYTE))
                self.taken += 1

    server = Generous()

    with pytest.raises(UploadTooBig):
        await fetch(server, Document(file_id="1", file_unique_id="1", file_size=1))  # type: ignore[arg-type]  # a fake

    assert server.taken == MOST_MEGABYTES


@pytest.mark.parametrize("name", ["炸弹.docx", "炸弹.xlsx"])
async def test_a_file_that_unpacks_to_gigabytes_is_refused_before_it_does(
    library: Database, emulator: Emulator, name: str
) -> None:
    content = (
        an_xlsx({"名册": [["学号", "姓名"]]})
        if name.endswith("xlsx")
        else a_docx(lambda document: document.add_paragraph("第一条"))
    )
    async with open_house(library, emulator) as house:
        organiser = await organiser_of(house)

        organiser.sends_document(swollen(content), name)

        assert "200 MB" in (await organiser.hears(name)).text
    assert emulator.violations == []


def swollen(package: bytes) -> bytes:
    """The same archive, whose first file says that it has two gigabytes."""
    at = package.index(b"PK\x01\x02") + 24
    return package[:at] + (2**31 - 1).to_bytes(4, "little") + package[at + 4 :]


async def test_a_students_file_is_not_an_upload(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        student = await house.join("林晓雨", number="2026001")

        student.sends_document(RULES.encode(), "自习室.md")

        seen = await student.hears("")
        assert seen.buttons == []
        assert "发布" not in seen.text
        assert await asyncio.to_thread(lambda: len(student.heard)) == 1


async def test_what_stands_in_the_library_already_is_told_with_the_difference_and_the_organiser_decides(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)
        organiser.sends_document(RULES.encode(), "自习室.md")
        organiser.presses("发布", await organiser.hears("共 3 段"))
        await organiser.hears("已发布")
        similar = RULES.replace("自习室预约规定", "研修间使用办法").replace("三十分钟", "十五分钟")

        organiser.sends_document(similar.encode(), "研修间.md")

        preview = await organiser.hears("和已有资料几乎相同")
        assert "是它的新版，点「作为新版」" in preview.text
        assert "第二条与《示例大学自习室预约规定》第二条几乎相同，原来→现在：「三十」→「十五」" in preview.text
        assert "第一条与《示例大学自习室预约规定》第一条相同" in preview.text
        organiser.presses("作为《示例大学自习室预约规定》的新版", preview)
        preview = await organiser.hears("替换：《示例大学自习室预约规定》第 1 版")
        assert "几乎相同" not in preview.text
        organiser.presses("取消", preview)
        await organiser.hears("已取消")

        organiser.sends_document(similar.encode(), "研修间.md")
        organiser.presses("发布", await organiser.hears("和已有资料几乎相同"))
        assert "第 1 版" in (await organiser.hears("已发布")).text
    assert emulator.violations == []


async def test_one_passage_in_common_is_told_and_makes_no_new_edition(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)
        organiser.sends_document(RULES.encode(), "自习室.md")
        organiser.presses("发布", await organiser.hears("共 3 段"))
        await organiser.hears("已发布")
        shared = next(line for line in RULES.splitlines() if line.startswith("第一条"))
        other = "\n".join(
            ["# 示例大学琴房规定", "", shared, "第二条　琴房每人每周两次。", "第三条　带好证件。", "第四条　爱护钢琴。"]
        )

        organiser.sends_document(other.encode(), "琴房.md")

        preview = await organiser.hears("和已有资料几乎相同（1 段）")
        assert "两份可以都留，直接点「发布」" in preview.text
        assert not any("新版" in label for row in preview.buttons for label in row)
    assert emulator.violations == []


async def test_a_question_that_is_answered_already_is_told_before_publishing(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await organiser_of(house)
        organiser.sends_document(RULES.encode(), "自习室.md")
        organiser.presses("发布", await organiser.hears("共 3 段"))
        await organiser.hears("已发布")
        questions = "# 常见问题汇编\n\n## 自习室每天几点开放？\n\n七点。\n\n## 校车周末开吗？\n\n周末不开，周一恢复。\n"

        organiser.sends_document(questions.encode(), "问答.md")

        preview = await organiser.hears("资料里已经能回答（1 个问题）")
        assert "自习室每天几点开放？ 《示例大学自习室预约规定》第一条" in preview.text
        assert "校车" not in preview.text.split("资料里已经能回答")[1]
    assert emulator.violations == []


async def test_a_file_in_the_middle_of_a_dialogue_is_told_what_is_asked_for_and_read_after_it(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        await house.join("林晓雨", number="2026001")

        organiser.says("/step 林晓雨 递交入党申请书")
        await organiser.hears("是哪一天")
        organiser.sends_document(RULES.encode(), "自习室.md")
        await organiser.hears("正在登记步骤。请先完成，或发送「取消」")
        organiser.says("2026-12-10")
        await organiser.hears("没有登记")
        organiser.sends_document(RULES.encode(), "自习室.md")
        await organiser.hears("《")
        organiser.says("/step")
        await organiser.hears("为谁登记")
        organiser.says("取消")
        await organiser.hears("已取消")
        organiser.sends_document(RULES.encode(), "自习室.md")
        await organiser.hears("《")
    assert emulator.violations == []


def test_every_dialogue_can_say_what_is_going_on() -> None:
    words = Locales().words("zh-hans")
    groups = [one for one in StatesGroup.__subclasses__() if one.__module__.startswith("bot.handlers")]
    asked = {one.__name__.lower() for one in groups} - {"uploading", "joining"}

    assert "recording" in asked
    assert all(words.has(f"doing.{name}") for name in asked)
