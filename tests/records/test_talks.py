"""Days agreed for a talk, as dates: which talk they belong to, how long they hold, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.branches import ensure_branch
from records.deadline import Deadline, Readings, State
from records.facts import APPOINTED, facts_of
from records.ledger import Entry, append, entries_of
from records.people import add_person
from records.rules import deadlines
from records.steps import StepRequest, correct, record, void
from records.talks import (
    Side,
    Talk,
    TalkAnswered,
    TalkDayStands,
    TalkDayWrong,
    TalkOver,
    TalkProposed,
    TalkWaits,
    answerable,
    check_day,
    talk_named,
    talks_of,
)
from records.track import load_track
from records.workdays import WorkCalendar
from storage.database import Database

TRACK = load_track()
CALENDAR = WorkCalendar.standard()
TODAY = date(2026, 11, 23)


@dataclass
class Ledger:
    """A person's entries, made by hand."""

    entries: list[Entry] = field(default_factory=list)

    def step(self, step: str, on: str) -> Ledger:
        return self._add("step", on, {"step": step})

    def said(self, side: str, said: str, day: str, *, on: str, proposal: int | None = None) -> Ledger:
        told: dict[str, Any] = {"step": "interview", "said": said, "side": side, "day": day}
        return self._add("appointment", on, told | ({"proposal": proposal} if proposal else {}))

    def _add(self, kind: str, on: str, payload: dict[str, Any]) -> Ledger:
        number = len(self.entries) + 1
        at = datetime.combine(date.fromisoformat(on), datetime.min.time(), UTC)
        self.entries.append(Entry(number, 1, number, kind, date.fromisoformat(on), at, 2, payload, None, None, "", ""))
        return self

    def dates(self, today: date = TODAY) -> list[Deadline]:
        return deadlines(TRACK, facts_of(self.entries), today=today, calendar=CALENDAR)

    def talk(self, today: date = TODAY) -> Talk:
        return talk_named(talks_of(TRACK, self.entries, self.dates(today)), "interview")


def applied(on: str = "2026-10-26") -> Ledger:
    return Ledger().step("application_received", on)


def appointed(found: list[Deadline]) -> list[tuple[str, State, str | None]]:
    return [(str(one.due), one.state, one.note) for one in found if one.kind == "appointed"]


def moved(day: str = "2026-11-25") -> Ledger:
    """The organiser proposed a day, and the student agreed."""
    ledger = applied().said("organiser", "proposed", day, on="2026-11-20")
    return ledger.said("student", "agreed", day, on="2026-11-21", proposal=2)


def test_an_agreed_day_is_a_date_beside_the_limit_with_the_limits_article() -> None:
    (one,) = [one for one in moved().dates() if one.kind == "appointed"]

    assert (one.rule, one.step, one.due, one.state) == ("appointed", "interview", date(2026, 11, 25), State.FUTURE)
    assert (one.base_step, one.base_date, one.article, one.level) == (APPOINTED, date(2026, 11, 21), 7, "national")
    assert [str(each.due) for each in moved().dates() if each.rule == "T02"] == ["2026-11-26"]


@pytest.mark.parametrize(
    ("day", "today", "expected"),
    [
        ("2026-11-26", "2026-11-23", ("2026-11-26", State.FUTURE, None)),
        ("2026-11-27", "2026-11-23", ("2026-11-27", State.FUTURE, "beyond_limit=2026-11-26")),
        ("2026-11-25", "2026-11-25", ("2026-11-25", State.DUE, None)),
        ("2026-11-25", "2026-11-28", ("2026-11-25", State.OVERDUE, None)),
    ],
)
def test_beyond_the_limit_it_says_so_and_on_its_day_it_is_due(
    day: str, today: str, expected: tuple[str, State, str | None]
) -> None:
    assert appointed(moved(day).dates(date.fromisoformat(today))) == [expected]


def test_what_is_only_proposed_declined_or_not_yet_said_is_no_date() -> None:
    proposed = applied().said("organiser", "proposed", "2026-11-25", on="2026-11-20")
    declined = applied().said("organiser", "proposed", "2026-11-25", on="2026-11-20")
    declined.said("student", "declined", "2026-11-25", on="2026-11-21", proposal=2)

    assert appointed(proposed.dates()) == appointed(declined.dates()) == []
    assert appointed(moved().dates(date(2026, 11, 20))) == []


def test_the_second_agreement_replaces_the_first_and_a_refusal_leaves_it() -> None:
    twice = moved().said("student", "proposed", "2026-11-30", on="2026-11-22")
    agreed = Ledger([*twice.entries]).said("organiser", "agreed", "2026-11-30", on="2026-11-23", proposal=4)
    refused = Ledger([*twice.entries]).said("organiser", "declined", "2026-11-30", on="2026-11-23", proposal=4)

    assert [day for day, *_ in appointed(agreed.dates())] == ["2026-11-30"]
    assert [day for day, *_ in appointed(refused.dates())] == ["2026-11-25"]


def test_once_the_talk_was_held_nothing_is_appointed_and_the_next_talk_begins_anew() -> None:
    held = moved().step("interview", "2026-11-23")
    again = moved().step("interview", "2026-11-23").step("application_received", "2026-12-01")

    assert appointed(held.dates()) == []
    with pytest.raises(TalkOver):
        held.talk()
    assert again.talk(date(2026, 12, 2)).proposals == ()
    assert appointed(again.dates(date(2026, 12, 2))) == []


def test_a_stage_that_left_the_talk_behind_and_a_cancelled_probation_end_it() -> None:
    beyond = moved().step("activist_decided", "2026-11-22")
    cancelled = moved().step("probation_cancelled", "2026-11-22").step("application_received", "2026-11-23")

    assert appointed(beyond.dates()) == []
    assert cancelled.talk().proposals == ()


def test_each_side_proposes_once_and_never_while_an_answer_is_awaited() -> None:
    waiting = applied().said("organiser", "proposed", "2026-11-25", on="2026-11-20").talk()
    with pytest.raises(TalkWaits):
        check_day(waiting, Side.STUDENT, date(2026, 11, 26), today=TODAY)

    settled = moved().talk()
    with pytest.raises(TalkProposed):
        check_day(settled, Side.ORGANISER, date(2026, 11, 26), today=TODAY)
    with pytest.raises(TalkDayStands):
        check_day(settled, Side.STUDENT, date(2026, 11, 25), today=TODAY)
    for wrong in (TODAY - timedelta(days=1), TODAY + timedelta(days=367)):
        with pytest.raises(TalkDayWrong):
            check_day(settled, Side.STUDENT, wrong, today=TODAY)
    check_day(settled, Side.STUDENT, TODAY, today=TODAY)


def test_only_the_other_side_answers_and_only_before_the_day_has_passed() -> None:
    ledger = applied().said("organiser", "proposed", "2026-11-25", on="2026-11-20")

    assert answerable([ledger.talk()], 2, Side.STUDENT, today=TODAY)[1].day == date(2026, 11, 25)
    for proposal, side, today in ((2, Side.ORGANISER, TODAY), (1, Side.STUDENT, TODAY), (2, Side.STUDENT, LATER)):
        with pytest.raises(TalkAnswered):
            answerable([ledger.talk(today)], proposal, side, today=today)
    check_day(ledger.talk(LATER), Side.STUDENT, LATER, today=LATER)  # nobody waits for an answer any more


LATER = date(2026, 11, 26)


@given(st.lists(st.sampled_from(["propose", "agree", "decline", "later"]), max_size=12), st.data())
def test_whatever_is_tried_no_side_proposes_twice_and_the_last_agreement_holds(acts: list[str], data: Any) -> None:
    ledger, today, holds = applied("2026-11-01"), date(2026, 11, 2), None
    for act in acts:
        side = data.draw(st.sampled_from(list(Side)))
        talk = ledger.talk(today)
        if act == "later":
            today += timedelta(days=1)
        elif act == "propose":
            day = today + timedelta(days=data.draw(st.integers(0, 9)))
            try:
                check_day(talk, side, day, today=today)
            except (TalkWaits, TalkProposed, TalkDayStands):
                continue
            ledger.said(side, "proposed", str(day), on=str(today))
        else:
            waiting = talk.waiting(today)
            try:
                _, meant = answerable([talk], waiting.entry if waiting else 0, side, today=today)
            except TalkAnswered:
                continue
            said = "agreed" if act == "agree" else "declined"
            ledger.said(side, said, str(meant.day), on=str(today), proposal=meant.entry)
            holds = meant.day if act == "agree" else holds

    proposals = ledger.talk(today).proposals
    assert len(proposals) == len({one.side for one in proposals})
    assert [day for day, *_ in appointed(ledger.dates(today))] == ([str(holds)] if holds else [])


async def test_in_the_ledger_an_agreed_day_follows_what_is_corrected_and_withdrawn(database: Database) -> None:
    settled: dict[str, Any] = {"today": TODAY, "now": NOW, "calendar": CALENDAR, "readings": Readings()}
    async with database.write() as session:
        branch = await ensure_branch(session, "第一党支部")
        person = (await add_person(session, name="林晓雨", branch_id=branch.id, now=NOW)).id
        first = await record(session, TRACK, StepRequest(person, "application_received", date(2026, 10, 26)), **settled)
        told = {"step": "interview", "side": "organiser", "day": "2026-11-30"}
        said = {"person": person, "kind": "appointment", "happened_on": TODAY, "recorded_by": None, "now": NOW}
        proposal = await append(session, payload={**told, "said": "proposed"}, **said)
        answer = {**told, "said": "agreed", "side": "student", "proposal": proposal.id}
        await append(session, payload=answer, **said)

        async def notes() -> list[str | None]:
            known = facts_of(await entries_of(session, person))
            found = deadlines(TRACK, known, today=TODAY, calendar=CALENDAR)
            return [one.note for one in found if one.kind == "appointed"]

        assert await notes() == ["beyond_limit=2026-11-26"]
        redated = await correct(
            session,
            TRACK,
            person=person,
            entry=first.entry.id,
            on=date(2026, 11, 1),
            reason="…",
            recorded_by=None,
            **settled,
        )
        assert [(one.rule, one.becomes) for one in redated.changes] == [("T02", date(2026, 12, 1))]
        assert await notes() == [None]
        talk = await record(session, TRACK, StepRequest(person, "interview", TODAY), **settled)
        assert ("appointed", None) in [(one.rule, one.becomes) for one in talk.changes]
        assert await notes() == []
        await void(session, TRACK, person=person, entry=talk.entry.id, reason="…", recorded_by=None, **settled)
        assert await notes() == [None]


NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
