"""The tree of the organisation: primary committees, general branches and branches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import CTE, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import BranchRow
from storage.errors import WaymarkError


class BranchKind(StrEnum):
    """What a node of the tree is; only branches and general branches hold members' meetings."""

    COMMITTEE = "committee"
    GENERAL_BRANCH = "general_branch"
    BRANCH = "branch"


@dataclass(frozen=True)
class Branch:
    """A node of the tree; a node without a parent is a root."""

    id: int
    name: str
    kind: BranchKind
    parent_id: int | None


class UnknownBranch(WaymarkError):
    """No branch bears this name."""

    key = "error.unknown_branch"
    sentence = "There is no branch called {name}. Branches are: {known}."


class BranchMisplaced(WaymarkError):
    """The wanted parent cannot hold this kind of node."""

    key = "error.branch_misplaced"
    sentence = "{name} cannot stand below {parent}: a branch holds nothing, and a committee stands below no branch."


class BranchTree:
    """All parents at once, for checks that need no further query."""

    def __init__(self, parents: Mapping[int, int | None]) -> None:
        self._parents = dict(parents)

    def holds(self, above: int, below: int) -> bool:
        """Whether `below` is `above` itself or stands anywhere beneath it."""
        step: int | None = below
        seen: set[int] = set()
        while step is not None and step not in seen:
            if step == above:
                return True
            seen.add(step)
            step = self._parents.get(step)
        return False


def kind_called(name: str) -> BranchKind:
    """What a node is by its name: 本校党委 is a committee, 机关党总支 a general branch, and the rest are branches."""
    if re.search(r"总支(?:部)?(?:委员会)?$|general branch$", name.strip(), re.IGNORECASE):
        return BranchKind.GENERAL_BRANCH
    if re.search(r"(?:党委|党工委|(?<!支部)委员会|committee)$", name.strip(), re.IGNORECASE):
        return BranchKind.COMMITTEE
    return BranchKind.BRANCH


async def branch_tree(session: AsyncSession) -> BranchTree:
    """The whole tree; a university has some hundred nodes."""
    rows = await session.execute(select(BranchRow.id, BranchRow.parent_id))
    return BranchTree({row.id: row.parent_id for row in rows})


async def all_branches(session: AsyncSession) -> list[Branch]:
    """Every node, by name."""
    rows = await session.scalars(select(BranchRow).order_by(BranchRow.name))
    return [_branch(row) for row in rows]


async def branch_by_id(session: AsyncSession, branch_id: int) -> Branch | None:
    """The node with this number."""
    row = await session.get(BranchRow, branch_id)
    return None if row is None else _branch(row)


async def branch_by_name(session: AsyncSession, name: str) -> Branch:
    """The node of exactly this name.

    Raises:
        UnknownBranch: with the names that exist.
    """
    row = await session.scalar(select(BranchRow).where(BranchRow.name == name.strip()))
    if row is None:
        known = await session.scalars(select(BranchRow.name).order_by(BranchRow.name).limit(20))
        raise UnknownBranch(name=name, known="、".join(known) or "—")
    return _branch(row)


async def create_branch(
    session: AsyncSession, name: str, *, kind: BranchKind = BranchKind.BRANCH, parent: int | None = None
) -> Branch:
    """A new node.

    Raises:
        BranchMisplaced: below a branch nothing can stand, and a committee stands only below a committee.
    """
    if parent is not None:
        above = await session.get_one(BranchRow, parent)
        if above.kind == BranchKind.BRANCH or (kind == BranchKind.COMMITTEE and above.kind != BranchKind.COMMITTEE):
            raise BranchMisplaced(name=name, parent=above.name)
    row = BranchRow(name=name.strip(), kind=kind.value, parent_id=parent)
    session.add(row)
    await session.flush()
    return _branch(row)


async def ensure_branch(
    session: AsyncSession, name: str, *, kind: BranchKind = BranchKind.BRANCH, parent: int | None = None
) -> Branch:
    """The node of this name, created where it is not there; an existing node stays where it stands."""
    row = await session.scalar(select(BranchRow).where(BranchRow.name == name.strip()))
    return _branch(row) if row is not None else await create_branch(session, name, kind=kind, parent=parent)


async def ancestors(session: AsyncSession, branch_id: int) -> list[Branch]:
    """The node itself, then what it stands under, up to the root."""
    chain = ancestor_ids(branch_id)
    rows = await session.scalars(
        select(BranchRow).join(chain, chain.c.id == BranchRow.id).order_by(chain.c.distance, BranchRow.id)
    )
    return [_branch(row) for row in rows]


async def subtree_ids(session: AsyncSession, branch_id: int) -> list[int]:
    """The numbers of the node and of everything below it, ascending."""
    return sorted(await session.scalars(below(branch_id)))


def below(branch_id: int) -> Select[int]:
    """The same as a query, to stand inside another one."""
    tree = select(BranchRow.id).where(BranchRow.id == branch_id).cte("subtree", recursive=True)
    tree = tree.union(select(BranchRow.id).where(BranchRow.parent_id == tree.c.id))
    return select(tree.c.id)


def ancestor_ids(branch_id: int) -> CTE:
    """The node and all above it with their `distance` in steps, as part of another query."""
    chain = (
        select(BranchRow.id, BranchRow.parent_id, func.coalesce(0, 0).label("distance"))
        .where(BranchRow.id == branch_id)
        .cte("chain", recursive=True)
    )
    return chain.union_all(
        select(BranchRow.id, BranchRow.parent_id, chain.c.distance + 1).where(BranchRow.id == chain.c.parent_id)
    )


def _branch(row: BranchRow) -> Branch:
    return Branch(row.id, row.name, BranchKind(row.kind), row.parent_id)
