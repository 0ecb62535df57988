"""How far somebody's role reaches: the branches in which they act, and the people whom they may deal with there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from content.aliases import Alias
from content.documents import Document
from records.branches import Branch, BranchKind, BranchTree, all_branches, branch_tree
from records.people import (
    Person,
    PersonId,
    Role,
    SeveralPeople,
    UnknownPerson,
    may,
    people_of_branch,
    person_by_id,
    person_by_number,
)
from storage.errors import WaymarkError


class OutOfReach(WaymarkError):
    """The person, document or broadcast belongs to a branch that the sender does not organise."""

    key = "error.out_of_reach"
    sentence = "This is outside the branches that you are responsible for. Nothing was changed."


@dataclass(frozen=True)
class Reach:
    """The branches in which somebody holds a role, their own and all below, by name."""

    person: Person
    branches: tuple[Branch, ...]
    tree: BranchTree

    @cached_property
    def ids(self) -> frozenset[int]:
        """Their numbers."""
        return frozenset(branch.id for branch in self.branches)

    @cached_property
    def names(self) -> dict[int, str]:
        """Names by number."""
        return {branch.id: branch.name for branch in self.branches}

    def title(self, branch: int, everywhere: str) -> str:
        """The branch's name; for 0 the only one's, or `everywhere`."""
        only = self.branches[0].name if len(self.branches) == 1 else everywhere
        return self.names.get(branch, only)

    @property
    def tops(self) -> list[Branch]:
        """The uppermost of them."""
        return [branch for branch in self.branches if branch.parent_id not in self.ids]

    @property
    def may_create(self) -> bool:
        """Whether new branches may be put below one of them."""
        return any(branch.kind is not BranchKind.BRANCH for branch in self.branches)

    @property
    def is_whole(self) -> bool:
        """Whether nothing stands above: the role reaches the whole installation's root."""
        return any(branch.parent_id is None for branch in self.branches)

    def within(self, branch: int | None) -> list[int]:
        """The reached branches at or below this one (None: all), ascending.

        Raises:
            OutOfReach: the branch is none of them.
        """
        if branch is None:
            return sorted(self.ids)
        self.check(branch)
        return sorted(one for one in self.ids if self.tree.holds(branch, one))

    def check(self, branch: int) -> None:
        """Raises: OutOfReach."""
        if branch not in self.ids:
            raise OutOfReach

    def named(self, name: str) -> Branch | None:
        """The reached branch of this name."""
        return next((branch for branch in self.branches if branch.name == name.strip()), None)


async def reach_of(session: AsyncSession, person: Person, role: Role = Role.ORGANISER) -> Reach:
    """Where the person holds the role; an admin reaches as an organiser does."""
    tree = await branch_tree(session)
    known = await all_branches(session)
    return Reach(person, tuple(branch for branch in known if may(person, role, branch.id, tree)), tree)


async def subject_of(session: AsyncSession, reach: Reach, person: int) -> Person:
    """The person of that internal number.

    Raises:
        OutOfReach: nobody, or somebody of another branch.
    """
    found = await person_by_id(session, PersonId(person))
    if found is None:
        raise OutOfReach
    reach.check(found.branch_id)
    return found


async def check_manages(session: AsyncSession, reach: Reach, document: Document | Alias) -> None:
    """Documents and aliases belong to whoever put them there: to their branch, or (by command line) to the school.

    Raises:
        OutOfReach: it is not the person's own and was put there by nobody whom they organise.
    """
    if document.added_by == reach.person.id or (document.added_by is None and reach.is_whole):
        return
    if document.added_by is None:
        raise OutOfReach
    await subject_of(session, reach, document.added_by)


async def named_person(session: AsyncSession, reach: Reach, who: str) -> Person:
    """The person meant by a student number or a name, among those whom the reach holds.

    Raises:
        UnknownPerson: nobody here, also where the number belongs to another branch.
        SeveralPeople: the name is not enough.
    """
    who = " ".join(who.split())
    try:
        found = await person_by_number(session, who)
    except UnknownPerson:
        return _only([one for one in await people_within(session, reach) if one.name == who], who)
    if found.branch_id not in reach.ids:
        raise UnknownPerson(who=who)
    return found


async def people_within(session: AsyncSession, reach: Reach, branch: int | None = None) -> list[Person]:
    """Everybody of the reach, or of one branch of it and below, by student number within each uppermost branch."""
    if branch is not None:
        reach.check(branch)
        return await people_of_branch(session, branch)
    found: dict[PersonId, Person] = {}
    for top in reach.tops:
        found |= {one.id: one for one in await people_of_branch(session, top.id)}
    return list(found.values())


def students_among(people: Iterable[Person]) -> list[Person]:
    """Those of them who walk the track."""
    return [one for one in people if any(role is Role.STUDENT for role, _ in one.roles)]


def _only(found: list[Person], who: str) -> Person:
    if not found:
        raise UnknownPerson(who=who)
    if len(found) > 1:
        raise SeveralPeople(count=len(found), name=who, numbers="、".join(one.student_number or "—" for one in found))
    return found[0]
