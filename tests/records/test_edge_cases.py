"""The sixteen edge cases of the facts file (§3), each with its dates, in their order and under their numbers."""

from __future__ import annotations

from datetime import date

import pytest

from records import refusals as no
from records.checks import StepRequest, Verdict, checks
from records.dates import months_after, years_after
from records.deadline import Deadline, Readings
from records.facts import Fact
from records.party_standing import party_standing
from records.rules import deadlines
from records.track import load_track
from records.workdays import WorkCalendar

TRACK = load_track()
CALENDAR = WorkCalendar.standard()
TODAY = date(2027, 12, 31)
Happened = tuple[str, str] | tuple[str, str, dict[str, str]]
ADMITTED: tuple[Happened, ...] = (("branch_meeting_admitted", "2025-11-20"),)
WRITTEN: tuple[Happened, ...] = (*ADMITTED, ("admission_approved", "2025-12-10", {"probation_end": "2026-11-19"}))


def facts(*happened: Happened) -> list[Fact]:
    return [Fact(number, step, date.fromisoformat(on), *more) for number, (step, on, *more) in enumerate(happened, 1)]


def dated(*happened: Happened, on: str = "2026-11-22", **readings: object) -> dict[tuple[str, str], Deadline]:
    found = deadlines(
        TRACK,
        facts(*happened),
        today=date.fromisoformat(on),
        calendar=CALENDAR,
        readings=Readings(**readings),  # type: ignore[arg-type]
    )
    return {(one.rule, one.kind): one for one in found}


def due(rule: str, kind: str, *happened: Happened, on: str = "2026-11-22", **readings: object) -> str:
    return dated(*happened, on=on, **readings)[rule, kind].due.isoformat()


def judged(step: str, on: str, *happened: Happened, **request: object) -> Verdict:
    asked = StepRequest(1, step, date.fromisoformat(on), **request)  # type: ignore[arg-type]
    return checks(TRACK, facts(*happened), asked, today=TODAY, calendar=CALENDAR)


@pytest.mark.parametrize(
    ("base", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-08-31", 6, "2027-02-28"),
    ],
)
def test_1_calendar_months_clamped_at_the_months_end(base: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(base), months) == date.fromisoformat(expected)


def test_2_from_the_original_base_and_never_chained() -> None:
    assert years_after(date(2026, 8, 31), 1) == date(2027, 8, 31)
    reviewed = (("activist_decided", "2026-08-31"), ("half_year_review", "2027-02-20"))
    assert due("T03", "cycle", *reviewed, on="2027-03-05") == "2027-08-31"


def test_3_one_year_as_a_floor_and_its_two_readings() -> None:
    named: Happened = ("activist_decided", "2025-11-20")
    filed: Happened = ("activist_filed", "2025-12-05")
    assert due("T04", "earliest", named) == "2026-11-20"
    assert due("T04", "earliest", named, strict_next_day=True) == "2026-11-21"
    assert due("T04", "earliest", named, filed, activist_base="filed") == "2026-12-05"
    assert dated(named, filed)["T04", "earliest"].note == "by_filing=2026-12-05"  # both are shown


def test_4_the_written_end_of_probation_wins_and_no_meeting_comes_before_it() -> None:
    assert due("T11", "earliest", *ADMITTED) == "2026-11-20"
    assert dated(*ADMITTED)["T11", "earliest"].note == "estimated"
    assert due("T11", "earliest", *WRITTEN) == "2026-11-19"
    applied: Happened = ("conversion_applied", "2026-11-01")
    assert [type(one) for one in judged("conversion_meeting", "2026-11-18", *WRITTEN, applied).refusals] == [
        no.StepBeforeProbationEnd
    ]
    assert not judged("conversion_meeting", "2026-11-19", *WRITTEN, applied).is_refused


def test_5_a_holiday_moves_no_date_and_people_are_told_on_the_last_working_day_before() -> None:
    assert due("T02", "due", ("application_received", "2026-09-05")) == "2026-10-05"
    assert CALENDAR.last_working_day(date(2026, 10, 5)) == date(2026, 9, 30)
    assert due("T04", "earliest", ("activist_decided", "2025-10-03")) == "2026-10-03"


@pytest.mark.parametrize(
    ("posted", "counted", "not_counted"),
    [
        ("2026-09-30", "2026-10-12", "2026-10-13"),
        ("2026-06-15", "2026-06-22", "2026-06-23"),
        ("2026-02-12", "2026-02-25", "2026-02-26"),
        ("2026-11-23", "2026-11-27", "2026-11-30"),
    ],
)
def test_6_five_working_days_by_the_state_councils_calendar(posted: str, counted: str, not_counted: str) -> None:
    notice: Happened = ("public_notice_posted", posted)
    assert due("T05", "earliest", notice, on="2026-12-01") == not_counted
    assert due("T05", "earliest", notice, on="2026-12-01", count_posting_day=True) == counted


def test_6_a_year_without_a_calendar_is_provisional() -> None:
    assert dated(("public_notice_posted", "2027-02-01"), on="2027-02-02")["T05", "earliest"].state == "provisional"


def test_7_an_activists_time_before_a_transfer_counts_once_a_person_confirms_it() -> None:
    named: Happened = ("activist_decided", "2025-11-20")
    moved: Happened = ("transferred_in", "2026-09-01")
    confirmed: Happened = ("transferred_in", "2026-09-01", {"recognised_on": "2026-09-20"})
    assert due("T04", "earliest", named, moved) == due("T04", "earliest", named, confirmed) == "2026-11-20"
    assert dated(named, moved)["T04", "earliest"].note == "pending_recognition"
    assert dated(named, confirmed)["T04", "earliest"].note is None


def test_8_a_probationers_transfer_postpones_and_extends_nothing() -> None:
    moved: Happened = ("transferred_in", "2026-07-01", {"postponed_on": "2026-11-20"})
    assert due("T11", "earliest", *WRITTEN, moved) == "2026-11-19"
    assert due("T15", "max", *WRITTEN, moved) == "2027-05-19"
    later = judged("probation_extended", "2027-05-01", *WRITTEN, moved, detail={"extended_to": "2027-05-19"})
    assert not later.is_refused  # it has used no extension


def test_9_an_extension_once_from_the_old_end_and_standing_from_the_new_one() -> None:
    for extended_to, allowed in (
        ("2027-05-18", False),
        ("2027-05-19", True),
        ("2027-11-19", True),
        ("2027-11-20", False),
    ):
        verdict = judged("probation_extended", "2026-11-25", *WRITTEN, detail={"extended_to": extended_to})
        assert verdict.is_refused is not allowed
    once: Happened = ("probation_extended", "2026-11-25", {"extended_to": "2027-05-19"})
    second = judged("probation_extended", "2027-05-20", *WRITTEN, once, detail={"extended_to": "2027-11-19"})
    assert [type(one) for one in second.refusals] == [no.StepExtensionSecond]
    converted: Happened = ("conversion_approved", "2027-06-20")
    standing = party_standing(TRACK, facts(*WRITTEN, once, converted), TODAY, calendar=CALENDAR)
    assert standing is not None
    assert standing.since == date(2027, 5, 19)


def test_10_what_comes_late_is_kept_on_its_true_date_and_marked() -> None:
    talk = judged("interview", "2026-04-20", ("application_received", "2026-03-02"))
    assert ([mark.code for mark in talk.marks], talk.is_refused) == (["late"], False)
    met: Happened = ("branch_meeting_admitted", "2026-05-20")
    approval = {mark.code for mark in judged("admission_approved", "2026-11-21", met, history=True).marks}
    assert {"late", "too_late"} <= approval  # six months have gone by: people decide
    late: tuple[Happened, ...] = (*WRITTEN, ("conversion_meeting", "2027-06-20"), ("conversion_approved", "2027-07-20"))
    standing = party_standing(TRACK, facts(*late), TODAY, calendar=CALENDAR)
    assert standing is not None
    assert standing.since == date(2026, 11, 19)


def test_11_approval_counts_from_the_reported_date_and_from_the_meeting_where_it_is_not_known() -> None:
    met: Happened = ("branch_meeting_admitted", "2026-11-02")
    assert due("T09", "due", met) == "2027-02-02"
    assert due("T09", "due", met, ("resolution_submitted", "2026-11-09")) == "2027-02-09"
    assert due("T09", "max", met, ("resolution_submitted", "2026-11-09")) == "2027-05-09"
    assert (
        due("T14", "due", *WRITTEN, ("conversion_meeting", "2026-11-20", {"reported_on": "2026-11-22"})) == "2027-02-22"
    )


@pytest.mark.parametrize(("passed", "warned"), [("2027-03-31", False), ("2027-04-01", True)])
def test_12_leaving_on_the_30th_of_june_warns_from_the_1st_of_april_and_people_may_decide(
    passed: str, warned: bool
) -> None:
    leaving: Happened = ("leaving_planned", "2026-09-01", {"leaving_on": "2027-06-30"})
    before: list[Happened] = [("candidate_listed", "2026-10-01"), ("political_review_passed", "2026-10-20")]
    before += [("intensive_training_completed", "2026-10-25", {"days": "3"}), ("committee_reviewed", "2026-11-01")]
    assert judged("pre_review_passed", passed, leaving, *before).is_refused is warned
    given = judged("pre_review_passed", passed, leaving, *before, reason="党委研究同意")
    assert (not given.is_refused, "leaving_soon" in {mark.code for mark in given.marks}) == (True, warned)


@pytest.mark.parametrize(
    ("born", "applied", "refused"),
    [
        ("2008-11-22", "2026-11-21", True),
        ("2008-11-22", "2026-11-22", False),
        ("2008-02-29", "2026-02-28", True),
        ("2008-02-29", "2026-03-01", False),
    ],
)
def test_13_eighteen_on_the_day_and_for_the_29th_of_february_on_the_1st_of_march(
    born: str, applied: str, refused: bool
) -> None:
    verdict = judged("application_received", applied, ("birthday", born))
    assert [type(one) for one in verdict.refusals] == ([no.StepUnderAge] if refused else [])
    assert ("eighteenth_birthday" in {mark.code for mark in verdict.marks}) is not refused


def test_14_what_is_out_of_order_or_ahead_of_today_is_an_error() -> None:
    received: Happened = ("application_received", "2026-03-01", {"received_on": "2026-03-02"})
    assert [type(one) for one in judged("interview", "2026-03-01", received).refusals] == [no.StepOutOfOrder]
    assert [type(one) for one in judged("interview", "2028-01-01", received).refusals] == [no.StepInFuture]
    assert no.StepMissing in {type(one) for one in judged("volunteer_form_completed", "2026-11-01").refusals}
    assert no.StepNotReviewed in {type(one) for one in judged("pre_review_passed", "2026-11-01").refusals}


def test_15_an_unknown_base_gives_no_date() -> None:
    assert dated(("interview", "2026-03-10"), ("oath_taken", "2026-05-20"), ("conversion_applied", "2026-06-01")) == {}


def test_16_a_pause_shifts_nothing_and_is_told() -> None:
    named, paused = ("activist_decided", "2025-11-20"), ("paused", "2026-03-01")
    assert due("T04", "earliest", named, paused) == "2026-11-20"
    assert dated(named, paused)["T04", "earliest"].note == "paused"
