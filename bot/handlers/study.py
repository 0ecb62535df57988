"""/today: the day's study card, and what one says of it."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import CardPress
from bot.clock import Clock
from bot.deeds.participation import note_reading
from bot.deeds.standing import behind_of
from bot.filters import Has
from bot.handlers.pressing import changed, said_below
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.study import show_card
from bot.words import Words
from content.selection import Response
from content.study import CardGone, another_card, card_to_read, respond
from records.people import Person, Role


def router() -> Router:
    """The study cards of a student."""
    router = Router(name="study")
    router.message.register(on_today, Command("today"), Has(Role.STUDENT))
    router.callback_query.register(on_press, CardPress.filter(), Has(Role.STUDENT))
    return router


async def on_today(
    message: Message,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """Answer /today with the day's card; with the next one once that was answered."""
    behind = await _behind(services, person)
    today = clock.today()
    card = await card_to_read(session, person.id, stage=person.stage, day=today, now=turn.now, behind=behind)
    await message.answer(**(show_card(card, _) if card else {"text": _("study.nothing")}))


async def on_press(
    query: CallbackQuery,
    callback_data: CardPress,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「已读」「太浅」「太深」「换一个」; an older day's card can still be answered, but not exchanged."""
    response = Response(callback_data.response) if callback_data.response in set(Response) else None
    day = callback_data.on
    if response is None or day is None or (response is Response.ANOTHER and day != clock.today()):
        raise CardGone
    if response is Response.ANOTHER:
        behind = await _behind(services, person)
        other = await another_card(
            session, person.id, callback_data.ordinal, stage=person.stage, day=day, now=turn.now, behind=behind
        )
        await said_below(query)(**(show_card(other, _) if other else {"text": _("study.no_other")}))
        return
    card = await respond(session, person.id, callback_data.ordinal, response, day=day)
    if response is Response.READ:
        await note_reading(session, person.id, card.passage, on=clock.today(), now=turn.now)
    await changed(query)(**show_card(card, _))


async def _behind(services: Services, person: Person) -> frozenset[str]:
    async with services.database.read() as session:
        return await behind_of(session, services, person.id)
