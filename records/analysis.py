"""The yearly analysis of a primary committee's activists (Art 11, T17): a date of the committee, of no person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import BranchKind, subtree_ids
from records.cohort import stage_counts
from records.dates import period_end, period_start
from records.deadline import Deadline, State
from records.people import PersonId, Role
from records.stages import Stage
from records.tables import BranchRow, PersonRow, RoleRow
from records.track import Track
from storage.settings import get_setting, put_setting

ANALYSIS = "T17"
STEP = "activists_analysed"  # of no person: it is on nobody's track


def analysis_of(track: Track, today: date) -> Deadline:
    """This calendar year's analysis; the base is the year itself. The year after it is the next one's."""
    rule = track.rule(ANALYSIS)
    edition = rule.edition_on(today)
    due = period_end(today, "year")
    return Deadline(
        rule=rule.id,
        kind=rule.kind,
        step=STEP,
        due=due,
        base_step=STEP,
        base_date=period_start(today, "year"),
        article=edition.article if edition else rule.article,
        level=rule.level,
        state=State.DUE if today == due else State.FUTURE,
        note=None,
        actor="primary_committee",
        waiting_since=None,
        effective=edition.effective if edition else rule.effective,
        remind=rule.remind,
        nag=rule.nag,
    )


async def who_analyses(session: AsyncSession, *, today: date) -> dict[PersonId, list[int]]:
    """The organisers of committees with an activist below them whose analysis of the year is not noted as made.

    Each with the committees; in the order of their numbers.
    """
    rows = await session.execute(
        select(RoleRow.person_id, RoleRow.branch_id)
        .join(PersonRow, PersonRow.id == RoleRow.person_id)
        .join(BranchRow, BranchRow.id == RoleRow.branch_id)
        .where(
            RoleRow.role == Role.ORGANISER.value,
            BranchRow.kind == BranchKind.COMMITTEE.value,
            PersonRow.left_at.is_(None),
        )
        .order_by(RoleRow.person_id, RoleRow.branch_id)
    )
    found: dict[PersonId, list[int]] = {}
    wanting: dict[int, bool] = {}
    for person, committee in rows:
        if committee not in wanting:
            wanting[committee] = await _is_wanting(session, committee, today)
        if wanting[committee]:
            found.setdefault(PersonId(person), []).append(committee)
    return found


async def note_analysed(session: AsyncSession, committees: Iterable[int], *, by: PersonId, today: date) -> None:
    """Keep that these committees have made this year's analysis, who said so and when."""
    for committee in committees:
        await put_setting(session, _key(committee, today), {"by": by, "on": today.isoformat()})


async def _is_wanting(session: AsyncSession, committee: int, today: date) -> bool:
    if await get_setting(session, _key(committee, today)) is not None:
        return False
    counts = await stage_counts(session, await subtree_ids(session, committee))
    return any(stage == Stage.ACTIVIST for _, stage in counts)


def _key(committee: int, today: date) -> str:
    return f"analysis.{today.year}.{committee}"
