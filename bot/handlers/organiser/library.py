"""/library: what there is to read, for everybody; its state, 「下架」 and what is worth a look, for organisers."""

from __future__ import annotations

import asyncio
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import Book, LibraryHints, Retire, Shelf
from bot.clock import Clock
from bot.filters import ORGANISERS, Has, Joined
from bot.handlers.pressing import changed, said_below
from bot.reach import OutOfReach, check_manages, reach_of
from bot.services import Services
from bot.views.organiser_hints import show_hints
from bot.views.organiser_library import show_book, show_shelf, show_sure
from bot.words import Words
from content.documents import Document, DocumentUnknown, documents, show
from content.hints import hints, standing_passages
from content.library import retire
from content.usefulness import unhelpful
from records.people import Person

EVERY_STATE = ("published", "draft", "retired")


def router() -> Router:
    """The library."""
    router = Router(name="organiser.library")
    router.message.register(on_library, Command("library"), Joined())
    router.callback_query.register(on_page, Shelf.filter(), Joined())
    router.callback_query.register(on_book, Book.filter(), Joined())
    router.callback_query.register(on_hints, LibraryHints.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_retire, Retire.filter(), Has(*ORGANISERS))
    return router


async def on_library(message: Message, services: Services, clock: Clock, person: Person, _: Words) -> None:
    """Answer /library with the first page."""
    await message.answer(**await _page(services, clock, person, Shelf(page=0), _))


async def on_page(
    query: CallbackQuery, callback_data: Shelf, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """Another page."""
    await changed(query)(**await _page(services, clock, person, callback_data, _))


async def on_book(
    query: CallbackQuery, callback_data: Book, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """One document; a draft or a retired one only for those who manage it."""
    async with services.database.read() as reading:
        document = await show(reading, callback_data.document)
        manages = await _manages(reading, person, document)
    if document.state != "published" and not manages:
        raise DocumentUnknown(document=callback_data.document)
    await said_below(query)(**show_book(document, clock.today(), _, manages=manages))


async def on_hints(query: CallbackQuery, services: Services, clock: Clock, _: Words) -> None:
    """「检查」: what is never found, out of date, said twice, or did not help many."""
    today = clock.today()
    async with services.database.read() as reading:
        passages = await standing_passages(reading)
        useless = await unhelpful(reading, on=today)
    found = await asyncio.to_thread(hints, passages, on=today)
    await said_below(query)(**show_hints(found, useless, _))


async def on_retire(
    query: CallbackQuery,
    callback_data: Retire,
    services: Services,
    session: AsyncSession,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「下架」: asked once more, then it answers no longer."""
    async with services.database.read() as reading:
        document = await show(reading, callback_data.document)
        await check_manages(reading, await reach_of(reading, person), document)
    if not callback_data.sure:
        await changed(query)(**show_sure(document, _))
        return
    await retire(session, document.id, on=clock.today())
    await changed(query)(_("library.retired", title=document.title))


async def _page(services: Services, clock: Clock, person: Person, wanted: Shelf, _: Words) -> dict[str, Any]:
    today = clock.today()
    async with services.database.read() as reading:
        manages = bool((await reach_of(reading, person)).branches)
        found = await documents(reading, states=EVERY_STATE if wanted.all and manages else ("published",))
    if not (wanted.all and manages):
        found = [one for one in found if one.effective_until is None or one.effective_until > today]
    wanted.page = max(wanted.page, 0)
    return show_shelf(found, wanted, today, _, manages=manages)


async def _manages(reading: AsyncSession, person: Person, document: Document) -> bool:
    reach = await reach_of(reading, person)
    if not reach.branches:
        return False
    try:
        await check_manages(reading, reach, document)
    except OutOfReach:
        return False
    return True
