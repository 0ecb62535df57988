"""/invite: one-time codes for a person, or a branch on a sheet to print; organisers are invited by an admin."""

from __future__ import annotations

from datetime import timedelta

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import Invite, NewOrganiser
from bot.filters import ORGANISERS, Has
from bot.first import invite_organiser, links
from bot.handlers.pressing import said_below, shown_file
from bot.reach import named_person, reach_of, subject_of
from bot.services import Services
from bot.turns.presses import PressOver
from bot.turns.turn import Turn
from bot.views.organiser_people import show_code, show_invite, show_where
from bot.words import Words
from records.invitation_sheet import Slip, invitation_sheet
from records.invitations import DEFAULT_VALID_DAYS, Invited, invite, invite_branch
from records.people import Person, Role


class Inviting(StatesGroup):
    """What is being typed."""

    organiser = State()


def router() -> Router:
    """Invitations."""
    router = Router(name="organiser.invite")
    typed = (F.text, ~F.text.startswith("/"), Has(Role.ADMIN))
    router.message.register(on_invite, Command("invite"), Has(*ORGANISERS))
    router.message.register(on_organiser, StateFilter(Inviting.organiser), *typed)
    router.callback_query.register(on_press, Invite.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_new_organiser, NewOrganiser.filter(), Has(Role.ADMIN))
    return router


async def on_invite(
    message: Message,
    command: CommandObject,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Answer /invite with the branches, /invite WHO with that person's code."""
    await state.set_state(None)
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        admin = await reach_of(reading, person, Role.ADMIN)
        subject = await named_person(reading, reach, command.args) if command.args else None
    if subject is None:
        await message.answer(**show_invite(reach, _, may_grant=bool(admin.branches)))
        return
    link = await links(services.settings)
    invited = await _invite(session, turn, subject)
    await message.answer(**show_code(invited, link.of(invited.code), _))


async def on_press(
    query: CallbackQuery,
    callback_data: Invite,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Codes for everybody of a branch who is not here yet, or for one person; earlier unused codes end."""
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        subject = await subject_of(reading, reach, callback_data.person) if callback_data.person else None
        if subject is None:
            reach.check(callback_data.branch)
    link = await links(services.settings)
    if subject is not None:
        one = await _invite(session, turn, subject)
        await said_below(query)(**show_code(one, link.of(one.code), _))
        return
    invited = await invite_branch(session, callback_data.branch, now=turn.now)
    branch = reach.names[callback_data.branch]
    if not invited:
        await said_below(query)(_("invite.everybody_here", branch=branch))
        return
    slips = [Slip(one, link.of(one.code)) for one in invited]
    content = invitation_sheet(slips, _.plain, branch=branch, language=_.language.replace("_", "-"))
    file = BufferedInputFile(content, filename=_.plain("invite.file", branch=branch))
    await shown_file(query)(file, caption=_("invite.sheet", branch=branch, count=len(invited), days=DEFAULT_VALID_DAYS))


async def on_new_organiser(
    query: CallbackQuery,
    callback_data: NewOrganiser,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    person: Person,
    _: Words,
) -> None:
    """An organiser who is not on the roster: first the name, then the branch."""
    if not callback_data.branch:
        await state.set_state(Inviting.organiser)
        await said_below(query)(_("invite.ask_organiser"))
        return
    name = (await state.get_data()).get("organiser")
    async with services.database.read() as reading:
        reach = await reach_of(reading, person, Role.ADMIN)
        reach.check(callback_data.branch)
    if not name:
        raise PressOver
    link = await links(services.settings)
    branch = next(one for one in reach.branches if one.id == callback_data.branch)
    invited = await invite_organiser(session, name, branch, services)
    await state.update_data(organiser=None)
    await said_below(query)(**show_code(invited, link.of(invited.code), _))


async def on_organiser(message: Message, state: FSMContext, services: Services, person: Person, _: Words) -> None:
    """The name of the new organiser."""
    async with services.database.read() as reading:
        reach = await reach_of(reading, person, Role.ADMIN)
    await state.set_state(None)
    await state.update_data(organiser=" ".join((message.text or "").split())[:80])
    await message.answer(**show_where(reach.branches, _))


async def _invite(session: AsyncSession, turn: Turn, subject: Person) -> Invited:
    code = await invite(session, subject.id, now=turn.now)
    return Invited(subject, code, turn.now + timedelta(days=DEFAULT_VALID_DAYS))
