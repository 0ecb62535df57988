"""What an entry of each kind holds: checked when it is written, so that exports can trust it."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.errors import WaymarkError


class PayloadWrong(WaymarkError):
    """An entry whose fields are not those of its kind."""

    key = "error.entry_payload"
    sentence = "An entry of kind '{kind}' cannot hold this: {at}: {problem}."


class KindUnknown(WaymarkError):
    """A kind of entry that the ledger does not keep."""

    key = "error.entry_kind"
    sentence = "'{kind}' is not a kind of entry. Kinds are: {known}."


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Marked(_Payload):
    """A remark kept with a step: what was against the rule, under which article."""

    code: str
    rule: str | None = None
    article: int | str | None = None
    level: str = "national"
    value: str | None = None


class StepPayload(_Payload):
    """A step or side event; `history`: it happened before Waymark was used."""

    step: str
    detail: dict[str, str] = Field(default_factory=dict)
    history: bool = False
    reason: str | None = None
    marks: list[Marked] = Field(default_factory=list)


class VoidPayload(_Payload):
    """Why an entry no longer stands."""

    reason: str


class AppointmentPayload(_Payload):
    """What one side said of a day for a talk; `proposal` is the entry that is answered."""

    step: str
    said: Literal["proposed", "agreed", "declined"]
    side: Literal["student", "organiser"]
    day: date
    proposal: int | None = None


class ActivityPayload(_Payload):
    """Taking part: party class, themed day, volunteering, social work, League class."""

    category: str
    title: str
    hours: float | None = None
    role: str | None = None
    organiser: str | None = None
    evidence: str | None = None
    note: str | None = None


class TrainingPayload(_Payload):
    """A course or lecture; `score` as it was given, hours in class hours (学时)."""

    title: str
    organiser: str | None = None
    until: date | None = None
    form: str | None = None
    hours: float | None = None
    attendance: str | None = None
    assessment: str | None = None
    score: str | None = None
    certificate: str | None = None
    issued_on: date | None = None
    note: str | None = None


class StudyPayload(_Payload):
    """A piece of study material that was read."""

    document: str | None = None
    passage: str | int | None = None
    title: str | None = None
    minutes: float | None = None
    course: str | None = None


class QuizPayload(_Payload):
    """A finished round of questions; totals only."""

    bank: str | None = None
    asked: int
    right: int
    course: str | None = None


class ReportPayload(_Payload):
    """A report that was handed in; its text stays the student's."""

    title: str | None = None
    period: str | None = None
    file: str | None = None
    received_by: str | None = None


class AnswerPayload(_Payload):
    """What the student says to an entry on them."""

    entry: int
    text: str


class VerificationPayload(_Payload):
    """Which entry of the same person whoever recorded this has confirmed."""

    entry: int


KINDS: dict[str, type[BaseModel]] = {
    "step": StepPayload,
    "void": VoidPayload,
    "appointment": AppointmentPayload,
    "activity": ActivityPayload,
    "training": TrainingPayload,
    "study": StudyPayload,
    "quiz": QuizPayload,
    "report": ReportPayload,
    "answer": AnswerPayload,
    "verification": VerificationPayload,
}


def checked_payload(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as plain JSON, without what was left at its default.

    Raises:
        KindUnknown, PayloadWrong: says the field.
    """
    model = KINDS.get(kind)
    if model is None:
        raise KindUnknown(kind=kind, known=", ".join(KINDS))
    try:
        return model.model_validate(payload).model_dump(mode="json", exclude_defaults=True)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"]) or "-"
        raise PayloadWrong(kind=kind, at=at, problem=first["msg"]) from error
