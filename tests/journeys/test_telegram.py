"""A student's and an organiser's journey over Telegram, against the process that an operator starts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.emulator import Emulator, Seen
from tests.emulator.fixtures import emulator
from tests.journeys.cohort import PATIENCE, SCHOOL_RULE, joins, set_up
from tests.journeys.running import Waymark

__all__ = ["emulator"]


def has_button(label: str) -> Callable[[Seen], bool]:
    """A message with a button that is called so."""
    return lambda seen: label in chain.from_iterable(seen.buttons)


@pytest.fixture
def waymark(tmp_path: Path, emulator: Emulator, database_url: str) -> Iterator[Waymark]:
    """An installation whose Telegram is the emulator."""
    installed = Waymark(
        tmp_path,
        telegram_token=emulator.token,
        telegram_api=emulator.address,
        database_url=database_url,
        web="false",
    )
    yield installed
    installed.kill()
    print(installed.output)  # shown by pytest where the test fails


def test_a_student_and_an_organiser_walk_the_whole_way_though_the_process_is_killed(
    waymark: Waymark, emulator: Emulator, tmp_path: Path
) -> None:
    cohort = set_up(waymark, tmp_path)
    waymark.start_serving()
    secretary = emulator.user("周书记")
    mei = emulator.user("林小梅")

    joins(secretary, cohort.organiser)
    joins(mei, cohort.students["2023010001"])

    # The student studies, asks, looks at the dates.
    mei.says("/today")
    card = mei.waits_for(has_button("已读"), timeout=PATIENCE)
    assert card.buttons
    mei.presses("已读")
    mei.waits_for("", timeout=PATIENCE)
    mei.says("思想汇报要手写吗")
    before = mei.waits_for("", timeout=PATIENCE).text
    assert "材料学院" not in before

    # The organiser uploads the school's own rules; killed in the middle, the dialogue goes on.
    secretary.sends_document(SCHOOL_RULE.encode(), "补充规定.md")
    preview = secretary.waits_for(has_button("发布"), timeout=PATIENCE)
    assert "补充规定" in preview.text
    waymark.kill()
    secretary.presses("发布")
    waymark.start_serving()
    secretary.waits_for("已发布", timeout=PATIENCE)

    mei.says("思想汇报要手写吗")
    answer = mei.waits_for("材料学院发展党员工作补充规定", timeout=PATIENCE)
    assert "思想汇报应当手写，由培养联系人阅后签字，交组织委员存档。" in answer.text
    assert "第三条" in answer.text
    assert "学校要求" in answer.text

    # A step is recorded: both are told, the dates change.
    mei.says("/dates")
    assert "第七条" in mei.waits_for("谈话", timeout=PATIENCE).text
    secretary.says(f"/step 2023010001 党组织派人谈话 {waymark.today.isoformat()}")
    secretary.waits_for("谈话人", timeout=PATIENCE)
    secretary.says("周书记")
    secretary.waits_for(has_button("登记"), timeout=PATIENCE)
    since = mei.last.revision
    secretary.presses("登记")
    secretary.waits_for("已登记", timeout=PATIENCE)
    mei.waits_for("谈话", timeout=PATIENCE, since=since)

    # The participation export holds what was recorded, numbers as text.
    secretary.says("/export xlsx")
    export = secretary.waits_for(lambda seen: seen.file_id is not None, timeout=PATIENCE)
    assert export.file_id is not None
    sheet = load_workbook(BytesIO(emulator.documents[export.file_id])).worksheets[0]
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "2023010001" in cells
    assert emulator.violations == []


def test_a_kill_in_the_middle_of_both_journeys_loses_nothing_and_repeats_only_what_was_in_flight(
    waymark: Waymark, emulator: Emulator, tmp_path: Path
) -> None:
    cohort = set_up(waymark, tmp_path)
    waymark.start_serving()
    secretary, mei, bo = emulator.user("周书记"), emulator.user("林小梅"), emulator.user("陈博文")
    joins(secretary, cohort.organiser)
    joins(mei, cohort.students["2023010001"])
    joins(bo, cohort.students["2023010002"])
    kills = 3

    for round_ in range(kills):
        for person in (mei, bo):
            person.says("/privacy")
        secretary.says(f"/step 2023010002 思想汇报 {waymark.today.isoformat()}" if round_ else "/due")
        waymark.kill()
        waymark.start_serving()
    for person in (mei, bo, secretary):
        person.says("/help")
        person.waits_for("您可以", timeout=PATIENCE)

    emulator.waits_until(lambda seen: seen.pending_updates == 0, timeout=PATIENCE)
    for person in (mei, bo):
        notices = sum("告知书" in seen.text for seen in person.heard) - 1  # one of them while joining
        assert kills <= notices <= kills * 2
    doctor = [json.loads(line) for line in waymark.run("doctor", "--json").stdout.splitlines()]
    assert [line["state"] for line in doctor if line["check"] == "inbox"] == ["ok"]
