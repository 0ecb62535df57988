"""A small branch with invented people, set up the way an operator and a secretary do it: by file and command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.emulator import Person
from tests.journeys.running import Waymark

BRANCH = "材料学院本科生第一党支部"
PATIENCE = 120  # seconds; the process shares the machine with the rest of the tests
ROSTER = """学号,姓名,性别,党支部,申请入党时间
2023010001,林小梅,女,材料学院本科生第一党支部,2026-09-14
2023010002,陈博文,男,材料学院本科生第一党支部,2026-09-20
"""
SCHOOL_RULE = """# 材料学院发展党员工作补充规定

第一条　为做好本院发展党员工作，制定本规定。

第二条　入党积极分子应当每季度向党支部提交一份思想汇报，每份不少于一千五百字。

第三条　思想汇报应当手写，由培养联系人阅后签字，交组织委员存档。
"""


@dataclass(frozen=True)
class Cohort:
    """One-time codes, by student number; the organiser's apart."""

    organiser: str
    students: dict[str, str]


def set_up(waymark: Waymark, folder: Path) -> Cohort:
    """Import the roster and make the invitations."""
    roster = folder / "名册.csv"
    roster.write_text(ROSTER, encoding="gbk")
    _ok(waymark, "roster", "invite", "--organiser", "周书记", "--branch", BRANCH, "--json")
    _ok(waymark, "roster", "import", str(roster), "--branch", BRANCH)
    lines = _ok(waymark, "roster", "invite", BRANCH, "--json").splitlines()
    # Last, as a newer code ends the older ones of the same person.
    organiser = json.loads(_ok(waymark, "roster", "invite", "--organiser", "周书记", "--branch", BRANCH, "--json"))
    codes = {line["student_number"]: line["code"] for line in map(json.loads, lines)}
    return Cohort(organiser["code"], {number: codes[number] for number in ("2023010001", "2023010002")})


def joins(person: Person, code: str) -> None:
    """The way in: the code, the notice, 「同意」."""
    person.says(f"/start {code}")
    person.waits_for("告知书", timeout=PATIENCE)
    person.presses("同意")
    person.waits_for("欢迎", timeout=PATIENCE)


def _ok(waymark: Waymark, *arguments: str) -> str:
    done = waymark.run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
