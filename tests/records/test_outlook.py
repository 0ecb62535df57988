"""What every step takes besides its date: read off the facts file by hand and compared with what is answered."""

from __future__ import annotations

from datetime import date

import pytest

from bot.views.dates import condition_name
from bot.words import Locales
from records.facts import Fact
from records.outlook import what_if, what_it_takes, what_next
from records.track import TRACKS, load_track
from records.workdays import WorkCalendar

TRACK = load_track()
SCHOOL = load_track(school=TRACKS / "school.example.yaml")
CALENDAR = WorkCalendar.standard()
TODAY = date(2026, 11, 22)

# Step → what it takes that is no date of its own (facts §1: who acts, documents, preconditions; §1.2: votes).
VOTE = {"quorum", "majority"}
WANTED = {
    "application_received": {"voluntary", "documents"},
    "interview": {"documents", "decision"},
    "activist_decided": {"documents", "decision"},
    "activist_filed": {"documents", "decision"},
    "mentor_assigned": {"mentors", "documents", "decision"},
    "candidate_decided": {"rounds", "opinions", "basic_conditions", "documents", "decision"},
    "candidate_agreed": {"documents", "decision"},
    "public_notice_posted": {"documents", "decision"},
    "candidate_listed": {"notice_clear", "documents", "decision"},
    "introducers_named": {"introducers", "decision"},
    "political_review_passed": {"political_review", "documents", "decision"},
    "intensive_training_completed": {"training", "documents", "decision"},
    "committee_reviewed": {"found_qualified", "documents", "decision"},
    "pre_review_passed": {"approving_committee", "documents", "decision"},
    "volunteer_form_completed": {"documents"},
    "branch_meeting_admitted": VOTE | {"documents", "decision"},
    "committee_interview": {"documents", "decision"},
    "admission_approved": {"documents", "decision"},
    "admission_filed": {"documents", "decision"},
    "group_assigned": {"decision"},
    "oath_taken": {"documents", "decision"},
    "conversion_applied": {"around", "documents"},
    "conversion_meeting": VOTE | {"documents", "decision"},
    "conversion_approved": {"documents", "decision"},
    "archived": {"documents", "decision"},
}
ROUNDS = {"half_year_review", "probation_review"}  # they come again and again, and are never simply next


def test_the_table_has_every_step() -> None:
    assert WANTED.keys() | ROUNDS == {step.id for step in TRACK.steps}


def test_what_if_names_everything_that_each_step_takes_and_is_no_date() -> None:
    found = what_if(TRACK, [], {"birthday": date(2005, 5, 1)}, today=TODAY, calendar=CALENDAR)

    assert {one.step: {each.code for each in one.conditions} for one in found} == WANTED
    for one in found:
        for each in one.conditions:
            assert each.article is not None
            for language in ("zh_CN", "en"):
                said = condition_name(each, Locales().words(language))
                assert said != each.code
                assert "{" not in said


def all_before(step: str) -> set[str]:
    """What the articles ask for first, and what that asks for, down to the application."""
    needed = {need.step for need in TRACK.by_id[step].requires}
    return needed.union(*(all_before(one) for one in needed))


def test_a_supposed_step_names_the_steps_that_it_skips_in_their_order_but_none_behind_what_was_taken() -> None:
    nothing = what_it_takes(TRACK, [], "activist_decided", TODAY, calendar=CALENDAR)
    with_a_gap = [Fact(1, "activist_decided", date(2025, 1, 10))]
    later = what_it_takes(TRACK, with_a_gap, "candidate_agreed", TODAY, calendar=CALENDAR)

    assert [one.step for one in nothing if one.code == "step"] == ["application_received", "interview"]
    assert [one.step for one in later if one.code == "step"] == ["mentor_assigned", "candidate_decided"]


@pytest.mark.parametrize("step", [step.id for step in TRACK.steps])
def test_what_a_step_itself_takes_names_all_that_comes_before_it(step: str) -> None:
    found = what_it_takes(TRACK, [], step, TODAY, calendar=CALENDAR)

    assert {one.step for one in found if one.code == "step"} == all_before(step) - ROUNDS
    assert WANTED.get(step, set()) - {"around"} <= {one.code for one in found}


def test_who_leaves_soon_and_what_has_lapsed_is_named() -> None:
    known = [
        Fact(1, "activist_decided", date(2026, 1, 10)),
        Fact(2, "school.league_nominated", date(2025, 1, 5)),
        Fact(3, "leaving_planned", date(2026, 2, 1), {"leaving_on": "2027-04-01"}),
    ]

    found = what_if(SCHOOL, known, {"mentor_assigned": date(2026, 11, 23)}, today=TODAY, calendar=CALENDAR)
    by_step = {one.step: {each.code: each for each in one.conditions} for one in found}

    lapsed = by_step["candidate_decided"]["valid"]
    assert (lapsed.met, lapsed.due, lapsed.level) == (False, date(2027, 1, 5), "school")  # before the year is over
    assert (by_step["pre_review_passed"]["leaving"].met, by_step["pre_review_passed"]["leaving"].due) == (
        False,
        date(2027, 1, 1),
    )


def test_a_supposed_departure_holds_nothing_up_and_its_last_day_is_named_though_nobody_is_late() -> None:
    named = [Fact(1, "activist_decided", date(2026, 1, 10))]

    found = what_if(TRACK, named, {"leaving_planned": date(2027, 6, 30)}, today=TODAY, calendar=CALENDAR)
    by_step = {one.step: one for one in found}

    assert by_step["candidate_decided"].on == date(2027, 1, 10)  # a year of cultivation, not the day of leaving
    leaving = next(one for one in by_step["pre_review_passed"].conditions if one.code == "leaving")
    assert (leaving.met, leaving.due, leaving.article) == (True, date(2027, 3, 31), 18)


def test_what_the_school_asks_for_again_and_again_is_named_with_each_stage() -> None:
    found = what_if(SCHOOL, [], {"activist_decided": date(2026, 12, 1)}, today=TODAY, calendar=CALENDAR)

    asked = {one.step: [(each.step, each.level) for each in one.conditions if each.code == "cycle"] for one in found}
    reports, reviews = ("thought_report", "school"), ("probation_review", "school")
    assert asked["candidate_listed"] == [reports]
    assert asked["admission_approved"] == asked["conversion_approved"] == [reports, reviews]
    assert asked["mentor_assigned"] == []


def test_after_an_extension_the_meeting_comes_again_and_nobody_waits_before_the_new_end() -> None:
    known = [
        Fact(1, "branch_meeting_admitted", date(2025, 11, 20)),
        Fact(2, "admission_approved", date(2025, 12, 10), {"probation_end": "2026-11-19"}),
        Fact(3, "conversion_applied", date(2026, 11, 1)),
        Fact(4, "conversion_meeting", date(2026, 11, 20)),
        Fact(5, "probation_extended", date(2026, 11, 20), {"extended_to": "2027-05-19"}),
    ]

    found = {one.step: one for one in what_next(TRACK, known, TODAY, calendar=CALENDAR)}

    assert not found["conversion_meeting"].is_ready
    assert not found["conversion_approved"].is_ready  # a meeting that extended has not converted


def test_nobody_waits_for_an_application_for_conversion_before_probation_ends() -> None:
    known = [
        Fact(1, "branch_meeting_admitted", date(2026, 5, 20)),
        Fact(2, "admission_approved", date(2026, 6, 10), {"probation_end": "2027-05-19"}),
    ]

    found = {one.step: one for one in what_next(TRACK, known, TODAY, calendar=CALENDAR)}
    later = {one.step: one for one in what_next(TRACK, known, date(2027, 6, 1), calendar=CALENDAR)}

    assert found["conversion_applied"].waiting_since == later["conversion_applied"].waiting_since == date(2027, 5, 19)
