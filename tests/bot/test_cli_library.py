"""Documents, questions and answers from the command line, on both kinds of database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bot.command_line import Line

RULES = """# 某大学请假办法（虚构）

第一条 为了演示，制定本办法。

第二条 学生请假三天以内的，由辅导员批准；三天以上的，由学院批准。

第三条 返校后两天以内销假，逾期未销假的，按旷课处理。
"""
QUESTIONS = """题型,题干,选项A,选项B,答案,解析
单选题,三天以内的请假由谁批准？,辅导员,学院,A,见请假办法第二条。
单选题,几天以内销假？,两天,五天,,见请假办法第三条。
"""


@pytest.fixture
def run(tmp_path: Path, library_url: str, capsys: pytest.CaptureFixture[str]) -> Line:
    """Runs command lines against one database of each kind."""
    return Line(tmp_path, library_url, capsys)


def test_a_document_is_added_found_quoted_and_retired(run: Line, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text(RULES, encoding="utf-8")

    added = run("content", "add", "leave.md", "--effective", "2026-01-01", "--stage", "activist", "--json")
    twice = run("content", "add", "leave.md")
    answer = run("ask", "请假三天以上由谁批准", "--on", "2026-11-22", "--json").object
    before = run("ask", "请假三天以上由谁批准", "--on", "2025-12-31", "--json").object
    shown = run("content", "show", added.object["document"], "--json").object
    retired = run("content", "retire", "某大学请假办法（虚构）", "--on", "2026-11-01", "--json").object
    after = run("ask", "请假三天以上由谁批准", "--on", "2026-11-22", "--json").object
    listed = run("content", "list", "--json").objects

    keys = {"document", "title", "version", "passages", "articles", "kind", "warnings"}
    assert keys <= added.object.keys()
    assert added.object["articles"] == 3
    assert twice.code == 1
    assert {"id", "question", "answered", "confidence", "text", "citations", "hits", "refusal"} == set(answer)
    assert answer["citations"][0]["until"] is None
    assert answer["answered"] is True
    (cited,) = [one for one in answer["citations"] if one["document"] == added.object["document"]]
    assert {"document", "title", "article", "quote", "effective"} <= cited.keys()
    assert cited["quote"] in RULES
    assert cited["article"] == "第二条"
    for other in (before, after):
        assert added.object["document"] not in {hit["document"] for hit in other["hits"]}
    assert [passage["article"] for passage in shown["contents"]] == ["第一条", "第二条", "第三条"]
    assert retired["until"] == "2026-11-01"
    assert added.object["document"] in {one["document"] for one in listed}


def test_the_kind_of_a_document_can_be_said(run: Line, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text(RULES, encoding="utf-8")

    wrong = run("content", "add", "leave.md", "--kind", "national")
    added = run("content", "add", "leave.md", "--kind", "official", "--json").object

    assert wrong.code == 2
    assert "official, school" in wrong.err
    assert added["kind"] == "official"


def test_a_batch_of_questions_is_answered_line_by_line_and_evaluated(run: Line, tmp_path: Path) -> None:
    asked = [{"id": "a", "question": "入党申请书应该交给谁"}, {"id": "b", "question": "食堂几点开门"}]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)) + "\n", encoding="utf-8")
    known = [{"id": "a", "question": "预备期多长", "relevant": [{"title": "常见问题", "article": ""}]}]
    known.append({"id": "b", "question": "食堂几点开门", "relevant": []})
    (tmp_path / "known.jsonl").write_text("\n".join(map(json.dumps, known)), encoding="utf-8")
    (tmp_path / "wrong.jsonl").write_text('{"id": "a", "question": "一"}\n{"id": 2}\n', encoding="utf-8")

    answers = run("ask", "--batch", "questions.jsonl").objects
    figures = run("evaluate", "known.jsonl", "--json").object
    wrong = run("ask", "--batch", "wrong.jsonl")
    wrong_known = run("evaluate", "wrong.jsonl")

    assert [one["id"] for one in answers] == ["a", "b"]
    assert answers[1]["answered"] is False
    assert answers[1]["refusal"] == "nothing_found"
    keys = {"n", "hit@1", "hit@3", "hit@5", "mrr@10", "answer_rate", "refusal_auroc", "p50_ms", "p99_ms"}
    assert keys <= figures.keys()
    assert figures["n"] == 2
    assert wrong.code == wrong_known.code == 1
    assert "2" in wrong.err
    assert not wrong.out


def test_questions_are_tried_imported_and_linted(run: Line, tmp_path: Path) -> None:
    (tmp_path / "bank.csv").write_text(QUESTIONS, encoding="utf-8")

    tried = run("questions", "import", "bank.csv", "--dry-run", "--json").object
    done = run("questions", "import", "bank.csv", "--bank", "请假", "--json").object
    again = run("questions", "import", "bank.csv", "--bank", "请假", "--json").object
    linted = run("questions", "lint", "请假", "--json").object
    unknown = run("questions", "lint", "没有")

    assert {"imported", "duplicates", "rejected", "warnings"} <= tried.keys()
    assert (done["imported"], done["rejected"]) == (1, 1)
    assert {"where", "problem"} == set(done["warnings"][0])
    assert (again["imported"], again["duplicates"]) == (0, 1)
    assert linted["imported"] == 1
    assert unknown.code == 1
    assert unknown.err.count("\n") == 1


def test_files_and_documents_that_are_not_there_are_refused(run: Line, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    lines: list[tuple[str, ...]] = [
        ("content", "add", "absent.md"),
        ("content", "add", "broken.pdf"),
        ("content", "show", "d0"),
        ("questions", "import", "absent.csv"),
        ("ask", "--batch", "absent.jsonl"),
        ("evaluate", "absent.jsonl"),
    ]

    for line in lines:
        refused = run(*line)

        assert refused.code == 1, line
        assert refused.err.count("\n") == 1, refused.err
        assert not refused.out
