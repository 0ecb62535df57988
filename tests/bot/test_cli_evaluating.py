"""An organiser's own question file, as it comes out of Excel, with its mistakes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.bot.command_line import Line

ROWS = [
    ["检索自测题", None, None],
    ["问题", "资料", "条款"],
    ["思想汇报多久交一次", "学校常见做法", "思想汇报"],
    ["入党申请书可以写给团委吗", "《常见问题》我是大一新生，入党申请书交给谁？", None],
    ["食堂几点开门", None, None],
    ["公示几天", None, "第十三条"],
    [None, "学校常见做法", "推优"],
    ["宣誓什么时候", "没有上传的规定", "第九条"],
    [None, None, None],
]


def workbook() -> bytes:
    book = Workbook()
    for row in ROWS:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def as_csv() -> bytes:
    return "\r\n".join(",".join(cell or "" for cell in row) for row in ROWS).encode("gb18030")


@pytest.mark.parametrize(("name", "content"), [("自测.xlsx", workbook()), ("自测.csv", as_csv())], ids=["xlsx", "csv"])
def test_a_table_with_mistakes_is_evaluated_without_the_rows_that_say_nothing(
    tmp_path: Path, library_url: str, capsys: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    run = Line(tmp_path, library_url, capsys)
    (tmp_path / name).write_bytes(content)

    figures = run("evaluate", name, "--json")
    told = run("evaluate", name, "--misses")

    assert figures.object["n"] == 4
    assert "只写了条款，没有写是哪份资料，这一行没有用" in told.err
    assert "没有写问题，这一行没有用" in told.err
    assert "资料库里没有《没有上传的规定》第九条" in told.err
    assert "宣誓什么时候  应为：没有上传的规定 第九条" in told.err
    assert "共 4 个问题" in told.out
    assert "hit@1" in told.out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "姓名,学号\n林晓雨,1\n".encode(), "没有「问题」一列"),
        ("a.xlsx", b"not a workbook", "没有「问题」一列"),
        ("a.xlsx", b"PK\x03\x04 cut short", "a.xlsx"),
        ("a.csv", b"", "a.csv"),
        ("a.jsonl", b"\n \n", "a.jsonl 里没有可用的问题"),
        ("a.csv", "问题,资料,条款\n,,\n".encode(), "a.csv 里没有可用的问题"),
    ],
)
def test_what_is_no_table_of_questions_gets_one_sentence(
    tmp_path: Path, library_url: str, capsys: pytest.CaptureFixture[str], name: str, content: bytes, said: str
) -> None:
    run = Line(tmp_path, library_url, capsys)
    (tmp_path / name).write_bytes(content)

    refused = run("evaluate", name)

    assert refused.code == 1
    assert said in refused.err
    assert refused.err.count("\n") == 1
    assert not refused.out
