"""Whatever a button names, what it says fits into the 64 bytes that the platform gives it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from enum import Enum
from typing import get_args

import pytest
from aiogram.filters.callback_data import CallbackData

from bot.deeds.exporting import FORMATS
from bot.views.organiser_audit import PARTS
from content.selection import Response
from records.people import Role
from records.stages import Stage
from records.track import LONGEST_ID, LONGEST_TALK_ID, RuleKind, load_track
from tests.bot.test_permissions import kinds_of_buttons

MOST_BYTES = 64
KEPT = 2**31 - 1  # more people, questions and entries than a province has
UPDATE = 2**63 - 1  # the page numbers its updates by hash
DOCUMENT = "d" + "a" * 20 + "-100"
LONGEST: dict[str, Iterable[object]] = {
    "ref": [UPDATE],
    "planned": [253402300799_000000],  # the year 9999 in microseconds
    "passages": [".".join([str(KEPT)] * 3)],
    "document": [DOCUMENT],
    "step": ["s" * LONGEST_ID],
    "rule": ["r" * LONGEST_ID],
    "kind": get_args(RuleKind),
    "stage": list(Stage),
    "role": list(Role),
    "part": PARTS,
    "form": FORMATS,
    "since": ["20261202"],
    "response": list(Response),
    "day": ["2026-12-02"],
    "question": [KEPT, "a" * 12],  # a quiz's, or the name of what was asked
    "broadcast": [str(UPDATE)],
}
VALUES = {"up": [DOCUMENT, *Stage], "set": ["22-07", "zh_CN"]}
TALKS = ("talk", "talkof")


def worst(kind: type[CallbackData]) -> Iterable[CallbackData]:
    """Every combination of the longest that its parts can be."""
    parts = {name: list(longest(kind, name, field.annotation)) for name, field in kind.model_fields.items()}
    for values in itertools.product(*parts.values()):
        yield kind.model_construct(**dict(zip(parts, values, strict=True)))


def longest(kind: type[CallbackData], name: str, of: object) -> Iterable[object]:
    if name == "step" and kind.__prefix__ in TALKS:
        return ["s" * LONGEST_TALK_ID]
    if name == "value" and kind.__prefix__ in VALUES:
        return VALUES[kind.__prefix__]
    if isinstance(of, type) and issubclass(of, Enum):
        return list(of)
    if of is bool:
        return [True]
    if name == "question":
        return [one for one in LONGEST[name] if type(one) is of]
    return LONGEST[name] if of is str else LONGEST.get(name, [KEPT])


@pytest.mark.parametrize("kind", sorted(kinds_of_buttons(), key=lambda kind: kind.__prefix__), ids=str)
def test_every_button_fits(kind: type[CallbackData]) -> None:
    assert max(len(one.pack().encode()) for one in worst(kind)) <= MOST_BYTES


def test_the_ids_of_the_track_are_as_short_as_buttons_need_them() -> None:
    track = load_track()

    assert max(len(step.id) for step in (*track.steps, *track.events)) <= LONGEST_ID
    assert max(len(step.id) for step in track.steps if step.talk) <= LONGEST_TALK_ID
