"""What is kept about a person: told in full, and gone when it ends; and sums that tell of nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.schema import metadata
from content.tables import ReadingRow
from records.access import Looked, note_look
from records.branches import create_branch
from records.consent import give_consent, has_consented
from records.invitations import invite, redeem
from records.ledger import append, entries_of, verify
from records.people import (
    Account,
    Person,
    Role,
    accounts_of,
    add_person,
    assign_mentor,
    attach_account,
    person_by_id,
    person_by_number,
)
from records.privacy import erase, everything_about, withdraw
from records.statistics import Group, participation, people_by_stage, people_here, shown
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@dataclass
class Messages:
    """Keeps messages under an account, as a door does."""

    name: str = "messages"
    kept: dict[int, list[str]] = field(default_factory=lambda: {77: ["你好"], 78: ["别人的"]})

    async def tell(self, session: AsyncSession, account: Account) -> list[dict[str, Any]]:
        return [{"text": text} for text in self.kept.get(account.external_id, [])]

    async def forget(self, session: AsyncSession, account: Account) -> int:
        return len(self.kept.pop(account.external_id, []))


async def test_a_person_is_told_everything_and_no_secret(database: Database) -> None:
    async with database.write() as session:
        student, _ = await _used(session)

        told = await everything_about(session, student.id, keepers=[Messages()])

    assert json.loads(json.dumps(told, ensure_ascii=False)) == told
    assert told["person"][0]["details"] == {"phone": "13800000000"}
    assert [(one["kind"], one["recorded_by_name"]) for one in told["entry"]] == [("activity", "周立言")]
    assert [one["viewer_id_name"] for one in told["access"]] == ["周立言"]
    assert [one["external_id"] for one in told["account"]] == [77]
    assert told["reading"][0]["document_id"] == "handbook"
    assert told["messages"] == [{"text": "你好"}]
    assert {"consent", "invitation", "mentorship", "role", "practice", "outbox", "reminder", "inquiry"} <= set(told)
    assert "code_hash" not in told["invitation"][0]


async def test_who_withdraws_leaves_the_organisations_record_and_nothing_else(database: Database) -> None:
    messages = Messages()
    async with database.write() as session:
        student, secretary = await _used(session)

        erased = await withdraw(session, student.id, now=NOON, keepers=[messages])
        told = await everything_about(session, student.id)

        assert await accounts_of(session, student.id, blocked=True) == []
        assert not await has_consented(session, student.id, "2026-11")
        assert await person_by_number(session, "2026001") is not None
        assert len(await accounts_of(session, secretary.id)) == 1
        assert await verify(session) is None
    assert erased.rows == {"messages": 1, "account": 1, "reading": 1, "invitation": 1, "study_turn": 1}
    assert {table for table, rows in told.items() if rows} == {
        "person",
        "role",
        "mentorship",
        "consent",
        "entry",
        "access",
    }
    assert messages.kept == {78: ["别人的"]}


async def test_erasing_leaves_no_trace_of_a_student(database: Database) -> None:
    async with database.write() as session:
        student, _ = await _used(session)

        erased = await erase(session, student.id, now=NOON)

        assert not erased.person_kept
        assert await person_by_id(session, student.id) is None
        told = await everything_about(session, student.id)
        assert not any(told.values())
        assert await verify(session) is None


async def test_erasing_somebody_who_recorded_for_others_leaves_a_nameless_row(database: Database) -> None:
    async with database.write() as session:
        student, secretary = await _used(session)

        erased = await erase(session, secretary.id, now=NOON)

        left = await person_by_id(session, secretary.id)
        assert erased.person_kept
        assert left is not None
        assert (left.name, left.student_number, left.roles) == ("—", None, frozenset())
        assert len(await entries_of(session, student.id)) == 1
        assert await verify(session) is None


async def test_every_table_of_the_house_that_is_about_people_is_covered(database: Database) -> None:
    async with database.write() as session:
        student, _ = await _used(session)
        told = await everything_about(session, student.id)

    about = {
        table.name
        for table in metadata().tables.values()
        if any(column.name in {"person_id", "recipient_id", "subject_id"} for column in table.columns)
    }
    assert about <= set(told)


async def test_small_groups_are_not_shown(database: Database) -> None:
    async with database.write() as session:
        branch = await create_branch(session, "第一党支部")
        people = [
            await add_person(session, name=f"林{n}", student_number=f"{n:04}", branch_id=branch.id, now=NOON)
            for n in range(25)
        ]
        for person in people[:12]:
            await attach_account(session, person.id, "telegram", person.id, now=NOON)
        for person in people[:11]:
            await _hours(session, person, date(2026, 5, 4), 2)
        for person in people[:3]:
            await _hours(session, person, date(2026, 6, 4), 1)

        stages = await people_by_stage(session, branch.id)
        here = await people_here(session, branch.id)
        spent = await participation(session, branch.id, since=date(2026, 1, 1), until=date(2026, 12, 31))
        open_ = await participation(session, branch.id, since=date(2026, 1, 1), until=date(2026, 12, 31), k=3)

    assert [(one.key, one.people) for one in stages] == [("applicant", 25)]
    assert [(one.key, one.people) for one in here] == [("here", 12), ("absent", 13)]
    assert [one.is_hidden for one in spent] == [True, True]
    assert [(one.key, one.people, one.total) for one in open_] == [("2026-05", 11, 22.0), ("2026-06", 3, 3.0)]


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 40), max_size=6))
def test_no_group_below_ten_is_shown_and_none_can_be_computed_from_the_rest(sizes: dict[str, int]) -> None:
    figures = shown({key: Group(size, float(size)) for key, size in sizes.items()})

    assert [figure.key for figure in figures] == list(sizes)
    assert all(figure.people is None or figure.people == 0 or figure.people >= 10 for figure in figures)
    hidden = [figure.key for figure in figures if figure.is_hidden]
    if len(hidden) == 1:
        assert all(figure.people in (0, None) for figure in figures)


async def _used(session: AsyncSession) -> tuple[Person, Person]:
    """A student with a trace in every room, and the secretary who recorded and looked."""
    branch = await create_branch(session, "第一党支部")
    student = await add_person(
        session,
        name="林一",
        student_number="2026001",
        branch_id=branch.id,
        now=NOON,
        details={"phone": "13800000000"},
    )
    secretary = await add_person(session, name="周立言", branch_id=branch.id, now=NOON, roles=(Role.ORGANISER,))
    await attach_account(session, secretary.id, "telegram", 78, now=NOON)
    await redeem(session, await invite(session, student.id, now=NOON), "telegram", 77, now=NOON)
    await give_consent(session, student.id, "2026-11", now=NOON)
    await assign_mentor(session, secretary.id, student.id, since=date(2026, 1, 1))
    await note_look(session, secretary.id, [student.id], Looked.RECORD, now=NOON)
    await append(
        session,
        person=student.id,
        kind="activity",
        happened_on=date(2026, 5, 4),
        payload={"category": "志愿服务", "title": "社区服务"},
        recorded_by=secretary.id,
        now=NOON,
    )
    session.add(
        ReadingRow(
            person_id=student.id,
            day=date(2026, 11, 22),
            ordinal=0,
            document_id="handbook",
            passage_ordinal=1,
            shown_at=NOON,
        )
    )
    await session.flush()
    assert await session.scalar(select(func.count()).select_from(ReadingRow)) == 1
    return student, secretary


async def _hours(session: AsyncSession, person: Person, day: date, hours: float) -> None:
    payload = {"category": "志愿服务", "title": "社区服务", "hours": hours}
    await append(
        session, person=person.id, kind="activity", happened_on=day, payload=payload, recorded_by=person.id, now=NOON
    )
