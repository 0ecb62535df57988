"""A worksheet in Word for the register that the branch keeps: facts filled in, opinions left for people to write."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from records.dates import months_after
from records.exports.columns import SCHOOL_ZONE, Words, category_of, checked_of, paired, recorder_of
from records.exports.word import grid, keep_together, label, prepare, repeat_on_next_page, set_widths, write
from records.growth import GrowthRow, Subject, is_report, is_training, totals_of
from records.people import PersonId

_BASICS = (
    "gender",
    "ethnicity",
    "native_place",
    "birthday",
    "education",
    "college",
    "major",
    "class",
    "grade",
    "group",
)
_OBSERVED = ("conduct", "shortcomings", "mentor_opinion", "branch_opinion", "signatures")
_REVIEW_MONTHS = 6  # Art 11: every half year
_MOST_PERIODS = 6
_PAGE_WIDTH_CM = 17.0


def form(rows: Iterable[GrowthRow], people: Sequence[Subject], words: Words, now: datetime) -> bytes:
    """One worksheet a person, each on a page of its own. What people must write and sign stays empty."""
    from docx import Document

    document = Document()
    prepare(document)
    own: dict[PersonId, list[GrowthRow]] = {subject.person.id: [] for subject in people}
    for subject, row in paired(rows, people):
        own[subject.person.id].append(row)
    today = now.astimezone(SCHOOL_ZONE).date()
    for number, subject in enumerate(people):
        if number:
            document.add_page_break()
        _worksheet(document, subject, own[subject.person.id], words, today)
    if not people:
        document.add_paragraph(words("form.nobody"))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _worksheet(document: Any, subject: Subject, rows: list[GrowthRow], words: Words, today: date) -> None:
    document.add_heading(words("form.title"), level=1)
    document.add_paragraph(words("form.purpose", day=today.isoformat()), style="Caption")
    _heading(document, words("form.section.basics"))
    _pairs(document, _basics(subject, words))
    _steps(document, [row for row in rows if row.step and not is_training(row) and not is_report(row)], words)
    _training(document, [row for row in rows if is_training(row)], words)
    _activities(document, [row for row in rows if row.kind == "activity"], words)
    _reports(document, [row for row in rows if is_report(row)], words)
    _heading(document, words("form.section.observation"))
    document.add_paragraph(words("form.observation_note"))
    periods = _periods(rows, today)
    if not periods:
        document.add_paragraph(words("form.no_periods"))
    for first, last in periods:
        _observation(document, rows, first, last, words)


def _steps(document: Any, rows: Sequence[GrowthRow], words: Words) -> None:
    cells = [[category_of(row, words), _day(row), recorder_of(row, words), checked_of(row, words)] for row in rows]
    _section(document, "steps", ("step", "on", "recorded_by", "verified_by"), cells, (7.0, 3.2, 3.4, 3.4), words)


def _training(document: Any, rows: Sequence[GrowthRow], words: Words) -> None:
    cells = [
        [
            _day(row),
            row.title or category_of(row, words),
            row.organiser,
            row.detail.get("form"),
            _hours(row.hours),
            row.evidence,
            checked_of(row, words),
        ]
        for row in rows
    ]
    columns = ("on", "title", "organiser", "form", "hours", "evidence", "verified_by")
    _section(document, "training", columns, cells, (2.4, 4.6, 2.8, 1.8, 1.3, 2.1, 2.0), words)
    if rows:
        document.add_paragraph(words("form.total_hours", hours=_hours(totals_of(rows).hours)))


def _activities(document: Any, rows: Sequence[GrowthRow], words: Words) -> None:
    cells = [
        [
            _day(row),
            category_of(row, words),
            row.title,
            row.role,
            _hours(row.hours),
            row.organiser,
            checked_of(row, words),
        ]
        for row in rows
    ]
    columns = ("on", "category", "title", "role", "hours", "organiser", "verified_by")
    _section(document, "activities", columns, cells, (2.4, 2.4, 4.2, 1.8, 1.3, 2.9, 2.0), words)


def _reports(document: Any, rows: Sequence[GrowthRow], words: Words) -> None:
    cells = [[_day(row), row.title, row.detail.get("received_by")] for row in rows]
    _section(document, "reports", ("on", "title", "received_by"), cells, (3.2, 9.8, 4.0), words)


def _section(
    document: Any,
    name: str,
    columns: Sequence[str],
    cells: Sequence[Sequence[str | None]],
    widths: Sequence[float],
    words: Words,
) -> None:
    """A heading and its table; widths in centimetres."""
    _heading(document, words(f"form.section.{name}"))
    if not cells:
        document.add_paragraph(words("form.none"))
        return
    table = grid(document, len(columns))
    header = table.add_row()
    for cell, key in zip(header.cells, columns, strict=True):
        label(cell, words(f"form.column.{key}"))
    repeat_on_next_page(header)
    for values in cells:
        for cell, value in zip(table.add_row().cells, values, strict=True):
            write(cell, value or "")
    set_widths(table, widths)


def _basics(subject: Subject, words: Words) -> list[tuple[str, str]]:
    person = subject.person
    pairs = [
        (words("roster.field.name"), person.name),
        (words("roster.field.student_number"), person.student_number or ""),
    ]
    pairs += [(words(f"roster.field.{key}"), str(subject.details.get(key, ""))) for key in _BASICS]
    pairs.append((words("roster.field.branch"), subject.branch))
    pairs.append((words("form.mentors"), words("export.list_comma").join(subject.mentors)))
    return pairs


def _periods(rows: Iterable[GrowthRow], today: date) -> list[tuple[date, date]]:
    """The half years since the branch decided on the activist, counted from that day; one empty where it is unknown."""
    begun = next((row.on for row in rows if row.step == "activist_decided"), None)
    if begun is None or begun > today:
        return []
    ended = next((row.on for row in rows if row.step == "candidate_listed"), today)
    periods = []
    for number in range(_MOST_PERIODS):
        first = months_after(begun, _REVIEW_MONTHS * number)
        if first > ended:
            break
        periods.append((first, months_after(begun, _REVIEW_MONTHS * (number + 1)) - timedelta(days=1)))
    return periods


def _observation(document: Any, rows: Iterable[GrowthRow], first: date, last: date, words: Words) -> None:
    totals = totals_of(row for row in rows if first <= row.on <= last)
    document.add_paragraph()
    table = grid(document, 2)
    facts = [
        (words("form.observed.period"), words("form.period", first=first.isoformat(), last=last.isoformat())),
        (
            words("form.observed.totals"),
            words("form.totals", hours=_hours(totals.hours), activities=totals.activities, reports=totals.reports),
        ),
    ]
    for name, value in facts:
        cells = table.add_row().cells
        label(cells[0], name)
        write(cells[1], value)
    from docx.shared import Cm

    for key in _OBSERVED:
        row = table.add_row()
        row.height = Cm(1.2 if key == "signatures" else 2.0)
        label(row.cells[0], words(f"form.observed.{key}"))
    set_widths(table, (3.6, _PAGE_WIDTH_CM - 3.6))
    keep_together(table)


def _pairs(document: Any, pairs: list[tuple[str, str]]) -> None:
    table = grid(document, 4)
    for start in range(0, len(pairs), 2):
        cells = table.add_row().cells
        for place, (name, value) in enumerate(pairs[start : start + 2]):
            label(cells[2 * place], name)
            write(cells[2 * place + 1], value)
    set_widths(table, (2.8, 5.7, 2.8, 5.7))


def _day(row: GrowthRow) -> str:
    return row.on.isoformat()


def _hours(hours: float | None) -> str:
    return "" if hours is None else f"{hours:g}"


def _heading(document: Any, text: str) -> None:
    document.add_heading(text, level=2)
