"""What a list is for, by the words in its header."""

from __future__ import annotations

import re
from collections.abc import Sequence

from content.readers.source import FileKind

# A header may stand below merged titles.
_FIRST_ROWS = 12

_QUESTION = re.compile(r"^(题目|题干|试题|问题|题目内容|试题内容|question|stem)$", re.IGNORECASE)
_ANSWER = re.compile(r"^(正确)?答案|^answer$|^标准答案", re.IGNORECASE)
_PERSON = re.compile(r"^(姓名|name)$", re.IGNORECASE)
_NUMBER = re.compile(r"学号|student.?number|学工号|工号", re.IGNORECASE)
_STEP = re.compile(r"^(步骤|环节|事项|step)$", re.IGNORECASE)
_DAY_OF_STEP = re.compile(
    r"(确定|确认|列为|接收|接受|发展为|转正|递交|提交|申请|谈话|备案|公示|培训|支部大会).{0,16}(时间|日期)"
)
# A roster may hold one such day among many columns; a list of steps is about little else.
_DAYS, _FEW_COLUMNS = 3, 5


def kind_of_rows(rows: Sequence[Sequence[str]]) -> FileKind:
    """Question bank, step list, roster, or simply a document."""
    for row in rows[:_FIRST_ROWS]:
        cells = [re.sub(r"\s+", "", cell) for cell in row if cell.strip()]

        def named(pattern: re.Pattern[str], cells: list[str] = cells) -> bool:
            return any(pattern.search(cell) for cell in cells if len(cell) <= 30)

        if named(_QUESTION) and named(_ANSWER):
            return FileKind.QUESTION_BANK
        days = sum(bool(_DAY_OF_STEP.search(cell)) for cell in cells)
        of_steps = named(_STEP) or days >= _DAYS or (days and len(cells) <= _FEW_COLUMNS)
        if (named(_PERSON) or named(_NUMBER)) and of_steps:
            return FileKind.STEP_LIST
        if named(_PERSON) and (named(_NUMBER) or len(cells) >= 3):
            return FileKind.ROSTER
    if rows and all(len(row) >= 4 and row[3] and row[3] in re.split("[;；|]", row[2]) for row in rows if any(row)):
        return FileKind.QUESTION_BANK  # id, question, options, answer, without a header
    return FileKind.DOCUMENT
