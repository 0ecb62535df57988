"""/library, 「别名」: what people write for what the texts call otherwise."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import AliasDeed, AliasPress
from bot.clock import Clock
from bot.deeds.aliases import read_alias, teach
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, said_below
from bot.reach import check_manages, reach_of
from bot.services import Services
from bot.views.organiser_alias import show_aliases
from bot.words import Words
from content.aliases import drop_aliases, find_aliases, own_aliases
from records.people import Person
from retrieval.search import load_aliases


class Naming(StatesGroup):
    """What is being typed."""

    pair = State()


def router() -> Router:
    """Aliases."""
    router = Router(name="organiser.alias")
    typed = (F.text, ~F.text.startswith("/"), StateFilter(Naming.pair), Has(*ORGANISERS))
    router.message.register(on_pair, *typed)
    router.callback_query.register(on_press, AliasPress.filter(), Has(*ORGANISERS))
    return router


async def on_press(
    query: CallbackQuery,
    callback_data: AliasPress,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    person: Person,
    _: Words,
) -> None:
    """The list, 「添加」, and 「删除」 of one that somebody of the presser's own branches added."""
    page = callback_data.number
    if callback_data.deed is AliasDeed.REMOVE:
        async with services.database.read() as reading:
            found = await find_aliases(reading, str(callback_data.number))
            await check_manages(reading, await reach_of(reading, person), found[0])
        await drop_aliases(session, found)
        page = 0
    if callback_data.deed is AliasDeed.ADD:
        await state.set_state(Naming.pair)
        await said_below(query)(_("alias.prompt"))
        return
    await changed(query)(**show_aliases(await own_aliases(session), max(page, 0), len(load_aliases()), _))


async def on_pair(
    message: Message, state: FSMContext, session: AsyncSession, clock: Clock, person: Person, _: Words
) -> None:
    """「简称 = 全称」, as it was typed."""
    said, meant = read_alias(message.text or "")
    await teach(session, said, meant, added_by=person.id, clock=clock)
    await state.set_state(None)
    await message.answer(_("alias.added", said="、".join(said), meant="、".join(meant)))
