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
_STEP = re.compile(
    r"^(步骤|环节|事项|step)$|(确定|列为|接收|接受|转正|递交|提交|谈话|备案|公示|培训|支部大会).{0,12}(时间|日期)",
    re.IGNORECASE,
)


def kind_of_rows(rows: Sequence[Sequence[str]]) -> FileKind:
    """Question bank, step list, roster, or simply a document."""
    for row in rows[:_FIRST_ROWS]:
        cells = [re.sub(r"\s+", "", cell) for cell in row if cell.strip()]

        def named(pattern: re.Pattern[str], cells: list[str] = cells) -> bool:
            return any(pattern.search(cell) for cell in cells if len(cell) <= 30)

        if named(_QUESTION) and named(_ANSWER):
            return FileKind.QUESTION_BANK
        if (named(_PERSON) or named(_NUMBER)) and named(_STEP):
            return FileKind.STEP_LIST
        if named(_PERSON) and (named(_NUMBER) or len(cells) >= 3):
            return FileKind.ROSTER
    return FileKind.DOCUMENT
