"""Sums over many people, so coarse that nobody can be told from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import below
from records.ledger import voided_by
from records.tables import AccountRow, EntryRow, PersonRow

K = 10  # fewer people than this are not shown as a number (facts §5: aggregate only with k ≥ 10)


@dataclass(frozen=True)
class Group:
    """What is known of a group before it is shown: how many different people, and a sum over them."""

    people: int
    total: float


@dataclass(frozen=True)
class Figure:
    """What may be shown of a group; None where it would tell of too few."""

    key: str
    people: int | None
    total: float | None

    @property
    def is_hidden(self) -> bool:
        """Whether the group is too small to be shown."""
        return self.people is None


def shown(groups: Mapping[str, Group], *, k: int = K) -> list[Figure]:
    """The groups in their order, those of fewer than `k` people hidden; an empty group is shown as zero.

    Where hiding one group alone would let it be computed from the sum of all, the next smallest is hidden too.
    """
    hidden = {key for key, group in groups.items() if 0 < group.people < k}
    if len(hidden) == 1:
        others = [(group.people, key) for key, group in groups.items() if key not in hidden and group.people > 0]
        if others:
            hidden.add(min(others)[1])
    return [
        Figure(key, None, None) if key in hidden else Figure(key, group.people, group.total)
        for key, group in groups.items()
    ]


async def people_by_stage(session: AsyncSession, branch_id: int | None, *, k: int = K) -> list[Figure]:
    """How many people of the branch and below stand where, by stage; those who left are not counted."""
    query = select(PersonRow.stage, func.count()).where(PersonRow.left_at.is_(None), *_within(branch_id))
    rows = await session.execute(
        query.where(PersonRow.student_number.is_not(None)).group_by(PersonRow.stage).order_by(PersonRow.stage)
    )
    return shown({stage: Group(count, float(count)) for stage, count in rows}, k=k)


async def people_here(session: AsyncSession, branch_id: int | None, *, k: int = K) -> list[Figure]:
    """How many of the branch and below have joined (`here`) and how many have not (`absent`)."""
    has_account = select(AccountRow.id).where(AccountRow.person_id == PersonRow.id).exists()
    base = select(func.count()).select_from(PersonRow).where(PersonRow.left_at.is_(None), *_within(branch_id))
    here = await session.scalar(base.where(has_account)) or 0
    absent = await session.scalar(base.where(~has_account)) or 0
    return shown({"here": Group(here, float(here)), "absent": Group(absent, float(absent))}, k=k)


async def participation(
    session: AsyncSession, branch_id: int | None, *, since: date, until: date, k: int = K
) -> list[Figure]:
    """Class hours by month (`2026-05`) of the branch and below, and how many people they are of; both ends included."""
    rows = (
        await session.execute(
            select(
                EntryRow.id, EntryRow.voids, EntryRow.person_id, EntryRow.happened_on, EntryRow.kind, EntryRow.payload
            )
            .join(PersonRow, PersonRow.id == EntryRow.person_id)
            .where(*_within(branch_id))
            .order_by(EntryRow.id)
        )
    ).all()
    gone = voided_by((row.id, row.voids) for row in rows)
    people: dict[str, set[int]] = {}
    hours: dict[str, float] = {}
    for row in rows:
        if row.id in gone or not since <= row.happened_on <= until or row.kind not in ("activity", "training", "step"):
            continue
        spent = row.payload.get("detail", row.payload).get("hours")
        if spent is None:
            continue
        month = f"{row.happened_on:%Y-%m}"
        people.setdefault(month, set()).add(row.person_id)
        hours[month] = hours.get(month, 0.0) + float(spent)
    return shown({month: Group(len(people[month]), hours[month]) for month in sorted(people)}, k=k)


def _within(branch_id: int | None) -> list[ColumnElement[bool]]:
    return [] if branch_id is None else [PersonRow.branch_id.in_(below(branch_id))]
