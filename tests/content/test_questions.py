"""Question banks of others come in row by row, each bad row with its place and its reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from content.banks import BankFile, read_bank
from content.banks.lint import lint
from content.banks.question import Question, QuestionKind
from content.banks.refusals import BankNotUnderstood, BankUnknown
from content.library import add
from content.questions import apply_import, banks, lint_bank, plan_import, questions_of, retire_questions
from content.readers import read
from storage.database import Database
from tests.content.making import an_xlsx
from tests.content.people import NOON, TODAY

GOOD = {"question": "预备期是多久？", "options": ["一年", "半年"], "answer": "A"}


def from_json(value: Any, name: str = "题库.json") -> BankFile:
    return read_bank(json.dumps(value, ensure_ascii=False).encode(), name)


def only(bank: BankFile) -> Question:
    (question,) = bank.questions
    return question


def reasons(bank: BankFile) -> list[tuple[str, str]]:
    return [(found.where, found.notice.key) for found in bank.rejected]


@pytest.mark.parametrize(
    ("options", "answer", "right"),
    [
        (["甲", "乙", "丙"], "B", (1,)),
        (["甲", "乙", "丙"], "AC", (0, 2)),
        (["甲", "乙", "丙"], "A C", (0, 2)),
        (["甲", "乙", "丙"], "A、C", (0, 2)),
        (["甲", "乙", "丙"], ["a", "c"], (0, 2)),
        (["甲", "乙", "丙"], "乙", (1,)),
        (["甲", "乙", "丙"], "甲;丙", (0, 2)),
        (["甲", "乙", "丙"], ["甲", "丙"], (0, 2)),
        (["甲", "乙", "丙"], [2], (2,)),
        ({"A": "甲", "B": "乙"}, "B", (1,)),
        ([{"key": "A", "value": "甲"}, {"key": "B", "value": "乙"}], "A", (0,)),
        ("A.甲, B.乙, C.丙", "C", (2,)),
        ("单选题, A.甲，其中有逗号, B.乙", "B", (1,)),
        ("甲；乙；丙", "C", (2,)),
        (["A. 甲", "B. 乙"], "A", (0,)),
        (["正确", "错误"], "错", (1,)),
        (["对", "错"], True, (0,)),
        (None, "√", (0,)),
        (["A", "B", "AB"], "AB", (2,)),
    ],
)
def test_answers_are_understood_in_the_ways_people_write_them(
    options: Any, answer: Any, right: tuple[int, ...]
) -> None:
    question = only(from_json([{"question": "哪个？", "options": options, "answer": answer}]))

    assert question.answer == right


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"question": "  "}, "bank.no_stem"),
        ({"answer": ""}, "bank.no_answer"),
        ({"answer": "D"}, "bank.answer_not_among_options"),
        ({"answer": "两年"}, "bank.answer_not_among_options"),
        ({"options": ["一年"], "answer": "A"}, "bank.few_options"),
        ({"options": ["一年", ""], "answer": "B"}, "bank.answer_not_among_options"),
        ({"options": ["一年", "一年"], "answer": "A"}, "bank.few_options"),
        ({"answer": [7]}, "bank.answer_not_among_options"),
    ],
)
def test_a_bad_row_is_refused_with_its_place_and_the_others_come_in(change: dict[str, Any], key: str) -> None:
    bank = from_json([GOOD, {**GOOD, "question": "另一题？", **change}])

    assert len(bank.questions) == 1
    assert reasons(bank) == [("#2", key)]


def test_empty_and_repeated_options_are_dropped_and_told() -> None:
    bank = from_json([{"question": "哪个？", "options": ["甲", "", "乙", "甲"], "answer": "D"}])

    assert (only(bank).options, only(bank).answer) == (("甲", "乙"), (0,))
    assert [found.notice.key for found in bank.remarks] == ["bank.empty_option", "bank.repeated_option"]


def test_a_workbook_says_sheet_and_row() -> None:
    rows = [
        ["某校题库"],
        ["题型", "题目", "选项A", "选项B", "选项C", "正确答案"],
        ["单选", "1. 哪个？", "甲", "乙", "", "B"],
    ]
    bank = read_bank(an_xlsx({"第一章": [*rows, ["多选", "哪几个？", "甲", "乙", "丙", "E"]]}), "题库.xlsx")

    assert (only(bank).stem, only(bank).options, only(bank).where) == ("哪个？", ("甲", "乙"), "第一章!3")
    assert reasons(bank) == [("第一章!4", "bank.answer_not_among_options")]


def test_a_file_that_is_no_bank_names_the_line() -> None:
    for content, name, line in (
        (b'[\n{"question": "a",}\n]', "a.json", 2),
        (b"questions:\n- stem: [\n", "a.yaml", 3),
        ("姓名,学号\n林一,1\n".encode(), "a.csv", 1),
        (b"<html><body>no questions</body></html>", "a.html", 1),
    ):
        with pytest.raises(BankNotUnderstood) as refusal:
            read_bank(content, name)
        assert refusal.value.fields["line"] == line, name


async def test_an_import_is_planned_first_and_a_second_one_adds_nothing(database: Database) -> None:
    bank = from_json([GOOD, {**GOOD, "question": "预备期 是多久?"}, {**GOOD, "question": "坏", "answer": "Z"}])
    async with database.write() as session:
        plan = await plan_import(session, bank, bank="我的题库", today=TODAY)
        assert await banks(session) == []

        await apply_import(session, plan, added_by=None, now=NOON)
        await apply_import(session, plan, added_by=None, now=NOON)
        again = await plan_import(session, bank, bank="我的题库", today=TODAY)
        (kept,) = await banks(session)

    summary = plan.summary()
    assert {key: summary[key] for key in ("imported", "duplicates", "rejected")} == {
        "imported": 1,
        "duplicates": 1,
        "rejected": 1,
    }
    assert summary["warnings"][0]["where"] == "#3"
    assert again.summary()["imported"] == 0
    assert (kept.name, kept.questions) == ("我的题库", 1)


async def test_the_same_question_with_another_answer_is_not_taken_silently(database: Database) -> None:
    async with database.write() as session:
        plan = await plan_import(session, from_json([GOOD, {**GOOD, "answer": "B"}]), today=TODAY)

    assert [found.notice.key for found in plan.duplicates] == ["bank.two_answers"]


async def test_a_retired_question_is_no_longer_in_its_bank(database: Database) -> None:
    async with database.write() as session:
        plan = await plan_import(session, from_json([GOOD]), today=TODAY)
        bank = await apply_import(session, plan, added_by=None, now=NOON)
        (question,) = await questions_of(session, bank.name)

        await retire_questions(session, [int(question.where[1:])], now=NOON)  # type: ignore[list-item]

        assert await questions_of(session, bank.name) == []
        with pytest.raises(BankUnknown):
            await lint_bank(session, "没有的题库", today=TODAY)


async def test_lint_finds_a_key_that_the_library_contradicts(database: Database) -> None:
    first, second = "党的最高理想和最终目标是实现共产主义。", "应当有两名正式党员作入党介绍人。"
    law = f"# 某细则\n\n第一条　{first}\n\n第二条　{second}\n".encode()
    rows = [
        {"question": "党的最高理想和最终目标是（ ）。", "options": ["实现共产主义", "实现现代化"], "answer": "B"},
        {"question": "应当有（）作入党介绍人。", "options": ["一名正式党员", "两名正式党员"], "answer": "B"},
    ]
    async with database.write() as session:
        await add(session, read(law, "x.md"), file_name="x.md", content=law, added_by=None, now=NOON, today=NOON.date())
        plan = await plan_import(session, from_json(rows), today=TODAY)

    (found,) = plan.warnings
    assert (found.where, found.notice.key) == ("#1", "bank.key_contradicted")
    assert found.notice.fields == {"title": "某细则", "article": "第一条", "option": "实现共产主义"}


@pytest.mark.parametrize(
    ("stem", "key"),
    [
        ("接收预备党员公示期一般不少于五个工作日。", "bank.outdated"),
        ("支委会讨论同意并报上级党委备案后，可列为发展对象。", "bank.outdated"),
        ("发展党员工作程序共 29 个环节。", "bank.local_practice"),
        ("思想汇报一般每季度至少提交一篇。", "bank.local_practice"),
    ],
)
def test_lint_finds_outdated_and_local_teaching(stem: str, key: str) -> None:
    said = Question(QuestionKind.JUDGE, stem, ("正确", "错误"), (0,), "#1")
    denied = Question(QuestionKind.JUDGE, stem, ("正确", "错误"), (1,), "#2")

    assert [found.notice.key for found in lint([said])] == [key]
    assert lint([denied]) == []


def shared_bank(shared: Path, name: str) -> BankFile:
    path = shared / "questions" / name
    return read_bank(path.read_bytes(), path.name)


def test_real_workbooks_with_all_options_in_one_cell(shared: Path) -> None:
    first = shared_bank(shared, "毛概在线题库版.xlsx")
    second = shared_bank(shared, "习概2024-2025第二学期.xlsx")

    assert (len(first.questions), len(first.rejected)) == (383, 0)
    assert (len(second.questions), [found.where for found in second.rejected]) == (279, ["Sheet1!178"])
    for bank, multiple in ((first, 116), (second, 123)):
        assert Counter(question.kind for question in bank.questions)[QuestionKind.MULTIPLE] == multiple
        assert all(len(question.options) >= 3 for question in bank.questions)
        assert not [question for question in bank.questions if question.stem.startswith(("单选题", "多选题"))]


def test_a_real_bank_of_stem_and_options_in_one_key(shared: Path) -> None:
    bank = shared_bank(shared, "xxqg_sorted.json")

    assert (len(bank.questions), len(bank.rejected)) == (9370, 0)


def test_saved_result_pages_in_gbk(shared: Path) -> None:
    pages = sorted((shared / "questions" / "gbk_pages").glob("*.html"))

    found = [read_bank(page.read_bytes(), page.name) for page in pages]

    assert [(len(bank.questions), len(bank.rejected)) for bank in found] == [(40, 0)] * 24
    assert len({question.digest for bank in found for question in bank.questions}) < 24 * 40


def test_a_broken_file_is_refused_and_a_nested_one_read(shared: Path) -> None:
    with pytest.raises(BankNotUnderstood):
        shared_bank(shared, "broken.json")

    assert len(shared_bank(shared, "left4rt_set1_first8.json").questions) == 8


async def test_the_flawed_and_the_outdated_bank_are_both_told_off(shared: Path, database: Database) -> None:
    rules = (shared / "official" / "中国共产党发展党员工作细则（2026年）.md").read_bytes()
    async with database.write() as session:
        await add(
            session, read(rules, "r.md"), file_name="r.md", content=rules, added_by=None, now=NOON, today=NOON.date()
        )
        flawed = await plan_import(session, shared_bank(shared, "flawed_choice_20.json"), today=TODAY)
        outdated = await plan_import(session, shared_bank(shared, "theory_tf_15.tsv"), today=TODAY)

    keys = Counter(found.notice.key for found in flawed.warnings)
    assert keys["bank.empty_option"] == 6
    assert keys["bank.repeated_option"] == 1
    assert keys["bank.overlapping_options"] >= 2
    assert {found.where for found in outdated.warnings} >= {"L6", "L11", "L13", "L15"}
