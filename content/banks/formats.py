"""The files in which question banks come: our YAML, JSON in several shapes, tables, and saved result pages."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from content.banks.refusals import BankNotUnderstood
from content.banks.rows import Row
from content.readers.text import decoded
from content.readers.xlsx import sheets

_STEMS = ("stem", "question", "title", "题目", "题干", "试题", "问题", "content")
_OPTIONS = ("options", "option", "choices", "选项")
_ANSWERS = ("answer", "answers", "correct", "答案", "正确答案", "correct_answer")
_EXPLANATIONS = ("explanation", "analysis", "解析", "答案解析", "试题解析")
_KINDS = ("kind", "type", "题型", "quiz_type", "category", "类型")
_COLUMNS = {
    "stem": re.compile(r"^(题目|题干|试题|问题|题目内容|试题内容|question|stem|题目名称)$", re.IGNORECASE),
    "options": re.compile(r"^(选项|全部选项|options|备选项)$", re.IGNORECASE),
    "answer": re.compile(r"^(正确答案|答案|参考答案|标准答案|answer|key)$", re.IGNORECASE),
    "kind": re.compile(r"^(题型|类型|题目类型|type|kind)$", re.IGNORECASE),
    "explanation": re.compile(r"^(解析|答案解析|试题解析|explanation|analysis)$", re.IGNORECASE),
}
_LETTER = re.compile(r"^(?:选项|option)?\s*([A-Z])$", re.IGNORECASE)
_FIRST_ROWS = 12


def yaml_rows(content: bytes, name: str) -> Iterator[Row]:
    """Our own format: a list under `questions`, each with the fields of `content.banks.question.Question`."""
    text, _ = decoded(content, name)
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BankNotUnderstood(name=name, line=mark.line + 1 if mark else 1) from error
    yield from _rows_of(found.get("questions") if isinstance(found, dict) else found, "")


def json_rows(content: bytes, name: str) -> Iterator[Row]:
    """Objects with a question text at any depth, or `"stem|option|option": "answer"`, or one object a line."""
    text, _ = decoded(content, name)
    try:
        found = json.loads(text)
    except ValueError as error:
        found = _json_lines(text)
        if found is None:
            raise BankNotUnderstood(name=name, line=getattr(error, "lineno", 1)) from error
    except RecursionError as error:
        raise BankNotUnderstood(name=name, line=1) from error
    if isinstance(found, dict) and found and all("|" in key and isinstance(found[key], str) for key in found):
        for number, (key, answer) in enumerate(found.items(), start=1):
            stem, *options = key.split("|")
            yield Row(f"#{number}", stem, options, answer)
        return
    yield from _rows_of(found, "")


def table_rows(content: bytes, name: str) -> Iterator[Row]:
    """A workbook with a header that names the question and the answer."""
    found = False
    tables = sheets(content, name)
    for title, rows in tables:
        for row in _table(rows, title):
            found = True
            yield row
    if not found:
        raise BankNotUnderstood(name=name, line=1)


def text_rows(content: bytes, name: str) -> Iterator[Row]:
    """CSV or TSV with a header, or the six columns id, question, options, answer, explanation, topic without one."""
    text, _ = decoded(content, name)
    dialect = "excel-tab" if text.count("\t") >= text.count(",") else "excel"
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), dialect)]
    if _header(rows) is not None:
        yield from _table(rows, "")
        return
    if not any(len(row) >= 4 for row in rows):
        raise BankNotUnderstood(name=name, line=1)
    for number, row in enumerate(rows, start=1):
        if any(row):
            cells = [*row, "", "", "", "", "", ""]
            yield Row(f"L{number}", cells[1], cells[2], cells[3], None, cells[4], {"topic": cells[5][:40]})


def page_rows(content: bytes, name: str) -> Iterator[Row]:
    """A saved page of test results, one table a question, with [参考答案] and [试题解析]."""
    from bs4 import BeautifulSoup

    from content.readers.html import page_text

    text, _ = page_text(content, name)
    soup = BeautifulSoup(text, "lxml")
    found = 0
    for hidden in soup.find_all("input", attrs={"name": re.compile(r"_content$")}):
        table = hidden.find_parent("table")
        cell = hidden.find_parent("td")
        if table is None or cell is None:
            continue
        found += 1
        stem = BeautifulSoup(str(hidden.get("value", "")), "lxml").get_text(" ", strip=True)
        options = [
            str(choice.next_sibling or "").strip()
            for choice in cell.find_all("input", attrs={"type": ["radio", "checkbox"]})
        ]
        notes: dict[str, str] = {}
        for other in table.find_all("td"):
            if match := re.match(r"\s*\[(参考答案|试题解析)\]\s*(.*)", other.get_text("\n", strip=True), re.DOTALL):
                notes.setdefault(match[1], match[2].strip())
        answer = notes.get("参考答案", "")
        parts = [part for part in re.split(r"\s*\n\s*", answer) if part]
        yield Row(f"#{found}", stem, options, parts if len(parts) > 1 else answer, None, notes.get("试题解析", ""))
    if not found:
        raise BankNotUnderstood(name=name, line=1)


def _json_lines(text: str) -> list[Any] | None:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        found = [json.loads(line) for line in lines]
    except ValueError:
        return None
    return found if len(found) > 1 and all(isinstance(item, dict) for item in found) else None


def _rows_of(found: Any, path: str) -> Iterator[Row]:
    """Every object with a question text, wherever it stands."""
    if isinstance(found, list):
        for number, item in enumerate(found, start=1):
            yield from _rows_of(item, f"{path}#{number}")
    elif isinstance(found, dict):
        stem = _first(found, _STEMS)
        if isinstance(stem, str) and (_first(found, _ANSWERS) is not None or _first(found, _OPTIONS) is not None):
            options = _first(found, _OPTIONS)
            if options is None:
                options = {key: found[key] for key in found if re.fullmatch("[A-H]", str(key))} or found.get("tips")
            kind = next((found[key] for key in _KINDS if found.get(key)), None)
            yield Row(path, stem, options, _first(found, _ANSWERS), kind, _first(found, _EXPLANATIONS), found)
        else:
            for key, item in found.items():
                if isinstance(item, dict | list):
                    yield from _rows_of(item, f"{path} {key}".strip())


def _first(found: dict[str, Any], keys: Sequence[str]) -> Any:
    return next((found[key] for key in keys if key in found and found[key] is not None), None)


def _header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int], dict[str, int]] | None:
    """The row of the header, its columns by meaning, and the columns of single options by letter."""
    for number, row in enumerate(rows[:_FIRST_ROWS]):
        cells = [re.sub(r"\s+", "", cell) for cell in row]
        columns: dict[str, int] = {}
        for meaning, pattern in _COLUMNS.items():
            place = next((place for place, cell in enumerate(cells) if pattern.match(cell)), None)
            if place is not None:
                columns[meaning] = place
        letters = {match[1].upper(): place for place, cell in enumerate(cells) if (match := _LETTER.match(cell))}
        if "stem" in columns and "answer" in columns:
            return number, columns, letters
    return None


def _table(rows: Sequence[Sequence[str]], sheet: str) -> Iterator[Row]:
    header = _header(rows)
    if header is None:
        return
    start, columns, letters = header
    for number, row in enumerate(rows[start + 1 :], start=start + 2):
        if not any(row):
            continue

        def cell(meaning: str, row: Sequence[str] = row) -> str:
            place = columns.get(meaning)
            return row[place] if place is not None and place < len(row) else ""

        options: Any = cell("options")
        if letters:
            options = {letter: row[place] if place < len(row) else "" for letter, place in letters.items()}
            while options and not options[max(options)]:
                del options[max(options)]
        where = f"{sheet}!{number}" if sheet else f"L{number}"
        yield Row(where, cell("stem"), options, cell("answer"), cell("kind"), cell("explanation"))
