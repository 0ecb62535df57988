"""An invented branch with two students, for tests about what people study."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import BranchRow, PersonRow

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
LIN, CHEN = 9011, 9012
BRANCH, OTHER_BRANCH = 1, 2


async def two_students(session: AsyncSession) -> None:
    """林一 of branch 1 and 陈二 of branch 2."""
    session.add_all(
        [BranchRow(id=BRANCH, name="数学支部", kind="branch"), BranchRow(id=2, name="物理支部", kind="branch")]
    )
    await session.flush()
    session.add_all(
        [
            PersonRow(id=LIN, name="林一", branch_id=BRANCH, details={}, created_at=NOON),
            PersonRow(id=CHEN, name="陈二", branch_id=OTHER_BRANCH, details={}, created_at=NOON),
        ]
    )
    await session.flush()
