"""Question banks of others, read row by row; runs in the sandbox."""

from __future__ import annotations

from content.banks import formats
from content.banks.question import BankFile, Problem, Question, problem
from content.banks.refusals import BankNotUnderstood
from content.banks.rows import understood
from content.readers.detection import Format, format_of
from content.readers.refusals import FileEmpty, FileUnsupported

BANK = "content.banks:read_bank"
POSSIBLE = "XLSX, JSON, YAML, CSV, TSV, HTML"


def read_bank(content: bytes, name: str) -> BankFile:
    """The questions of a file; for bytes from anywhere call it by `run_limited(BANK, content, name)`.

    Raises:
        WaymarkError: the whole file is refused (BankNotUnderstood names the line); single rows never raise.
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    if not content.strip():
        raise FileEmpty(name=name)
    kind = format_of(content, name)
    ending = name.rpartition(".")[2].lower()
    if kind is Format.XLSX:
        rows = formats.table_rows(content, name)
    elif kind is Format.HTML:
        rows = formats.page_rows(content, name)
    elif ending in {"yaml", "yml"}:
        rows = formats.yaml_rows(content, name)
    elif kind is Format.JSON or (kind is Format.TEXT and content.lstrip()[:1] in (b"{", b"[")):
        rows = formats.json_rows(content, name)
    elif kind in {Format.TEXT, Format.MARKDOWN}:
        rows = formats.text_rows(content, name)
    else:
        raise FileUnsupported(name=name, possible=POSSIBLE)
    questions: list[Question] = []
    remarks: list[Problem] = []
    rejected: list[Problem] = []
    for row in rows:
        question, problems = understood(row)
        if question is None:
            rejected += problems
        else:
            questions.append(question)
            remarks += problems
    if not questions and not rejected:
        raise BankNotUnderstood(name=name, line=1)
    return BankFile(name.rpartition(".")[0] or name, tuple(questions), tuple(remarks), tuple(rejected))


__all__ = ["BANK", "BankFile", "BankNotUnderstood", "Problem", "Question", "problem", "read_bank"]
