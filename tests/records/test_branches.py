"""The tree of branches, on both kinds of database."""

from __future__ import annotations

import pytest

from records.branches import (
    BranchKind,
    BranchMisplaced,
    UnknownBranch,
    all_branches,
    ancestors,
    branch_by_name,
    branch_tree,
    create_branch,
    ensure_branch,
    subtree_ids,
)
from storage.database import Database


async def test_a_tree_knows_what_stands_above_and_below(database: Database) -> None:
    async with database.write() as session:
        committee = await create_branch(session, "经管学院党委", kind=BranchKind.COMMITTEE)
        general = await create_branch(session, "本科生党总支", kind=BranchKind.GENERAL_BRANCH, parent=committee.id)
        first = await create_branch(session, "本科生第一党支部", parent=general.id)
        other = await create_branch(session, "研究生党支部", parent=committee.id)

    async with database.read() as session:
        assert await subtree_ids(session, general.id) == [general.id, first.id]
        assert await subtree_ids(session, committee.id) == [committee.id, general.id, first.id, other.id]
        assert [b.name for b in await ancestors(session, first.id)] == [first.name, general.name, committee.name]
        tree = await branch_tree(session)
    assert tree.holds(committee.id, first.id)
    assert tree.holds(first.id, first.id)
    assert not tree.holds(first.id, committee.id)
    assert not tree.holds(other.id, first.id)


async def test_ensuring_a_branch_twice_makes_one(database: Database) -> None:
    async with database.write() as session:
        first = await ensure_branch(session, "本科生第一党支部")
        second = await ensure_branch(session, " 本科生第一党支部 ")

        assert first == second
        assert len(await all_branches(session)) == 1


async def test_an_unknown_branch_is_answered_with_the_known_ones(database: Database) -> None:
    async with database.write() as session:
        await create_branch(session, "本科生第一党支部")

        with pytest.raises(UnknownBranch) as caught:
            await branch_by_name(session, "第九支部")

    assert caught.value.fields == {"name": "第九支部", "known": "本科生第一党支部"}


async def test_nothing_stands_below_a_branch(database: Database) -> None:
    async with database.write() as session:
        branch = await create_branch(session, "本科生第一党支部")

        with pytest.raises(BranchMisplaced):
            await create_branch(session, "党小组", parent=branch.id)
