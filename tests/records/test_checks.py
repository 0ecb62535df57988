"""What a step is refused for, with its article, and what is marked or needs a reason."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import Locales
from content.numerals import numeral_of
from records import refusals as no
from records.exports.columns import mark_name
from records.facts import Fact
from records.steps import StepRequest, Verdict, checks, imagined
from records.track import TRACKS, load_track
from records.votes import has_majority, has_quorum
from storage.errors import WaymarkError
from tests.records.way import CALENDAR, TODAY, TRACK, WAY, way

LOCALES = Locales()
SCHOOL = load_track(school=TRACKS / "school.example.yaml")


def judged(known: list[Fact], step: str, on: str, *, track: object = TRACK, **request: object) -> Verdict:
    asked = StepRequest(person=1, step=step, on=date.fromisoformat(on), **request)  # type: ignore[arg-type]
    return checks(track, known, asked, today=TODAY, calendar=CALENDAR)  # type: ignore[arg-type]


def refusal(verdict: Verdict) -> no.StepRefused:
    assert verdict.refusals, verdict
    return verdict.refusals[0]


def marked(verdict: Verdict) -> set[str]:
    assert not verdict.refusals, [str(each) for each in verdict.refusals]
    return {mark.code for mark in verdict.marks}


def test_a_faultless_way_is_recorded_without_a_refusal_or_a_mark() -> None:
    known: list[Fact] = []
    for step, on, detail in WAY:
        asked = StepRequest(person=1, step=step, on=date.fromisoformat(on), detail=detail)
        verdict = checks(TRACK, known, asked, today=TODAY, calendar=CALENDAR)
        assert (verdict.refusals, verdict.marks) == ((), ()), step
        known = imagined(known, asked, today=TODAY)


@pytest.mark.parametrize(
    ("step", "on", "detail", "error", "article"),
    [
        ("application_received", "2023-04-30", {}, no.StepUnderAge, 5),
        ("interview", "2024-09-02", {}, no.StepOutOfOrder, 7),
        ("activist_decided", "2024-09-10", {}, no.StepOutOfOrder, 7),
        ("mentor_assigned", "2024-12-01", {"mentors": "何田、吕行、施云"}, no.StepCountWrong, 9),
        ("candidate_decided", "2025-11-19", {}, no.StepTooEarly, 13),
        ("candidate_agreed", "2026-05-31", {}, no.StepOutOfOrder, 13),
        ("public_notice_posted", "2026-06-07", {}, no.StepOutOfOrder, 13),
        ("candidate_listed", "2026-06-22", {}, no.StepTooEarly, 13),
        ("introducers_named", "2026-06-24", {"introducers": "何田"}, no.StepCountWrong, 14),
        ("introducers_named", "2026-06-24", {"introducers": "何田、何田"}, no.StepCountWrong, 14),
        ("intensive_training_completed", "2026-07-05", {"days": "2", "hours": "23"}, no.StepNeedsReason, 17),
        ("political_review_passed", "2026-06-22", {"confirmed_by": "孔书记"}, no.StepOutOfOrder, 16),
        ("intensive_training_completed", "2026-06-22", {"days": "3"}, no.StepOutOfOrder, 17),
        ("committee_reviewed", "2026-06-29", {}, no.StepOutOfOrder, 16),  # before the political review
        ("committee_reviewed", "2026-07-04", {}, no.StepOutOfOrder, 17),  # before the training
        ("pre_review_passed", "2026-07-05", {}, no.StepOutOfOrder, 18),
        ("volunteer_form_completed", "2026-07-19", {}, no.StepOutOfOrder, 18),
        ("branch_meeting_admitted", "2026-07-01", {}, no.StepOutOfOrder, 19),
        (
            "branch_meeting_admitted",
            "2026-08-20",
            {"entitled_count": "12", "present_count": "6", "in_favour": "6"},
            no.StepNoQuorum,
            19,
        ),
        (
            "branch_meeting_admitted",
            "2026-08-20",
            {"entitled_count": "12", "present_count": "12", "in_favour": "6"},
            no.StepNoMajority,
            20,
        ),
        (
            "branch_meeting_admitted",
            "2026-08-20",
            {"entitled_count": "15", "present_count": "7", "in_favour": "7"},
            no.StepNoQuorum,
            19,
        ),
        (
            "branch_meeting_admitted",
            "2026-08-20",
            {"entitled_count": "15", "present_count": "8", "in_favour": "7"},
            no.StepNoMajority,
            20,
        ),
        ("branch_meeting_admitted", "2026-08-20", {"entitled_count": "12"}, no.StepFieldMissing, 19),
        ("admission_approved", "2026-08-19", {}, no.StepOutOfOrder, 21),
        ("oath_taken", "2026-09-09", {}, no.StepOutOfOrder, 29),
        (
            "conversion_meeting",
            "2027-08-25",
            {"entitled_count": "12", "present_count": "6", "in_favour": "6"},
            no.StepNoQuorum,
            32,
        ),
        (
            "conversion_meeting",
            "2027-08-25",
            {"entitled_count": "12", "present_count": "11", "in_favour": "6"},
            no.StepNoMajority,
            32,
        ),
        ("conversion_approved", "2027-08-24", {}, no.StepOutOfOrder, 33),
        ("archived", "2027-10-09", {}, no.StepOutOfOrder, 36),
        ("conversion_meeting", "2027-08-18", {}, no.StepBeforeProbationEnd, 31),
        ("probation_extended", "2027-08-20", {}, no.StepFieldMissing, 31),
        ("probation_extended", "2027-08-20", {"extended_to": "2028-02-18"}, no.StepExtensionRange, 31),
        ("probation_extended", "2027-08-20", {"extended_to": "2028-08-20"}, no.StepExtensionRange, 31),
    ],
)
def test_what_the_article_forbids_is_refused_with_the_article(
    step: str, on: str, detail: dict[str, str], error: type[no.StepRefused], article: int
) -> None:
    until = "conversion_meeting" if step == "probation_extended" else step

    found = refusal(judged(way(until), step, on, detail=detail))

    assert type(found) is error
    assert found.fields["article"] == article
    assert str(article) in str(found)
    for language, source in (("zh_CN", f"细则第{numeral_of(article)}条"), ("en", f"Detailed Rules Art {article}")):
        sentence = LOCALES.words(language).plain_error(found)
        assert source in sentence
        assert not re.search(r"[{}_]", sentence), sentence  # nothing left unfilled or unworded


@pytest.mark.parametrize(
    ("step", "on", "detail"),
    [
        ("application_received", "2023-05-01", {}),
        ("candidate_decided", "2025-11-20", {}),
        ("intensive_training_completed", "2026-07-05", {"days": "3"}),
        ("intensive_training_completed", "2026-07-05", {"days": "2", "hours": "24"}),
        ("pre_review_passed", "2026-07-06", {}),
        ("branch_meeting_admitted", "2026-08-20", {"entitled_count": "12", "present_count": "7", "in_favour": "7"}),
        ("branch_meeting_admitted", "2026-08-20", {"entitled_count": "15", "present_count": "8", "in_favour": "8"}),
        ("conversion_meeting", "2027-08-19", {}),
        ("probation_extended", "2027-08-20", {"extended_to": "2028-02-19"}),
        ("probation_extended", "2027-08-20", {"extended_to": "2028-08-19"}),
    ],
)
def test_the_first_day_and_the_last_and_the_smallest_majority_are_allowed(
    step: str, on: str, detail: dict[str, str]
) -> None:
    until = "conversion_meeting" if step == "probation_extended" else step

    assert not judged(way(until), step, on, detail=detail).is_refused


def test_nobody_is_admitted_without_a_political_review_whatever_the_reason() -> None:
    known = way("committee_reviewed", political_review_passed=("", {}))

    verdict = judged(known, "committee_reviewed", "2026-07-06", reason="材料在路上")

    assert type(refusal(verdict)) is no.StepNotReviewed
    assert refusal(verdict).fields["article"] == 16


def test_of_a_political_review_nothing_but_the_fact_is_kept() -> None:
    known = way("political_review_passed")

    for detail in ({"reason": "家庭情况"}, {"conclusion": "…"}):
        found = refusal(judged(known, "political_review_passed", "2026-06-30", detail=detail))
        assert type(found) is no.StepFieldUnknown
    assert (
        type(refusal(judged(known, "political_review_passed", "2026-06-30", reason="家庭情况"))) is no.StepFieldUnknown
    )


@pytest.mark.parametrize("written", ["李老师，网上言论没有问题", "家庭情况清楚", "李老师：合格", "无" * 31])
def test_what_was_found_in_a_political_review_does_not_pass_for_a_name(written: str) -> None:
    known = way("political_review_passed")

    found = judged(known, "political_review_passed", "2026-06-30", detail={"confirmed_by": written})

    assert type(refusal(found)) is no.StepFieldWrong
    for name in ("李老师、周敏", "院党委组织部", "阿卜杜热西提·买买提", "Anna Maria Schmidt"):
        told = judged(known, "political_review_passed", "2026-06-30", detail={"confirmed_by": name})
        assert told.detail == {"confirmed_by": name}


@pytest.mark.parametrize(
    ("until", "step", "on", "detail", "mark"),
    [
        ("intensive_training_completed", "intensive_training_completed", "2026-07-05", {"days": "2"}, "training_short"),
        ("activist_decided", "activist_decided", "2024-11-20", {}, "gap"),
        ("pre_review_passed", "pre_review_passed", "2026-07-20", {}, "leaving_soon"),
    ],
)
def test_where_the_article_says_generally_a_reason_is_asked_for_and_marked(
    until: str, step: str, on: str, detail: dict[str, str], mark: str
) -> None:
    known = way(until, interview=("", {})) if mark == "gap" else way(until)
    known.append(Fact(99, "leaving_planned", date(2026, 5, 1), {"leaving_on": "2026-10-19"}))

    without = judged(known, step, on, detail=detail)
    given = judged(known, step, on, detail=detail, reason="党委研究同意")
    as_detail = judged(known, step, on, detail={**detail, "reason": "党委研究同意"})

    assert type(refusal(without)) is no.StepNeedsReason
    assert mark in marked(given)
    assert (marked(as_detail), as_detail.reason) == (marked(given), "党委研究同意")
    assert "reason" not in as_detail.detail


@pytest.mark.parametrize(("on", "warned"), [("2027-03-31", False), ("2027-04-01", True)])
def test_who_leaves_on_the_30th_of_june_needs_a_reason_from_the_1st_of_april_on(on: str, warned: bool) -> None:
    known = [*way("pre_review_passed"), Fact(99, "leaving_planned", date(2026, 5, 1), {"leaving_on": "2027-06-30"})]

    verdict = judged(known, "pre_review_passed", on)

    assert [type(each) for each in verdict.refusals] == ([no.StepNeedsReason] if warned else [])


def test_an_application_on_the_eighteenth_birthday_is_accepted_and_noted() -> None:
    (mark,) = judged(way("application_received"), "application_received", "2023-05-01").marks

    assert (mark.code, mark.rule, mark.article) == ("eighteenth_birthday", "T01", 5)


def test_leaving_three_months_later_to_the_day_needs_no_reason() -> None:
    known = way("pre_review_passed")
    known.append(Fact(99, "leaving_planned", date(2026, 5, 1), {"leaving_on": "2026-10-20"}))

    assert marked(judged(known, "pre_review_passed", "2026-07-20")) == set()


@pytest.mark.parametrize(
    ("step", "on", "mark"),
    [
        ("interview", "2024-10-04", "late"),
        ("branch_meeting_admitted", "2026-08-21", "late"),
        ("admission_approved", "2026-12-01", "late"),
        ("admission_approved", "2027-03-01", "too_late"),
        ("oath_taken", "2026-10-11", "late"),
        ("conversion_approved", "2027-11-26", "late"),
    ],
)
def test_what_comes_late_is_recorded_on_its_true_date_and_marked(step: str, on: str, mark: str) -> None:
    assert mark in marked(judged(way(step), step, on))


def test_only_the_first_talk_after_an_application_can_be_late() -> None:
    known = way("activist_decided")

    assert marked(judged(known, "interview", "2024-12-04")) == set()
    applied_again = [*known, Fact(99, "application_received", date(2024, 11, 1), {"received_on": "2024-11-01"})]
    assert marked(judged(applied_again, "interview", "2024-12-04")) == {"late"}


def test_a_review_after_its_half_year_is_marked_late_and_the_missing_ones_are_counted() -> None:
    known = way("candidate_decided")[:8]

    assert marked(judged(known, "half_year_review", "2026-05-20")) == set()
    assert marked(judged(known, "half_year_review", "2026-05-21")) == {"late"}
    assert marked(judged(known[:6], "half_year_review", "2025-05-21")) == {"late"}
    (mark,) = judged(known[:7], "candidate_decided", "2026-06-01").marks
    assert (mark.code, mark.rule, mark.article, mark.value) == ("rounds_missed", "T03", 11, "2")


def test_an_interview_on_the_last_day_of_the_month_is_not_late() -> None:
    assert marked(judged(way("interview"), "interview", "2024-10-03")) == set()


def test_totals_that_contradict_one_another_are_refused() -> None:
    known = way("branch_meeting_admitted")

    for counts in (("12", "13", "7"), ("12", "7", "13"), ("0", "0", "0")):
        detail = dict(zip(("entitled_count", "present_count", "in_favour"), counts, strict=True))
        assert type(refusal(judged(known, "branch_meeting_admitted", "2026-08-20", detail=detail))) is no.StepVoteWrong


def test_written_opinions_can_make_more_votes_than_people_present() -> None:
    detail = {"entitled_count": "12", "present_count": "7", "in_favour": "8"}

    assert not judged(way("branch_meeting_admitted"), "branch_meeting_admitted", "2026-08-20", detail=detail).is_refused


@given(st.integers(1, 500), st.integers(0, 500))
def test_half_is_never_enough_and_more_than_half_always_is(entitled: int, count: int) -> None:
    assert has_quorum(entitled, count) == has_majority(entitled, count) == (count > entitled / 2)


def test_a_second_extension_is_refused() -> None:
    known = [
        *way("conversion_meeting"),
        Fact(99, "probation_extended", date(2027, 8, 20), {"extended_to": "2028-02-19"}),
    ]

    found = refusal(judged(known, "probation_extended", "2027-12-01", detail={"extended_to": "2028-08-19"}))

    assert type(found) is no.StepExtensionSecond
    assert found.fields["article"] == 31


def test_after_an_extension_nothing_is_decided_before_the_new_end() -> None:
    known = [
        *way("conversion_meeting"),
        Fact(99, "probation_extended", date(2027, 8, 20), {"extended_to": "2028-02-19"}),
    ]

    found = refusal(judged(known, "conversion_meeting", "2027-12-30"))

    assert type(found) is no.StepBeforeProbationEnd
    assert found.fields["due"] == date(2028, 2, 19)


@pytest.mark.parametrize("history", [False, True])
def test_what_has_not_happened_yet_is_refused_in_history_too(history: bool) -> None:
    found = refusal(judged([], "application_received", "2028-01-01", history=history))

    assert type(found) is no.StepInFuture


def test_a_departure_may_lie_ahead() -> None:
    assert not judged([], "leaving_planned", "2028-06-30").is_refused
    assert not judged([], "leaving_planned", "2027-12-01", detail={"leaving_on": "2028-06-30"}).is_refused


def test_a_step_of_history_is_marked_where_it_would_be_refused() -> None:
    assert marked(judged([], "admission_approved", "2026-09-10", history=True)) == {"gap", "probation_end_missing"}
    known = way("conversion_meeting")
    assert "before_probation_end" in marked(judged(known, "conversion_meeting", "2027-08-01", history=True))


def test_history_before_the_revision_is_not_judged_by_it() -> None:
    known = way("candidate_listed", public_notice_posted=("2026-03-02", {}), candidate_agreed=("2026-03-01", {}))

    assert "early" not in marked(judged(known, "candidate_listed", "2026-03-03", history=True))
    assert not judged(known, "candidate_listed", "2026-03-03").is_refused


def test_a_notice_cut_short_in_the_week_before_publication_is_marked_only() -> None:
    known = way("candidate_listed", public_notice_posted=("2026-05-11", {}), candidate_agreed=("2026-05-10", {}))

    assert marked(judged(known, "candidate_listed", "2026-05-14")) == {"early"}


lives = st.lists(
    st.tuples(st.sampled_from([*TRACK.by_id]), st.dates(date(2018, 1, 1), date(2027, 12, 31)), st.booleans()),
    max_size=20,
)
NONSENSE = (no.StepInFuture, no.StepRepeated, no.StepFieldWrong, no.StepFieldMissing, no.StepFieldUnknown)


@given(lives, st.sampled_from([*TRACK.by_id]), st.dates(date(2018, 1, 1), date(2028, 12, 31)))
def test_history_is_refused_only_when_it_is_nonsense(
    happened: list[tuple[str, date, bool]], step: str, on: date
) -> None:
    ends = {"probation_end": "2027-05-04", "extended_to": "2027-11-04"}
    known = []
    for number, (name, day, detailed) in enumerate(happened, start=1):
        fields = TRACK.by_id[name].field_names if detailed else ()
        known.append(Fact(number, name, day, {key: value for key, value in ends.items() if key in fields}))
    detail = {key: value for key, value in ends.items() if key in TRACK.by_id[step].field_names}

    for history in (True, False):
        verdict = judged(known, step, on.isoformat(), history=history, detail=detail)
        for each in verdict.refusals:
            assert not history or isinstance(each, NONSENSE), str(each)
            assert str(each)


def test_after_an_extension_nobody_is_converted_without_another_meeting() -> None:
    extended = {"extended_to": "2028-02-19"}
    known = [*way("conversion_approved"), Fact(98, "probation_extended", date(2027, 8, 25), extended)]

    found = refusal(judged(known, "conversion_approved", "2027-10-10"))

    assert type(found) is no.StepMissing
    assert (found.fields["needs"], found.fields["article"]) == ("conversion_meeting", 33)


def test_what_has_lapsed_is_named_asks_for_a_reason_and_is_marked_as_the_schools() -> None:
    known = [*way("candidate_decided"), Fact(97, "school.league_nominated", date(2024, 10, 20))]

    found = refusal(judged(known, "candidate_decided", "2026-11-01", track=SCHOOL))
    given = judged(known, "candidate_decided", "2026-11-01", track=SCHOOL, reason="已重新征求团组织意见")

    assert type(found) is no.StepNeedsReason
    assert "推优已失效（学校要求）" in LOCALES.words("zh_CN").plain_error(found)
    assert "League nomination has lapsed (school requirement)" in LOCALES.words("en").plain_error(found)
    mark = next(mark for mark in given.marks if mark.code == "lapsed")
    assert (mark.level, mark.value) == ("school", "school.league_nominated")
    assert mark_name(mark, LOCALES.words("zh_CN").plain) == "推优已失效（学校要求）"


def test_a_step_is_recorded_once() -> None:
    found = refusal(judged(way("activist_filed"), "activist_decided", "2024-12-01"))

    assert type(found) is no.StepRepeated
    assert found.fields["earlier"] == date(2024, 11, 20)
    assert type(refusal(judged(way("candidate_decided"), "half_year_review", "2025-05-15"))) is no.StepRepeated
    assert not judged(way("candidate_decided"), "half_year_review", "2026-05-15").is_refused


def test_a_step_entered_late_must_fit_between_its_neighbours() -> None:
    known = way("candidate_decided", interview=("", {}))

    assert not judged(known, "interview", "2024-09-20").is_refused
    assert type(refusal(judged(known, "interview", "2024-11-21"))) is no.StepOutOfOrder


@pytest.mark.parametrize(
    ("step", "detail", "error"),
    [
        ("oath", {}, no.StepUnknown),
        ("application_received", {"recieved_on": "2024-09-03"}, no.StepFieldUnknown),
        ("application_received", {"received_on": "next week"}, no.StepFieldWrong),
        ("application_received", {"received_on": "2024-02-30"}, no.StepFieldWrong),
        ("application_received", {"received_on": "2024-09-01"}, no.StepFieldWrong),  # before it was written
        ("application_received", {"received_on": "2028-09-01"}, no.StepInFuture),
        ("branch_meeting_admitted", {"reported_on": "2024-09-01"}, no.StepFieldWrong),
        ("branch_meeting_admitted", {"entitled_count": "twelve"}, no.StepFieldWrong),
        ("branch_meeting_admitted", {"entitled_count": "-1"}, no.StepFieldWrong),
        ("training_hours", {"hours": "nan"}, no.StepFieldWrong),
        ("training_hours", {"title": "字" * 201}, no.StepFieldWrong),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(
    step: str, detail: dict[str, str], error: type[no.StepRefused]
) -> None:
    found = refusal(judged([], step, "2024-09-02", detail=detail, history=True))

    assert type(found) is error


@pytest.mark.parametrize("written", ["2024-09-03", "2024/9/3", "2024.9.3", "20240903", "2024年9月3日"])
def test_a_date_is_read_as_people_write_it_and_kept_in_one_form(written: str) -> None:
    verdict = judged([], "application_received", "2024-09-02", detail={"received_on": written})

    assert verdict.detail == {"received_on": "2024-09-03"}


def test_a_school_that_wants_six_months_after_the_application_says_so_itself() -> None:
    known = [Fact(1, "application_received", date(2026, 9, 1)), Fact(2, "interview", date(2026, 9, 10))]

    found = refusal(judged(known, "activist_decided", "2026-12-01", track=SCHOOL))

    assert type(found) is no.StepNeedsReason
    assert "school requirement" in str(found)
    assert not judged(known, "activist_decided", "2026-12-01").is_refused
    assert not judged(known, "activist_decided", "2027-03-01", track=SCHOOL).is_refused


def test_every_refusal_has_a_wording_in_both_languages() -> None:
    kinds = [each for each in vars(no).values() if isinstance(each, type) and issubclass(each, WaymarkError)]
    for language in ("zh_CN", "en"):
        words = LOCALES.words(language)
        assert [kind.key for kind in kinds if "key" in vars(kind) and not words.has(kind.key)] == []
