"""A branch of many who have joined already, for a test of what comes after that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.consent import NOTICE_VERSION
from bot.schema import metadata
from records.tables import AccountRow, ConsentRow, PersonRow, RoleRow
from storage.database import Database
from tests.emulator import Person
from tests.scheduler.people import LONG_AGO, add_branch


def have_joined(url: str, organiser: Person, students: Sequence[Person]) -> None:
    """They have agreed and write to the bot by Telegram; no study cards are sent to them."""
    metadata()

    async def run() -> None:
        database = Database(url)
        async with database.write() as session:
            branch = await add_branch(session)
            await _join(session, branch, organiser, "organiser", "周书记")
            for number, student in enumerate(students):
                await _join(session, branch, student, "student", f"学生{number}")
        await database.close()

    asyncio.run(run())


async def _join(session: AsyncSession, branch: int, person: Person, role: str, name: str) -> None:
    row = PersonRow(name=name, branch_id=branch, details={}, created_at=LONG_AGO, study_muted=True)
    session.add(row)
    await session.flush()
    account = AccountRow(channel="telegram", external_id=person.id, joined_at=LONG_AGO, last_seen_at=LONG_AGO)
    account.person_id = row.id
    consent = ConsentRow(person_id=row.id, version=NOTICE_VERSION, given_at=LONG_AGO)
    session.add_all([RoleRow(person_id=row.id, role=role, branch_id=branch), account, consent])
