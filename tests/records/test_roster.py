"""The roster: real sheets read, compared, applied in one piece and taken back."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import UnknownBranch, all_branches, branch_by_name, create_branch
from records.people import UnknownPerson, attach_account, details_of, people_of_branch, person_by_number
from records.roster import (
    ImportPlan,
    Known,
    NotARoster,
    RosterRow,
    Status,
    apply_import,
    known_people,
    plan_import,
    read_roster,
    undo_import,
)
from records.roster_sheet import RosterEmpty
from records.step_list import read_step_list
from storage.database import Database
from storage.errors import WaymarkError
from tests.records.sheets import csv, xlsx

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HEADINGS = [
    "序号",
    "学号",
    "姓名",
    "性别",
    "所在党支部（填简称）",
    "出生年月日",
    "申请入党时间",
    "联系电话",
    "身份证号码",
    "爱好",
]
ROWS = [
    [1, 2026001, "林　一", "女", "第一党支部", 20070301, "2025年10月8日", 13800000000, "43xxxx", "足球"],
    [2, "2026002", "何二", "男", "第一党支部", "\\", "无", "", "", ""],
]


def test_a_roster_is_read_whatever_stands_above_between_and_below() -> None:
    content = xlsx(名册=[["经管学院名册"], HEADINGS, ROWS[0], [], ROWS[1], ["备注：请按实填写"]], 空表=[])

    roster = read_roster(content, "名册.xlsx")

    assert roster.rows == (
        RosterRow(
            "名册",
            3,
            "2026001",
            "林一",
            "第一党支部",
            {"gender": "女", "birthday": "2007-03-01", "applied_on": "2025-10-08", "phone": "13800000000"},
        ),
        RosterRow("名册", 5, "2026002", "何二", "第一党支部", {"gender": "男"}),
    )
    assert roster.left_out == ("身份证号码",)
    assert roster.unread == ("序号", "爱好")


def test_english_headings_and_gbk_do_as_well() -> None:
    english = read_roster(csv(["Student No", "Name", "Class"], ["2026001", "Anna Lin", "A1"]), "roster.csv")
    gbk = read_roster(csv(["学号", "姓名"], ["2026001", "林一"], encoding="gbk"), "名册.csv")

    assert english.rows[0].details == {"class": "A1"}
    assert gbk.rows[0].name == "林一"


def test_a_file_that_is_no_roster_says_what_it_has_and_what_it_lacks() -> None:
    with pytest.raises(NotARoster) as caught:
        read_roster(csv(["姓名", "成绩"], ["林一", "90"]), "成绩.csv")

    assert caught.value.fields == {"file": "成绩.csv", "needed": "学号、姓名", "missing": "学号", "found": "姓名、成绩"}


@given(
    st.binary(max_size=400)
    | st.text(alphabet='学号姓名,\n\t"<table>tr0123456789步骤日期时间支部无/\\\\ab', max_size=400).map(str.encode)
)
def test_any_bytes_are_a_roster_or_are_refused(content: bytes) -> None:
    for read in (read_roster, read_step_list):
        with contextlib.suppress(WaymarkError):
            read(content, "名册.csv")


def test_every_wrong_row_says_where_and_what() -> None:
    rows = [
        ["学号", "姓名", "支部", "出生日期"],
        ["2026001", "林一", "一支部", "2007-02-30"],
        ["", "何二", "一支部", ""],
        ["2026003", "", "一支部", ""],
        ["2026004", "赵四", "", ""],
        ["2026005", "钱五", "一支部", ""],
        ["2026005", "钱五", "一支部", ""],
        ["2026006", "孙六", "别的支部", ""],
    ]
    known = [Known("2026004", "赵四", 9, {})]

    plan = plan_import(read_roster(csv(*rows), "名册.csv").rows, known, branches={"一支部": 1}, may_create=False)

    assert [[(p.key, p.where) for p in row.problems] for row in plan.rows] == [
        [("problem.no_date", "名册!D2")],
        [("problem.number_missing", "名册!A3")],
        [("problem.name_missing", "名册!B4")],
        [("problem.foreign_person", "名册!5")],
        [],
        [("problem.repeated_number", "名册!7")],
        [("problem.branch_not_yours", "名册!8")],
    ]
    assert plan.rows[5].problems[0].fields == {"first": "名册!6"}
    assert [row.status for row in plan.rows].count(Status.REJECTED) == 6


def test_the_same_person_on_two_sheets_is_one_row() -> None:
    content = xlsx(
        台账=[["姓名", "学号", "性别"], ["林一", 2026001, "女"]],
        通讯录=[["学号", "姓名", "电话"], [2026001, "林一", 13800000000]],
    )

    (row,) = read_roster(content, "名册.xlsx").rows

    assert row.details == {"gender": "女", "phone": "13800000000"}


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        (("林一", "一支部", "2025-09-10"), ("林一", "二支部", "2025-09-10"), "problem.two_branch"),
        (("林一", "一支部", "2025-09-10"), ("林壹", "一支部", "2025-09-10"), "problem.two_name"),
        (("林一", "一支部", "2025-09-10"), ("林一", "一支部", "2025-09-11"), "problem.two_applied_on"),
    ],
)
def test_two_sheets_that_contradict_each_other_are_told_with_both_values_and_the_first_is_taken(
    first: tuple[str, ...], second: tuple[str, ...], key: str
) -> None:
    head = ["学号", "姓名", "党支部", "申请入党时间"]
    content = xlsx(一=[head, ["2026001", *first]], 二=[head, ["2026001", *second]])

    plan = plan_import(read_roster(content, "名册.xlsx").rows, [], branches={"一支部": 1, "二支部": 2})

    taken, left = plan.rows
    [(one, other)] = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    assert (taken.status, taken.branch_id, left.status) == (Status.NEW, 1, Status.REJECTED)
    assert [(p.key, p.where) for p in left.problems] == [(key, "二!2")]
    assert left.problems[0].fields == {"number": "2026001", "first": "一!2", "one": one, "other": other}


async def test_an_import_adds_changes_and_leaves_alone(database: Database) -> None:
    async with database.write() as session:
        branch = await create_branch(session, "第一党支部")
        first = await _plan(
            session, csv(["学号", "姓名", "班级"], ["2026001", "林一", "一班"], ["2026002", "何二", "一班"]), branch.id
        )
        await apply_import(session, first, now=NOON)

        second = await _plan(
            session,
            csv(
                ["学号", "姓名", "班级"],
                ["2026001", "林一", "二班"],
                ["2026002", "何二", "一班"],
                ["2026003", "王三", ""],
            ),
            branch.id,
        )
        applied = await apply_import(session, second, now=NOON)

        assert [row.status for row in second.rows] == [Status.CHANGED, Status.SAME, Status.NEW]
        assert second.rows[0].changes == {"class": ("一班", "二班")}
        assert [p.student_number for p in await people_of_branch(session, branch.id)] == [
            "2026001",
            "2026002",
            "2026003",
        ]
        assert await details_of(session, applied.people[0][1]) == {"class": "二班"}


async def test_people_move_with_their_role_and_branches_come_into_being(database: Database) -> None:
    async with database.write() as session:
        await create_branch(session, "第一党支部")
        await apply_import(
            session, await _plan(session, csv(["学号", "姓名", "支部"], ["2026001", "林一", "第一党支部"])), now=NOON
        )
        plan = await _plan(session, csv(["学号", "姓名", "支部"], ["2026001", "林一", "第二党支部"]))
        await apply_import(session, plan, now=NOON)

        second = await branch_by_name(session, "第二党支部")
        moved = await person_by_number(session, "2026001")
    assert plan.new_branches == ("第二党支部",)
    assert plan.rows[0].changes == {"branch": ("第一党支部", "第二党支部")}
    assert moved.branch_id == second.id
    assert {where for _, where in moved.roles} == {second.id}


async def test_an_import_can_be_taken_back_but_nobody_who_has_joined_is_removed(database: Database) -> None:
    async with database.write() as session:
        branch = await create_branch(session, "第一党支部")
        await apply_import(
            session, await _plan(session, csv(["学号", "姓名"], ["2026001", "林一"]), branch.id), now=NOON
        )
        content = csv(
            ["学号", "姓名", "支部"], ["2026001", "林壹", ""], ["2026002", "何二", "新支部"], ["2026003", "王三", ""]
        )
        applied = await apply_import(session, await _plan(session, content, branch.id), now=NOON)
        joined = await person_by_number(session, "2026003")
        await attach_account(session, joined.id, "telegram", 77, now=NOON)

        undone = await undo_import(session, json.loads(json.dumps(applied.undo)))

        assert (undone.removed, undone.restored, undone.kept) == (1, 1, 1)
        assert [p.name for p in await people_of_branch(session)] == ["林一", "王三"]
        with pytest.raises(UnknownPerson):
            await person_by_number(session, "2026002")
        with pytest.raises(UnknownBranch):
            await branch_by_name(session, "新支部")


async def test_five_hundred_and_more_are_imported_in_one_piece(database: Database) -> None:
    rows = [[f"2026{number:04}", f"林{number}"] for number in range(1200)]
    async with database.write() as session:
        branch = await create_branch(session, "第一党支部")
        plan = await _plan(session, csv(["学号", "姓名"], *rows), branch.id)
        await apply_import(session, plan, now=NOON)
        again = await _plan(session, csv(["学号", "姓名"], *rows), branch.id)

    assert plan.count(Status.NEW) == 1200
    assert again.count(Status.SAME) == 1200


def test_the_templates_of_a_real_school_are_understood(shared: Path) -> None:
    folder = shared / "rosters"
    attendance = next(folder.glob("模板4*"))
    ledger = next(folder.glob("模板6*"))
    grades = folder / "preparative.xlsx"

    with pytest.raises(RosterEmpty) as caught:
        read_roster(attendance.read_bytes(), attendance.name)
    assert caught.value.fields == {"where": "Sheet1!2"}
    (sample,) = read_roster(ledger.read_bytes(), ledger.name).rows
    read = read_roster(grades.read_bytes(), grades.name)
    plan = plan_import(read.rows, [], branches={}, default_branch=1)

    assert (sample.student_number, sample.name, sample.branch) == ("202100000", "张三", "xx支部")
    assert sample.details["birthday"] == "2000-01-01"
    assert "身份证号码" in read_roster(ledger.read_bytes(), ledger.name).left_out
    assert [row.status.value for row in plan.rows] == ["new", "rejected", "new", "rejected", "rejected"]
    with pytest.raises(NotARoster):
        read_roster((folder / "2019上.csv").read_bytes(), "2019上.csv")


async def _plan(session: AsyncSession, content: bytes, default_branch: int | None = None) -> ImportPlan:
    rows = read_roster(content, "名册.csv").rows
    known = await known_people(session, (row.student_number for row in rows))
    branches = {branch.name: branch.id for branch in await all_branches(session)}
    return plan_import(rows, known, branches=branches, default_branch=default_branch)
