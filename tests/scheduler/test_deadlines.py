"""When who is reminded of which date, and that asking again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from records.facts import APPOINTED, Fact
from records.rules import Deadline, deadlines
from records.track import TRACKS, load_track
from records.workdays import WorkCalendar
from scheduler.deadlines import (
    ESCALATION,
    Reminder,
    ReminderSettings,
    refresh_reminders,
    reminders_for,
    reminders_planned,
    still_applies,
)
from scheduler.tables import ReminderRow
from storage.database import Database
from tests.scheduler.people import add_branch, add_student

TRACK = load_track()
SCHOOL = load_track(school=TRACKS / "school.example.yaml")
CALENDAR = WorkCalendar.standard()
SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = ReminderSettings(zone=SHANGHAI, calendar=CALENDAR, overdue_times_ahead=2)
STUDENT, SECRETARY, COMMITTEE, MENTOR = 1, 2, 3, 4
RECIPIENTS = {"branch": [SECRETARY], "primary_committee": [COMMITTEE], ESCALATION: [COMMITTEE]}


def dates(today: str, *happened: tuple[str, str], track: object = TRACK) -> list[Deadline]:
    facts = [Fact(number, step, date.fromisoformat(on)) for number, (step, on) in enumerate(happened, start=1)]
    return deadlines(track, facts, today=date.fromisoformat(today), calendar=CALENDAR)  # type: ignore[arg-type]


def reminded(found: Sequence[Deadline], today: str, who: int, **settings: object) -> list[tuple[str, int]]:
    chosen = ReminderSettings(zone=SHANGHAI, calendar=CALENDAR, overdue_times_ahead=2, **settings)  # type: ignore[arg-type]
    all_of_them = reminders_for(STUDENT, found, RECIPIENTS, today=date.fromisoformat(today), settings=chosen)
    return [
        (each.remind_at.astimezone(SHANGHAI).date().isoformat(), each.days_before)
        for each in all_of_them
        if each.recipient == who
    ]


def test_student_and_branch_are_reminded_14_7_1_and_0_days_before_and_weekly_after() -> None:
    found = dates("2026-03-02", ("application_received", "2026-03-02"))  # interview by Thursday, 2 April

    for who in (STUDENT, SECRETARY):
        assert reminded(found, "2026-03-02", who) == [
            ("2026-03-16", 17),  # the third week of a one-month limit begins
            ("2026-03-19", 14),
            ("2026-03-26", 7),
            ("2026-04-01", 1),
            ("2026-04-02", 0),
            ("2026-04-09", -7),
            ("2026-04-16", -14),
        ]


def test_the_time_is_the_schools_and_is_stored_in_utc() -> None:
    found = dates("2026-03-02", ("application_received", "2026-03-02"))

    moments = {each.remind_at for each in reminders_for(1, found, {}, today=date(2026, 3, 2), settings=SETTINGS)}

    assert datetime(2026, 4, 2, 1, 0, tzinfo=UTC) in moments  # 09:00 in Shanghai


def test_a_date_on_a_holiday_stays_and_people_are_told_on_the_last_working_day_before() -> None:
    found = dates("2026-09-05", ("application_received", "2026-09-05"))  # by Monday, 5 October, in the holidays

    days = dict(reminded(found, "2026-09-05", STUDENT))

    assert "2026-09-30" in days
    assert days["2026-10-05"] == 0


def test_what_stays_overdue_goes_one_level_up() -> None:
    found = dates("2026-04-20", ("application_received", "2026-03-02"))

    assert reminded(found, "2026-04-20", COMMITTEE) == [
        ("2026-04-16", -14),
        ("2026-04-23", -21),
        ("2026-04-30", -28),
    ]


def test_a_cultivation_year_is_announced_on_its_day_only() -> None:
    found = [each for each in dates("2026-11-01", ("activist_decided", "2025-11-20")) if each.rule == "T04"]

    assert reminded(found, "2026-11-01", STUDENT) == [("2026-11-20", 0)]


def test_the_end_of_probation_is_one_matter_and_not_two() -> None:
    found = dates("2026-11-01", ("branch_meeting_admitted", "2025-11-20"), ("admission_approved", "2025-12-01"))
    ending = [each for each in found if each.rule in ("T11", "T12")]

    days = [days for _, days in reminded(ending, "2026-11-01", STUDENT) if days >= 0]

    assert days == [14, 7, 1, 0]


def test_a_quarterly_report_is_asked_for_near_the_quarters_end_of_the_student_alone() -> None:
    without = dates("2026-12-01", ("activist_decided", "2026-08-20"), track=SCHOOL)
    handed_in = dates("2026-12-01", ("activist_decided", "2026-08-20"), ("thought_report", "2026-11-02"), track=SCHOOL)
    report = [each for each in without if each.step == "thought_report"]

    assert reminded(report, "2026-12-01", STUDENT) == [("2026-12-17", 14), ("2026-12-28", 3), ("2026-12-31", 0)]
    assert reminded(report, "2026-12-01", SECRETARY) == []
    assert reminded([each for each in handed_in if each.step == "thought_report"], "2026-12-01", STUDENT) == []


def test_who_is_paused_is_left_in_peace_and_the_branch_is_still_told() -> None:
    found = dates("2026-03-10", ("application_received", "2026-03-02"), ("paused", "2026-03-05"))

    assert reminded(found, "2026-03-10", STUDENT) == []
    assert reminded(found, "2026-03-10", SECRETARY) != []


def test_a_planned_departure_is_nobodys_business_before_candidacy() -> None:
    leaving, proposed = ("leaving_planned", "2027-06-30"), ("candidate_decided", "2026-11-20")

    early = [each for each in dates("2026-11-22", leaving) if each.rule == "T07"]
    later = [each for each in dates("2026-11-22", leaving, proposed) if each.rule == "T07"]

    assert reminded(early, "2026-11-22", STUDENT) == []
    assert [days for _, days in reminded(later, "2026-11-22", STUDENT)] == [14, 7, 1, 0]


def test_the_days_can_be_set() -> None:
    found = dates("2026-03-02", ("application_received", "2026-03-02"))

    days = [days for _, days in reminded(found, "2026-03-02", STUDENT, days_before=(3,), overdue_every_days=10)]

    assert days == [17, 3, 0, -10, -20]
    without = reminded(found, "2026-03-02", STUDENT, third_week=False)
    assert [days for _, days in without] == [14, 7, 1, 0, -7, -14]


def test_a_day_agreed_on_a_month_ahead_is_no_months_limit() -> None:
    agreed = Fact(2, APPOINTED, date(2026, 3, 3), {"step": "interview", "day": "2026-04-03"})
    applied = Fact(1, "application_received", date(2026, 3, 2))
    found = deadlines(TRACK, [applied, agreed], today=date(2026, 3, 3), calendar=CALENDAR)

    days = [days for _, days in reminded([one for one in found if one.rule == "appointed"], "2026-03-03", STUDENT)]

    assert days == [14, 7, 1, 0]


def test_a_nomination_or_certificate_that_lapses_is_told_where_the_school_has_such_a_rule() -> None:
    nominated = [("activist_decided", "2025-01-10"), ("school.league_nominated", "2024-12-20")]
    trained = [("activist_decided", "2023-01-10"), ("intensive_training_completed", "2024-12-05")]
    found = {one.rule: one for past in (nominated, trained) for one in dates("2026-11-22", *past, track=SCHOOL)}
    nomination, certificate = found["school.nomination_validity"], found["school.certificate_validity"]

    assert {one.level for one in (nomination, certificate)} == {"school"}
    for who in (STUDENT, SECRETARY):
        assert reminded([nomination], "2026-11-22", who) == [
            ("2026-12-06", 14),
            ("2026-12-13", 7),
            ("2026-12-18", 2),  # the 20th is a Sunday: the last working day before it
            ("2026-12-19", 1),
            ("2026-12-20", 0),
        ]
        assert reminded([certificate], "2026-11-22", who)[0][0] == "2026-11-21"
    assert not [one for one in dates("2026-11-22", *trained) if one.level == "school"]


async def prepared(database: Database) -> list[int]:
    async with database.write() as session:
        branch = await add_branch(session)
        return [await add_student(session, branch, number) for number in range(1, 4)]


async def rows(database: Database) -> list[ReminderRow]:
    async with database.read() as session:
        return list(
            await session.scalars(select(ReminderRow).order_by(ReminderRow.remind_at, ReminderRow.recipient_id))
        )


NOON = datetime(2026, 3, 26, 4, 0, tzinfo=UTC)


async def test_only_what_lies_ahead_is_kept_and_a_second_time_changes_nothing(database: Database) -> None:
    student, secretary, _ = await prepared(database)
    found = dates("2026-03-26", ("application_received", "2026-03-02"))
    recipients = {"branch": [secretary]}

    async with database.write() as session:
        first = await refresh_reminders(session, student, found, recipients, now=NOON, settings=SETTINGS)
        second = await refresh_reminders(session, student, found, recipients, now=NOON, settings=SETTINGS)

    kept = await rows(database)
    assert (first, second) == (8, 0)
    assert sorted({row.days_before for row in kept}) == [-14, -7, 0, 1]
    assert {row.recipient_id for row in kept} == {student, secretary}


async def test_what_is_done_is_dropped_and_what_was_planned_stays(database: Database) -> None:
    student, secretary, _ = await prepared(database)
    open_dates = dates("2026-03-26", ("application_received", "2026-03-02"))
    done = dates("2026-03-30", ("application_received", "2026-03-02"), ("interview", "2026-03-30"))
    recipients = {"branch": [secretary]}
    async with database.write() as session:
        await refresh_reminders(session, student, open_dates, recipients, now=NOON, settings=SETTINGS)
        await session.execute(update(ReminderRow).where(ReminderRow.days_before == 1).values(planned_at=NOON))
        await refresh_reminders(session, student, done, recipients, now=NOON, settings=SETTINGS)

    kept = await rows(database)

    assert {row.days_before for row in kept} == {1}
    assert len(kept) == 2


async def test_a_moved_date_is_reminded_of_anew(database: Database) -> None:
    student, _, _ = await prepared(database)
    before = dates("2026-03-26", ("application_received", "2026-03-02"))
    after = dates("2026-03-26", ("application_received", "2026-03-10"))
    async with database.write() as session:
        await refresh_reminders(session, student, before, {}, now=NOON, settings=SETTINGS)
        await session.execute(update(ReminderRow).where(ReminderRow.days_before == 1).values(planned_at=NOON))
        await refresh_reminders(session, student, after, {}, now=NOON, settings=SETTINGS)

    coming = [(row.due, row.days_before) for row in await rows(database) if row.planned_at is None]

    assert (date(2026, 4, 10), 1) in coming
    assert {due for due, _ in coming} == {date(2026, 4, 10)}


async def test_a_changed_time_of_day_moves_the_moments(database: Database) -> None:
    student, _, _ = await prepared(database)
    found = dates("2026-03-26", ("application_received", "2026-03-02"))
    evening = ReminderSettings(zone=SHANGHAI, calendar=CALENDAR, at=time(18, 30), overdue_times_ahead=2)
    async with database.write() as session:
        await refresh_reminders(session, student, found, {}, now=NOON, settings=SETTINGS)
        await refresh_reminders(session, student, found, {}, now=NOON, settings=evening)

    moments = {row.remind_at.astimezone(SHANGHAI).time() for row in await rows(database) if row.remind_at > NOON}
    assert {each.isoformat() for each in moments} == {"18:30:00"}


async def test_a_new_organiser_takes_over_what_is_not_yet_planned(database: Database) -> None:
    student, old, new = await prepared(database)
    found = dates("2026-03-26", ("application_received", "2026-03-02"))
    async with database.write() as session:
        await refresh_reminders(session, student, found, {"branch": [old]}, now=NOON, settings=SETTINGS)
        await refresh_reminders(session, student, found, {"branch": [new]}, now=NOON, settings=SETTINGS)

    assert {row.recipient_id for row in await rows(database)} == {student, new}


async def test_weekly_reminders_move_on_with_the_days(database: Database) -> None:
    student, _, _ = await prepared(database)
    later = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
    async with database.write() as session:
        for now in (NOON, later):
            found = dates(now.date().isoformat(), ("application_received", "2026-03-02"))
            await refresh_reminders(session, student, found, {}, now=now, settings=SETTINGS)
        ahead = await session.scalar(select(func.count()).where(ReminderRow.remind_at > later))

    assert ahead == 2


async def test_a_letter_is_about_what_was_planned_together(database: Database) -> None:
    student, _, _ = await prepared(database)
    found = dates("2026-03-26", ("application_received", "2026-03-02"))
    async with database.write() as session:
        await refresh_reminders(session, student, found, {}, now=NOON, settings=SETTINGS)
        await session.execute(update(ReminderRow).where(ReminderRow.days_before >= 0).values(planned_at=NOON))

    async with database.read() as session:
        planned = await reminders_planned(session, student, planned_at=NOON)

    assert [each.days_before for each in planned] == [1, 0]
    assert all(still_applies(each, found, {}, settings=SETTINGS) for each in planned)
    applied, interview = ("application_received", "2026-03-02"), ("interview", "2026-03-30")
    for other in (
        dates("2026-03-30", applied, interview),  # answered
        dates("2026-03-26", ("application_received", "2026-03-10")),  # moved
        dates("2026-03-26", applied, ("paused", "2026-03-20")),  # left in peace
    ):
        assert not any(still_applies(each, other, {}, settings=SETTINGS) for each in planned)


def test_a_reminder_is_for_whoever_holds_the_role_at_sending() -> None:
    found = dates("2026-04-20", ("application_received", "2026-03-02"))
    reminders = reminders_for(STUDENT, found, RECIPIENTS, today=date(2026, 4, 20), settings=SETTINGS)
    reorganised = {"branch": [MENTOR], ESCALATION: [SECRETARY]}

    still = [
        (each.recipient, each.days_before)
        for each in reminders
        if each.recipient != STUDENT and still_applies(each, found, reorganised, settings=SETTINGS)
    ]

    assert still  # the secretary is the next level now: told of what has long been overdue, and of nothing else
    assert {who for who, _ in still} == {SECRETARY}
    assert all(days <= -SETTINGS.escalate_after_days for _, days in still)


steps = st.sampled_from([*TRACK.by_id])
days = st.dates(date(2024, 1, 1), date(2027, 6, 30))


@given(st.lists(st.tuples(steps, days), max_size=15), days)
def test_no_reminder_is_there_twice_and_none_is_of_something_done(
    happened: list[tuple[str, date]], today: date
) -> None:
    facts = [Fact(number, step, on) for number, (step, on) in enumerate(happened, start=1)]
    found = deadlines(SCHOOL, facts, today=today, calendar=CALENDAR)

    reminders = reminders_for(STUDENT, found, RECIPIENTS, today=today, settings=SETTINGS)

    assert len({each.key for each in reminders}) == len(reminders)
    for each in reminders:
        assert still_applies(each, found, RECIPIENTS, settings=SETTINGS)
        local = each.remind_at.astimezone(SHANGHAI)
        assert local.date() == each.due - timedelta(days=each.days_before)


@pytest.mark.parametrize("rule", ["T02", "school.thought_report"])
def test_a_reminder_of_something_else_does_not_apply(rule: str) -> None:
    reminder = Reminder(1, 1, rule, "due:2026-04-03", 0, date(2026, 4, 3), NOON)

    found = dates("2026-03-26", ("application_received", "2026-03-02"))
    assert still_applies(reminder, found, {}, settings=SETTINGS) is None
