"""The development track as data: stages, steps, side events and rules, read from YAML and checked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from records.dates import Period
from records.stages import Stage
from records.yaml_lines import read_checked
from storage.errors import Term

TRACKS = Path(__file__).parent / "tracks"
# The data of a button has 64 bytes: room for these beside a person, and for a talk's beside a day or an entry as well.
LONGEST_ID, LONGEST_TALK_ID = 36, 20

RuleKind = Literal["earliest", "due", "soft", "cycle", "max", "range", "floor"]
Level = Literal["national", "school"]
Gate = Literal["refuse", "reason", "mark"]
Actor = Literal["student", "branch", "mentor", "primary_committee", "organisation_department"]
FieldType = Literal["date", "count", "number", "names", "text"]
Article = int | str | None
DaysBefore = Annotated[int, Field(ge=0, le=366)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _base_from_text(value: object) -> object:
    """`step` or `step.detail` written short."""
    if isinstance(value, str):
        step, _, detail = value.partition(".")
        return {"step": step, "detail": detail or None} if not value.startswith("school.") else {"step": value}
    return value


class Base(_Frozen):
    """An event that a date is counted from.

    `detail` takes the date from that detail instead of the event's day. `exact`: that date is the result itself, to
    which no offset is added. `since`/`before`: only an event not before / not after the last fact of that step.
    `unless`: gives nothing while the last of it (of `since`, where that is named) was followed by that step.
    `rule`: the date of another rule is the base.
    """

    step: str | None = None
    detail: str | None = None
    exact: bool = False
    since: str | None = None
    before: str | None = None
    unless: str | None = None
    rule: str | None = None


class Offset(_Frozen):
    """How far from the base; one unit. `before_months` counts back; `calendar` ends with the calendar period."""

    years: Annotated[int, Field(ge=1, le=100)] | None = None
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    before_months: Annotated[int, Field(ge=1, le=1200)] | None = None
    days: Annotated[int, Field(ge=0, le=3660)] | None = None
    working_days: Annotated[int, Field(ge=1, le=366)] | None = None
    age: Annotated[int, Field(ge=1, le=100)] | None = None
    calendar: Period | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError(Term("an offset has exactly one unit, as in {months: 6}", "yaml.one_unit"))
        return self


class Version(_Frozen):
    """From which day the rule held in this wording, and under which article."""

    effective: date
    article: Article = None


class Floor(_Frozen):
    """How long a training lasts at least; either is enough (Art 17: 三天或者二十四个学时)."""

    days: float
    hours: float


class Rule(_Frozen):
    """A time limit of a step. `level` says who demands it: 细则 (national) or the school."""

    id: Annotated[str, Field(max_length=LONGEST_ID)]
    title: str | None = None  # a school's own wording of its rule
    kind: RuleKind
    step: str
    base: Annotated[tuple[Annotated[Base, BeforeValidator(_base_from_text)], ...], Field(default=())]
    offset: Offset | None = None
    offset_to: Offset | None = None  # the far end of a range
    article: Article = None
    level: Level = "national"
    effective: date
    earlier: tuple[Version, ...] = ()  # the same rule under an earlier edition, oldest first
    lenient_until: date | None = None  # days between issue and publication, when nobody could know it
    base_if_filed: str | None = None  # the base under the reading `activist_base: filed`
    strict: bool = False  # the reading `strict_next_day` moves it by a day
    when: Base | None = None  # holds only once this has happened
    until: str | None = None  # a cycle ends with this step
    floor: Floor | None = None
    limit: int | None = None  # how often at most
    gate: Gate = "mark"  # what recording the step against the rule does
    nag: bool = True  # remind weekly once it is overdue
    remind: tuple[DaysBefore, ...] | None = None  # days before at which to remind; None: the installation's setting
    lapses: bool = False  # what it is counted from loses its force on that day (推优, a certificate)
    remind_after: str | None = None  # nobody is reminded before this step: it would be none of their business yet

    @cached_property
    def editions(self) -> tuple[Version, ...]:
        """Every edition of the rule, newest first."""
        return (Version(effective=self.effective, article=self.article), *reversed(self.earlier))

    def edition_on(self, day: date) -> Version | None:
        """The edition that held on that day, or None before the first."""
        for edition in self.editions:
            if edition.effective <= day:
                return edition
        return None


class Requirement(_Frozen):
    """A step that comes before; `gate` says what its absence does."""

    step: str
    gate: Gate = "refuse"
    article: Article = None


class DetailField(_Frozen):
    """What may be written down with a step."""

    name: str
    type: FieldType = "text"
    required: bool = False
    not_before_step: bool = False  # a date on the step's day or later
    least: int | None = None
    most: int | None = None
    article: Article = None


class Vote(_Frozen):
    """The articles that ask for a quorum and for a majority, both of all who are entitled to vote."""

    quorum: int
    majority: int


class Step(_Frozen):
    """One of the 25 steps (+7a), or a side event (no number)."""

    id: Annotated[str, Field(max_length=LONGEST_ID)]
    name: str | None = None  # a school's own wording of its side event
    number: str | None = None
    phase: int | None = None
    actor: Actor = "branch"
    leads_to: Stage | None = None
    article: Article = None
    documents: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()  # what else the article asks for that is neither a date nor kept here
    fields: tuple[DetailField, ...] = ()
    requires: tuple[Requirement, ...] = ()
    repeatable: bool = False
    future: bool = False  # may lie ahead, such as a planned departure
    vote: Vote | None = None
    reason_allowed: bool = True
    reopened_by: str | None = None  # what this was decided for comes again after that event
    awaits: str | None = None  # nobody waits for it before the date of this rule
    talk: bool = False  # somebody meets the student: the two sides can agree on a day

    @model_validator(mode="after")
    def _fits_a_button(self) -> Self:
        if self.talk and len(self.id) > LONGEST_TALK_ID:
            problem = f"the id of a talk has at most {LONGEST_TALK_ID} characters"
            raise ValueError(Term(problem, "yaml.too_long", most=LONGEST_TALK_ID))
        return self

    @property
    def title(self) -> str:
        """The locale key of its name."""
        return f"step.{self.id}"

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """What may be written down with it."""
        return tuple(field.name for field in self.fields)


class Track(_Frozen):
    """Stages, steps in their order, side events and rules."""

    stages: tuple[Stage, ...]
    steps: tuple[Step, ...]
    events: tuple[Step, ...]
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> Self:
        known = {step.id for step in (*self.steps, *self.events)}
        if len(known) != len(self.steps) + len(self.events):
            raise ValueError(Term("two steps have the same id", "yaml.same_step"))
        seen = {(rule.id, rule.kind) for rule in self.rules}
        if len(seen) != len(self.rules):
            raise ValueError(Term("two rules have the same id and kind", "yaml.same_rule"))
        names = {rule.id for rule in self.rules}
        for step in (*self.steps, *self.events):
            _known(step.id, (step.reopened_by, *(need.step for need in step.requires)), known)
            _known(step.id, (step.awaits,), names)
        for rule in self.rules:
            bases = (*rule.base, *([rule.when] if rule.when else []))
            used = [rule.step, rule.until, rule.base_if_filed, rule.remind_after]
            used += [name for base in bases for name in (base.step, base.since, base.before, base.unless)]
            _known(rule.id, used, known)
            _known(rule.id, (base.rule for base in bases), names)
        fields = {step.id: step.field_names for step in (*self.steps, *self.events)}
        for rule in self.rules:
            for base in rule.base:
                if base.detail not in (None, *fields.get(base.step or "", ())):
                    _known(rule.id, (f"{base.step}.{base.detail}",), ())
            self._ends(rule)
        return self

    def _ends(self, rule: Rule) -> None:
        """Rules counted from one another come to an event at last."""
        passed, open_ = set[str](), [rule.id]
        while open_:
            found = {base.rule for one in self.rules if one.id in open_ for base in one.base if base.rule}
            if rule.id in found:
                raise ValueError(Term(f"'{rule.id}' is counted from itself", "yaml.from_itself", name=rule.id))
            open_ = sorted(found - passed)
            passed |= found

    @cached_property
    def by_id(self) -> dict[str, Step]:
        """Steps and side events by id."""
        return {step.id: step for step in (*self.steps, *self.events)}

    @cached_property
    def position(self) -> dict[str, int]:
        """The place of each step in the order; side events have none."""
        return {step.id: place for place, step in enumerate(self.steps)}

    @cached_property
    def milestones(self) -> tuple[Step, ...]:
        """The steps that lead to a stage, in order."""
        return tuple(step for step in self.steps if step.leads_to)

    @cached_property
    def talks(self) -> tuple[Step, ...]:
        """The steps for which a day can be agreed on."""
        return tuple(step for step in self.steps if step.talk)

    @property
    def own_names(self) -> dict[str, str]:
        """The school's names of its side events, by locale key: as a step, as what a date hangs on, as what lapses."""
        return {f"{room}.{one.id}": one.name for one in self.events if one.name for room in ("step", "base", "lapse")}

    def rules_of(self, step: str) -> tuple[Rule, ...]:
        """The rules whose date is a date of this step."""
        return self._rules_by_step.get(step, ())

    def rule(self, rule_id: str) -> Rule:
        """The first rule of that id (T09 has two kinds)."""
        return self._rules_by_id[rule_id]

    @cached_property
    def _rules_by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in reversed(self.rules)}

    @cached_property
    def _rules_by_step(self) -> dict[str, tuple[Rule, ...]]:
        return {step: tuple(rule for rule in self.rules if rule.step == step) for step in self.by_id}


class _SchoolTrack(_Frozen):
    """What a school adds: rules and events named `school.…`, and when it reminds of the national ones."""

    rules: tuple[Rule, ...] = ()
    events: tuple[Step, ...] = ()
    remind: dict[str, tuple[DaysBefore, ...]] = {}

    @model_validator(mode="after")
    def _named_for_the_school(self) -> Self:
        for name in (*(rule.id for rule in self.rules), *(event.id for event in self.events)):
            if not name.startswith("school."):
                plain = f"'{name}' must be named school.{name}: a local requirement is no national rule"
                raise ValueError(Term(plain, "yaml.school_name", name=name))
        for rule in self.rules:
            if rule.level != "school":
                raise ValueError(Term(f"'{rule.id}' needs `level: school`", "yaml.school_level", name=rule.id))
            if rule.kind != "floor" and not (rule.base and rule.offset):
                problem = f"'{rule.id}' gives nobody a date: it needs `base` and `offset`"
                raise ValueError(Term(problem, "yaml.no_date", name=rule.id))
        return self


def load_track(path: Path | None = None, school: Path | None = None) -> Track:
    """The track of our file (or `path`) with the school's additions over it.

    Raises:
        TrackFileWrong: names file, line and key of what is wrong.
    """
    track = read_checked(path or TRACKS / "party_member.yaml", Track)
    return track if school is None else _with_school(track, school)


def _with_school(track: Track, school: Path) -> Track:
    own = read_checked(school, _SchoolTrack)
    rules = [rule.model_copy(update={"remind": own.remind.get(rule.id, rule.remind)}) for rule in track.rules]

    def together(_: object) -> Track:
        known = {rule.id for rule in track.rules} | {rule.id for rule in own.rules}
        _known("remind", own.remind, known)
        return Track(
            stages=track.stages,
            steps=track.steps,
            events=(*track.events, *own.events),
            rules=(*rules, *own.rules),
        )

    return read_checked(school, _SchoolTrack, then=together)


def _known(where: str, names: Iterable[str | None], known: Iterable[str]) -> None:
    for name in names:
        if name is not None and name not in known:
            raise ValueError(
                Term(f"{where} names '{name}', which does not exist", "yaml.no_such", where=where, name=name)
            )
