"""Who sits at the page: what it shows of them, and the sample people of the demonstration."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.types import User
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.web.inbound import CHANNEL
from bot.commands import commands_of
from bot.consent import NOTICE_VERSION
from bot.words import Words
from records.consent import has_consented
from records.people import Person, PersonId, Role, accounts_of, people_of_branch, person_by_account

Json = dict[str, object]
ORDER = (Role.STUDENT, Role.MENTOR, Role.ORGANISER, Role.ADMIN)


@dataclass(frozen=True)
class Sitter:
    """Whoever sits at the page; `person` is None before they have joined, `agreed` tells whether to the notice."""

    chat_id: int
    person: Person | None
    agreed: bool

    def as_user(self, language: str | None) -> User:
        """The sender of their updates."""
        name = self.person.name if self.person else "Web"
        return User(id=self.chat_id, is_bot=False, first_name=name, language_code=language)


async def sitter_of(session: AsyncSession, chat_id: int) -> Sitter:
    """Who speaks from this chat."""
    person = await person_by_account(session, CHANNEL, chat_id)
    agreed = person is not None and await has_consented(session, person.id, NOTICE_VERSION)
    return Sitter(chat_id, person, agreed)


async def sample_people(session: AsyncSession) -> list[tuple[Person, int]]:
    """Everybody with a chat on the page, and its number; students first, as they come in the roster."""
    found = []
    for person in await people_of_branch(session):
        chats = [account.external_id for account in await accounts_of(session, person.id) if account.channel == CHANNEL]
        if chats:
            found.append((person, chats[0]))
    return sorted(found, key=lambda pair: ORDER.index(main_role(pair[0])))


async def sample_chat(session: AsyncSession, person: int) -> int | None:
    """The chat of a sample person."""
    accounts = await accounts_of(session, PersonId(person))
    return next((account.external_id for account in accounts if account.channel == CHANNEL), None)


def main_role(person: Person) -> Role:
    """The role that tells most about what they see: an organiser who is also a mentor is an organiser."""
    held = {role for role, _ in person.roles}
    return next((role for role in reversed(ORDER) if role in held), Role.STUDENT)


def shown_person(person: Person, words: Words) -> Json:
    """Name and role as the page shows them."""
    role = main_role(person)
    return {"id": person.id, "name": person.name, "role": role.value, "label": words.plain(f"web.role.{role.value}")}


def shown_commands(sitter: Sitter, words: Words) -> list[Json]:
    """The command menu: empty for whoever has not joined."""
    if sitter.person is None or not sitter.agreed:
        return []
    keys = [(command.name, f"command.{command.name}") for command in commands_of(sitter.person)]
    return [{"name": name, "description": words.plain(key) if words.has(key) else ""} for name, key in keys]
