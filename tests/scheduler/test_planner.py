"""Whose study time or reminder has come gets one letter, however often the planner looks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from records.people import PersonId, change_preferences
from records.tables import AccountRow, ConsentRow, StudyTurnRow
from scheduler.delivery import Delivery, Outcome, Report
from scheduler.outbox import MAX_ATTEMPTS, Letter
from scheduler.planner import Page, Planning, note_planned, plan, plan_reminders, plan_study, plan_when_free
from scheduler.tables import OutboxRow, ReminderRow
from storage.database import Database
from tests.scheduler.people import LONG_AGO, add_branch, add_student

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLANNING = Planning(SHANGHAI, study_time=time(8, 0), reminder_time=time(9, 0))


class Answering:
    """A carrier that always says the same."""

    def __init__(self, report: Report) -> None:
        self._report = report

    async def carry(self, letter: Letter) -> Report:
        return self._report


class Silent:
    """A carrier that never comes back."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def carry(self, letter: Letter) -> Report:
        self.left.set()
        return await asyncio.Future[Report]()


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    """A moment of November 2026 at the school, in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


async def test_a_card_comes_at_ones_own_time_and_once_a_day(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        early = await add_student(session, branch, 1, study_time=time(7, 30))
        usual = await add_student(session, branch, 2)

    found = []
    for moment in (at(7, 29), at(7, 30), at(7, 31), at(8, 0), at(8, 0), at(9, 0), at(7, 30, day=23)):
        async with database.write() as session:
            await plan(session, PLANNING, now=moment)
            rows = await session.execute(select(OutboxRow.recipient_id, OutboxRow.unique_key).order_by(OutboxRow.id))
            found.append([row.unique_key for row in rows])

    first, second = f"study:{early}:2026-11-22", f"study:{usual}:2026-11-22"
    assert found == [
        [],
        [first],
        [first],
        [first, second],
        [first, second],
        [first, second],
        [first, second, f"study:{early}:2026-11-23"],
    ]


async def test_who_is_muted_paused_gone_blocked_or_has_not_agreed_gets_no_card(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        await add_student(session, branch, 1, study_muted=True)
        await add_student(session, branch, 2, paused=True)
        await add_student(session, branch, 3, left_at=LONG_AGO)
        await add_student(session, branch, 4, joined=False)
        blocked = await add_student(session, branch, 5)
        withdrawn = await add_student(session, branch, 6)
        await add_student(session, branch, 7, role="organiser")
        await session.execute(update(AccountRow).where(AccountRow.person_id == blocked).values(blocked_at=LONG_AGO))
        await session.execute(update(ConsentRow).where(ConsentRow.person_id == withdrawn).values(withdrawn_at=LONG_AGO))

        written = (await plan_study(session, PLANNING, now=at(8))).letters

    assert written == 0


async def test_a_card_missed_in_an_outage_comes_for_three_hours_and_is_let_go_at_midnight(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        await add_student(session, branch, 1, study_time=time(7, 58))
        await add_student(session, branch, 2)

        assert (await plan_study(session, PLANNING, now=at(11))).letters == 1
        row = await session.scalar(select(OutboxRow))

    assert row is not None
    assert row.expires_at == at(0, day=23)
    assert row.payload == {"template": "study", "day": "2026-11-22"}


@pytest.mark.parametrize(
    ("days_later", "blocked", "expected"),
    [
        (1, False, ("web", 77)),
        (0, False, ("web", 77)),  # at the same moment: the account that is newer
        (-1, False, ("telegram", 1001)),
        (1, True, ("telegram", 1001)),
    ],
)
async def test_a_card_goes_through_the_door_where_the_person_was_last_seen(
    database: Database, days_later: int, blocked: bool, expected: tuple[str, int]
) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        person = await add_student(session, branch, 1)
        session.add(
            AccountRow(
                channel="web",
                external_id=77,
                person_id=person,
                joined_at=LONG_AGO,
                last_seen_at=LONG_AGO + timedelta(days=days_later),
                blocked_at=LONG_AGO if blocked else None,
            )
        )
        await session.flush()
        await plan_study(session, PLANNING, now=at(8))

        addresses = (await session.execute(select(OutboxRow.channel, OutboxRow.chat_id))).all()

    assert [tuple(address) for address in addresses] == [expected]


def reminder(recipient: int, subject: int, rule: str, moment: datetime) -> ReminderRow:
    """Something to be reminded of at that moment."""
    return ReminderRow(
        recipient_id=recipient,
        subject_id=subject,
        rule=rule,
        occurrence="1",
        days_before=7,
        due=date(2026, 11, 29),
        remind_at=moment,
    )


async def test_reminders_of_a_day_make_one_letter_a_person_and_later_ones_wait_for_tomorrow(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        mei = await add_student(session, branch, 1)
        secretary = await add_student(session, branch, 2, role="organiser")
        session.add_all(
            [
                reminder(mei, mei, "T02", at(9)),
                reminder(mei, mei, "T03", at(9)),
                reminder(secretary, mei, "T02", at(9)),
                reminder(mei, mei, "T04", at(9, 30)),
                reminder(mei, mei, "T05", at(9, day=24)),
            ]
        )

    counts = []
    for moment in (at(8, 59), at(9), at(9), at(9, 30), at(9, day=23), at(9, day=24)):
        async with database.write() as session:
            counts.append((await plan_reminders(session, PLANNING, now=moment)).letters)
            await session.execute(update(OutboxRow).values(state="sent"))

    async with database.read() as session:
        planned = await session.execute(select(ReminderRow.rule, ReminderRow.planned_at).order_by(ReminderRow.id))
        letters = await session.scalars(select(OutboxRow.unique_key).order_by(OutboxRow.id))
        assert [tuple(row) for row in planned] == [
            ("T02", at(9)),
            ("T03", at(9)),
            ("T02", at(9)),
            ("T04", at(9, day=23)),
            ("T05", at(9, day=24)),
        ]
        assert sorted(letters) == sorted(
            [
                f"reminder:{mei}:2026-11-22",
                f"reminder:{secretary}:2026-11-22",
                f"reminder:{mei}:2026-11-23",
                f"reminder:{mei}:2026-11-24",
            ]
        )
    assert counts == [0, 2, 0, 0, 1, 1]


async def test_what_came_after_todays_letter_does_not_take_the_place_of_tomorrows(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        secretary = await add_student(session, branch, 1, role="organiser")
        session.add_all(
            [
                reminder(secretary, secretary, "T02", at(9)),
                reminder(secretary, secretary, "T03", at(9, 30)),
                reminder(secretary, secretary, "T04", at(9, day=23)),
            ]
        )

    for moment in (at(9), at(9, 30), at(0, day=23), at(7, 30, day=23), at(9, day=23)):
        async with database.write() as session:
            await plan_reminders(session, PLANNING, now=moment)
            await session.execute(update(OutboxRow).values(state="sent"))

    async with database.read() as session:
        planned = await session.execute(select(ReminderRow.rule, ReminderRow.planned_at).order_by(ReminderRow.id))
        assert [tuple(row) for row in planned] == [
            ("T02", at(9)),
            ("T03", at(9, day=23)),
            ("T04", at(9, day=23)),
        ]


@pytest.mark.parametrize("day", [23, 26])  # the next one, and after days on which nothing ran
async def test_what_a_letter_still_waiting_was_about_stands_in_the_next_days(database: Database, day: int) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        mei = await add_student(session, branch, 1)
        secretary = await add_student(session, branch, 2, role="organiser")
        session.add_all(
            [
                reminder(mei, mei, "T02", at(9)),
                reminder(mei, mei, "T03", at(9, day=day)),
                reminder(secretary, mei, "T02", at(9)),
            ]
        )
        await session.flush()
        await plan_reminders(session, PLANNING, now=at(9))
        await note_planned(session, now=at(9))
        await session.execute(update(OutboxRow).where(OutboxRow.recipient_id == secretary).values(state="sent"))

    async with database.write() as session:
        assert await plan_reminders(session, PLANNING, now=at(9, day=day)) == Page(1, more=False)

    async with database.read() as session:
        planned = await session.execute(select(ReminderRow.rule, ReminderRow.planned_at).order_by(ReminderRow.id))
        letters = await session.execute(select(OutboxRow.recipient_id, OutboxRow.state).order_by(OutboxRow.id))
        assert [tuple(row) for row in planned] == [("T02", at(9, day=day)), ("T03", at(9, day=day)), ("T02", at(9))]
        assert sorted(tuple(row) for row in letters) == [(mei, "cancelled"), (mei, "queued"), (secretary, "sent")]


async def test_everybody_whose_time_comes_at_once_is_planned_page_by_page(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        people = [await add_student(session, branch, number) for number in range(7)]
        for number, person in enumerate(people):  # of some there is more to say than a page holds
            session.add_all(reminder(person, person, f"T{rule:02}", at(9)) for rule in range(1 + 5 * (number % 2)))

    async with database.write() as session:  # a process that dies after its first page
        first = await plan(session, PLANNING, now=at(9), limit=3)
    rest = await plan_when_free(database, PLANNING, lambda: at(9, 1), limit=3)
    again = await plan_when_free(database, PLANNING, lambda: at(9, 2), limit=3)

    async with database.read() as session:
        keys = (await session.scalars(select(OutboxRow.unique_key))).all()
        planned = (await session.scalars(select(ReminderRow.planned_at))).all()
    assert (first, rest, again) == (Page(3, more=True), 11, 0)
    assert sorted(keys) == sorted(f"{kind}:{person}:2026-11-22" for kind in ("study", "reminder") for person in people)
    assert None not in planned


@pytest.mark.parametrize(
    ("answer", "hours", "comes_again"),
    [
        (Report(Outcome.SENT), 1, False),
        (Report(Outcome.DEAD, reason="refused"), 1, False),
        (Report(Outcome.DEAD, reason="blocked"), 1, True),  # by another door, or when they are back
        (Report(Outcome.CANCELLED, reason="no longer applies"), 1, False),
        (Report(Outcome.NOT_SENT, reason="no connection"), 2, True),
        (Report(Outcome.LATER, reason="quiet hours", retry_after=36 * 3600), 40, True),
    ],
)
async def test_what_a_letter_that_never_left_was_about_stands_in_the_next_one(
    database: Database, answer: Report, hours: int, comes_again: bool
) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        mei = await add_student(session, branch, 1)
        session.add(reminder(mei, mei, "T02", at(9)))
        await session.flush()
        await plan_reminders(session, PLANNING, now=at(9))

    for attempt in range(2 * MAX_ATTEMPTS):
        moment = at(9) + attempt * timedelta(hours=hours)
        await Delivery(database, {"telegram": Answering(answer)}, {}, lambda now=moment: now).drain()
    async with database.write() as session:
        written = (await plan_reminders(session, PLANNING, now=at(9, day=24))).letters

    assert written == comes_again


async def test_a_reminder_waits_for_the_connection_for_as_long_as_its_day_lasts(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        mei = await add_student(session, branch, 1)
        session.add(reminder(mei, mei, "T02", at(9)))
        await session.flush()
        await plan_reminders(session, PLANNING, now=at(9))

    states = []
    for minutes in range(0, 15 * 60, 10):
        answer = Report(Outcome.SENT if minutes > 14 * 60 else Outcome.NOT_SENT)
        moment = at(9) + timedelta(minutes=minutes)
        await Delivery(database, {"telegram": Answering(answer)}, {}, lambda now=moment: now).drain()
        states.append(await _state(database))

    assert set(states[:84]) == {"queued"}
    assert states[-1] == "sent"


async def test_a_kill_after_a_long_time_without_a_connection_does_not_end_a_letter(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        mei = await add_student(session, branch, 1)
        session.add(reminder(mei, mei, "T02", at(9)))
        await session.flush()
        await plan_reminders(session, PLANNING, now=at(9))
    for moment in map(at, range(10, 22)):
        shut = Answering(Report(Outcome.NOT_SENT))
        await Delivery(database, {"telegram": shut}, {}, lambda now=moment: now).drain()

    silent = Silent()
    killed = asyncio.create_task(Delivery(database, {"telegram": silent}, {}, lambda: at(22)).drain())
    await silent.left.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    next_one = Delivery(database, {"telegram": Answering(Report(Outcome.SENT))}, {}, lambda: at(22))
    await next_one.recover(everything=True)
    await next_one.drain()

    assert await _state(database) == "sent"


async def _state(database: Database) -> str | None:
    async with database.read() as session:
        return await session.scalar(select(OutboxRow.state))


async def test_who_rests_until_after_midnight_hears_of_it_in_the_letter_of_the_next_day(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        mei = await add_student(session, branch, 1)
        session.add_all([reminder(mei, mei, "T02", at(9)), reminder(mei, mei, "T03", at(9, day=23))])
        await session.flush()
        await plan_reminders(session, PLANNING, now=at(9))

    rests = Answering(Report(Outcome.LATER, reason="quiet hours", retry_after=25 * 3600))
    for moment in (at(9), at(0, day=23)):
        await Delivery(database, {"telegram": rests}, {}, lambda now=moment: now).drain()
    async with database.write() as session:
        await plan_reminders(session, PLANNING, now=at(9, day=23))
        planned = await session.execute(select(ReminderRow.rule, ReminderRow.planned_at).order_by(ReminderRow.rule))

        assert [tuple(row) for row in planned] == [("T02", at(9, day=23)), ("T03", at(9, day=23))]


async def test_who_joins_or_chooses_another_time_after_theirs_still_gets_todays_card_once(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        early = await add_student(session, branch, 1)
        assert (await plan_study(session, PLANNING, now=at(8))).letters == 1

        newcomer = await add_student(session, branch, 2)
        await change_preferences(session, PersonId(early), study_time=time(8, 10))
        later = [
            (await plan_study(session, PLANNING, now=moment)).letters for moment in (at(8, 5), at(8, 10), at(8, 11))
        ]
        tomorrow = [
            (await plan_study(session, PLANNING, now=moment)).letters
            for moment in (at(8, 9, day=23), at(8, 10, day=23))
        ]
        keys = (await session.scalars(select(OutboxRow.unique_key).order_by(OutboxRow.id))).all()

    assert (later, tomorrow) == ([1, 0, 0], [1, 1])
    assert keys == [
        f"study:{early}:2026-11-22",
        f"study:{newcomer}:2026-11-22",
        f"study:{newcomer}:2026-11-23",
        f"study:{early}:2026-11-23",
    ]


async def test_a_changed_usual_time_holds_from_the_next_card_on(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        await add_student(session, branch, 1)
        assert (await plan_study(session, PLANNING, now=at(8))).letters == 1

        evening = replace(PLANNING, study_time=time(20))
        counts = [(await plan_study(session, evening, now=at(hour, day=23))).letters for hour in (8, 9, 20, 21)]

    assert counts == [0, 0, 1, 0]


async def test_whoever_was_looked_at_is_not_looked_at_again_before_their_next_time(database: Database) -> None:
    async with database.write() as session:
        branch = await add_branch(session)
        await add_student(session, branch, 1)
        await add_student(session, branch, 2, study_muted=True)
        await add_student(session, branch, 3, study_time=time(23, 30))
        await plan_study(session, PLANNING, now=at(8))

        turns = await session.scalars(select(StudyTurnRow.next_at).order_by(StudyTurnRow.person_id))

    assert turns.all() == [at(8, day=23), at(8, day=23), at(23, 30)]
