"""Records as files, opened again the way their readers open them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from docx import Document
from icalendar import Calendar
from openpyxl import load_workbook

from bot.words import Locales
from records.deadline import Deadline, State
from records.exports.calendar import calendar
from records.exports.columns import Words
from records.exports.form import form
from records.exports.plain import plain
from records.exports.table import table
from records.exports.workbook import workbook
from records.exports.xapi import xapi
from records.growth import GrowthRow, Subject
from records.invitation_sheet import Slip, invitation_sheet
from records.invitations import Invited
from records.people import Person, PersonId

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", " =cmd|' /C calc'!A0"]


@pytest.fixture(scope="module")
def words() -> Words:
    return Locales().words("zh_CN").plain


def test_every_cell_of_the_workbook_is_plain_and_student_numbers_keep_their_zeros(words: Words) -> None:
    rows = [_row(number, title=title) for number, title in enumerate(DANGEROUS, start=1)]

    book = load_workbook(io.BytesIO(workbook(rows, [_subject()], words, NOON)))

    sheet = book["参与记录"]
    assert [cell.value for cell in sheet[1]][:6] == ["学号", "姓名", "党支部", "日期", "类别", "内容"]
    assert [row[5].value for row in sheet.iter_rows(min_row=2)] == DANGEROUS
    assert {row[5].data_type for row in sheet.iter_rows(min_row=2)} == {"s"}
    assert {(row[0].value, row[0].data_type, row[0].number_format) for row in sheet.iter_rows(min_row=2)} == {
        ("002023001", "s", "@")
    }
    assert sheet.freeze_panes == "C2"
    assert book.sheetnames == ["参与记录", "人员汇总", "说明"]


def test_the_sums_of_the_workbook_can_be_checked_against_its_rows(words: Words) -> None:
    rows = [_row(1, hours=3.5, verified_by="周立言"), _row(2, hours=2), _row(3, kind="report", hours=None)]

    book = load_workbook(io.BytesIO(workbook(rows, [_subject()], words, NOON)))

    assert [cell.value for cell in book["人员汇总"][2]][3:] == ["入党积极分子", 3, 1, 5.5, 3.5, 2, 1]


def test_the_table_opens_in_excel_as_chinese_and_runs_nothing(words: Words) -> None:
    rows = [_row(number, title=title) for number, title in enumerate(DANGEROUS, start=1)]

    content = table(rows, [_subject()], words, NOON)

    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["内容"] for row in read] == [f"'{title}" for title in DANGEROUS]
    assert {row["学号"] for row in read} == {"002023001"}
    assert b'"002023001"' in content
    assert [row["条目号"] for row in read] == [str(number) for number in range(1, 8)]


def test_characters_that_no_spreadsheet_holds_do_not_stop_an_export(words: Words) -> None:
    rows = [_row(1, title="坏\x00\x0b字符")]

    book = load_workbook(io.BytesIO(workbook(rows, [_subject()], words, NOON)))

    assert book["参与记录"]["F2"].value == "坏字符"
    assert "坏字符" in table(rows, [_subject()], words, NOON).decode()
    assert form(rows, [_subject()], words, NOON)


def test_rows_of_people_who_were_not_chosen_stay_out(words: Words) -> None:
    rows = [_row(1), _row(2, person=9)]

    assert len(json.loads(plain(rows, [_subject()], words, NOON))["rows"]) == 1
    assert len(json.loads(xapi(rows, [_subject()], words, NOON))) == 1


def test_json_holds_the_entry_and_its_whole_hash(words: Words) -> None:
    (row,) = json.loads(plain([_row(1, hours=2.0)], [_subject()], words, NOON))["rows"]

    assert (row["entry"], row["hash"], row["student_number"], row["hours"]) == (1, "ab" * 32, "002023001", 2.0)


def test_statements_name_actor_verb_object_and_keep_their_ids(words: Words) -> None:
    rows = [
        _row(1, hours=2.0),
        _row(2, kind="report"),
        _row(3, kind="quiz", detail={"asked": 10, "right": 8}),
        _row(4, kind="step", step="oath_taken", category=None),
    ]

    first = json.loads(xapi(rows, [_subject()], words, NOON, home="https://example.edu.cn"))
    again = json.loads(xapi(rows, [_subject()], words, NOON + timedelta(days=1), home="https://example.edu.cn"))

    assert first == again
    assert len({statement["id"] for statement in first}) == 4
    assert [s["verb"]["id"].rsplit("/", 1)[-1] for s in first] == ["attended", "submit", "answered", "progressed"]
    assert first[0]["actor"]["account"] == {"homePage": "https://example.edu.cn", "name": "002023001"}
    assert first[0]["timestamp"] == "2026-05-04T00:00:00+08:00"
    assert first[2]["result"]["score"] == {"raw": 8, "min": 0, "max": 10, "scaled": 0.8}
    assert first[3]["object"]["definition"]["name"] == {"zh-CN": words("step.oath_taken")}


def test_the_worksheet_fills_facts_and_leaves_opinions_to_people(words: Words) -> None:
    rows = [
        _row(1, kind="step", step="activist_decided", category=None, on=date(2025, 11, 20)),
        _row(2, kind="training", title="党校培训", hours=8.0, detail={"form": "线下"}, on=date(2026, 1, 5)),
        _row(3, title="社区服务", hours=3.5, on=date(2026, 7, 1)),
    ]

    document = Document(io.BytesIO(form(rows, [_subject()], words, NOON)))

    tables = [[[cell.text for cell in row.cells] for row in one.rows] for one in document.tables]
    assert ["姓名", "林一", "学号", "002023001"] in tables[0]
    assert ["2026-01-05", "党校培训", "", "线下", "8", "", "党组织登记"] in tables[2]
    periods = [dict(one) for one in tables if one[0][0] == "考察期"]
    assert [one["考察期"] for one in periods] == [
        "2025-11-20 至 2026-05-19",
        "2026-05-20 至 2026-11-19",
        "2026-11-20 至 2027-05-19",
    ]
    assert periods[0]["期内合计"] == "学时 8；活动 0 次；思想汇报 0 次"
    assert {
        one[opinion] for one in periods for opinion in ("主要表现", "培养联系人意见", "党支部意见", "签名、日期")
    } == {""}


def test_a_calendar_has_all_day_events_with_alarms_and_no_status_on_a_locked_screen(words: Words) -> None:
    deadlines = [_deadline("interview", State.FUTURE), _deadline("oath_taken", State.DONE)]

    events = Calendar.from_ical(calendar([(_subject().person, deadlines)], words, NOON)).walk("VEVENT")

    (event,) = events
    assert event["dtstart"].dt == date(2026, 12, 22)
    assert event["dtend"].dt == date(2026, 12, 23)
    assert "派人谈话" in event["summary"]
    assert "第七条" in event["description"]
    assert words("note.provisional") in event["description"]
    alarms = event.walk("VALARM")
    assert [alarm["trigger"].dt for alarm in alarms] == [timedelta(hours=9, days=-7), timedelta(hours=9, days=-1)]
    assert {str(alarm["description"]) for alarm in alarms} == {"你有一项待办"}


def test_an_event_of_a_calendar_keeps_its_uid_when_the_date_moves(words: Words) -> None:
    person = _subject().person
    before = calendar([(person, [_deadline("interview", State.FUTURE)])], words, NOON)
    after = calendar([(person, [_deadline("interview", State.FUTURE, date(2026, 12, 24))])], words, NOON)

    first, second = (Calendar.from_ical(content).walk("VEVENT")[0] for content in (before, after))

    assert first["uid"] == second["uid"]


def test_a_discreet_calendar_tells_other_companies_nothing_but_days(words: Words) -> None:
    person = _subject().person
    dates = [_deadline("interview", State.FUTURE), _deadline("oath_taken", State.FUTURE)]

    first, again, other = (
        calendar([(person, dates)], words, NOON, discreet=True, seed=seed) for seed in ("one", "one", "two")
    )

    told = first.decode().replace("\r\n ", "")
    for secret in (person.name, person.student_number or "", "党", "谈话", "宣誓", "T02", "interview", "细则"):
        assert secret not in told
    events = Calendar.from_ical(first).walk("VEVENT")
    assert {str(event["summary"]) for event in events} == {"你有一项待办"}
    assert all("/dates" in event["description"] for event in events)
    assert first == again
    assert not {event["uid"] for event in events} & {event["uid"] for event in Calendar.from_ical(other).walk("VEVENT")}


def test_nothing_to_export_is_still_a_file(words: Words) -> None:
    assert load_workbook(io.BytesIO(workbook([], [], words, NOON))).sheetnames
    assert table([], [], words, NOON).count(b"\n") == 1
    assert Document(io.BytesIO(form([], [], words, NOON))).paragraphs
    assert json.loads(xapi([], [], words, NOON)) == []
    assert Calendar.from_ical(calendar([], words, NOON)).walk("VEVENT") == []


def test_an_invitation_sheet_is_one_file_and_runs_nothing_from_a_name(words: Words) -> None:
    person = Person(PersonId(1), "2026001", "<script>林一</script>", 1, "applicant", False, frozenset())
    slip = Slip(Invited(person, "K7Q2M-9XRTA", NOON + timedelta(days=30)), "https://t.me/waymark_bot?start=K7Q2M9XRTA")

    page = invitation_sheet([slip], words).decode()

    assert "<script" not in page
    assert "&lt;script&gt;林一" in page
    assert "K7Q2M-9XRTA" in page
    assert "2026-12-22" in page
    assert page.count("<svg") == 1
    assert "http" not in page.replace("https://t.me", "")


def _subject() -> Subject:
    person = Person(PersonId(1), "002023001", "林一", 1, "activist", False, frozenset())
    return Subject(person, "第一党支部", {"gender": "女"}, ("周立言",))


def _row(entry: int, *, person: int = 1, on: date = date(2026, 5, 4), **changes: object) -> GrowthRow:
    values: dict[str, object] = {
        "kind": "activity",
        "step": None,
        "category": "志愿服务",
        "title": None,
        "hours": None,
        "organiser": None,
        "role": None,
        "evidence": None,
        "detail": {},
        "history": False,
        "recorded_by": "周立言",
        "own": False,
        "recorded_at": NOON,
        "verified_by": None,
        "hash": f"{entry:02x}" * 32 if entry > 1 else "ab" * 32,
        **changes,
    }
    return GrowthRow(person=PersonId(person), entry=entry, sequence=entry, on=on, **values)  # type: ignore[arg-type]


def _deadline(step: str, state: State, due: date = date(2026, 12, 22)) -> Deadline:
    base = date(2026, 11, 22)
    return Deadline(
        rule="T02",
        kind="due",
        step=step,
        due=due,
        base_step="application_received",
        base_date=base,
        article=7,
        level="national",
        state=state,
        note="provisional",
        actor="branch",
        waiting_since=base,
        effective=date(2026, 5, 11),
    )
