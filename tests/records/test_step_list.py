"""Steps out of lists and ledgers: what was understood, and cell by cell what was not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.words import Locales
from records.people import Person, PersonId, Role
from records.roster import read_roster
from records.step_list import (
    ListedStep,
    NotAStepList,
    kind_of_sheet,
    plan_steps,
    read_step_list,
    step_called,
    steps_of_roster,
)
from records.track import load_track
from tests.records.sheets import csv, xlsx

HEADINGS = [
    "姓名",
    "学号",
    "申请入党时间（首次递交入党申请书）",
    "确定为入党积极分子时间",
    "确认为发展对象时间（支部大会）",
    "报院党委的请示时间",
    "列为发展对象时间（院党委批复）",
    "发放志愿书时间",
    "发展为预备党员时间（吸收时间）",
    "报院党委的请示时间",
    "列为发展对象时间（院党委批复）",
    "预备党员转正时间",
    "报院党委审批的请示时间",
    "院党委审批意见批复时间",
    "入党介绍人",
]
DAYS = [
    20230910,
    "2024年3月1日",
    "20250310.0",
    20250312,
    20250320,
    20250401,
    20250409,
    20250410,
    20250601,
    "\\",
    "无",
    "",
]
LEDGER = [
    HEADINGS,
    ["林一", 2023001, *DAYS, "赵四、钱五"],
    ["何二", "2023002", "2023.9", 20240230],
    ["", "", 20230910, 20240301],
    ["注意事项："],
    ["确定积极分子到确定发展对象至少间隔一年"],
]


def test_a_list_tells_a_step_a_row() -> None:
    content = csv(
        ["学号", "姓名", "步骤", "日期", "应到人数", "实到人数", "赞成票", "上报日期"],
        ["2023001", "林一", "确定入党积极分子", "2024-03-01", "", "", "", ""],
        ["2023001", "林一", "branch_meeting_admitted", "2025/4/9", "20", "18", "17", "2025年4月10日"],
    )

    told = read_step_list(content, "步骤.csv")

    assert not told.history
    assert [(s.where, s.step, s.on, s.detail) for s in told.steps] == [
        ("步骤!C2", "activist_decided", date(2024, 3, 1), {}),
        (
            "步骤!C3",
            "branch_meeting_admitted",
            date(2025, 4, 9),
            {"entitled_count": "20", "present_count": "18", "in_favour": "17", "reported_on": "2025-04-10"},
        ),
    ]


def test_every_wrong_cell_of_a_list_is_named() -> None:
    content = csv(
        ["学号", "姓名", "步骤", "日期"],
        ["2023001", "林一", "宣誓仪式彩排", "2024-03-01"],
        ["2023001", "林一", "入党宣誓", "去年"],
        ["2023001", "林一", "", "2024-03-01"],
        ["2023001", "林一", "入党宣誓", ""],
        ["", "", "入党宣誓", "2024-03-01"],
    )

    told = read_step_list(content, "步骤.csv")

    assert told.steps == ()
    assert [(p.key, p.where) for p in told.problems] == [
        ("problem.step_unknown", "步骤!C2"),
        ("problem.no_date", "步骤!D3"),
        ("problem.step_missing", "步骤!C4"),
        ("problem.day_missing", "步骤!D5"),
        ("problem.nobody_named", "步骤!6"),
    ]


def test_a_ledger_tells_a_step_a_column_and_the_phase_tells_what_a_repeated_heading_means() -> None:
    told = read_step_list(xlsx(个人时间表=LEDGER), "台账.xlsx")

    assert told.history
    assert [(s.where, s.step, s.on.isoformat(), s.detail) for s in told.steps] == [
        ("个人时间表!C2", "application_received", "2023-09-10", {}),
        ("个人时间表!D2", "activist_decided", "2024-03-01", {}),
        ("个人时间表!E2", "candidate_decided", "2025-03-10", {}),
        ("个人时间表!G2", "candidate_agreed", "2025-03-20", {}),
        ("个人时间表!G2", "candidate_listed", "2025-03-20", {}),
        ("个人时间表!I2", "branch_meeting_admitted", "2025-04-09", {"reported_on": "2025-04-10"}),
        ("个人时间表!K2", "admission_approved", "2025-06-01", {}),
    ]


def test_a_ledger_says_what_each_column_was_taken_for_and_why_some_were_not_read() -> None:
    columns = {c.where: (c.steps, c.detail, c.remark) for c in read_step_list(xlsx(表=LEDGER), "台账.xlsx").columns}

    assert columns["表!F"] == ((), None, "ledger.request")
    assert columns["表!H"] == ((), None, "ledger.form_handed_out")
    assert columns["表!J"] == (("branch_meeting_admitted",), "reported_on", None)
    assert columns["表!K"] == (("admission_approved",), None, "ledger.heading_misplaced")
    assert columns["表!N"] == ((), None, "ledger.no_days")
    assert columns["表!O"] == ((), None, "ledger.unrelated")


def test_every_wrong_cell_of_a_ledger_is_named_and_notes_below_it_are_not() -> None:
    told = read_step_list(xlsx(表=LEDGER), "台账.xlsx")

    assert [(p.key, p.where) for p in told.problems] == [
        ("problem.only_a_month", "表!C3"),
        ("problem.no_date", "表!D3"),
        ("problem.nobody_named", "表!4"),
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [("2024-13-01", "problem.no_date"), (20241301, "problem.no_date"), ("2024年9月", "problem.only_a_month")],
)
def test_the_only_cell_of_a_column_is_named_when_it_is_wrong(written: str | int, problem: str) -> None:
    rows = [
        ["姓名", "学号", "确定为入党积极分子时间", "确定为发展对象时间"],
        ["林晓雨", "2026001", 20230315, written],
        ["陈一", "2026002", "2023.3.15", "\\"],
    ]

    told = read_step_list(xlsx(表=rows), "台账.xlsx")

    assert [(p.key, p.where) for p in told.problems] == [(problem, "表!D2")]


def test_a_span_counts_from_its_last_day() -> None:
    rows = [
        ["姓名", "学号", "发展对象培训起止时间"],
        ["林一", 2023001, "2025.03.22-2025.03.25"],
        ["何二", 2023002, "20250322-20250325"],
        ["王三", 2023003, "2025-03-22 至 2025-03-25"],
    ]

    told = read_step_list(xlsx(培训=rows), "培训.xlsx")

    assert [(s.step, s.on) for s in told.steps] == [("intensive_training_completed", date(2025, 3, 25))] * 3
    assert told.problems == ()


def test_a_notice_counts_from_its_first_day_and_the_column_says_so() -> None:
    rows = [
        ["姓名", "学号", "确定为发展对象时间", "公示时间", "发展对象培训时间"],
        ["林一", 2023001, 20260310, "2026-03-21至2026-03-28", "2026.04.01-2026.04.03"],
    ]

    told = read_step_list(xlsx(表=rows), "台账.xlsx")

    assert [(s.step, s.on) for s in told.steps[1:]] == [
        ("public_notice_posted", date(2026, 3, 21)),
        ("intensive_training_completed", date(2026, 4, 3)),
    ]
    assert [column.remark for column in told.columns] == [None, "ledger.span_first", "ledger.span_last"]


WAY = ["申请入党时间", "确定为入党积极分子时间", "确定为发展对象时间", "吸收为预备党员时间", "转正时间"]


@pytest.mark.parametrize(
    ("before", "heading", "steps"),
    [
        (3, "支部大会时间", "branch_meeting_admitted"),
        (3, "支部党员大会时间", "branch_meeting_admitted"),
        (3, "支部大会日期", "branch_meeting_admitted"),
        (1, "接收大会时间", "branch_meeting_admitted"),
        (5, "支部大会时间", "conversion_meeting"),
        (3, "公示开始时间", "public_notice_posted"),
        (2, "发展对象公示时间", "public_notice_posted"),
        (2, "上级党委备案时间", "activist_filed"),
        (4, "上级党委备案时间", "admission_filed"),
        (4, "预备党员备案时间", "admission_filed"),
        (3, "上级党委同意", "candidate_agreed"),
        (2, "上级党委同意列为发展对象时间", "candidate_agreed"),
    ],
)
def test_a_bare_heading_is_read_by_what_stands_before_it(before: int, heading: str, steps: str) -> None:
    row = ["林一", 2023001, *[20230910 + n for n in range(before)], 20260310]

    told = read_step_list(xlsx(表=[["姓名", "学号", *WAY[:before], heading], row]), "台账.xlsx")

    assert told.columns[-1].steps == (steps,)


@pytest.mark.parametrize(
    ("before", "heading", "remark"),
    [
        (1, "支部大会时间", "ledger.which_meeting"),
        (2, "公示开始时间", "ledger.which_notice"),
        (3, "上级党委备案时间", "ledger.which_filing"),
        (4, "上级党委同意时间", "ledger.which_consent"),
        (2, "组织生活会", "ledger.unknown_days"),
        (2, "入学时间", "ledger.unrelated"),
        (2, "培养联系人", "ledger.mentors"),
    ],
)
def test_a_column_of_days_that_cannot_be_told_is_never_called_unrelated(before: int, heading: str, remark: str) -> None:
    row = ["林一", 2023001, *[20230910 + n for n in range(before)], "2026-03-10"]

    told = read_step_list(xlsx(表=[["姓名", "学号", *WAY[:before], heading], row]), "台账.xlsx")

    assert (told.columns[-1].steps, told.columns[-1].remark) == ((), remark)


@pytest.mark.parametrize(
    ("heading", "step"),
    [
        ("发展对象公示时间", "public_notice_posted"),
        ("积极分子备案时间", "activist_filed"),
        ("预备党员备案时间", "admission_filed"),
        ("上级党委同意列为发展对象时间", "candidate_agreed"),
        ("批准为预备党员时间", "admission_approved"),
        ("接收预备党员大会时间", "branch_meeting_admitted"),
        ("转正大会时间", "conversion_meeting"),
        ("入党宣誓时间", "oath_taken"),
    ],
)
def test_a_column_that_is_renamed_as_advised_is_read(heading: str, step: str) -> None:
    told = read_step_list(xlsx(表=[["姓名", "学号", heading], ["林一", 2023001, 20260310]]), "台账.xlsx")

    assert step in told.columns[-1].steps


def test_the_same_step_on_two_sheets_is_one_and_another_day_is_a_contradiction() -> None:
    told = read_step_list(
        xlsx(
            一=[["姓名", "学号", "确定为入党积极分子时间"], ["林一", 1001, 20240301], ["何二", 1002, 20240301]],
            二=[["姓名", "学号", "确定为入党积极分子时间"], ["林一", 1001, 20240301], ["何二", 1002, 20240302]],
        ),
        "台账.xlsx",
    )

    assert [s.where for s in told.steps] == ["一!C2", "一!C3"]
    assert [(p.key, p.where, p.fields["first"]) for p in told.problems] == [
        ("problem.told_otherwise", "二!C3", "一!C3")
    ]


def test_people_are_found_by_number_or_by_a_name_that_only_one_bears() -> None:
    people = [_person(1, "2023001", "林一"), _person(2, "2023002", "何二"), _person(3, "2023003", "何二")]
    day = date(2024, 3, 1)

    def listed(row: int, number: str | None, name: str | None, on: date = day) -> ListedStep:
        return ListedStep(f"表!C{row}", f"表!{row}", number, name, "oath_taken", on, {}, row)

    planned, problems = plan_steps(
        [
            listed(2, "2023002", None),
            listed(3, None, "林一"),
            listed(4, None, "何二"),
            listed(5, "2023009", None),
            listed(6, "2023001", "林壹"),
            listed(7, "2023002", None, date(2024, 2, 1)),
        ],
        people,
    )

    assert [(p.person, p.listed.where) for p in planned] == [(2, "表!C7"), (2, "表!C2"), (1, "表!C3")]
    assert [(p.key, p.where) for p in problems] == [
        ("problem.name_not_enough", "表!4"),
        ("problem.not_on_roster", "表!5"),
        ("problem.other_name", "表!6"),
    ]


def test_every_step_of_the_track_has_a_name_in_lists() -> None:
    for step in load_track().by_id:
        assert step_called(step) == step


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_list_may_call_a_step_what_we_call_it(language: str) -> None:
    words, track = Locales().words(language), load_track()

    unknown = [step.id for step in (*track.steps, *track.events) if step_called(words.plain(step.title)) != step.id]

    assert unknown == []
    assert step_called("确定为积极分子") == "activist_decided"


def test_a_roster_tells_birthdays_and_applications_too() -> None:
    roster = read_roster(
        csv(["学号", "姓名", "出生日期", "申请入党时间"], ["2023001", "林一", "20050301", "2023-09-10"]), "名册.csv"
    )

    assert [(s.where, s.step, s.on) for s in steps_of_roster(roster.rows)] == [
        ("名册!C2", "birthday", date(2005, 3, 1)),
        ("名册!D2", "application_received", date(2023, 9, 10)),
    ]


def test_the_kind_of_a_sheet_is_seen_from_its_headings() -> None:
    roster = csv(["学号", "姓名", "出生日期"], ["2023001", "林一", "20050301"])

    assert kind_of_sheet(roster, "名册.csv") == "roster"
    assert kind_of_sheet(xlsx(表=LEDGER), "台账.xlsx") == "steps"
    assert kind_of_sheet(csv(["题干", "答案"], ["一", "二"]), "题库.csv") is None
    assert kind_of_sheet(b"\x00\x01", "坏.xlsx") is None


def test_a_sheet_without_people_is_refused_with_what_was_found() -> None:
    with pytest.raises(NotAStepList) as caught:
        read_step_list(csv(["类别", "发展对象"], ["国贸", "20190327"], encoding="gbk"), "2019上.csv")

    assert caught.value.fields["found"] == "类别、发展对象"


def test_the_ledger_of_a_real_school_is_understood(shared: Path) -> None:
    path = next((shared / "rosters").glob("模板6*"))

    told = read_step_list(path.read_bytes(), path.name)

    read = {column.where: column.steps for column in told.columns if column.steps}
    assert read["个人时间表!D"] == ("application_received",)
    assert read["个人时间表!O"] == ("conversion_approved",)
    assert len([where for where in read if where.startswith("个人时间表!")]) == 10
    assert [(p.key, p.where) for p in told.problems] == [("problem.nobody_named", "个人时间表!2")]


def _person(id_: int, number: str, name: str) -> Person:
    return Person(PersonId(id_), number, name, 1, "applicant", False, frozenset({(Role.STUDENT, 1)}))
