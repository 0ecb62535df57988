"""What the rules say to a step on a day: too early, late, too short, extended too far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from records import refusals as no
from records.bases import Counted, Scene, after, counted, find
from records.cycles import Round, rounds
from records.dates import iso_date, months_after
from records.facts import Past
from records.track import Article, Gate, Rule, Step, Version

CONVERSION_MEETING = "conversion_meeting"
APPLICATION = "application_received"


@dataclass(frozen=True)
class Mark:
    """A remark kept with a recorded step (locale key `mark.<code>`)."""

    code: str
    rule: str | None = None
    article: Article = None
    level: str = "national"
    value: str | None = None

    @property
    def key(self) -> str:
        """The locale key of its wording."""
        return f"mark.{self.code}"


def marks_kept(payload: Mapping[str, Any]) -> tuple[Mark, ...]:
    """The remarks that an entry keeps."""
    return tuple(Mark(**mark) for mark in payload.get("marks", ()))


@dataclass(frozen=True)
class Finding:
    """Something against recording a step, and how heavily: refuse, reason or mark."""

    mark: Mark
    error: no.StepRefused | None = None
    gate: Gate = "mark"


def findings_of_rules(step: Step, on: date, detail: Mapping[str, str], scene: Scene) -> Iterator[Finding]:
    """Every rule of the step that the day does not meet, in the edition that held on that day."""
    for rule in scene.track.rules_of(step.id):
        edition = rule.edition_on(on)
        if edition is None:
            continue
        if rule.kind == "earliest":
            yield from _early(rule, edition, on, scene)
        elif rule.kind in ("due", "soft", "max"):
            yield from _late(rule, edition, on, scene)
        elif rule.kind == "floor":
            yield from _short(rule, edition, on, detail, scene)
        elif rule.kind == "range":
            yield from _extension(rule, edition, detail, scene)
    if step.id == APPLICATION and scene.past.birthday is None:
        yield Finding(Mark("age_unknown", "T01", 5))
    if step.id == "admission_approved":
        yield from _written_end(detail, scene)


def _early(rule: Rule, edition: Version, on: date, scene: Scene) -> Iterator[Finding]:
    date_ = counted(rule, scene)
    if date_ is None:
        return
    if "pending_recognition" in (date_.note or ""):
        error = _error(no.StepTooEarly, rule, edition, on, date_)
        yield Finding(_mark("pending_recognition", rule, edition), error, "reason")
    if rule.id == "T01" and on == date_.due:
        yield Finding(_mark("eighteenth_birthday", rule, edition))
    if on >= date_.due:
        return
    lenient = rule.lenient_until is not None and on <= rule.lenient_until
    gate: Gate = "mark" if lenient else "reason" if date_.provisional else rule.gate
    kind: type[no.StepRefused] = no.StepTooEarly
    if rule.id == "T01":
        kind = no.StepUnderAge
    elif rule.step == CONVERSION_MEETING:
        kind = no.StepBeforeProbationEnd
    yield Finding(_mark(kind.code, rule, edition, date_.due), _error(kind, rule, edition, on, date_), gate)


def _late(rule: Rule, edition: Version, on: date, scene: Scene) -> Iterator[Finding]:
    """Lateness is marked, never blocked (true dates); T07 and what a school says so ask for a reason."""
    date_ = counted(rule, scene)
    if date_ is None or on <= date_.due or on < date_.settled_from:
        return
    if rule.kind == "due" and any(date_.settled_from <= fact.on <= on for fact in scene.past.all(rule.step)):
        return  # the first one has answered the rule: Art 7 asks for one talk within the month
    if rule.offset is not None and rule.offset.days == 0:
        return  # 及时 has no number that one could overrun
    if rule.lenient_until is not None and on <= rule.lenient_until:
        return
    counts_back = rule.offset is not None and rule.offset.before_months is not None
    code = "lapsed" if rule.lapses else "too_late" if rule.kind == "max" else "late"
    code = "leaving_soon" if counts_back else code
    mark = _mark(code, rule, edition, date_.due)
    if rule.lapses:
        mark = replace(mark, value=date_.step)
    yield Finding(mark, _error(no.StepTooEarly, rule, edition, on, date_), rule.gate)


def _short(rule: Rule, edition: Version, on: date, detail: Mapping[str, str], scene: Scene) -> Iterator[Finding]:
    """Art 17: at least three days or 24 class hours; several trainings add up when the step itself names neither."""
    if rule.floor is None:
        return
    days, hours = trained(detail, scene.past, on)
    if days >= rule.floor.days or hours >= rule.floor.hours:
        return
    if days == hours == 0:
        yield Finding(_mark("training_unknown", rule, edition))
        return
    mark = _mark("training_short", rule, edition)
    yield Finding(mark, gate=rule.gate)


def trained(detail: Mapping[str, str], past: Past, on: date) -> tuple[float, float]:
    """Days and class hours: the step's own, or the sum of `training_hours` since the listing."""
    if "days" in detail or "hours" in detail:
        return float(detail.get("days", 0)), float(detail.get("hours", 0))
    listed = past.latest("candidate_listed")
    start = listed.on if listed else date.min
    parts = [fact.detail for fact in past.all("training_hours") if start <= fact.on <= on]
    return sum(float(part.get("days", 0)) for part in parts), sum(float(part.get("hours", 0)) for part in parts)


def _extension(rule: Rule, edition: Version, detail: Mapping[str, str], scene: Scene) -> Iterator[Finding]:
    """Art 31: once, half a year to a year, from the old end."""
    earlier = scene.past.all(rule.step)
    level = no.level_term(rule.level)
    if rule.limit is not None and len(earlier) >= rule.limit:
        error = no.StepExtensionSecond(earlier=earlier[-1].on, article=edition.article, level=level)
        yield Finding(_mark(error.code, rule, edition), error, rule.gate)
        return
    extended_to = iso_date(detail.get("extended_to"))
    span = extension_range(rule, scene)
    if span is None or extended_to is None or span[0] <= extended_to <= span[1]:
        return
    wrong = no.StepExtensionRange(
        first=span[0], last=span[1], extended_to=extended_to, article=edition.article, level=level
    )
    yield Finding(_mark(wrong.code, rule, edition), wrong, rule.gate)


def extension_range(rule: Rule, scene: Scene) -> tuple[date, date] | None:
    """The first and last day to which probation can be extended; None while its end is not known."""
    end = probation_end(rule, scene)
    if end is None:
        return None
    return after(end, rule.offset, scene)[0], after(end, rule.offset_to, scene)[0]


def probation_end(rule: Rule, scene: Scene) -> date | None:
    """The end as it was before any extension, by the rule that ranges over them; None while it is not known."""
    base = rule.base[0].rule
    without = replace(scene, past=scene.past.without(rule.step))
    end = counted(scene.track.rule(base), without) if base else None
    return end.due if end else None


def _written_end(detail: Mapping[str, str], scene: Scene) -> Iterator[Finding]:
    """Art 24: the committee writes the dates of probation; they are kept as written, and marked when not a year."""
    end, meeting = iso_date(detail.get("probation_end")), scene.past.latest("branch_meeting_admitted")
    if end is None:
        yield Finding(Mark("probation_end_missing", "T11", 24))
    elif meeting is not None:
        year = months_after(meeting.on, 12)
        if not year - timedelta(days=1) <= end <= year:
            yield Finding(Mark("probation_end_unusual", "T11", 31, value=year.isoformat()), gate="reason")


def findings_of_rounds(step: Step, on: date, scene: Scene) -> Iterator[Finding]:
    """A round that is answered late (Art 11: 每半年), and rounds that nobody answered before what builds on them."""
    for rule in scene.track.rules_of(step.id):
        served = next(
            (one for one in _rounds(rule, scene, on, answer=on) if one.done_on == on and not one.missed), None
        )
        edition = rule.edition_on(on)
        if served is not None and served.due < on and edition is not None:
            yield Finding(_mark("late", rule, edition, served.due))
    for need in step.requires:
        for rule in scene.track.rules_of(need.step) if scene.past.latest(need.step) else ():
            missed = [one for one in _rounds(rule, scene, on) if one.due <= on and (one.done_on is None or one.missed)]
            edition = rule.edition_on(on)
            if missed and edition is not None:
                yield Finding(Mark("rounds_missed", rule.id, edition.article, rule.level, str(len(missed))))


def _rounds(rule: Rule, scene: Scene, on: date, answer: date | None = None) -> list[Round]:
    found = next((found for base in rule.base if (found := find(base, scene.past))), None)
    if rule.kind != "cycle" or rule.offset is None or found is None or found[1] > on:
        return []
    answers = [fact.on for fact in scene.past.all(rule.step) if found[1] <= fact.on <= on]
    return rounds(rule.offset, found[1], sorted([*answers, *([answer] if answer else [])]), today=on, end=None)


def _mark(code: str, rule: Rule, edition: Version, value: date | None = None) -> Mark:
    return Mark(code, rule.id, edition.article, rule.level, value.isoformat() if value else None)


def _error(kind: type[no.StepRefused], rule: Rule, edition: Version, on: date, date_: Counted) -> no.StepRefused:
    return kind(
        step=no.step_term(rule.step),
        on=on,
        due=date_.due,
        article=edition.article,
        level=no.level_term(rule.level),
        rule=rule.id,
    )
