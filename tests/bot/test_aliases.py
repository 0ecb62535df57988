"""Organisers teach what students call a thing; it is understood at once, in every process, and judged before."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.deeds.aliases import (
    AliasesTooMany,
    AliasKnown,
    AliasNotUnderstood,
    AliasShadows,
    AliasTooLong,
    AliasTooShort,
    read_alias,
    teach,
)
from bot.knowledge import Knowledge
from content.aliases import keep_aliases, own_aliases
from content.library import add
from content.readers import read
from records.people import Role
from storage.database import Database
from storage.errors import WaymarkError
from tests.bot.command_line import Line
from tests.bot.student_house import MONDAY, StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

RULES = """# 示例大学班级服务规定

第一条　班主任助理每周在二号楼值班两次，为新生办理借书证。
第二条　自习室每天二十二时关门。
"""


async def published(house: StudentHouse) -> None:
    async with house.services.database.write() as session:
        content = RULES.encode()
        await add(
            session,
            read(content, "班级.md"),
            file_name="班级.md",
            content=content,
            added_by=None,
            now=house.now,
            today=house.today,
        )


async def test_what_an_organiser_teaches_is_understood_at_once_by_every_process_and_can_be_taken_back(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        await published(house)
        other_process = Knowledge(database, None)
        before = (await other_process.ask("小班每周值班几次", on=house.today)).confidence

        organiser.says("/library")
        organiser.presses("别名", await organiser.hears("资料库"))
        organiser.presses("添加别名", await organiser.hears("自己添加的 0 个"))
        await organiser.hears("文件里的写法")
        organiser.says("小班、班助理 = 班主任助理")
        await organiser.hears("已添加：小班、班助理 → 班主任助理")

        for knowledge in (house.services.knowledge, other_process):
            found = await knowledge.ask("小班每周值班几次", on=house.today)
            assert found.answered
            assert found.confidence > before
        organiser.says("/library")
        organiser.presses("别名", await organiser.hears("资料库"))
        listed = await organiser.hears("自己添加的 2 个")
        assert "小班 → 班主任助理" in listed.text
        organiser.presses("删除 1", listed)
        organiser.presses("删除 1", await organiser.hears("自己添加的 1 个"))
        await organiser.hears("自己添加的 0 个")
        for knowledge in (house.services.knowledge, other_process):
            assert (await knowledge.ask("小班每周值班几次", on=house.today)).confidence == before
    assert emulator.violations == []


async def test_what_cannot_be_an_alias_gets_a_sentence_and_may_be_typed_again(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        organiser = await house.join("王书记", role=Role.ORGANISER)
        organiser.says("/library")
        organiser.presses("别名", await organiser.hears("资料库"))
        organiser.presses("添加别名", await organiser.hears("自带的"))
        await organiser.hears("文件里的写法")

        for typed, told in (
            ("小班", "没有看懂"),
            ("党员 = 同学", "的一部分"),
            ("推优 = 群团组织推优", "已经按"),
            ("= 班主任助理", "没有看懂"),
            ("小班 = 班主任助理", "已添加"),
        ):
            organiser.says(typed)
            await organiser.hears(told)
    assert emulator.violations == []


@pytest.mark.parametrize("text", ["", "小班", "小班 班助", "= 班助", "小班 =", "小班 = 班助 = 班主任", " = "])
def test_what_is_not_a_pair_is_not_understood(text: str) -> None:
    with pytest.raises(AliasNotUnderstood):
        read_alias(text)


@pytest.mark.parametrize("text", ["小班=班主任助理", "小班 ＝ 班主任助理", "小班 → 班主任助理", " 小班->班主任助理 "])
def test_a_pair_is_read_as_people_write_it(text: str) -> None:
    assert read_alias(text) == (["小班"], ["班主任助理"])


@pytest.mark.parametrize(
    ("said", "meant", "refusal"),
    [
        ("班", "班主任助理", AliasTooShort),
        ("！！", "班主任助理", AliasTooShort),
        ("2026", "班主任助理", AliasTooShort),
        ("小班", "助", AliasTooShort),
        ("在每个班里帮助班主任的同学", "班主任助理", AliasTooLong),
        ("小班", "助理" * 16, AliasTooLong),
        ("小班", "小班", AliasKnown),
        ("政审", "政治审查", AliasKnown),
        ("班助", "班主任助理", AliasKnown),
        ("预备党员", "新党员", AliasShadows),
        ("党员", "同学", AliasShadows),
        ("發展對象", "某人", AliasShadows),
    ],
)
async def test_an_alias_that_would_do_harm_is_refused(
    library: Database, emulator: Emulator, said: str, meant: str, refusal: type[WaymarkError]
) -> None:
    async with open_house(library, emulator) as house, library.write() as session:
        await teach(session, ["班助"], ["班主任助理"], added_by=None, clock=house.services.clock)

        with pytest.raises(refusal):
            await teach(session, [said], [meant], added_by=None, clock=house.services.clock)

        assert [one.said for one in await own_aliases(session)] == ["班助"]


async def test_the_table_has_an_end(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house, library.write() as session:
        await keep_aliases(session, [f"叫法{n}" for n in range(300)], ["班助"], added_by=None, now=MONDAY)

        with pytest.raises(AliasesTooMany):
            await teach(session, ["小班"], ["班主任助理"], added_by=None, clock=house.services.clock)


def test_aliases_on_the_command_line(tmp_path: Path, library_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = Line(tmp_path, library_url, capsys)

    added = run("aliases", "add", "小班", "班主任助理", "--json")
    twice = run("aliases", "add", "小班", "班主任助理")
    listed = run("aliases", "list")
    removed = run("aliases", "remove", "小班", "--json")
    gone = run("aliases", "remove", "小班")

    assert added.object == removed.object == {"said": "小班", "meant": "班主任助理"}
    assert (twice.code, "已经按「班主任助理」理解" in twice.err) == (1, True)
    assert listed.out == "小班 → 班主任助理\n"
    assert (gone.code, "没有别名「小班」" in gone.err) == (1, True)
