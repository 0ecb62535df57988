"""Of a vote only totals are kept: there is no place for who voted how, whichever way it comes in."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook
from sqlalchemy import String, Text

from bot.schema import metadata
from bot.words import Locales
from records import refusals as no
from records.checks import StepRequest, checks
from records.facts import Fact
from records.step_list import read_step_list
from records.steps import record, void
from records.track import load_track
from records.votes import COUNTS, speaks_of_ballots
from records.workdays import WorkCalendar
from storage.database import Database
from tests.records.way import person, way

TRACK = load_track()
CALENDAR = WorkCalendar.standard()
TODAY = date(2027, 12, 31)
NOW = datetime(2027, 12, 31, 4, 0, tzinfo=UTC)
TOTALS = {"entitled_count": "12", "present_count": "10", "in_favour": "7"}
VOTES = [step for step in (*TRACK.steps, *TRACK.events) if step.vote is not None]
BALLOTS = [
    {"against": "何田"},
    {"voters": "何田、吕行"},
    {"in_favour": "何田、吕行、施云"},
    {"entitled_count": "何田等12人"},
    {"present_count": "吕行"},
]
TOLD = ["何田投了反对票", "吕行弃权，其余赞成", "施云没投", "He Tian voted against it", "one abstained"]
HOW_VOTED = [
    *TOLD,
    "何田不同意",
    "吕行持保留意见",
    "施云没举手",
    "何田在票上画叉",
    "吕行投了否决",
    "7票赞成5票弃权",
    "施云有异议",
    "He Tian was against",
    "Lü Xing opposed it",
    "Shi Yun objected",
    "He Tian voted no",
]
NO_VOTE = [
    "假期延后，九月召开",
    "上级党委同意延后",
    "因车票延误未能按期召开",
    "会议室尚未投入使用",
    "何田的材料未投递到",
    "学院支持，暑期实践期间未集中",
    "当天开展反对形式主义专题学习，改期",
    "Held late against the background of the holidays",
    "The committee agreed to the later day",
]


def test_the_steps_with_a_vote_keep_numbers_and_days_alone() -> None:
    assert {step.id for step in VOTES} == {"branch_meeting_admitted", "conversion_meeting", "probation_extended"}
    for step in VOTES:
        assert {field.name: field.type for field in step.fields if field.type != "date"} == dict.fromkeys(
            COUNTS, "count"
        )


def test_no_table_has_a_column_for_ballots() -> None:
    words = ("ballot", "vote", "voter", "favour", "against", "abstain")
    columns = [column for table in metadata().tables.values() for column in table.columns]

    assert [column for column in columns if isinstance(column.type, String | Text) and column.name in words] == []
    assert [str(column) for column in columns if any(word in column.name for word in words)] == []


@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize("step", [step.id for step in VOTES])
def test_names_find_no_place_among_the_details(step: str, history: bool) -> None:
    for detail in BALLOTS:
        asked = StepRequest(1, step, date(2027, 9, 1), {**TOTALS, **detail}, history=history)
        verdict = checks(TRACK, way(step), asked, today=TODAY, calendar=CALENDAR)
        assert {type(one) for one in verdict.refusals} <= {no.StepFieldUnknown, no.StepFieldWrong, no.StepFieldMissing}
        assert verdict.is_refused


@pytest.mark.parametrize("reason", TOLD)
@pytest.mark.parametrize("step", [step.id for step in VOTES])
def test_nor_in_a_reason_however_it_comes(step: str, reason: str) -> None:
    detail = {**TOTALS, **({"extended_to": "2028-02-19"} if step == "probation_extended" else {})}
    for more in ({"reason": reason}, {"detail": {**detail, "reason": reason}}):
        asked = StepRequest(1, step, date(2027, 9, 1), history=True, **{"detail": detail, **more})  # type: ignore[arg-type]
        refused = checks(TRACK, way("conversion_meeting"), asked, today=TODAY, calendar=CALENDAR).refusals
        assert no.StepBallots in {type(one) for one in refused}
    assert "只记总数" in Locales().words("zh_CN").plain_error(refused[-1])
    fair = StepRequest(1, step, date(2027, 9, 1), detail, history=True, reason="假期延后，九月召开")
    assert not checks(TRACK, way(step), fair, today=TODAY, calendar=CALENDAR).is_refused


@pytest.mark.parametrize("text", HOW_VOTED)
def test_how_somebody_voted_is_told_from_its_words(text: str) -> None:
    assert speaks_of_ballots(text)


@pytest.mark.parametrize("text", NO_VOTE)
def test_what_is_no_vote_is_a_reason(text: str) -> None:
    assert not speaks_of_ballots(text)


def test_nor_in_the_text_of_another_step_while_a_lecture_is_called_as_it_is() -> None:
    def refused(step: str, **detail: str) -> bool:
        asked = StepRequest(1, step, date(2027, 9, 1), detail, history=True)
        found = checks(TRACK, [], asked, today=TODAY, calendar=CALENDAR).refusals
        return no.StepBallots in {type(one) for one in found}

    assert refused("activist_decided", recommended_by="推优时何田反对")
    assert not refused("activist_decided", recommended_by="团支部推优")
    assert not refused("training_hours", title="反对霸权主义与世界和平", hours="2")


async def test_nor_where_a_vote_is_withdrawn(database: Database) -> None:
    settings = {"today": TODAY, "now": NOW, "calendar": CALENDAR}
    async with database.write() as session:
        who = await person(session)
        asked = StepRequest(who, "branch_meeting_admitted", date(2026, 8, 20), TOTALS, history=True)
        entry = (await record(session, TRACK, asked, **settings)).entry  # type: ignore[arg-type]
        for reason in TOLD:
            with pytest.raises(no.StepBallots):
                await void(session, TRACK, person=who, entry=entry.id, reason=reason, recorded_by=None, **settings)  # type: ignore[arg-type]
        await void(session, TRACK, person=who, entry=entry.id, reason="录错了人", recorded_by=None, **settings)  # type: ignore[arg-type]


def test_a_lists_columns_of_names_are_not_read() -> None:
    book = Workbook()
    book.active.append(
        ["学号", "姓名", "步骤", "日期", "应到人数", "实到人数", "赞成人数", "反对人", "弃权人员", "投票情况"]
    )
    book.active.append(["20230001", "学生甲", "支部大会接收", "2026-08-20", 12, 10, 7, "何田", "吕行", "何田反对"])
    content = io.BytesIO()
    book.save(content)

    [listed] = read_step_list(content.getvalue(), "表决.xlsx").steps

    assert listed.detail == TOTALS
    assert Fact(1, listed.step, listed.on, listed.detail).detail == TOTALS
