"""The participation export as xAPI 1.0.3 statements, for learning record stores."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any

from records.exports.columns import SCHOOL_ZONE, Words, category_of, paired
from records.growth import GrowthRow, Subject, is_report, is_training

HOME = "https://waymark.invalid"  # a name, not an address: the school gives its own
_VERBS = {
    "attended": "http://adlnet.gov/expapi/verbs/attended",
    "completed": "http://adlnet.gov/expapi/verbs/completed",
    "experienced": "http://adlnet.gov/expapi/verbs/experienced",
    "answered": "http://adlnet.gov/expapi/verbs/answered",
    "submitted": "http://activitystrea.ms/schema/1.0/submit",
    "progressed": "http://adlnet.gov/expapi/verbs/progressed",
}


def xapi(
    rows: Iterable[GrowthRow],
    people: Sequence[Subject],
    words: Words,
    now: datetime,
    *,
    home: str = HOME,
    language: str = "zh-CN",
) -> bytes:
    """A JSON array of statements. A statement keeps its id from export to export, so a store takes it once.

    Args:
        now: not written: when a statement was stored is for the store to say.
        home: the school's address, the `homePage` of its accounts.
        language: of the names in the statements.
    """
    statements = [_statement(subject, row, words, home, language) for subject, row in paired(rows, people)]
    return (json.dumps(statements, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _statement(subject: Subject, row: GrowthRow, words: Words, home: str, language: str) -> dict[str, Any]:
    verb = _verb(row)
    moment = datetime.combine(row.on, time(), tzinfo=SCHOOL_ZONE)
    extensions: dict[str, Any] = {
        f"{home}/xapi/entry": row.entry,
        f"{home}/xapi/hash": row.hash,
        f"{home}/xapi/verified": row.verified_by is not None,
    }
    if row.hours is not None:
        extensions[f"{home}/xapi/class-hours"] = row.hours
    statement: dict[str, Any] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{home}/entry/{row.hash}")),
        "actor": {
            "objectType": "Agent",
            "name": subject.person.name,
            "account": {"homePage": home, "name": subject.person.student_number or f"person-{subject.person.id}"},
        },
        "verb": {"id": _VERBS[verb], "display": {language: words(f"export.verb.{verb}")}},
        "object": {
            "objectType": "Activity",
            "id": f"{home}/xapi/{row.kind}/{row.step or row.category or row.kind}/{row.entry}",
            "definition": {"name": {language: _name(row, words)}},
        },
        "context": {"extensions": extensions, "language": language},
        "timestamp": moment.isoformat(),
    }
    result = _result(row)
    return {**statement, "result": result} if result else statement


def _verb(row: GrowthRow) -> str:
    if is_report(row):
        return "submitted"
    if row.step == "intensive_training_completed":
        return "completed"
    if is_training(row) or row.kind == "activity":
        return "attended"
    return {"study": "experienced", "quiz": "answered"}.get(row.kind, "progressed")


def _name(row: GrowthRow, words: Words) -> str:
    category = category_of(row, words)
    return f"{category}{words('export.colon')}{row.title}" if row.title else category


def _result(row: GrowthRow) -> dict[str, Any]:
    asked, right = row.detail.get("asked"), row.detail.get("right")
    if row.kind != "quiz" or not asked:
        return {}
    return {"score": {"raw": right, "min": 0, "max": asked, "scaled": round(float(right or 0) / float(asked), 4)}}
