"""The five stages that a person passes, and where somebody stands."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from records.facts import Fact, Past

if TYPE_CHECKING:
    from records.track import Track


class Stage(StrEnum):
    """Where on the track somebody stands, in order."""

    APPLICANT = "applicant"
    ACTIVIST = "activist"
    CANDIDATE = "candidate"
    PROBATIONARY_MEMBER = "probationary_member"
    FULL_MEMBER = "full_member"


def stage_of(track: Track, facts: Iterable[Fact]) -> Stage:
    """The furthest stage that a recorded step led to; applicant before the first."""
    past = Past.of(facts)
    reached = [step for step in track.steps if step.leads_to and past.latest(step.id)]
    return Stage(reached[-1].leads_to) if reached and reached[-1].leads_to else Stage.APPLICANT


def is_paused(facts: Iterable[Fact]) -> bool:
    """Whether the last word on it was a pause (休学, 入伍, 出国): dates stand, a person decides what follows."""
    return Past.of(facts).paused
