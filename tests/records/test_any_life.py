"""Laws that dates keep to in any life, however it was entered."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from records.dates import months_after
from records.facts import Fact
from records.rules import Readings, State, deadlines, what_if, what_next
from tests.records.due import CALENDAR, LATER, SCHOOL, TRACK, dates

days = st.dates(date(2015, 1, 1), date(2027, 12, 31))


@st.composite
def lives(draw: st.DrawFn) -> list[Fact]:
    """Any steps on any days, with the details that rules read."""
    steps = draw(st.lists(st.sampled_from([*TRACK.by_id]), max_size=25))
    found = []
    for number, step in enumerate(steps, start=1):
        detail = {
            field.name: draw(days).isoformat() if field.type == "date" else "7"
            for field in TRACK.by_id[step].fields
            if draw(st.booleans())
        }
        found.append(Fact(number, step, draw(days), detail))
    return found


@given(lives(), days)
@settings(max_examples=200)
def test_dates_follow_from_the_facts_alone_whatever_their_order(life: list[Fact], today: date) -> None:
    once = deadlines(TRACK, life, today=today, calendar=CALENDAR)

    assert once == deadlines(TRACK, life, today=today, calendar=CALENDAR)
    assert once == deadlines(TRACK, reversed(life), today=today, calendar=CALENDAR)


@given(lives(), days)
@settings(max_examples=200)
def test_any_life_can_be_read_and_no_date_is_without_its_event(life: list[Fact], today: date) -> None:
    happened = {fact.step for fact in life}

    for each in deadlines(SCHOOL, life, today=today, calendar=CALENDAR):
        assert each.base_step in happened
        assert each.state is not State.DONE or each.step in happened
        assert (each.state is State.OVERDUE) <= (each.due < today)
    what_next(SCHOOL, life, today, calendar=CALENDAR)
    what_if(SCHOOL, life, {"activist_decided": today}, today=today, calendar=CALENDAR)


single = st.sampled_from(
    [
        ("T02", "application_received"),
        ("T03", "activist_decided"),
        ("T04", "activist_decided"),
        ("T05", "public_notice_posted"),
        ("T08", "pre_review_passed"),
        ("T09", "branch_meeting_admitted"),
        ("T10", "admission_approved"),
        ("T11", "branch_meeting_admitted"),
        ("T14", "conversion_meeting"),
    ]
)


@given(single, days, st.integers(0, 400), st.booleans(), st.booleans())
def test_a_later_event_never_gives_an_earlier_date(
    rule_and_base: tuple[str, str], day: date, later: int, strict: bool, count_posting_day: bool
) -> None:
    rule, base = rule_and_base
    readings = Readings(strict_next_day=strict, count_posting_day=count_posting_day)
    found = [
        min(
            each.due
            for each in deadlines(TRACK, [Fact(1, base, on)], today=LATER, calendar=CALENDAR, readings=readings)
            if each.rule == rule
        )
        for on in (day, day + timedelta(days=later))
    ]

    assert found[0] <= found[1]


@given(days, st.integers(0, 1500))
def test_the_rounds_of_a_cycle_are_never_chained(base: date, passed: int) -> None:
    today = base + timedelta(days=passed)

    found = [each.due for each in dates([Fact(1, "activist_decided", base)], max(today, date(2015, 1, 1)).isoformat())]
    reviews = [due for due in found if due != months_after(base, 12)] or found

    assert set(reviews) <= {months_after(base, 6 * number) for number in range(1, 12)}


@given(days, st.lists(st.integers(-30, 900), max_size=6))
def test_an_answered_round_stays_answered_when_another_answer_comes(base: date, answers: list[int]) -> None:
    today = base + timedelta(days=900)
    life = [Fact(1, "activist_decided", base)]
    before = 0
    for number, passed in enumerate(sorted(answers), start=2):
        life.append(Fact(number, "half_year_review", base + timedelta(days=passed)))
        found = deadlines(TRACK, life, today=today, calendar=CALENDAR)
        done = sum(each.rule == "T03" and each.state is State.DONE for each in found)
        assert done >= before
        before = done
