"""The participation export as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from records.exports.columns import Words, category_of, paired
from records.growth import GrowthRow, Subject


def plain(rows: Iterable[GrowthRow], people: Sequence[Subject], words: Words, now: datetime) -> bytes:
    """`{"made_at", "rows": [...]}` in UTF-8; keys are English, values as recorded."""
    written = [_row(subject, row, words) for subject, row in paired(rows, people)]
    content = {"made_at": now.isoformat(timespec="seconds"), "rows": written}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _row(subject: Subject, row: GrowthRow, words: Words) -> dict[str, object]:
    return {
        "student_number": subject.person.student_number,
        "name": subject.person.name,
        "branch": subject.branch,
        "entry": row.entry,
        "sequence": row.sequence,
        "kind": row.kind,
        "step": row.step,
        "category": category_of(row, words),
        "on": row.on.isoformat(),
        "title": row.title,
        "hours": row.hours,
        "detail": row.detail,
        "history": row.history,
        "recorded_by": row.recorded_by,
        "own": row.own,
        "recorded_at": row.recorded_at.isoformat(),
        "verified_by": row.verified_by,
        "verified_on": row.verified_on.isoformat() if row.verified_on else None,
        "hash": row.hash,
    }
