"""Who may reach a handler: decided by the sender's own account at every message and every press."""

from __future__ import annotations

from typing import Any

from aiogram.filters import Filter
from aiogram.types import TelegramObject

from records.people import Person, Role


class Joined(Filter):
    """A person of the roster who has joined and agreed to the notice."""

    async def __call__(self, event: TelegramObject, person: Person | None = None) -> bool:
        return person is not None


class Has(Filter):
    """A joined person with one of the roles, in whatever branch; the branch is checked where the subject is known."""

    def __init__(self, *roles: Role) -> None:
        self._roles = frozenset(roles)

    async def __call__(self, event: TelegramObject, person: Person | None = None) -> bool | dict[str, Any]:
        return person is not None and any(role in self._roles for role, _ in person.roles)


ORGANISERS = (Role.ORGANISER, Role.ADMIN)
