"""The columns of a participation export, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from records.growth import GrowthRow, Subject
from records.limits import Mark
from records.people import PersonId

SCHOOL_ZONE = ZoneInfo("Asia/Shanghai")
HASH_SHOWN = 12  # hex digits: enough to find and compare an entry by eye
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DETAILS_WITH_COLUMN = {
    "title",
    "hours",
    "organiser",
    "role",
    "evidence",
    "certificate",
    "document",
    "bank",
    "category",
}

Value: TypeAlias = str | int | float | None


class Words(Protocol):
    """Gives the sentence of a key in the reader's language with its {fields} filled in; an unknown key comes back."""

    def __call__(self, key: str, /, **values: Any) -> str: ...


@dataclass(frozen=True)
class Column:
    """A column: `key` names its title (`export.column.<key>`), width in characters."""

    key: str
    width: int
    value: Callable[[Subject, GrowthRow, Words], Value]


COLUMNS = (
    Column("student_number", 14, lambda subject, row, words: subject.person.student_number),
    Column("name", 10, lambda subject, row, words: subject.person.name),
    Column("branch", 20, lambda subject, row, words: subject.branch),
    Column("on", 12, lambda subject, row, words: row.on.isoformat()),
    Column("category", 18, lambda subject, row, words: category_of(row, words)),
    Column("what", 30, lambda subject, row, words: row.title),
    Column("hours", 7, lambda subject, row, words: _plain(row.hours)),
    Column("role", 10, lambda subject, row, words: row.role),
    Column("organiser", 18, lambda subject, row, words: row.organiser),
    Column("evidence", 18, lambda subject, row, words: row.evidence),
    Column("detail", 30, lambda subject, row, words: detail_of(row, words)),
    Column("recorded_by", 12, lambda subject, row, words: recorder_of(row, words)),
    Column("recorded_at", 17, lambda subject, row, words: f"{row.recorded_at.astimezone(SCHOOL_ZONE):%Y-%m-%d %H:%M}"),
    Column("verified_by", 20, lambda subject, row, words: checked_of(row, words)),
    Column("entry", 8, lambda subject, row, words: row.entry),
    Column("hash", 14, lambda subject, row, words: row.hash[:HASH_SHOWN]),
)


def paired(rows: Iterable[GrowthRow], people: Sequence[Subject]) -> Iterator[tuple[Subject, GrowthRow]]:
    """Each row with the person whose it is; rows of nobody in `people` are left out."""
    by_id: dict[PersonId, Subject] = {subject.person.id: subject for subject in people}
    for row in rows:
        if row.person in by_id:
            yield by_id[row.person], row


def category_of(row: GrowthRow, words: Words) -> str:
    """What kind of thing was done, in words: the step's name, the activity's category, or the kind."""
    if row.step is not None:
        return words(f"step.{row.step}")
    if row.category is not None:
        key = f"export.category.{row.category}"
        named = words(key)
        return row.category if named == key else named
    return words(f"export.kind.{row.kind}")


def detail_of(row: GrowthRow, words: Words) -> str:
    """What else was written down: details, reason and marks, and that the step lies before Waymark was used."""
    room = "detail" if row.kind == "step" else "export.detail"
    parts = [
        f"{words(f'{room}.{key}')}{words('export.colon')}{value}"
        for key, value in row.detail.items()
        if key not in _DETAILS_WITH_COLUMN and value not in (None, "")
    ]
    if row.reason and row.kind == "step":
        parts.append(f"{words('detail.reason')}{words('export.colon')}{row.reason}")
    parts += [mark_name(mark, words) for mark in row.marks]
    if row.history:
        parts.append(words("export.history"))
    return words("export.semicolon").join(parts)


def mark_name(mark: Mark, words: Words) -> str:
    """What was against the rules, and whose rule it is."""
    if mark.code == "gap" and mark.value:
        said = words("mark.gap_named", step=words(f"step.{mark.value}"))
    elif mark.code == "lapsed" and mark.value:
        said = words("mark.lapsed_named", what=_lapsing(mark.value, words))
    else:
        said = words(mark.key, value=mark.value or "")
    if mark.level != "national":
        return words("export.mark", mark=said, source=words(f"level.{mark.level}"))
    source = words("source.national", article=mark.article) if mark.article else ""
    return words("export.mark", mark=said, source=source) if source else said


def _lapsing(step: str, words: Words) -> str:
    named = words(f"lapse.{step}")
    return words(f"base.{step}") if named == f"lapse.{step}" else named


def recorder_of(row: GrowthRow, words: Words) -> str:
    """Who entered it: a name, the person themselves, or the operator."""
    if row.own:
        return words("export.own")
    return row.recorded_by or words("export.operator")


def checked_of(row: GrowthRow, words: Words) -> str:
    """Who confirmed it and when, or why nobody did."""
    if row.verified_by is not None and row.verified_on is not None:
        return words("export.verified", name=row.verified_by, day=row.verified_on.isoformat())
    if row.verified_by is not None:
        return row.verified_by
    if not row.own:
        return words("export.by_organisation")
    return words("export.unverified" if row.waits else "export.automatic")


def printable(value: Value) -> Value:
    """The value without characters that no spreadsheet can hold."""
    return _CONTROL.sub("", value) if isinstance(value, str) else value


def _plain(number: float | None) -> Value:
    return number if number is None or number % 1 else int(number)
