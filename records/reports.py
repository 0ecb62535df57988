"""One's own report: on which days it can have been handed in. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from records.dates import months_after
from records.facts import Fact
from records.limits import APPLICATION
from storage.errors import WaymarkError

LONGEST_AGO = 120  # months; far more than the way takes, so that only a slip of the year is refused


class ReportBeforeApplication(WaymarkError):
    """A report from before its writer applied."""

    key = "error.report_before_application"
    sentence = "The application was handed in on {applied}, so a report of {on} cannot belong to it. Check the day."


class ReportLongAgo(WaymarkError):
    """A report from another age, of somebody whose application is not recorded."""

    key = "error.report_long_ago"
    sentence = "{on} is more than ten years ago. Check the year."


def check_report_day(facts: Iterable[Fact], on: date, today: date) -> None:
    """Whether somebody of whom this is known can have handed in a report on the day; days ahead are judged elsewhere.

    Raises:
        ReportBeforeApplication, ReportLongAgo.
    """
    applied = min((fact.on for fact in facts if fact.step == APPLICATION), default=None)
    if applied is not None and on < applied:
        raise ReportBeforeApplication(on=on, applied=applied)
    if applied is None and on < months_after(today, -LONGEST_AGO):
        raise ReportLongAgo(on=on)
