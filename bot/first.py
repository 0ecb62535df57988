"""The first organiser of an installation, and links by which invited people come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.lean import import_aiogram
from bot.services import Services
from bot.settings import Settings
from records.branches import Branch, BranchKind, all_branches, ensure_branch
from records.invitations import DEFAULT_VALID_DAYS, Invited, has_open_invitation, invite, telegram_link, web_link
from records.people import Person, PersonId, Role, UnknownPerson, add_person, grant_role, person_by_id, person_by_name
from records.tables import AccountRow, PersonRow, RoleRow
from storage.database import first_come

ASK_TELEGRAM_SECONDS = 10


@dataclass(frozen=True)
class Awaited:
    """The first administrator, who has not come in yet."""

    person: Person
    branch: str
    invited: Invited | None  # None: an earlier start made their code, which still holds and is shown once


async def await_first_organiser(services: Services) -> Awaited | None:
    """The administrator as long as nobody who organises has come in, with a code where none of theirs holds."""
    now = services.clock.now()
    words = services.locales.words(services.settings.language)
    async with services.database.write() as session:
        await first_come(session)
        known = (await session.execute(_who_organises())).all()
        administrators = [PersonId(row.person_id) for row in known if row.role == Role.ADMIN.value]
        if any(row.is_here for row in known) or (known and not administrators):
            return None
        person = await person_by_id(session, administrators[0]) if administrators else None
        if person is None:
            root = await ensure_branch(session, words.plain("first.branch"), kind=BranchKind.COMMITTEE)
            person = await add_person(
                session, name=words.plain("first.person"), branch_id=root.id, now=now, roles=(Role.ADMIN,)
            )
        (branch,) = [one.name for one in await all_branches(session) if one.id == person.branch_id]
        if await has_open_invitation(session, person.id, now=now):
            return Awaited(person, branch, None)
        code = await invite(session, person.id, now=now)
    return Awaited(person, branch, Invited(person, code, now + timedelta(days=DEFAULT_VALID_DAYS)))


def _who_organises() -> Select[int, str, bool]:
    """Everybody who may organise something, the one who was here first before the others."""
    here = exists().where(AccountRow.person_id == RoleRow.person_id)
    return (
        select(RoleRow.person_id, RoleRow.role, here.label("is_here"))
        .join(PersonRow, PersonRow.id == RoleRow.person_id)
        .where(RoleRow.role.in_((Role.ORGANISER.value, Role.ADMIN.value)), PersonRow.left_at.is_(None))
        .order_by(RoleRow.person_id)
    )


async def invite_organiser(session: AsyncSession, name: str, branch: Branch, services: Services) -> Invited:
    """A code for the organiser of that name in the branch, who is added where nobody of the branch is called so.

    Raises:
        SeveralPeople: more than one is.
    """
    now = services.clock.now()
    try:
        person = await person_by_name(session, name, branch_id=branch.id)
    except UnknownPerson:
        person = await add_person(session, name=name.strip(), branch_id=branch.id, now=now, roles=(Role.ORGANISER,))
    await grant_role(session, person.id, Role.ORGANISER, branch.id)
    code = await invite(session, person.id, now=now)
    return Invited(person, code, now + timedelta(days=DEFAULT_VALID_DAYS))


class Links:
    """Deep links to the door that the installation has: Telegram's where a bot answers, else the web page's."""

    def __init__(self, bot_name: str | None, address: str) -> None:
        self._bot_name = bot_name
        self._address = address

    def of(self, code: str) -> str:
        """The link that opens the door with the code typed in."""
        return telegram_link(self._bot_name, code) if self._bot_name else web_link(self._address, code)


async def links(settings: Settings) -> Links:
    """Links for this installation; asks Telegram for the name of the bot and does without where it does not answer."""
    token = settings.telegram_token.get_secret_value()
    return Links(await _bot_name(token, settings.telegram_api) if token else None, settings.page)


async def _bot_name(token: str, api: str) -> str | None:
    """The bot's public name; None when it cannot be reached."""
    import_aiogram()
    from aiogram.exceptions import TelegramAPIError

    from bot.channels.telegram import telegram_bot

    bot = telegram_bot(token, api)
    try:
        return (await bot.get_me(request_timeout=ASK_TELEGRAM_SECONDS)).username
    except TelegramAPIError:
        return None
    finally:
        await bot.session.close()
