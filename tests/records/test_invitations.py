"""Codes that let people in once, on both kinds of database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import create_branch
from records.invitations import (
    ALPHABET,
    CODE_LENGTH,
    InvitationRefused,
    TooManyAttempts,
    check_code,
    has_open_invitation,
    invite,
    invite_branch,
    redeem,
    telegram_link,
    web_link,
)
from records.people import Person, add_person, attach_account, person_by_account
from records.tables import InvitationRow
from storage.database import Database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


async def test_a_code_lets_its_person_in_once(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session)
        code = await invite(session, person.id, now=NOON)

        assert await redeem(session, code, "telegram", 77, now=NOON) == person.id
        assert await person_by_account(session, "telegram", 77) == person
        assert isinstance(await redeem(session, code, "telegram", 78, now=NOON), InvitationRefused)
        assert await person_by_account(session, "telegram", 78) is None


async def test_a_code_is_read_as_people_type_it(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session)
        code = await invite(session, person.id, now=NOON)
        typed = " " + code.lower().replace("-", " － ") + "。"
        wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in typed)

        assert await check_code(session, typed, "web", 1, now=NOON) == person.id
        assert await redeem(session, wide, "web", 1, now=NOON) == person.id


async def test_wrong_used_and_expired_codes_get_the_same_answer(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session)
        used = await invite(session, person.id, now=NOON)
        await redeem(session, used, "telegram", 77, now=NOON)
        late = await invite(session, person.id, now=NOON, valid_days=1)
        afterwards = NOON + timedelta(days=1)

        answers = [
            await redeem(session, code, "telegram", 80 + number, now=afterwards)
            for number, code in enumerate(["AAAAA-AAAAA", "", used, late])
        ]

    assert all(isinstance(answer, InvitationRefused) for answer in answers)
    assert len({str(answer) for answer in answers}) == 1


async def test_wrong_used_and_expired_codes_take_the_same_way(database: Database) -> None:
    ways: dict[str, list[str]] = {"wrong": [], "used": [], "expired": []}
    async with database.write() as session:
        person = await _student(session)
        used = await invite(session, person.id, now=NOON)
        await redeem(session, used, "telegram", 77, now=NOON)
        expired = await invite(session, person.id, now=NOON, valid_days=-1)
    codes = {"wrong": "AAAAA-BBBBB", "used": used, "expired": expired}

    for number, (kind, code) in enumerate(codes.items()):

        def noted(_c: object, _cursor: object, statement: str, *_: object, kind: str = kind) -> None:
            ways[kind].append(statement)

        event.listen(database.engine.sync_engine, "before_cursor_execute", noted)
        async with database.write() as session:
            assert isinstance(await check_code(session, code, "web", number, now=NOON), InvitationRefused)
            assert isinstance(await redeem(session, code, "web", number, now=NOON), InvitationRefused)
        event.remove(database.engine.sync_engine, "before_cursor_execute", noted)

    assert ways["wrong"] == ways["used"] == ways["expired"] != []


async def test_after_five_failures_even_the_right_code_waits_for_the_hour_to_pass(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session)
        code = await invite(session, person.id, now=NOON)
        for minute in range(5):
            await redeem(session, "AAAAA-AAAAA", "telegram", 77, now=NOON + timedelta(minutes=minute))

        answer = await redeem(session, code, "telegram", 77, now=NOON + timedelta(minutes=10))
        another = await check_code(session, code, "telegram", 78, now=NOON + timedelta(minutes=10))
        later = await redeem(session, code, "telegram", 77, now=NOON + timedelta(minutes=61))

    assert isinstance(answer, TooManyAttempts)
    assert answer.fields == {"minutes": 50}
    assert another == person.id
    assert later == person.id


async def test_a_new_code_replaces_the_one_before(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session)
        old = await invite(session, person.id, now=NOON)
        new = await invite(session, person.id, now=NOON)

        assert isinstance(await redeem(session, old, "telegram", 77, now=NOON), InvitationRefused)
        assert await has_open_invitation(session, person.id, now=NOON)
        assert await redeem(session, new, "telegram", 77, now=NOON) == person.id
        assert not await has_open_invitation(session, person.id, now=NOON)


async def test_only_the_hash_of_a_code_is_kept(database: Database) -> None:
    async with database.write() as session:
        person = await _student(session)
        code = await invite(session, person.id, now=NOON)
        kept = await session.scalar(select(InvitationRow.code_hash))

    assert kept is not None
    assert len(kept) == 64
    assert code not in kept
    assert len(ALPHABET) ** CODE_LENGTH >= 2**40
    assert not set("01ILO") & set(ALPHABET)


async def test_a_branch_is_invited_without_those_who_are_here(database: Database) -> None:
    async with database.write() as session:
        here = await _student(session)
        await attach_account(session, here.id, "telegram", 77, now=NOON)
        absent = await add_person(session, name="何二", student_number="2026002", branch_id=here.branch_id, now=NOON)

        invited = await invite_branch(session, here.branch_id, now=NOON, valid_days=7)

        assert [one.person for one in invited] == [absent]
        assert invited[0].expires_at == NOON + timedelta(days=7)
        assert await redeem(session, invited[0].code, "telegram", 78, now=NOON) == absent.id


def test_links_open_the_door_with_the_code_filled_in() -> None:
    assert telegram_link("waymark_bot", "K7Q2M-9XRTA") == "https://t.me/waymark_bot?start=K7Q2M9XRTA"
    assert web_link("http://127.0.0.1:8080/", "K7Q2M-9XRTA") == "http://127.0.0.1:8080/#start=K7Q2M9XRTA"


async def _student(session: AsyncSession) -> Person:
    branch = await create_branch(session, "本科生第一党支部")
    return await add_person(session, name="林一", student_number="2026001", branch_id=branch.id, now=NOON)
