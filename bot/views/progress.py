"""How far somebody has come: the phases, with the steps of the present one and whoever holds the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.deeds.standing import Standing
from bot.views.dates import actor_name, lapsing_name, show_coming, show_membership, step_name
from bot.views.text import lines, paragraphs
from bot.words import Words
from records.deadline import Deadline, State, fold_rounds
from records.facts import is_paused
from records.outlook import NextStep
from records.track import Step

NEAR = timedelta(days=60)
DATES_AT_MOST = 4


class Mark(StrEnum):
    """How a row stands."""

    DONE = "done"
    NOW = "now"
    COMING = "coming"
    DATE = "date"  # a limit that is near
    LATE = "late"  # one that has passed


@dataclass(frozen=True)
class Row:
    """A line of the picture; `note` is a date or who acts, `inner` a step of the phase above it."""

    mark: Mark
    title: str
    note: str = ""
    inner: bool = False


def progress_rows(standing: Standing, _: Words) -> list[Row]:
    """Every phase as a line; below the present one its steps with their dates."""
    ahead = {one.step: one for one in standing.ahead}
    now = _present_phase(standing)
    rows: list[Row] = []
    for phase in sorted({step.phase for step in standing.track.steps if step.phase is not None}):
        steps = [step for step in standing.track.steps if step.phase == phase]
        days = [day for step in steps if (day := standing.day_of(step.id)) is not None]
        mark = Mark.NOW if phase == now else Mark.DONE if phase < now else Mark.COMING
        note = _span(days, _) if mark is Mark.DONE else _floor(steps, standing, _) if mark is Mark.COMING else ""
        rows.append(Row(mark, _.plain(f"phase.{phase}"), note))
        if mark is Mark.NOW:
            rows += [_step_row(step, standing, ahead, _) for step in steps]
    return rows


def near_dates(standing: Standing, _: Words) -> list[Row]:
    """The limits that have passed or come within two months, the oldest first; floors stand with their steps."""
    until = standing.today + NEAR
    near = [one for one, _later in fold_rounds(standing.open_dates) if one.kind != "earliest" and one.due <= until]
    return [_date_row(one, _) for one in near[:DATES_AT_MOST]]


def progress_text(standing: Standing, _: Words) -> str:
    """The same in words, for reading aloud and for where no picture can be drawn."""
    signs = {Mark.DONE: "✅", Mark.NOW: "▶️", Mark.COMING: "▫️", Mark.DATE: "🗓", Mark.LATE: "⚠️"}
    shown = []
    for row in (*progress_rows(standing, _), *near_dates(standing, _)):
        key = "progress.inner" if row.inner else "progress.line"
        note = _.plain("progress.note", note=row.note) if row.note else ""
        shown.append(_(key, sign=signs[row.mark], title=row.title, note=note))
    return paragraphs([progress_head(standing, _), lines(*shown), progress_caption(standing, _, head=False)])


def progress_head(standing: Standing, _: Words) -> str:
    """The stage, and since when."""
    stage = _.plain(f"stage.{standing.stage.value}")
    since = stage_since(standing)
    return _("progress.head_since", stage=stage, since=str(since)) if since else _("progress.head", stage=stage)


def progress_title(standing: Standing, _: Words) -> str:
    """The stage in one line, for the picture's head."""
    return _.plain("progress.title", stage=_.plain(f"stage.{standing.stage.value}"))


def progress_subtitle(standing: Standing, _: Words) -> str:
    """Since when, until when probation lasts or from when Party standing counts, and a pause."""
    since, membership = stage_since(standing), standing.membership
    parts = [_.plain("progress.from", day=str(since))] if since else []
    if membership is not None:
        key = "standing" if membership.converted else "extended" if membership.extended_on else "probation"
        parts.append(_.plain(f"progress.{key}", day=str(membership.since)))
    if is_paused(standing.facts):
        parts.append(_.plain("progress.paused"))
    return " · ".join(parts)


def progress_caption(standing: Standing, _: Words, *, head: bool = True) -> str:
    """Who is holding the next step, below the picture."""
    coming = show_coming(standing.coming, standing.today, _) if standing.coming else _("progress.complete")
    membership = show_membership(standing.membership, _)
    return paragraphs([progress_head(standing, _) if head else "", coming, membership, _("dates.no_promise")])


def stage_since(standing: Standing) -> date | None:
    """The day of the step that led to the present stage."""
    step = next((one.id for one in standing.track.milestones if one.leads_to == standing.stage), None)
    return standing.day_of(step) if step else None


def _present_phase(standing: Standing) -> int:
    """The phase of the next step; one beyond the last where all is done."""
    last = max((step.phase or 0 for step in standing.track.steps), default=0)
    if standing.coming is None:
        return last + 1
    return standing.track.by_id[standing.coming.step].phase or last


def _step_row(step: Step, standing: Standing, ahead: dict[str, NextStep], _: Words) -> Row:
    coming, day = ahead.get(step.id), standing.day_of(step.id)
    if coming is None and day is not None:
        return Row(Mark.DONE, step_name(step.id, _), str(day), inner=True)
    if coming is None:
        return Row(Mark.COMING, step_name(step.id, _), _limit(step, standing, _), inner=True)
    floors = [one.due for one in coming.conditions if one.due is not None and one.met is False]
    if coming is standing.coming:
        return Row(Mark.NOW, step_name(step.id, _), _held(coming, floors, standing.today, _), inner=True)
    return Row(
        Mark.COMING, step_name(step.id, _), _.plain("progress.from", day=str(max(floors))) if floors else "", inner=True
    )


def _floor(steps: Sequence[Step], standing: Standing, _: Words) -> str:
    """The first day that the rules allow for a phase to come, where it is known already."""
    own = {step.id for step in steps}
    floors = [one.due for one in standing.open_dates if one.kind == "earliest" and one.step in own]
    return _.plain("progress.from", day=str(min(floors))) if floors and min(floors) > standing.today else ""


def _limit(step: Step, standing: Standing, _: Words) -> str:
    """The next day by which something that comes round again is to be done."""
    days = [one.due for one in standing.open_dates if one.step == step.id and one.kind != "earliest"]
    return _.plain("progress.by", day=str(min(days))) if days and min(days) >= standing.today else ""


def _held(coming: NextStep, floors: Sequence[date], today: date, _: Words) -> str:
    """Who holds it, and from when they can act or since when they could."""
    actor, since = actor_name(coming.actor, _), coming.waiting_since
    if floors:
        return _.plain("progress.held_from", actor=actor, day=str(max(floors)))
    if since is not None and since < today:
        return _.plain("progress.held_since", actor=actor, day=str(since), days=(today - since).days)
    return actor


def _date_row(one: Deadline, _: Words) -> Row:
    late = one.state is State.OVERDUE
    key = ("lapsed" if late else "valid") if one.lapses else "late" if late else "by"
    title = lapsing_name(one.base_step, _) if one.lapses else step_name(one.step, _)
    return Row(Mark.LATE if late else Mark.DATE, title, _.plain(f"progress.{key}", day=str(one.due)))


def _span(days: Sequence[date], _: Words) -> str:
    if not days:
        return ""
    first, last = min(days), max(days)
    return str(first) if first == last else _.plain("progress.span", first=str(first), last=str(last))
