"""/courses: what there is to study, text by text; /discuss: the day's question to think about."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons.student import Leaf, Shelf, Think
from bot.clock import Clock
from bot.filters import Joined
from bot.handlers.pressing import changed, said_below
from bot.services import Services
from bot.views.study import show_leaf, show_shelf, show_thought
from bot.views.text import Shown
from bot.words import Words
from content.discussion import thought_of, thoughts
from content.documents import passages_in_force, passages_of, show
from content.shelf import shelf
from records.people import Person


def router() -> Router:
    """For everybody who joined."""
    router = Router(name="courses")
    router.message.register(on_courses, Command("courses"), Joined())
    router.callback_query.register(on_page, Shelf.filter(), Joined())
    router.callback_query.register(on_leaf, Leaf.filter(), Joined())
    router.message.register(on_discuss, Command("discuss"), Joined())
    router.callback_query.register(on_think, Think.filter(), Joined())
    return router


async def on_courses(message: Message, services: Services, clock: Clock, person: Person, _: Words) -> None:
    """Answer /courses with the first page of the list."""
    await message.answer(**await _page(services, clock, person, 0, _))


async def on_page(
    query: CallbackQuery, callback_data: Shelf, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """Another page of the list."""
    await changed(query)(**await _page(services, clock, person, callback_data.page, _))


async def on_leaf(query: CallbackQuery, callback_data: Leaf, services: Services, clock: Clock, _: Words) -> None:
    """A passage of a document that is in force."""
    async with services.database.read() as session:
        document = await show(session, callback_data.document)
        passages = await passages_of(session, document.id) if document.state == "published" else []
    if not passages:
        await query.answer(_.plain("ask.source_gone"), show_alert=True)
        return
    await changed(query)(**show_leaf(passages, callback_data.place, _))


async def on_discuss(message: Message, services: Services, clock: Clock, _: Words) -> None:
    """Answer /discuss with the day's question; nothing is handed in or recorded."""
    await message.answer(**await _thought(services, clock, 0, _))


async def on_think(query: CallbackQuery, callback_data: Think, services: Services, clock: Clock, _: Words) -> None:
    """Another question."""
    await said_below(query)(**await _thought(services, clock, max(0, callback_data.number), _))


async def _page(services: Services, clock: Clock, person: Person, page: int, _: Words) -> Shown:
    async with services.database.read() as session:
        documents = await shelf(session, stage=person.stage, on=clock.today())
    return show_shelf(documents, page, person.stage, _)


async def _thought(services: Services, clock: Clock, number: int, _: Words) -> Shown:
    today = clock.today()
    async with services.database.read() as session:
        found = thought_of(today, thoughts(await passages_in_force(session, today)), number)
    return show_thought(found, number, _) if found else {"text": _("study.no_thought")}
