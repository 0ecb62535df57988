"""The sample people's histories are possible on whatever day the demo is started."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.demo import day_of, history_of, recording_day, samples
from records.checks import StepRequest, checks
from records.facts import Fact
from records.rules import State, deadlines
from records.steps import imagined
from records.track import load_track
from records.workdays import WorkCalendar

TRACK = load_track()
CALENDAR = WorkCalendar.standard()
STARTS = [date(2026, 1, 1) + timedelta(days=days) for days in range(0, 730, 5)]
STUDENTS = [sample for sample in samples()["people"] if "student" in sample["roles"]]


def test_an_offset_counts_months_first_and_then_days() -> None:
    assert day_of("-12m+9d", date(2026, 11, 22)) == date(2025, 12, 1)
    assert day_of("-1y-1m", date(2026, 3, 31)) == date(2025, 2, 28)


@pytest.mark.parametrize("sample", STUDENTS, ids=lambda sample: sample["number"])
def test_every_history_may_be_recorded_on_any_day(sample: dict[str, object]) -> None:
    for today in STARTS:
        facts: list[Fact] = []
        for kind, step, on, detail in history_of(sample, today):
            if kind != "step":
                continue
            recorded_on = recording_day(on, detail, today)
            request = StepRequest(person=1, step=step, on=on, detail=detail)
            verdict = checks(TRACK, facts, request, today=recorded_on, calendar=CALENDAR)
            assert not verdict.refusals, (today, step, str(verdict.refusals[0]))
            facts = imagined(facts, request, today=recorded_on)


@pytest.mark.parametrize("today", STARTS[::12], ids=str)
def test_there_is_always_something_due_soon_and_something_overdue(today: date) -> None:
    dates = []
    for sample in STUDENTS:
        facts: list[Fact] = []
        for kind, step, on, detail in history_of(sample, today):
            if kind == "step":
                request = StepRequest(person=1, step=step, on=on, detail=detail)
                facts = imagined(facts, request, today=recording_day(on, detail, today))
        dates += deadlines(TRACK, facts, today=today, calendar=CALENDAR)

    open_dates = [one for one in dates if one.is_open]
    assert any(today < one.due <= today + timedelta(days=31) for one in open_dates)
    assert any(one.state is State.OVERDUE for one in open_dates)
