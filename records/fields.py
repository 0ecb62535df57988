"""The details of a step: read as people write them, kept in one form."""

from __future__ import annotations

import re
from datetime import date

from records.refusals import (
    StepCountWrong,
    StepFieldMissing,
    StepFieldUnknown,
    StepFieldWrong,
    StepRefused,
    detail_term,
    step_term,
)
from records.track import DetailField, Step
from storage.errors import Term

MOST_TEXT = 200
_DATE = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_COUNT = re.compile(r"(\d{1,6})\s*[人名位票]?")
LONGEST_NAME = 30
# What is said about somebody is no name: of a political review nothing but who confirmed it is kept.
_NO_NAME = re.compile(r"[。：:！？!?]|没有|问题|内容|情况|结论|合格|言论|表现|家庭|亲属|处分|信仰")
_BETWEEN_NAMES = re.compile(r"[,，、;；]+")


def read_details(step: Step, detail: dict[str, str]) -> tuple[dict[str, str], list[StepRefused]]:
    """The details in their one form (dates ISO, names joined by 、, numbers plain), and what is wrong with them."""
    known = {field.name: field for field in step.fields}
    read: dict[str, str] = {}
    wrong: list[StepRefused] = []
    for name, value in detail.items():
        value = value.strip()
        if name not in known:
            names = ", ".join(known) or "-"
            wrong.append(StepFieldUnknown(step=step_term(step.id), field=name, known=names))
        elif value:
            plain = _read(known[name], value)
            if plain is None:
                wrong.append(_not_a(step, known[name], value))
            else:
                read[name] = plain
    for field in step.fields:
        if (
            field.required
            and field.name not in read
            and not any(one.fields.get("field") == field.name for one in wrong)
        ):
            wrong.append(
                StepFieldMissing(step=step_term(step.id), field=detail_term(field.name), article=field.article)
            )
    return read, wrong


def names_in(written: str) -> list[str]:
    """The different names in 张三、李四."""
    return list(dict.fromkeys(name for part in _BETWEEN_NAMES.split(written) if (name := part.strip())))


def wrong_counts(step: Step, read: dict[str, str]) -> list[StepCountWrong]:
    """Where more or fewer people were named than the article asks for."""
    found = []
    for field in step.fields:
        if field.least is None or field.name not in read:
            continue
        count = len(names_in(read[field.name]))
        if not field.least <= count <= (field.most or count):
            found.append(
                StepCountWrong(
                    step=step_term(step.id),
                    field=detail_term(field.name),
                    found=count,
                    wanted=_wanted(field.least, field.most),
                    article=field.article,
                )
            )
    return found


def _wanted(least: int, most: int | None) -> Term:
    if most is None or least == most:
        return Term(str(least), "expected.exactly", count=least)
    return Term(f"{least} to {most}", "expected.between", least=least, most=most)


def read_date(written: str) -> date | None:
    """2026-05-11, 2026/5/11, 2026.5.11, 20260511 or 2026年5月11日; None for anything else."""
    match = _COMPACT.fullmatch(written) or _DATE.fullmatch(written)
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def _read(field: DetailField, value: str) -> str | None:
    match field.type:
        case "date":
            day = read_date(value)
            return day.isoformat() if day else None
        case "count":
            count = _COUNT.fullmatch(value)
            return str(int(count[1])) if count else None
        case "number":
            return _number(value)
        case "names":
            names = names_in(value)
            if not names or any(len(name) > LONGEST_NAME or _NO_NAME.search(name) for name in names):
                return None
            return "、".join(names) if len(value) <= MOST_TEXT else None
        case _:
            return value if len(value) <= MOST_TEXT else None


def _number(value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return f"{number:g}" if 0 <= number < 1_000_000 else None


def _not_a(step: Step, field: DetailField, value: str) -> StepFieldWrong:
    expected = Term(field.type, f"expected.{field.type}")
    return StepFieldWrong(step=step_term(step.id), field=detail_term(field.name), value=value[:40], expected=expected)
