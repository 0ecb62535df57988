"""People, steps, dates, exports, backups: an operator's day, line by line, on both kinds of database."""

from __future__ import annotations

import csv
import io
import sqlite3
import zipfile
from pathlib import Path

import pytest

from records.branches import kind_called
from storage.database import Database
from tests.bot.command_line import Line

ROSTER = """学号,姓名,性别,所在党支部,出生日期,申请入党时间
0020260101,林一诺,女,本科生第一党支部,2004-05-06,2025-03-01
0020260102,周子安,男,本科生第一党支部,2003-01-02,
0020260103,,男,本科生第一党支部,,
"""
STEPS = """学号,步骤,日期
0020260101,派人谈话,2025-03-20
0020260101,确定入党积极分子,2025-10-10
0020260199,派人谈话,2025-03-20
"""


@pytest.fixture
def run(tmp_path: Path, library_url: str, capsys: pytest.CaptureFixture[str]) -> Line:
    """Runs command lines against one database of each kind."""
    return Line(tmp_path, library_url, capsys)


@pytest.fixture
def cohort(run: Line, tmp_path: Path) -> Line:
    """The same, with two people on the roster."""
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    assert run("roster", "import", "roster.csv").code == 0
    return run


def test_a_roster_is_tried_imported_listed_and_invited(run: Line, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")

    tried = run("roster", "import", "roster.csv", "--dry-run", "--json").objects
    done = run("roster", "import", "roster.csv", "--json").objects
    listed = run("roster", "list", "--branch", "本科生第一党支部", "--json").objects
    invited = run("roster", "invite", "本科生第一党支部", "--sheet", "sheet.html", "--json").objects
    first = run("roster", "invite", "--organiser", "顾清扬", "--branch", "本科生第一党支部", "--json").object

    assert [row["status"] for row in tried[:-1]] == ["new", "new", "rejected"]
    assert tried[-1]["dry_run"] is True
    assert {"row", "status", "student_number", "name", "errors"} <= done[0].keys()
    assert done[-1]["new"] == 2
    assert "姓名" in done[2]["errors"][0]
    assert [one["student_number"] for one in listed] == ["0020260101", "0020260102"]
    assert {"student_number", "name", "code", "link", "expires"} == set(invited[0])
    assert invited[0]["code"].replace("-", "") in invited[0]["link"]
    sheet = (tmp_path / "sheet.html").read_text("utf-8")
    assert sheet.count("<svg") == 2
    assert invited[1]["code"] in sheet
    assert first["name"] == "顾清扬"
    assert first["student_number"] is None


def test_a_day_of_a_roster_that_has_not_come_is_named_with_its_cell(run: Line, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER.replace("2025-03-01", "2090-01-01"), encoding="utf-8")

    for more in (["--dry-run"], []):
        told = run("roster", "import", "roster.csv", *more)
        assert told.code == 0
        assert "roster!F2" in told.out
        assert "2090-01-01" in told.out
    [_, *rest] = run("roster", "import", "roster.csv", "--json").objects
    assert [len(one["errors"]) for one in rest[:-1]] == [0, 1]


def test_the_first_organisers_committee_is_one_and_branches_stand_below_it(run: Line, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")

    assert run("roster", "invite", "--organiser", "管理员", "--branch", "本校党委").code == 0
    assert run("roster", "import", "roster.csv").code == 0
    invited = run("roster", "invite", "本校党委", "--json").objects

    assert {one["name"] for one in invited} >= {"管理员"}
    for name, kind in (
        ("本校党委", "committee"),
        ("机关党总支", "general_branch"),
        ("材料学院党委第一党支部", "branch"),
        ("本科生第一党支部委员会", "branch"),
        ("Committee of the University", "branch"),
        ("University Party Committee", "committee"),
    ):
        assert kind_called(name) == kind


def test_a_step_moves_the_dates_and_a_refused_one_changes_nothing(cohort: Line) -> None:
    record = ("steps", "record", "--student", "0020260101", "--json", "--step")

    before = cohort("deadlines", "0020260101", "--on", "2025-03-10", "--json").objects
    done = cohort(*record, "interview", "--on", "2025-03-20", "--history").object
    after = cohort("deadlines", "林一诺", "--on", "2025-03-25", "--json").objects
    early = cohort(*record, "activist_decided", "--on", "2019-01-01")
    unknown = cohort(*record, "oath", "--on", "2025-03-20")
    nobody = cohort("steps", "record", "--student", "999", "--step", "interview", "--on", "2025-03-20")
    shown = cohort("steps", "show", "0020260101", "--json").objects

    keys = {"rule", "kind", "step", "due", "base_step", "base_date", "article", "level", "state", "note"}
    assert keys <= before[0].keys()
    interview = next(one for one in before if one["rule"] == "T02")
    assert (interview["due"], interview["state"], interview["article"]) == ("2025-04-01", "future", 7)
    assert {"entry", "student", "step", "on"} <= done.keys()
    assert next(one for one in after if one["rule"] == "T02")["state"] == "done"
    for refused in (early, unknown, nobody):
        assert refused.code == 1
        assert refused.err.count("\n") == 1
        assert not refused.out
    assert "--history" in early.err
    assert "--history" not in unknown.err
    assert [(one["step"], one["on"]) for one in shown] == [
        ("birthday", "2004-05-06"),
        ("application_received", "2025-03-01"),
        ("interview", "2025-03-20"),
    ]


SCHOOL = """events:
  - {id: school.league_nominated, name: 团支部推优, repeatable: true}
rules:
  - id: school.nomination_validity
    title: 推优两年内有效
    kind: max
    step: candidate_decided
    base: [school.league_nominated]
    offset: {years: 2}
    lapses: true
    level: school
    effective: 2020-01-01
"""


def test_a_school_reads_what_the_rules_leave_open_and_adds_its_own(cohort: Line, tmp_path: Path) -> None:
    who = ("--student", "0020260101", "--history")
    days = {"activist_decided": "2025-10-10", "activist_filed": "2025-10-30", "public_notice_posted": "2026-09-30"}
    for step, day in days.items():
        assert cohort("steps", "record", *who, "--step", step, "--on", day).code == 0

    def dates(**settings: str) -> dict[str, str]:
        found = cohort("deadlines", "0020260101", "--on", "2026-10-01", "--json", **settings).objects
        return {one["rule"]: one["due"] for one in found}

    usual = dates()
    strict = dates(strict_next_day="true", count_posting_day="true")
    filed = dates(strict_next_day="true", activist_base="filed")
    (tmp_path / "school.yaml").write_text(SCHOOL, encoding="utf-8")
    own = {"school_track": "school.yaml"}
    nominated = cohort("steps", "record", *who, "--step", "school.league_nominated", "--on", "2024-09-10", **own)
    shown = cohort("deadlines", "0020260101", "--on", "2026-10-01", **own).out

    assert (usual["T04"], strict["T04"], filed["T04"]) == ("2026-10-10", "2026-10-11", "2026-10-31")
    assert (usual["T05"], strict["T05"]) == ("2026-10-13", "2026-10-12")
    assert "团支部推优" in nominated.out
    line = next(line for line in shown.splitlines() if "nomination_validity" in line)
    assert line.startswith("2026-09-10")
    assert "学校要求" in line
    assert "依据：团支部推优 2024-09-10" in line


def test_a_step_that_asks_for_a_reason_is_recorded_with_one(cohort: Line) -> None:
    record = ("steps", "record", "--student", "0020260101", "--step", "activist_decided", "--on", "2025-10-10")

    refused = cohort(*record)
    done = cohort(*record, "--reason", "谈话记录另存纸质档案", "--json")

    told = cohort(
        "steps", "record", "--student", "0020260101", "--step", "oath_taken", "--on", "2026-01-10", "--history"
    )
    assert "⚠️ 缺少「上级党委审批接收」" in told.out
    assert refused.code == 1
    assert "理由" in refused.err or "原因" in refused.err
    assert done.code == 0
    assert done.object["marks"]


def test_a_list_of_steps_is_tried_and_imported_and_importing_it_again_adds_nothing(
    cohort: Line, tmp_path: Path
) -> None:
    (tmp_path / "steps.csv").write_text(STEPS, encoding="utf-8")

    tried = cohort("steps", "import", "steps.csv", "--dry-run", "--history", "--json").objects
    done = cohort("steps", "import", "steps.csv", "--history", "--json").objects
    again = cohort("steps", "import", "steps.csv", "--history", "--json").objects

    assert [one["status"] for one in tried[:-1]] == ["new", "new", "rejected"]
    assert tried[0]["entry"] is None
    assert [(one["student"], one["step"], one["on"]) for one in done[:2]] == [
        ("0020260101", "interview", "2025-03-20"),
        ("0020260101", "activist_decided", "2025-10-10"),
    ]
    assert done[0]["entry"] > 0
    assert "0020260199" in done[2]["errors"][0]
    assert (again[-1]["new"], again[-1]["same"], again[-1]["rejected"]) == (0, 2, 1)


def test_records_are_exported_and_verified_and_a_changed_one_is_named(
    cohort: Line, tmp_path: Path, library_url: str
) -> None:
    sheet = cohort("records", "export", "--format", "csv", "--out", "out.csv", "--json").object
    one = cohort(
        "records", "export", "--format", "xlsx", "--out", "out.xlsx", "--student", "0020260101", "--json"
    ).object
    nowhere = cohort("records", "export", "--format", "csv", "--out", "no/such/folder/out.csv")
    whole = cohort("records", "verify", "--json")

    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_bytes().decode("utf-8-sig"))))
    assert sheet == {"written": "out.csv", "rows": 1}
    assert rows[1][0] == "0020260101"
    assert one["rows"] == 1
    assert zipfile.is_zipfile(tmp_path / "out.xlsx")
    assert nowhere.code == 1
    assert "no/such/folder/out.csv" in nowhere.err
    assert whole.code == 0
    assert whole.object["ok"] is True

    if Database(library_url).is_sqlite:
        with sqlite3.connect(library_url.partition("///")[2]) as connection:
            connection.execute("UPDATE entry SET happened_on = '2024-03-01' WHERE happened_on = '2025-03-01'")
        broken = cohort("records", "verify")
        assert broken.code == 1
        assert "0020260101" in broken.out


def test_a_backup_is_restored_into_a_new_folder_and_never_over_a_full_one(
    cohort: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Line(tmp_path / "elsewhere", None, capsys)

    made = cohort("backup", tmp_path / "all.zip", "--json").object
    over = cohort("restore", tmp_path / "all.zip")
    (tmp_path / "half.zip").write_bytes((tmp_path / "all.zip").read_bytes()[:5000])
    half = elsewhere("restore", tmp_path / "half.zip")
    restored = elsewhere("restore", tmp_path / "all.zip", "--json").object
    people = elsewhere("roster", "list", "--json").objects

    assert restored["rows"] == made["rows"]
    assert [one["name"] for one in people] == ["林一诺", "周子安"]
    assert over.code == half.code == 1
    assert "half.zip" in half.err


def test_files_that_are_not_there_or_not_what_they_should_be_are_refused(run: Line, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "words.txt").write_text("这不是名册", encoding="utf-8")
    lines: list[tuple[str, ...]] = [
        ("roster", "import", "absent.xlsx"),
        ("roster", "import", "empty.csv"),
        ("roster", "import", "words.txt", "--branch", "没有"),
        ("steps", "import", "words.txt"),
        ("restore", "absent.zip"),
    ]

    for line in lines:
        refused = run(*line)

        assert refused.code == 1, line
        assert refused.err.count("\n") == 1, refused.err
        assert not refused.out
