"""Days agreed for a talk: each side proposes once, the other answers; the limit of the rules stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from records.deadline import Deadline, State
from records.facts import APPOINTED, APPOINTMENT_KIND, CANCELLED, Fact, Past, facts_of
from records.refusals import step_term
from records.track import Step, Track
from storage.errors import WaymarkError

if TYPE_CHECKING:
    from records.ledger import Entry

RULE = KIND = "appointed"
_LIMITS = ("due", "soft", "max")
FURTHEST = timedelta(days=366)


class TalkOver(WaymarkError):
    """No such talk is to be held now: it was recorded, or something before it is missing."""

    key = "error.talk_over"
    sentence = "{step} is not to be held now (it was recorded, or comes later). Nothing was changed."


class TalkDayWrong(WaymarkError):
    """A day that has passed, or lies more than a year ahead."""

    key = "error.talk_day"
    sentence = "{day} cannot be proposed: choose a day from today ({today}) until {last}."


class TalkDayStands(WaymarkError):
    """The day that holds already."""

    key = "error.talk_day_stands"
    sentence = "{day} is the day that was agreed on already. Nothing was changed."


class TalkProposed(WaymarkError):
    """The side's one proposal was used."""

    key = "error.talk_proposed"
    sentence = "A day for this talk was proposed from your side already ({day}); each side can do so once."


class TalkWaits(WaymarkError):
    """A proposal that waits for its answer."""

    key = "error.talk_waits"
    sentence = "{day} was proposed and waits for an answer: that comes first."


class TalkAnswered(WaymarkError):
    """A proposal that was answered, has passed, or is not there."""

    key = "error.talk_answered"
    sentence = "This proposal was answered already, or its day has passed. Nothing was changed."


class Side(StrEnum):
    """Who speaks of the day."""

    STUDENT = "student"
    ORGANISER = "organiser"


@dataclass(frozen=True)
class Proposal:
    """A day that one side proposed, and what the other said to it; `agreed` None: nothing yet."""

    entry: int
    side: Side
    day: date
    said_on: date
    by: int | None = None
    agreed: bool | None = None
    answered_on: date | None = None


@dataclass(frozen=True)
class Talk:
    """One talk that is still to be held: what was proposed for it, oldest first, and its limits, earliest first."""

    step: Step
    proposals: tuple[Proposal, ...] = ()
    limits: tuple[Deadline, ...] = ()

    @property
    def agreed(self) -> Proposal | None:
        """The day that holds."""
        return next((one for one in reversed(self.proposals) if one.agreed), None)

    def waiting(self, today: date) -> Proposal | None:
        """What still waits for an answer; a day that passed without one no longer does."""
        last = self.proposals[-1] if self.proposals else None
        return last if last is not None and last.agreed is None and last.day >= today else None

    def proposed_by(self, side: Side) -> Proposal | None:
        """The one proposal of the side."""
        return next((one for one in self.proposals if one.side is side), None)

    def limit_before(self, day: date) -> Deadline | None:
        """The limit of the rules that the day lies beyond."""
        return next((one for one in self.limits if one.due < day), None)


def check_day(talk: Talk, side: Side, day: date, *, today: date) -> None:
    """Whether the side may propose this day now.

    Raises:
        TalkWaits, TalkProposed, TalkDayWrong, TalkDayStands.
    """
    check_may_propose(talk, side, today=today)
    if not today <= day <= today + FURTHEST:
        raise TalkDayWrong(day=day.isoformat(), today=today.isoformat(), last=(today + FURTHEST).isoformat())
    if talk.agreed is not None and talk.agreed.day == day:
        raise TalkDayStands(day=day.isoformat())


def check_may_propose(talk: Talk, side: Side, *, today: date) -> None:
    """Whether the side may propose a day now.

    Raises:
        TalkWaits, TalkProposed.
    """
    waiting = talk.waiting(today)
    if waiting is not None:
        raise TalkWaits(day=waiting.day.isoformat())
    used = talk.proposed_by(side)
    if used is not None:
        raise TalkProposed(day=used.day.isoformat())


def talk_named(talks: Iterable[Talk], step: str) -> Talk:
    """The talk of that step.

    Raises:
        TalkOver: it is not to be held now.
    """
    found = next((one for one in talks if one.step.id == step), None)
    if found is None:
        raise TalkOver(step=step_term(step))
    return found


def answerable(talks: Iterable[Talk], proposal: int, side: Side, *, today: date) -> tuple[Talk, Proposal]:
    """The proposal of that entry, if it waits for the side's answer.

    Raises:
        TalkAnswered: answered, passed, held meanwhile, not there, or the side's own.
    """
    for talk in talks:
        waiting = talk.waiting(today)
        if waiting is not None and waiting.entry == proposal and waiting.side is not side:
            return talk, waiting
    raise TalkAnswered


def talks_of(track: Track, entries: Sequence[Entry], dates: Sequence[Deadline]) -> list[Talk]:
    """The talks that can be held now, in the order of the track; `dates` are the person's deadlines today."""
    facts = facts_of(entries)
    past = Past.of(facts)
    return [
        Talk(step, _proposals(step.id, entries, facts), tuple(limits_of(step.id, dates)))
        for step in track.talks
        if is_open(track, step, past, dates)
    ]


def is_open(track: Track, step: Step, past: Past, dates: Iterable[Deadline]) -> bool:
    """Whether the talk is still to be held: a limit asks for it, or all that comes before it is there."""
    if any(limits_of(step.id, dates)):
        return True
    return (
        past.latest(step.id) is None
        and track.position[step.id] > past.reached(track)
        and all(past.latest(need.step) for need in step.requires if need.gate == "refuse")
    )


def limits_of(step: str, dates: Iterable[Deadline]) -> list[Deadline]:
    """The open limits of a talk, in the order of the dates."""
    return [one for one in dates if one.step == step and one.is_open and one.kind in _LIMITS]


def appointed_days(track: Track, past: Past, dates: Sequence[Deadline], today: date) -> list[Deadline]:
    """The agreed days of the talks that are still to be held, as dates to be reminded of.

    `article` and `level` are those of the rule that asks for the talk; beyond its limit the note says which day that
    was. The limit itself stays among the dates.
    """
    found = []
    for step in track.talks:
        held = past.latest(step.id)
        agreed = [
            fact
            for fact in past.all(APPOINTED)
            if fact.detail["step"] == step.id and (held is None or fact.on > held.on)
        ]
        if agreed and is_open(track, step, past, dates):
            found.append(_appointed(step, agreed[-1], limits_of(step.id, dates), past, today))
    return found


def _appointed(step: Step, agreed: Fact, limits: Sequence[Deadline], past: Past, today: date) -> Deadline:
    day = date.fromisoformat(agreed.detail["day"])
    limit = limits[0] if limits else None
    notes = [f"beyond_limit={limit.due.isoformat()}"] if limit and limit.due < day else []
    one = Deadline(
        rule=RULE,
        kind=KIND,
        step=step.id,
        due=day,
        base_step=APPOINTED,
        base_date=agreed.on,
        article=step.article,
        level="national",
        state=State.FUTURE if today < day else State.DUE if today == day else State.OVERDUE,
        note="; ".join([*notes, *(["paused"] if past.paused else [])]) or None,
        actor=step.actor,
        waiting_since=day if day <= today else None,
        effective=agreed.on,
        nag=limit is None,  # of a limit that passed people are reminded anyway
    )
    return replace(one, article=limit.article, level=limit.level, title=limit.title) if limit else one


def _proposals(step: str, entries: Iterable[Entry], facts: Iterable[Fact]) -> tuple[Proposal, ...]:
    """What was proposed for the talk after the last one was held."""
    held = max((fact.on for fact in facts if fact.step in (step, CANCELLED)), default=date.min)
    found: dict[int, Proposal] = {}
    for entry in entries:
        said = entry.payload
        if entry.kind != APPOINTMENT_KIND or said["step"] != step or entry.happened_on <= held:
            continue
        if said["said"] == "proposed":
            day = date.fromisoformat(said["day"])
            found[entry.id] = Proposal(entry.id, Side(said["side"]), day, entry.happened_on, entry.recorded_by)
        elif said["proposal"] in found:
            proposal = found[said["proposal"]]
            found[proposal.entry] = replace(proposal, agreed=said["said"] == "agreed", answered_on=entry.happened_on)
    return tuple(found.values())
