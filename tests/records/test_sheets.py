"""Tables out of real files: what is read, where it stood, and what is refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from records.cells import Problem, is_blank, read_date, read_name, read_student_number
from records.headings import find_header
from records.sheets import Cell, SheetProtected, SheetTooLarge, SheetUnreadable, Value, read_sheets
from tests.records.sheets import csv, saved, xlsx

KNOWN = {"number": ["学号"], "name": ["姓名"], "phone": ["电话", "联系电话"], "seen": ["预审"]}


def cell(value: Value) -> Cell:
    return Cell(value, "名单", 5, 3)


def test_values_keep_the_address_of_their_cell() -> None:
    (sheet,) = read_sheets(xlsx(名单=[["学号", "姓名"], [2026001, "林一"]]), "名单.xlsx")

    assert [c.text for c in sheet.rows[1]] == ["2026001", "林一"]
    assert sheet.rows[1][1].address == "名单!B2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_a_csv_file_is_read_in_the_encoding_it_was_saved_in(encoding: str) -> None:
    (sheet,) = read_sheets(
        csv(["学号", "姓名"], ["2026001", "林一"], ["2026002", "何𬱟"], encoding=encoding), "名单.csv"
    )

    assert [[c.text for c in row] for row in sheet.rows] == [["学号", "姓名"], ["2026001", "林一"], ["2026002", "何𬱟"]]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_file_is_cut_at_its_own_delimiter(delimiter: str) -> None:
    (sheet,) = read_sheets(csv(["学号", "姓名"], ["2026001", "林一"], delimiter=delimiter), "名单.csv")

    assert [c.text for c in sheet.rows[1]] == ["2026001", "林一"]


def test_what_the_bytes_are_decides_not_the_name() -> None:
    assert read_sheets(xlsx(名单=[["学号"]]), "名单.csv")[0].name == "名单"
    assert read_sheets(csv(["学号", "姓名"]), "名单.xlsx")[0].rows[0][0].text == "学号"


def test_a_page_that_a_schools_system_calls_an_excel_file_is_read() -> None:
    page = (
        '<html><head><meta charset="gb2312"></head><body><table border=1><tr><td colspan=2>名册</td></tr>'
        "<tr><th>学号</th><th>姓名</th></tr><tr><td>2026001</td><td> 林一 &nbsp;</td></tr></table></body></html>"
    )

    (sheet,) = read_sheets(page.encode("gb18030"), "名册.xls")

    assert [[c.text for c in row] for row in sheet.rows] == [["名册", "名册"], ["学号", "姓名"], ["2026001", "林一"]]


def test_spans_cannot_make_a_small_page_huge() -> None:
    cell = "<td rowspan=1000 colspan=1000>a</td>"

    with pytest.raises(SheetTooLarge):
        read_sheets(f"<table><tr>{cell * 9}</tr></table>".encode(), "弹.xls")


def test_a_merged_title_over_headings_in_row_four_is_no_heading() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "第三期培训班成绩单"
    sheet.merge_cells("A1:C2")
    sheet["A3"] = "经管学院"
    sheet.merge_cells("A3:C3")
    sheet.append(["学 号（必填）", "*姓名", "备注"])
    sheet.append([3020232100, "林一", ""])

    (read,) = read_sheets(saved(book), "成绩单.xlsx")
    header = find_header(read.rows, KNOWN)

    assert header is not None
    assert (header.row, header.depth, header.columns, header.unknown) == (3, 1, {"number": 0, "name": 1}, ("备注",))


def test_headings_in_two_rows_are_read_together() -> None:
    content = csv(
        ["学号", "姓名", "预备党员", "预备党员.1"],
        ["", "", "预审", "请示"],
        ["2026001", "林一", "20190528", "20190529"],
    )
    known = {**KNOWN, "seen": ["预备党员预审"], "asked": ["预备党员请示"]}

    header = find_header(read_sheets(content, "进度.csv")[0].rows, known)

    assert header is not None
    assert (header.depth, header.columns) == (2, {"number": 0, "name": 1, "seen": 2, "asked": 3})


def test_a_telephone_of_somebody_else_is_not_taken_for_the_students() -> None:
    (sheet,) = read_sheets(csv(["学号", "姓名", "家长电话"], ["2026001", "林一", "1"]), "名单.csv")

    header = find_header(sheet.rows, KNOWN)

    assert header is not None
    assert header.unknown == ("家长电话",)


@pytest.mark.parametrize(
    "value",
    [20180910, 20180910.0, "20180910", "20180910.0", "2018-09-10", "2018-9-10", "2018/9/10", "2018.09.10",
     "2018年9月10日", "２０１８年９月１０日", 43353, date(2018, 9, 10), datetime.fromisoformat("2018-09-10T08:30"),
     "2018-09-10 08:30:00"],
)  # fmt: skip
def test_a_day_is_understood_in_every_way_it_is_typed(value: Value) -> None:
    assert read_date(cell(value)) == date(2018, 9, 10)


@pytest.mark.parametrize("value", [None, "", "  ", "\\", "/", "-", "——", "无", "暂无", "N/A"])
def test_a_blank_says_nothing(value: Value) -> None:
    assert is_blank(cell(value))
    assert read_date(cell(value)) is None


@pytest.mark.parametrize(
    ("value", "key"),
    [("2018年9月", "problem.only_a_month"), (201809, "problem.only_a_month"), ("2018.09", "problem.only_a_month"),
     (20180931, "problem.no_date"), ("18/9/10", "problem.no_date"), ("是", "problem.no_date"), (0, "problem.no_date"),
     ("0018-09-10", "problem.no_date"), (True, "problem.no_date")],
)  # fmt: skip
def test_what_is_no_day_is_named_with_its_cell(value: Value, key: str) -> None:
    problem = read_date(cell(value))

    assert isinstance(problem, Problem)
    assert (problem.key, problem.where) == (key, "名单!C5")


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.datetimes(), st.times()))
def test_any_value_is_a_day_a_blank_or_a_problem(value: Value) -> None:
    assert isinstance(read_date(cell(value)), date | Problem | None)
    assert isinstance(read_student_number(cell(value)), str | Problem | None)
    assert isinstance(read_name(cell(value)), str | None)


@pytest.mark.parametrize(
    ("value", "number"),
    [(3020232100, "3020232100"), ("3020232100.0", "3020232100"), ("'0020232100", "0020232100"),
     (" ２０２６００１ ", "2026001"), ("sy2601-12", "SY2601-12")],
)  # fmt: skip
def test_a_student_number_is_text_however_it_is_kept(value: Value, number: str) -> None:
    assert read_student_number(cell(value)) == number


@pytest.mark.parametrize("value", ["3.02023E+09", 3.02e17, 10**16, "学号"])
def test_a_student_number_that_excel_has_spoilt_is_refused(value: Value) -> None:
    assert isinstance(read_student_number(cell(value)), Problem)


def test_a_name_is_read_without_the_spaces_that_make_it_wide() -> None:
    assert read_name(cell("林　一")) == "林一"
    assert read_name(cell("Anna Lin")) == "Anna Lin"


def test_a_sheet_that_only_claims_to_be_huge_is_refused_before_memory_is_reserved() -> None:
    book = Workbook()
    assert book.active is not None
    book.active["A1"] = "学号"
    book.active["XFD1048576"] = "远"

    with pytest.raises(SheetTooLarge):
        read_sheets(saved(book), "远.xlsx")


def test_a_file_that_unpacks_to_hundreds_of_megabytes_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/bomb.bin", "w") as part:
        for _ in range(201):
            part.write(bytes(1024 * 1024))

    with pytest.raises(SheetTooLarge):
        read_sheets(stream.getvalue(), "弹.xlsx")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 and no more", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), bytes(range(256)) * 9]
)
def test_bytes_that_are_no_table_are_refused_with_the_name_of_the_file(content: bytes) -> None:
    with pytest.raises(SheetUnreadable) as caught:
        read_sheets(content, "坏.xlsx")

    assert caught.value.fields["file"] == "坏.xlsx"


def test_an_empty_file_has_no_sheets() -> None:
    assert read_sheets(b"", "空.csv") == []
    assert read_sheets(xlsx(空=[]), "空.xlsx") == []


def test_no_file_of_the_world_crashes_the_reader(shared: Path) -> None:
    outcomes = {"read": 0, "refused": 0}
    for path in sorted((shared / "files").rglob("*")):
        if path.is_file():
            try:
                read_sheets(path.read_bytes(), path.name)
                outcomes["read"] += 1
            except (SheetUnreadable, SheetProtected, SheetTooLarge):
                outcomes["refused"] += 1

    assert min(outcomes.values()) > 20
