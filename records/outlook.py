"""What comes next and what it waits for; and what would follow if something happened on some day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from records.bases import Counted, Scene, counted, find, scene_of
from records.checks import POLITICAL_REVIEW, happened
from records.deadline import Readings
from records.facts import Fact, Past
from records.limits import trained
from records.track import Article, Rule, Step, Track
from records.workdays import WorkCalendar


@dataclass(frozen=True)
class Condition:
    """One thing that a step waits for (locale key `condition.<code>`); `due` where it is a date.

    `met` None: nobody but the people who decide can say (a vote, a review, a decision).
    """

    code: str
    met: bool | None
    article: Article
    step: str | None = None
    rule: str | None = None
    level: str = "national"
    due: date | None = None
    provisional: bool = False
    documents: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The locale key of its wording."""
        return f"condition.{self.code}"


@dataclass(frozen=True)
class NextStep:
    """A step that can come next, who holds it, since when they could have acted, and what is still wanting."""

    step: str
    actor: str
    waiting_since: date | None
    conditions: tuple[Condition, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing but people's decision is wanting: 时间条件已满足, never 可以入党."""
        return all(condition.met is not False for condition in self.conditions)


@dataclass(frozen=True)
class Earliest:
    """The first day on which a step is possible, the rule that sets it (None: none does), and all that is no date.

    `base_step`: the event from which that rule counts.
    """

    step: str
    actor: str
    on: date
    rule: Rule | None
    provisional: bool
    conditions: tuple[Condition, ...]
    base_step: str | None = None


def what_next(
    track: Track,
    facts: Iterable[Fact],
    today: date,
    *,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> list[NextStep]:
    """The steps between here and the next stage that are not yet done, in order, each with its conditions."""
    scene = scene_of(track, facts, today, calendar, readings)
    found = []
    for step in _ahead(scene):
        conditions = (*_steps_before(step, scene), *_dates(step, scene), *_no_dates(step, scene))
        ready = all(condition.met is not False for condition in conditions)
        found.append(NextStep(step.id, step.actor, _since(step, scene) if ready else None, conditions))
    return found


def left_behind(track: Track, facts: Iterable[Fact]) -> frozenset[str]:
    """The steps that lie behind: of a stage that is over, or taken and none that comes round again."""
    past = Past.of(facts)
    reached = past.reached(track)
    return frozenset(
        step.id
        for place, step in enumerate(track.steps)
        if place <= reached or (past.taken(step) is not None and not _is_round(step, track))
    )


def what_if(
    track: Track,
    facts: Iterable[Fact],
    hypothetical: Mapping[str, date],
    *,
    today: date,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> list[Earliest]:
    """The earliest day of every step that would follow, if these happened on these days and all went without delay.

    Each step is taken on its own earliest day and the next counted from there; nothing here says that it will be so.
    """
    imagined = [*facts, *(Fact(-number, step, day) for number, (step, day) in enumerate(hypothetical.items(), start=1))]
    start = max([today, *(day for step, day in hypothetical.items() if step in track.position)])
    assumed = max((track.position.get(step, -1) for step in hypothetical), default=-1)
    reached = max(assumed, Past.of(imagined).reached(track))
    found = []
    for step in track.steps[reached + 1 :]:
        scene = Scene(track, Past.of(imagined), start, calendar, readings)
        if _is_round(step, track) or scene.past.taken(step):
            continue
        one = _earliest(step, scene, start)
        found.append(one)
        imagined.append(Fact(-len(imagined) - 1000, step.id, one.on))
    return found


def what_it_takes(
    track: Track,
    facts: Iterable[Fact],
    step: str,
    on: date,
    *,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> tuple[Condition, ...]:
    """What is wanting for the step itself on that day, dates included, and what only people can say."""
    scene, known = Scene(track, Past.of(facts), on, calendar, readings), track.by_id[step]
    every = (*_all_before(known, scene), *_dates(known, scene), *_no_dates(known, scene))
    return tuple(one for one in every if not one.met)


def _ahead(scene: Scene) -> list[Step]:
    """What is not done between the last stage reached and the next."""
    found = []
    for step in scene.track.steps[scene.past.reached(scene.track) + 1 :]:
        if not _is_round(step, scene.track) and scene.past.taken(step) is None:
            found.append(step)
        if step.leads_to and scene.past.latest(step.id) is None:
            break
    return found


def _is_round(step: Step, track: Track) -> bool:
    """Whether the step comes round again and again (reviews), so that it is never simply next."""
    return step.id == "probation_review" or any(rule.kind == "cycle" for rule in track.rules_of(step.id))


def _steps_before(step: Step, scene: Scene) -> list[Condition]:
    """What comes before, without what is only marked where it is missing."""
    return [
        Condition("step", scene.past.taken(scene.track.by_id[need.step]) is not None, need.article, step=need.step)
        for need in step.requires
        if need.gate != "mark"
    ]


def _all_before(step: Step, scene: Scene) -> list[Condition]:
    """Every step that was not taken and has to be before this one, or before one of those, in their order."""
    found: dict[str, Condition] = {}
    asked = [step]
    while asked:
        for need in asked.pop().requires:
            before = scene.track.by_id[need.step]
            if need.step in found or _is_round(before, scene.track) or scene.past.taken(before) is not None:
                continue
            found[need.step] = Condition("step", met=False, article=need.article, step=need.step)
            asked.append(before)
    return sorted(found.values(), key=lambda one: scene.track.position.get(one.step or "", -1))


def _dates(step: Step, scene: Scene) -> list[Condition]:
    found = []
    for rule in scene.track.rules_of(step.id):
        if rule.kind == "earliest":
            date_ = counted(rule, scene)
            found.append(_date_condition(rule, date_, scene.today))
        elif rule.lapses:
            found += _lapsing(rule, scene, scene.today)
        elif rule.offset is not None and rule.offset.before_months is not None:
            date_ = counted(rule, scene)
            if date_ is not None:
                met = scene.today <= date_.due
                found.append(Condition("leaving", met, rule.article, rule=rule.id, level=rule.level, due=date_.due))
    return found


def _date_condition(rule: Rule, date_: Counted | None, today: date) -> Condition:
    if date_ is None:
        base = rule.base[-1].step if rule.base else None
        return Condition("date_unknown", None, rule.article, step=base, rule=rule.id, level=rule.level)
    return Condition(
        "date",
        today >= date_.due,
        rule.article,
        rule=rule.id,
        level=rule.level,
        due=date_.due,
        provisional=date_.provisional,
    )


def _lapsing(rule: Rule, scene: Scene, on: date) -> list[Condition]:
    """Whether a nomination or a certificate still holds on that day."""
    date_ = counted(rule, scene)
    if date_ is None:
        return []
    met = None if on <= date_.due else False  # it may be renewed or lapse meanwhile
    return [Condition("valid", met, rule.article, step=date_.step, rule=rule.id, level=rule.level, due=date_.due)]


def _no_dates(step: Step, scene: Scene) -> list[Condition]:
    """What is no date: votes, lengths, reviews, people to be named, papers, and the decision itself."""
    found = [
        Condition("rounds", None, need.article, step=need.step)
        for need in step.requires
        if _is_round(scene.track.by_id[need.step], scene.track)
    ]
    found += [Condition(name, None, step.article) for name in step.conditions]
    found += _school_rounds(scene) if step.leads_to else []
    if step.awaits is not None and (end := counted(scene.track.rule(step.awaits), scene)) is not None:
        found.append(Condition("around", None, step.article, due=end.due, provisional=end.provisional))
    if step.vote is not None:
        found += [Condition("quorum", None, step.vote.quorum), Condition("majority", None, step.vote.majority)]
    for rule in scene.track.rules_of(step.id):
        if rule.floor is not None:
            days, hours = trained({}, scene.past, scene.today)
            met = days >= rule.floor.days or hours >= rule.floor.hours
            found.append(Condition("training", met or None, rule.article, rule=rule.id, level=rule.level))
    for field in step.fields:
        if field.least is not None:
            found.append(Condition(field.name, None, field.article))
    if step.id == POLITICAL_REVIEW:
        found.append(Condition("political_review", None, step.article))
    if step.documents:
        found.append(Condition("documents", None, step.article, documents=step.documents))
    if step.actor != "student":
        found.append(Condition("decision", None, step.article))
    return found


def _school_rounds(scene: Scene) -> list[Condition]:
    """What the school asks for again and again at this time, such as reports."""
    return [
        Condition("cycle", None, rule.article, step=rule.step, rule=rule.id, level=rule.level)
        for rule in scene.track.rules
        if rule.kind == "cycle"
        and rule.level == "school"
        and any(find(base, scene.past) for base in rule.base)
        and (rule.until is None or scene.past.latest(rule.until) is None)
    ]


def _since(step: Step, scene: Scene) -> date | None:
    """Since when nothing but a decision was wanting."""
    days = [happened(fact) for need in step.requires if (fact := scene.past.latest(need.step))]
    rules = [rule for rule in scene.track.rules_of(step.id) if rule.kind == "earliest"]
    rules += [scene.track.rule(step.awaits)] if step.awaits else []
    days += [date_.due for rule in rules if (date_ := counted(rule, scene))]
    return max(days, default=None)


def _earliest(step: Step, scene: Scene, start: date) -> Earliest:
    on, provisional = start, False
    by: Rule | None = None
    base: str | None = None
    for need in step.requires:
        fact = scene.past.latest(need.step)
        on = max(on, fact.on) if fact else on
    for rule in scene.track.rules_of(step.id):
        date_ = counted(rule, scene) if rule.kind == "earliest" else None
        if date_ is not None and date_.due >= on:
            on, by, provisional, base = date_.due, rule, date_.provisional, date_.step
    conditions = _no_dates(step, scene)
    for rule in scene.track.rules_of(step.id):
        if rule.lapses:
            conditions += _lapsing(rule, scene, on)
        elif rule.offset is not None and rule.offset.before_months is not None:
            date_ = counted(rule, scene)
            if date_ is not None:
                conditions.append(Condition("leaving", on <= date_.due, rule.article, rule=rule.id, due=date_.due))
    return Earliest(step.id, step.actor, on, by, provisional, tuple(conditions), base)
