"""What is due for one person, when and why: the rules of the track applied to the facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from operator import attrgetter

from records.bases import Counted, Scene, counted, find, scene_of
from records.cycles import rounds
from records.dates import iso_date
from records.deadline import Deadline, Note, Readings, State, notes
from records.facts import Fact, Past
from records.outlook import Condition, Earliest, NextStep, what_if, what_it_takes, what_next
from records.talks import appointed_days
from records.track import Rule, Track
from records.workdays import WorkCalendar

__all__ = [
    "Condition",
    "Deadline",
    "Earliest",
    "NextStep",
    "Note",
    "Readings",
    "State",
    "deadlines",
    "notes",
    "what_if",
    "what_it_takes",
    "what_next",
]


_BY_DAY = attrgetter("due", "rule", "kind")


def deadlines(
    track: Track,
    facts: Iterable[Fact],
    *,
    today: date,
    calendar: WorkCalendar,
    readings: Readings = Readings(),  # noqa: B008 (a frozen value)
) -> list[Deadline]:
    """Every date that the facts give as of `today`, answered ones included, by day and then by rule.

    A rule whose base is not known gives none. A step that a later stage has left behind is no longer asked for.
    """
    scene = scene_of(track, facts, today, calendar, readings)
    found: list[Deadline] = []
    reached = scene.past.reached(track)
    for rule in track.rules:
        if rule.base:
            found += _dates_of(rule, scene, reached)
    found += appointed_days(track, scene.past, sorted(found, key=_BY_DAY), today)
    return sorted(found, key=_BY_DAY)


def _dates_of(rule: Rule, scene: Scene, reached: int) -> list[Deadline]:
    if rule.kind == "cycle":
        return _rounds_of(rule, scene)
    if rule.kind == "range":
        return _extension_of(rule, scene)
    date_ = counted(rule, scene)
    if date_ is None or (rule.when is not None and not _holds(rule, scene, date_)):
        return []
    done = scene.past.since(rule.step, date_.settled_from)
    if done is None and scene.today > date_.base_date and rule.offset and rule.offset.before_months is not None:
        return []  # they have left
    if done is None and scene.track.position.get(rule.step, reached) < reached:
        return []
    if done is None and rule.kind == "soft" and _postponed(rule, scene.past):
        return []
    one = _deadline(rule, scene, date_, done.on if done else None)
    return [] if one is None else [one]


def _holds(rule: Rule, scene: Scene, date_: Counted) -> bool:
    """Whether what the rule waits for has happened, and before its base day (Art 35: 转入 before 预备期满)."""
    found = find(rule.when, scene.past) if rule.when else None
    if found is None:
        return False
    base = rule.base[0].rule
    end = counted(scene.track.rule(base), scene) if base else None
    return end is None or found[1] <= end.due


def _postponed(rule: Rule, past: Past) -> bool:
    """Discussion of conversion put off for somebody transferred in (Art 35): asking at once would be wrong."""
    moved = past.latest("transferred_in")
    return rule.step == "conversion_meeting" and moved is not None and bool(moved.detail.get("postponed_on"))


def _rounds_of(rule: Rule, scene: Scene) -> list[Deadline]:
    base = next((found for one in rule.base if (found := find(one, scene.past))), None)
    if base is None or rule.offset is None:
        return []
    fact, day = base
    ended = scene.past.past_by(scene.track, rule.until, day) if rule.until else None
    dates: list[Deadline] = []
    answers = [answer.on for answer in scene.past.all(rule.step) if answer.on >= day]
    first = rule.editions[-1].effective
    for one in rounds(rule.offset, day, answers, today=scene.today, end=ended.on if ended else None):
        if one.due < first:
            continue  # nobody asked for it then
        date_ = Counted(fact.step, day, one.due, day, "missed" if one.missed else None)
        deadline = _deadline(rule, scene, date_, one.done_on)
        if deadline is not None:
            dates.append(deadline)
    return dates


def _extension_of(rule: Rule, scene: Scene) -> list[Deadline]:
    """T13: an extension that was decided, measured from the end as it was before."""
    extended = scene.past.latest(rule.step)
    date_ = counted(rule, replace(scene, past=scene.past.without(rule.step)))
    if extended is None or date_ is None:
        return []
    due = iso_date(extended.detail.get("extended_to")) or date_.due
    one = _deadline(rule, scene, replace(date_, due=due), extended.on)
    return [] if one is None else [one]


def _deadline(rule: Rule, scene: Scene, date_: Counted, done_on: date | None) -> Deadline | None:
    """The date under the edition that held when the step was done, or holds today; None before the rule existed."""
    edition = rule.edition_on(done_on if done_on and done_on <= scene.today else scene.today)
    if edition is None:
        return None
    state = _state(rule, date_, done_on, scene.today)
    is_near = rule.remind_after is None or scene.past.latest(rule.remind_after) is not None
    return Deadline(
        rule=rule.id,
        kind=rule.kind,
        step=rule.step,
        due=date_.due,
        base_step=date_.step,
        base_date=date_.base_date,
        article=edition.article,
        level=rule.level,
        state=state,
        note=_note(rule, date_, done_on, scene, state),
        actor=scene.track.by_id[rule.step].actor,
        waiting_since=_waiting_since(rule, date_, scene.today) if done_on is None else None,
        effective=edition.effective,
        title=rule.title,
        done_on=done_on,
        remind=rule.remind if is_near else (),
        nag=rule.nag and is_near,
        lapses=rule.lapses,
    )


def _state(rule: Rule, date_: Counted, done_on: date | None, today: date) -> State:
    if done_on is not None:
        return State.DONE
    if date_.provisional:
        return State.PROVISIONAL
    if today < date_.due:
        return State.FUTURE
    if today == date_.due or rule.kind == "earliest":
        return State.DUE
    return State.OVERDUE


def _note(rule: Rule, date_: Counted, done_on: date | None, scene: Scene, state: State) -> str | None:
    codes = [date_.note] if date_.note else []
    if date_.provisional:
        codes.append("provisional")
    if done_on is not None and rule.kind in ("due", "soft", "max", "cycle") and done_on > date_.due:
        lenient = rule.lenient_until is not None and done_on <= rule.lenient_until
        codes += [] if lenient else ["late"]
    if done_on is not None and rule.kind == "earliest" and done_on < date_.due:
        codes.append("early")
    if state is not State.DONE and scene.past.paused:
        codes.append("paused")
    return "; ".join(codes) or None


def _waiting_since(rule: Rule, date_: Counted, today: date) -> date | None:
    """Since when somebody waits: a floor's, cycle's or lapse's own day, before which nobody is late; else the base."""
    at_once = rule.offset is not None and rule.offset.days == 0
    from_due = rule.kind in ("earliest", "cycle") or rule.lapses or at_once or bool(rule.base[0].rule)
    start = date_.due if from_due else date_.base_date
    return start if start <= today else None
