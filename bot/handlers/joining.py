"""Joining: a code from the branch, the notice, 「同意」; before that nothing is recorded."""

from __future__ import annotations

from typing import Any

from aiogram import F, Router
from aiogram.enums import ChatMemberStatus
from aiogram.filters import Command, CommandObject, CommandStart, Filter, StateFilter
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, TelegramObject
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.keyboard import Button, keyboard
from bot.commands import commands_of
from bot.consent import NOTICE_VERSION
from bot.deeds.recording import settle_anew
from bot.deeds.returning import came_back
from bot.filters import Joined
from bot.handlers.pressing import said_below
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.privacy import notice_text
from bot.words import Words
from records.consent import give_consent
from records.invitations import TooManyAttempts, check_code, looks_like_code, redeem
from records.people import Person, Role, mark_blocked, person_by_id
from storage.errors import WaymarkError


class Joining(StatesGroup):
    """Where somebody stands who is not here yet."""

    code = State()
    notice = State()


class Consent(CallbackData, prefix="join"):
    """A press below the notice."""

    agree: bool


class Hesitating(Filter):
    """Somebody who has been shown the notice and has not agreed to it."""

    async def __call__(
        self, event: TelegramObject, person: Person | None, invited: Person | None, raw_state: str | None = None
    ) -> bool:
        return person is None and (invited is not None or raw_state == Joining.notice.state)


def router() -> Router:
    """/start and what follows from it, /help, and people who block the bot."""
    router = Router(name="joining")
    router.message.register(on_start, CommandStart())
    router.callback_query.register(on_consent, Consent.filter())
    typed = (F.text, ~F.text.startswith("/"), ~Joined())
    router.message.register(on_code, StateFilter(Joining.code), *typed)
    router.message.register(on_code, *typed, F.text.func(looks_like_code))
    router.message.register(on_help, Command("help"), Joined())
    router.message.register(on_command_before, F.text.startswith("/"), Hesitating())
    router.my_chat_member.register(on_membership)
    return router


async def on_start(
    message: Message,
    command: CommandObject,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    _: Words,
    person: Person | None,
    invited: Person | None,
) -> None:
    """Answer /start: greet who is here, show the notice to who has a code, ask the others for one."""
    code = (command.args or "").strip()
    if person is not None:
        await message.answer(_("join.welcome_back", name=person.name, menu=menu(person, _)))
    elif invited is not None:
        await _show_notice(message, state, services, _, code="")
    elif code:
        await _try_code(message, code, state, services, session, turn, _)
    else:
        await state.set_state(Joining.code)
        await message.answer(_("join.ask_code"))


async def on_code(
    message: Message, state: FSMContext, services: Services, session: AsyncSession, turn: Turn, _: Words
) -> None:
    """A code, typed after it was asked for or at any other time."""
    await _try_code(message, (message.text or "").strip(), state, services, session, turn, _)


async def on_consent(
    query: CallbackQuery,
    callback_data: Consent,
    state: FSMContext,
    session: AsyncSession,
    services: Services,
    turn: Turn,
    _: Words,
    invited: Person | None,
) -> None:
    """「同意」: use the code up, remember the agreement, open the house. 「不同意」: nothing is kept."""
    said = said_below(query)
    if not callback_data.agree:
        await state.clear()
        await said(_("join.declined"))
        return
    code = (await state.get_data()).get("code", "")
    await state.clear()
    if invited is not None:
        person_id = invited.id
    elif code:
        joined = await redeem(session, code, turn.channel, query.from_user.id, now=turn.now)
        if isinstance(joined, WaymarkError):
            await said(_.error(joined))  # said, not raised: the failed attempt must be counted
            return
        person_id = joined
    else:
        await said(_("join.ask_code"))
        return
    await give_consent(session, person_id, NOTICE_VERSION, now=turn.now)
    person = await person_by_id(session, person_id)
    if person is not None:
        if any(role is Role.STUDENT for role, _where in person.roles):
            await settle_anew(services, session, person)  # who left took their own reminders along
        await said(_("join.welcome", name=person.name, menu=menu(person, _)))


async def on_command_before(message: Message, state: FSMContext, services: Services, _: Words) -> None:
    """Whatever they ask for, first comes the notice; the code that they gave stays good."""
    await _show_notice(message, state, services, _, code=(await state.get_data()).get("code", ""))


async def on_help(message: Message, person: Person, _: Words) -> None:
    """Answer /help with what the person's roles can use."""
    await message.answer(_("join.help", menu=menu(person, _)))


async def on_membership(event: ChatMemberUpdated, session: AsyncSession, turn: Turn) -> None:
    """Somebody blocked the bot, or came back."""
    if event.new_chat_member.status == ChatMemberStatus.KICKED:
        await mark_blocked(session, turn.channel, event.from_user.id, now=turn.now)
    else:
        await came_back(session, turn.channel, event.from_user.id)


def menu(person: Person, _: Words) -> Markup:
    """The person's commands, a line each."""
    lines = (f"/{command.name} {_('command.' + command.name)}" for command in commands_of(person))
    return Markup("\n".join(lines))  # noqa: S704 (our own words and command names)


async def _try_code(
    message: Message, code: str, state: FSMContext, services: Services, session: AsyncSession, turn: Turn, _: Words
) -> None:
    found: Any = await check_code(session, code, turn.channel, message.chat.id, now=turn.now)
    if isinstance(found, TooManyAttempts):
        await state.clear()
    if isinstance(found, WaymarkError):
        await message.answer(_.error(found))  # said, not raised: the failed attempt must be counted
        return
    await _show_notice(message, state, services, _, code=code)


async def _show_notice(message: Message, state: FSMContext, services: Services, _: Words, *, code: str) -> None:
    await state.set_state(Joining.notice)
    await state.update_data(code=code)
    buttons = [
        Button(_.plain("join.agree"), Consent(agree=True)),
        Button(_.plain("join.decline"), Consent(agree=False)),
    ]
    text = notice_text(_, rephrased=services.rephraser is not None)
    await message.answer(text, reply_markup=keyboard([buttons]))
