"""Whose requirement a quotation is: the same words in chat and on the terminal."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.views.sources import label_of
from bot.words import Locales
from content.passages import Basis, DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from tests.bot.command_line import Line

RULES = "中国共产党发展党员工作细则"
MATERIALS = """# 材料学院发展党员工作补充规定

第二条 入党积极分子应当每季度向党支部提交一份思想汇报，每份不少于一千五百字。

第三条 思想汇报应当手写，由培养联系人阅后签字，交组织委员存档。
"""


def passage(kind: DocumentKind, level: Level, *, title: str, heading: str = "", basis: str = "") -> Passage:
    content = PassageText((heading,), None, "内容。", level=level, basis=Basis(basis, "第七条") if basis else None)
    return Passage(PassageId(1), DocumentId("d-1"), title, kind, 1, 0, content, date(2026, 5, 11))


@pytest.mark.parametrize(
    ("shown", "label", "english"),
    [
        (passage(DocumentKind.OFFICIAL, Level.NATIONAL, title=RULES), "细则要求", "national rules"),
        (
            passage(DocumentKind.OFFICIAL, Level.NATIONAL, title="中国共产党党员教育管理工作条例"),
            "全国性规定",
            "national text",
        ),
        (passage(DocumentKind.SCHOOL, Level.SCHOOL, title="材料学院补充规定"), "学校要求", "school requirement"),
        (
            passage(DocumentKind.HANDBOOK, Level.SCHOOL, title="学校常见做法", heading="推优"),
            "常见做法，以本校规定为准",
            "common practice; your school decides",
        ),
        (
            passage(DocumentKind.FAQ, Level.SCHOOL, title="常见问题", heading="推优结果会过期吗？"),
            "常见做法，以本校规定为准",
            "common practice; your school decides",
        ),
        (
            passage(DocumentKind.FAQ, Level.SCHOOL, title="汇报交给谁", heading="汇报交给谁"),
            "党支部答复",
            "answered by the branch",
        ),
        (
            passage(DocumentKind.GUIDE, Level.NATIONAL, title="导读", basis=RULES),
            "导读（转述，以正式文本为准）",
            "study guide (retold; the official text decides)",
        ),
        (
            passage(DocumentKind.HANDBOOK, Level.NATIONAL, title="第2步 谈话", basis=RULES),
            "细则要求（手册转述，依据第七条）",
            "national rules (retold by the handbook after 第七条)",
        ),
    ],
)
def test_a_label_says_whose_requirement_it_is(shown: Passage, label: str, english: str) -> None:
    locales = Locales(default="zh_CN")

    assert label_of(shown, locales.words("zh_CN")) == label
    assert label_of(shown, locales.words("en")) == english


def test_the_terminal_says_the_same_and_the_schools_own_rule_goes_before_practice(
    tmp_path: Path, library_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Line(tmp_path, library_url, capsys)
    practice = run("ask", "思想汇报要手写吗")
    (tmp_path / "materials.md").write_text(MATERIALS, encoding="utf-8")

    run("content", "add", "materials.md", "--effective", "2026-01-01", "--json")
    told, cited = run("ask", "思想汇报要手写吗"), run("ask", "思想汇报要手写吗", "--json").object["citations"]

    assert "【常见做法，以本校规定为准】《学校常见做法》" in practice.out
    assert "【学校要求】《材料学院发展党员工作补充规定》第三条" in told.out
    assert cited[0]["quote"].endswith("思想汇报应当手写，由培养联系人阅后签字，交组织委员存档。")
    assert cited[0]["level"] == "school"
    assert "学校常见做法" not in told.out
