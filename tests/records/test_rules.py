"""What is due, when and why: every edge case of the facts file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from records.dates import months_after
from records.facts import Fact, is_paused, stage_of
from records.rules import State, deadlines, what_if, what_next
from records.stages import Stage
from records.track import load_track
from tests.records.due import CALENDAR, SCHOOL, TRACK, codes, dates, facts, one

PROBATION = (
    ("branch_meeting_admitted", "2025-11-20"),
    ("admission_approved", "2025-12-10", {"probation_end": "2026-11-19"}),
)


EXAMPLES: list[tuple[str, str, list[tuple[str, str] | tuple[str, str, dict[str, str]]], str]] = [
    ("T01", "earliest", [("birthday", "2008-02-29")], "2026-03-01"),
    ("T01", "earliest", [("birthday", "2008-11-22")], "2026-11-22"),
    ("T02", "due", [("application_received", "2026-03-02")], "2026-04-02"),
    ("T02", "due", [("application_received", "2026-01-31")], "2026-02-28"),
    ("T02", "due", [("application_received", "2026-02-27", {"received_on": "2026-03-02"})], "2026-04-02"),
    ("T02", "due", [("application_received", "2026-09-05")], "2026-10-05"),  # in the holidays, and not moved
    ("T03", "cycle", [("activist_decided", "2026-08-31")], "2027-02-28"),
    ("T04", "earliest", [("activist_decided", "2025-11-20")], "2026-11-20"),
    ("T04", "earliest", [("activist_decided", "2024-02-29")], "2025-02-28"),
    ("T04", "earliest", [("activist_decided", "2025-10-03")], "2026-10-03"),  # in the holidays, and not moved
    ("T05", "earliest", [("public_notice_posted", "2026-09-30")], "2026-10-13"),
    ("T05", "earliest", [("public_notice_posted", "2026-06-15")], "2026-06-23"),
    ("T05", "earliest", [("public_notice_posted", "2026-02-12")], "2026-02-26"),
    ("T05", "earliest", [("public_notice_posted", "2026-11-23")], "2026-11-30"),
    ("T07", "soft", [("leaving_planned", "2026-01-10", {"leaving_on": "2026-06-30"})], "2026-03-31"),
    ("T07", "soft", [("leaving_planned", "2027-06-30")], "2027-03-31"),
    ("T08", "due", [("pre_review_passed", "2026-10-31")], "2026-11-30"),
    ("T08", "due", [("pre_review_passed", "2027-01-31")], "2027-02-28"),
    ("T09", "due", [("branch_meeting_admitted", "2026-11-30")], "2027-02-28"),
    ("T09", "max", [("branch_meeting_admitted", "2026-08-31")], "2027-02-28"),
    ("T09", "due", [("branch_meeting_admitted", "2026-11-02", {"reported_on": "2026-11-10"})], "2027-02-10"),
    (
        "T09",
        "due",
        [("branch_meeting_admitted", "2026-11-02"), ("resolution_submitted", "2026-11-09")],
        "2027-02-09",
    ),
    ("T09", "max", [("branch_meeting_admitted", "2026-11-02"), ("resolution_submitted", "2026-11-09")], "2027-05-09"),
    ("T10", "soft", [("admission_approved", "2026-10-31")], "2026-11-30"),
    ("T11", "earliest", [("branch_meeting_admitted", "2025-11-20")], "2026-11-20"),
    ("T11", "earliest", [("branch_meeting_admitted", "2024-02-29")], "2025-02-28"),
    ("T11", "earliest", [*PROBATION], "2026-11-19"),
    ("T12", "soft", [*PROBATION], "2026-11-19"),
    (
        "T13",
        "range",
        [*PROBATION, ("probation_extended", "2026-11-20", {"extended_to": "2027-05-19"})],
        "2027-05-19",
    ),
    (
        "T11",
        "earliest",
        [*PROBATION, ("probation_extended", "2026-11-20", {"extended_to": "2027-05-19"})],
        "2027-05-19",
    ),
    (
        "T12",
        "soft",
        [*PROBATION, ("probation_extended", "2026-11-20", {"extended_to": "2027-11-19"})],
        "2027-11-19",
    ),
    ("T14", "due", [*PROBATION, ("conversion_meeting", "2026-11-25")], "2027-02-25"),
    (
        "T14",
        "due",
        [*PROBATION, ("conversion_meeting", "2026-11-25"), ("resolution_submitted", "2026-11-30")],
        "2027-02-28",
    ),
    ("T15", "max", [*PROBATION, ("transferred_in", "2026-07-01")], "2027-05-19"),
    ("T16", "soft", [*PROBATION, ("conversion_approved", "2026-12-24")], "2026-12-24"),
]


@pytest.mark.parametrize(
    ("rule", "kind", "happened", "due"),
    EXAMPLES,
    ids=[f"{rule} Art {TRACK.rule(rule).article} {kind} {due}" for rule, kind, _, due in EXAMPLES],
)
def test_the_date_of_every_rule(rule: str, kind: str, happened: list[tuple[str, str]], due: str) -> None:
    today = max(["2026-05-11", *(on for step, on, *_ in happened if step != "leaving_planned")])

    found = dates(facts(*happened), today)

    assert one(found, rule, kind).due == date.fromisoformat(due)


def test_every_rule_has_an_example_but_those_that_give_nobody_a_date() -> None:
    without = {rule.id for rule in TRACK.rules} - {rule for rule, *_ in EXAMPLES}

    assert without == {"T06", "T17"}  # a floor in days or hours (Art 17), and the committee's own analysis (Art 11)
    assert all(not TRACK.rule(rule).base for rule in without)


def test_dates_are_told_as_of_their_day() -> None:
    known = facts(("application_received", "2026-03-02"), ("interview", "2026-04-20"))

    assert dates(known, "2026-03-01") == []
    assert one(dates(known, "2026-04-10"), "T02").state is State.OVERDUE
    assert one(dates(known, "2026-04-20"), "T02").state is State.DONE


def test_who_has_left_is_not_asked_for_a_pre_review() -> None:
    assert dates(facts(("leaving_planned", "2026-01-10", {"leaving_on": "2026-06-30"})), "2026-07-01") == []


def test_an_unknown_base_gives_no_date() -> None:
    assert dates([]) == []
    assert [each.rule for each in dates(facts(("interview", "2026-03-10")))] == []


def test_every_date_names_its_rule_article_event_and_who_must_act() -> None:
    found = one(dates(facts(("application_received", "2026-03-02")), "2026-03-20"), "T02")

    assert found.to_json() == {
        "rule": "T02",
        "kind": "due",
        "step": "interview",
        "due": "2026-04-02",
        "base_step": "application_received",
        "base_date": "2026-03-02",
        "article": 7,
        "level": "national",
        "state": "future",
        "note": None,
        "actor": "branch",
        "waiting_since": "2026-03-02",
    }


@pytest.mark.parametrize(
    ("today", "state"),
    [("2026-04-01", State.FUTURE), ("2026-04-02", State.DUE), ("2026-04-03", State.OVERDUE)],
)
def test_a_limit_is_to_come_then_due_then_overdue(today: str, state: State) -> None:
    assert one(dates(facts(("application_received", "2026-03-02")), today), "T02").state is state


def test_a_floor_is_met_from_its_day_on_and_never_overdue() -> None:
    known = facts(("activist_decided", "2025-11-20"))

    assert one(dates(known, "2026-11-19"), "T04").state is State.FUTURE
    assert one(dates(known, "2026-11-20"), "T04").state is State.DUE
    assert one(dates(known, "2028-01-01"), "T04").state is State.DUE
    assert one(dates(known, "2028-01-01"), "T04").waiting_since == date(2026, 11, 20)


def test_a_step_that_was_taken_is_done_and_lateness_stays_visible() -> None:
    known = facts(("application_received", "2026-06-02"), ("interview", "2026-07-10"))

    found = one(dates(known), "T02")

    assert (found.state, found.done_on, codes(found)) == (State.DONE, date(2026, 7, 10), ["late"])


def test_an_interview_before_a_new_application_does_not_answer_it() -> None:
    known = facts(
        ("application_received", "2026-03-02"), ("interview", "2026-03-10"), ("application_received", "2026-09-01")
    )

    assert one(dates(known), "T02").state is State.OVERDUE


def test_a_full_year_can_be_read_as_ended_at_midnight() -> None:
    known = facts(("activist_decided", "2025-11-20"))

    assert one(dates(known, strict_next_day=True), "T04").due == date(2026, 11, 21)


def test_the_year_can_be_read_from_the_filing_and_the_other_date_is_shown_beside_it() -> None:
    known = facts(("activist_decided", "2025-11-20"), ("activist_filed", "2025-12-05"))

    by_decision = one(dates(known), "T04")
    by_filing = one(dates(known, activist_base="filed"), "T04")

    assert (by_decision.due, by_decision.note) == (date(2026, 11, 20), "by_filing=2026-12-05")
    assert (by_filing.due, by_filing.note) == (date(2026, 12, 5), "by_decision=2026-11-20")
    assert by_filing.base_step == "activist_filed"


def test_read_from_the_filing_there_is_no_date_before_the_filing() -> None:
    found = dates(facts(("activist_decided", "2025-11-20")), activist_base="filed")

    assert [each for each in found if each.rule == "T04"] == []


def test_the_posting_day_can_be_counted() -> None:
    known = facts(("public_notice_posted", "2026-09-30"))

    assert one(dates(known, count_posting_day=True), "T05").due == date(2026, 10, 12)


def test_a_notice_that_runs_into_a_year_without_calendar_is_provisional() -> None:
    found = one(dates(facts(("public_notice_posted", "2026-12-29")), "2026-12-30"), "T05")

    assert found.state is State.PROVISIONAL
    assert "provisional" in codes(found)


def test_a_computed_end_of_probation_is_called_an_estimate_and_a_written_one_wins() -> None:
    computed = one(dates(facts(("branch_meeting_admitted", "2025-11-20"))), "T11")
    written = one(dates(facts(*PROBATION)), "T11")

    assert (computed.due, codes(computed)) == (date(2026, 11, 20), ["estimated"])
    assert (written.due, codes(written)) == (date(2026, 11, 19), ["written_end"])


def test_an_extension_counts_from_the_old_end_and_moves_everything_behind_it() -> None:
    known = facts(
        *PROBATION,
        ("conversion_meeting", "2026-11-25"),
        ("probation_extended", "2026-11-25", {"extended_to": "2027-05-19"}),
    )

    found = dates(known, "2026-12-01")

    assert one(found, "T11").due == one(found, "T12").due == date(2027, 5, 19)
    assert one(found, "T12").state is State.FUTURE  # the meeting that extended it does not answer the new end
    assert one(found, "T13").note == "written_end; from=2026-11-19"


def test_a_meeting_that_extended_gives_the_committee_nothing_to_approve_and_the_next_one_does() -> None:
    extended = [
        ("conversion_meeting", "2026-11-20"),
        ("probation_extended", "2026-11-20", {"extended_to": "2027-05-19"}),
    ]
    reported = [*extended, ("resolution_submitted", "2026-11-25")]
    converted = [*reported, ("conversion_meeting", "2027-05-20")]

    for known in (extended, reported):
        assert [each for each in dates(facts(*PROBATION, *known), "2026-12-01") if each.rule == "T14"] == []
    assert one(dates(facts(*PROBATION, *converted), "2027-06-01"), "T14").due == date(2027, 8, 20)


def test_a_round_that_ended_before_a_schools_rule_held_is_not_asked_for() -> None:
    known = facts(("activist_decided", "2025-01-10"), ("branch_meeting_admitted", "2025-11-20"))

    found = deadlines(SCHOOL, known, today=date(2026, 11, 22), calendar=CALENDAR)

    assert [each.due.isoformat() for each in found if each.rule == "school.thought_report"] == [
        "2026-09-30",
        "2026-12-31",
    ]
    assert [each.due.isoformat() for each in found if each.rule == "school.probation_review"] == [
        "2026-11-20",
        "2027-05-20",
    ]


def test_a_schools_stricter_limit_stands_beside_the_national_one_and_never_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "school.yaml"
    file.write_text(
        "rules:\n  - {id: school.talk, kind: due, step: interview, base: [application_received],"
        " offset: {days: 14}, level: school, effective: 2026-09-01}\n",
        encoding="utf-8",
    )
    known = facts(("application_received", "2026-11-02"))

    found = deadlines(load_track(school=file), known, today=date(2026, 11, 22), calendar=CALENDAR)

    talk = {each.level: (each.due.isoformat(), str(each.state)) for each in found if each.step == "interview"}
    assert talk == {"school": ("2026-11-16", "overdue"), "national": ("2026-12-02", "future")}


def test_a_postponed_discussion_of_somebody_transferred_in_is_no_extension() -> None:
    known = facts(*PROBATION, ("transferred_in", "2026-07-01", {"postponed_on": "2026-11-20"}))

    found = dates(known, "2026-11-22")

    assert one(found, "T11").due == date(2026, 11, 19)  # the end of probation has not moved
    assert one(found, "T15").due == date(2027, 5, 19)
    assert [each for each in found if each.rule in ("T12", "T13")] == []


def test_a_transfer_before_admission_or_after_the_end_postpones_nothing() -> None:
    before = facts(("transferred_in", "2025-09-01"), *PROBATION)
    after = facts(*PROBATION, ("transferred_in", "2026-11-20"))

    assert [each for each in (*dates(before), *dates(after)) if each.rule == "T15"] == []


def test_time_before_an_activists_transfer_counts_once_somebody_has_confirmed_it() -> None:
    moved = facts(("activist_decided", "2025-11-20"), ("transferred_in", "2026-09-01"))
    confirmed = facts(
        ("activist_decided", "2025-11-20"), ("transferred_in", "2026-09-01", {"recognised_on": "2026-09-20"})
    )

    assert one(dates(moved), "T04").due == date(2026, 11, 20)
    assert "pending_recognition" in codes(one(dates(moved), "T04"))
    assert one(dates(confirmed), "T04").note is None


def test_a_pause_moves_no_date_and_is_shown() -> None:
    known = facts(("activist_decided", "2025-11-20"), ("paused", "2026-03-01"))

    found = one(dates(known), "T04")

    assert (found.due, codes(found)) == (date(2026, 11, 20), ["paused"])
    assert is_paused(known)
    assert not is_paused([*known, Fact(9, "resumed", date(2026, 9, 1))])


def test_reviews_come_round_from_the_original_day() -> None:
    known = facts(("activist_decided", "2026-08-31"), ("half_year_review", "2027-02-20"))

    found = [each for each in dates(known, "2027-03-05") if each.rule == "T03"]

    assert [(each.due.isoformat(), each.state) for each in found] == [
        ("2027-02-28", State.DONE),
        ("2027-08-31", State.FUTURE),
    ]


def test_a_late_review_answers_the_half_year_that_had_ended_and_not_the_running_one() -> None:
    known = facts(("activist_decided", "2025-11-20"), ("half_year_review", "2026-06-10"))

    found = [each for each in dates(known, "2026-11-21") if each.rule == "T03"]

    assert [(each.due.isoformat(), each.state, each.note) for each in found] == [
        ("2026-05-20", State.DONE, "late"),
        ("2026-11-20", State.OVERDUE, None),
        ("2027-05-20", State.FUTURE, None),
    ]


def test_two_reviews_in_one_half_year_do_not_answer_the_next() -> None:
    known = facts(
        ("activist_decided", "2025-11-20"), ("half_year_review", "2026-03-01"), ("half_year_review", "2026-04-01")
    )

    found = [each for each in dates(known, "2026-06-01") if each.rule == "T03"]

    assert [(each.due.isoformat(), each.state) for each in found] == [
        ("2026-05-20", State.DONE),
        ("2026-11-20", State.FUTURE),
    ]


def test_half_years_that_nobody_reviewed_are_called_missed_and_not_asked_for_twice() -> None:
    known = facts(("activist_decided", "2024-11-20"), ("half_year_review", "2026-06-10"))

    found = [each for each in dates(known, "2026-06-11") if each.rule == "T03"]

    assert [(each.due.isoformat(), codes(each)) for each in found] == [
        ("2025-05-20", ["missed", "late"]),
        ("2025-11-20", ["missed", "late"]),
        ("2026-05-20", ["late"]),
        ("2026-11-20", []),
    ]


def test_reviews_end_with_the_listing_as_candidate() -> None:
    known = facts(
        ("activist_decided", "2024-11-20"), ("half_year_review", "2025-05-01"), ("candidate_listed", "2026-01-10")
    )

    found = [each for each in dates(known) if each.rule == "T03"]

    assert [(each.due.isoformat(), each.state) for each in found] == [("2025-05-20", State.DONE)]


def test_what_a_later_stage_left_behind_is_not_asked_for() -> None:
    known = facts(("application_received", "2024-03-02"), ("activist_decided", "2024-11-20"))

    assert [each for each in dates(known) if each.rule == "T02"] == []


def test_what_was_done_before_the_revision_is_judged_by_what_held_then() -> None:
    known = facts(
        ("pre_review_passed", "2026-01-05"),
        ("branch_meeting_admitted", "2026-03-20"),
        ("admission_approved", "2026-04-20"),
        ("oath_taken", "2026-05-10"),
    )

    found = dates(known)

    assert [each for each in found if each.rule in ("T05", "T08", "T10")] == []  # no such limits in 2014


def test_an_article_has_its_number_of_the_edition_that_held() -> None:
    old = facts(
        ("branch_meeting_admitted", "2024-03-01"),
        ("admission_approved", "2024-04-01"),
        ("conversion_meeting", "2025-03-05"),
        ("conversion_approved", "2025-04-01"),
        ("archived", "2025-04-02"),
    )

    articles = {each.rule: each.article for each in dates(old)}

    assert (articles["T12"], articles["T14"], articles["T16"]) == (32, 34, 37)
    assert one(dates(facts(*PROBATION)), "T12").article == 31


def test_the_week_between_issue_and_publication_is_treated_leniently() -> None:
    known = facts(("pre_review_passed", "2026-04-01"), ("branch_meeting_admitted", "2026-05-15"))

    assert one(dates(known), "T08").note is None


@pytest.mark.parametrize(
    ("taken", "judged"),
    [("2026-05-10", None), ("2026-05-11", []), ("2026-05-17", []), ("2026-05-18", ["late"])],
)
def test_an_oath_is_judged_by_article_29_from_the_day_of_issue_and_strictly_from_publication(
    taken: str, judged: list[str] | None
) -> None:
    known = facts(
        ("branch_meeting_admitted", "2026-03-20"), ("admission_approved", "2026-04-05"), ("oath_taken", taken)
    )

    found = [each for each in dates(known) if each.rule == "T10"]

    assert [codes(each) for each in found] == ([] if judged is None else [judged])


def test_a_planned_departure_that_changes_moves_the_limit() -> None:
    known = facts(
        ("leaving_planned", "2026-01-10", {"leaving_on": "2026-06-30"}),
        ("leaving_planned", "2026-02-10", {"leaving_on": "2027-06-30"}),
    )

    assert one(dates(known, "2026-02-11"), "T07").due == date(2027, 3, 31)


def test_a_cancelled_probation_ends_what_hung_on_it() -> None:
    known = facts(("application_received", "2024-01-01"), *PROBATION, ("probation_cancelled", "2026-11-21"))

    assert dates(known) == []
    assert stage_of(TRACK, known) is Stage.APPLICANT


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        ("application_received", Stage.APPLICANT),
        ("activist_decided", Stage.ACTIVIST),
        ("candidate_decided", Stage.APPLICANT),  # proposed, agreed, noticed: only then listed
        ("candidate_listed", Stage.CANDIDATE),
        ("branch_meeting_admitted", Stage.APPLICANT),  # approval is what makes a probationary member
        ("admission_approved", Stage.PROBATIONARY_MEMBER),
        ("conversion_approved", Stage.FULL_MEMBER),
    ],
)
def test_a_stage_is_reached_by_its_step(step: str, stage: Stage) -> None:
    assert stage_of(TRACK, facts((step, "2026-01-01"))) is stage


def test_a_report_is_asked_for_each_quarter_of_those_who_have_not_handed_one_in() -> None:
    known = facts(("activist_decided", "2026-08-20"), ("thought_report", "2026-11-02"))

    found = deadlines(SCHOOL, known, today=date(2027, 1, 10), calendar=CALENDAR)
    reports = [each for each in found if each.rule == "school.thought_report"]

    assert [(each.due.isoformat(), each.state) for each in reports] == [
        ("2026-12-31", State.DONE),
        ("2027-03-31", State.FUTURE),
    ]
    assert {each.level for each in reports} == {"school"}


def test_what_comes_next_names_dates_and_all_that_is_no_date() -> None:
    known = facts(
        ("application_received", "2025-05-01"), ("interview", "2025-05-20"), ("activist_decided", "2025-11-20")
    )

    found = {each.step: each for each in what_next(TRACK, known, date(2026, 11, 22), calendar=CALENDAR)}

    assert "interview" not in found
    assert found["candidate_decided"].is_ready
    assert found["candidate_decided"].waiting_since == date(2026, 11, 20)
    assert not found["candidate_listed"].is_ready
    conditions = found["candidate_decided"].conditions
    assert [each.code for each in conditions if each.met is not None] == ["step", "date"]
    assert conditions[-1].code == "decision"


def test_what_if_somebody_is_named_an_activist_on_a_day() -> None:
    known = facts(("application_received", "2026-09-01"), ("interview", "2026-09-20"))

    found = what_if(TRACK, known, {"activist_decided": date(2026, 12, 1)}, today=date(2026, 11, 22), calendar=CALENDAR)
    earliest = {each.step: each for each in found}

    assert (earliest["candidate_decided"].on, earliest["candidate_decided"].rule) == (
        date(2027, 12, 1),
        TRACK.rule("T04"),
    )
    assert earliest["candidate_listed"].provisional
    assert earliest["conversion_meeting"].on == months_after(earliest["branch_meeting_admitted"].on, 12)
    assert {"quorum", "majority"} <= {each.code for each in earliest["branch_meeting_admitted"].conditions}


def test_a_half_year_review_keeps_nobody_waiting_before_its_day() -> None:
    known = facts(("activist_decided", "2025-11-20"))

    before = one(dates(known, "2026-05-19"), "T03")
    after = next(each for each in dates(known, "2026-05-25") if each.rule == "T03")

    assert before.waiting_since is None
    assert after.waiting_since == after.due


def test_of_a_history_with_a_gap_nothing_is_asked_that_lies_before_what_was_recorded() -> None:
    activist = (("activist_decided", "2023-03-01"), ("half_year_review", "2023-09-01"))
    listed, admitted = ("candidate_listed", "2024-05-20"), ("branch_meeting_admitted", "2024-05-20")

    gap, whole = (dates(facts(*activist, *more), today="2027-08-10") for more in ((admitted,), (listed, admitted)))

    assert [one for one in gap if one.rule == "T03"] == [one for one in whole if one.rule == "T03"]
    assert not [one for one in gap if one.step in ("half_year_review", "candidate_listed") and one.is_open]
