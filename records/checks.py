"""Whether a step may be recorded as asked: refused with the article, marked, or neither. Pure, for dry runs too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from records import refusals as no
from records.bases import Scene
from records.dates import iso_date
from records.deadline import Readings
from records.facts import Fact, Past
from records.fields import read_details, wrong_counts
from records.limits import Finding, Mark, findings_of_rounds, findings_of_rules
from records.track import Requirement, Step, Track
from records.votes import findings_of_vote, speaks_of_ballots
from records.workdays import WorkCalendar
from storage.errors import Term

POLITICAL_REVIEW = "political_review_passed"


@dataclass(frozen=True)
class StepRequest:
    """What somebody asks to record; `recorded_by` None is the operator. `history`: it happened before Waymark."""

    person: int
    step: str
    on: date
    detail: Mapping[str, str] = field(default_factory=dict)
    recorded_by: int | None = None
    history: bool = False
    reason: str | None = None
    verified_by: int | None = None


@dataclass(frozen=True)
class Verdict:
    """The answer to a request: the first of `refusals` is the one to show; `detail` is the cleaned detail."""

    refusals: tuple[no.StepRefused, ...]
    marks: tuple[Mark, ...]
    detail: dict[str, str]
    reason: str | None

    @property
    def is_refused(self) -> bool:
        """Whether anything stands against recording it."""
        return bool(self.refusals)


def checks(
    track: Track,
    facts: Iterable[Fact],
    request: StepRequest,
    *,
    today: date,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> Verdict:
    """Judge a request against what is known; history is marked where it would be refused, unless it is nonsense."""
    step = track.by_id.get(request.step)
    if step is None:
        known = ", ".join(track.by_id)
        return Verdict((no.StepUnknown(step=request.step, known=known),), (), dict(request.detail), request.reason)
    detail, reason = _reason_apart(step, request)
    read, wrong = read_details(step, detail)
    scene = Scene(track, Past.of(facts), today, calendar, readings)
    wrong += _nonsense(step, request.on, read, scene)
    if any(speaks_of_ballots(text) for text in _free_texts(step, read, reason)):
        wrong.append(no.StepBallots(step=no.step_term(step.id)))
    if wrong:
        return Verdict(tuple(wrong), (), read, reason)
    found = list(_findings(step, replace(request, detail=read, reason=reason), scene))
    return _weighed(step, found, read, reason, history=request.history)


def _free_texts(step: Step, read: Mapping[str, str], reason: str | None) -> Iterator[str]:
    """Where somebody could write how others voted: the reason of a vote, and any text of a step of the track."""
    if step.vote is not None and reason:
        yield reason
    if step.phase is not None:  # the title of a lecture is no such place
        yield from (read[one.name] for one in step.fields if one.type == "text" and one.name in read)


def _reason_apart(step: Step, request: StepRequest) -> tuple[dict[str, str], str | None]:
    """A reason may also come among the details, as the command line sends it."""
    detail = dict(request.detail)
    reason = request.reason
    if step.reason_allowed and "reason" not in step.field_names:
        reason = reason or detail.pop("reason", None)
    elif reason:
        detail["reason"] = reason  # refused below as a detail that is not kept
        reason = None
    return detail, (reason or "").strip() or None


def _nonsense(step: Step, on: date, read: dict[str, str], scene: Scene) -> Iterator[no.StepRefused]:
    """What no history can excuse: days that have not come, the same thing twice."""
    term = no.step_term(step.id)
    ahead = {"probation_end", "extended_to", "leaving_on"}
    days = [on] if not step.future else []
    days += [day for name, value in read.items() if name not in ahead and (day := _date_field(step, name, value))]
    for day in days:
        if day > scene.today:
            yield no.StepInFuture(step=term, on=day, today=scene.today)
    for one in step.fields:
        day = iso_date(read.get(one.name)) if one.not_before_step else None
        if day is not None and day < on:
            yield no.StepFieldWrong(
                step=term,
                field=no.detail_term(one.name),
                value=day.isoformat(),
                expected=Term(f"{on} or later", "expected.not_before", on=on.isoformat()),
            )
    for fact in scene.past.all(step.id):
        if not step.repeatable or fact.on == on:
            yield no.StepRepeated(step=term, earlier=fact.on, entry=fact.entry)
            return


def _date_field(step: Step, name: str, value: str) -> date | None:
    is_date = any(field.name == name and field.type == "date" for field in step.fields)
    return iso_date(value) if is_date else None


def _findings(step: Step, request: StepRequest, scene: Scene) -> Iterator[Finding]:
    yield from _missing_or_out_of_order(step, request.on, scene)
    yield from _before_what_follows(step, request.on, scene)
    yield from findings_of_rounds(step, request.on, scene)
    for wrong in wrong_counts(step, dict(request.detail)):
        yield Finding(Mark(wrong.code, article=wrong.fields["article"]), wrong, "refuse")
    yield from findings_of_rules(step, request.on, request.detail, scene)
    yield from findings_of_vote(step, request.detail)
    if scene.past.paused and step.id not in ("paused", "resumed", "birthday"):
        yield Finding(Mark("paused"))


def _missing_or_out_of_order(step: Step, on: date, scene: Scene) -> Iterator[Finding]:
    for need in step.requires:
        facts = scene.past.all(need.step)
        if scene.past.taken(scene.track.by_id[need.step]) is None:
            yield _gap(step, need)
        elif happened(facts[0]) > on:
            yield _order(step.id, on, need.step, happened(facts[0]), need.article)


def _before_what_follows(step: Step, on: date, scene: Scene) -> Iterator[Finding]:
    """A step entered late must not lie after what was built on it, unless an earlier one of its kind carries that."""
    if scene.past.all(step.id):
        return
    for later in scene.track.by_id.values():
        need = next((need for need in later.requires if need.step == step.id), None)
        fact = scene.past.latest(later.id) if need else None
        if need and fact and fact.on < on:
            yield _order(later.id, fact.on, step.id, on, need.article)


def _gap(step: Step, need: Requirement) -> Finding:
    refusal = no.StepNotReviewed if need.step == POLITICAL_REVIEW else no.StepMissing
    error = refusal(
        step=no.step_term(step.id),
        needs=no.step_term(need.step),
        article=need.article,
        level=no.level_term("national"),
    )
    return Finding(Mark("gap", article=need.article, value=need.step), error, need.gate)


def _order(step: str, on: date, other: str, other_on: date, article: int | str | None) -> Finding:
    error = no.StepOutOfOrder(
        step=no.step_term(step),
        on=on,
        other=no.step_term(other),
        other_on=other_on,
        article=article,
        level=no.level_term("national"),
    )
    return Finding(Mark("order", article=article, value=other), error, "refuse")


def happened(fact: Fact) -> date:
    """The day from which others may count: an application counts from its receipt."""
    return iso_date(fact.detail.get("received_on")) or fact.on


def _weighed(step: Step, found: list[Finding], read: dict[str, str], reason: str | None, *, history: bool) -> Verdict:
    refused: list[no.StepRefused] = []
    marks: list[Mark] = []
    for finding in found:
        if history or finding.gate == "mark" or (finding.gate == "reason" and reason):
            marks.append(finding.mark)
        elif finding.gate == "reason" or finding.error is None:
            refused.append(_asks_reason(step, finding))
        else:
            refused.append(finding.error)
    return Verdict(tuple(refused), tuple(dict.fromkeys(marks)), read, reason)


def _asks_reason(step: Step, finding: Finding) -> no.StepNeedsReason:
    mark = finding.mark
    problem = Term(mark.code, mark.key)
    if mark.code == "gap" and mark.value:
        problem = Term(f"{mark.value} is missing", "mark.gap_named", step=no.step_term(mark.value))
    if mark.code == "lapsed" and mark.value:
        problem = Term(f"{mark.value} has lapsed", "mark.lapsed_named", what=Term(mark.value, f"lapse.{mark.value}"))
    return no.StepNeedsReason(
        step=no.step_term(step.id),
        problem=problem,
        mark=mark.code,
        article=mark.article,
        level=no.level_term(mark.level),
    )
