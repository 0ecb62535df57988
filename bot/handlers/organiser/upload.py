"""/upload: a file is read and shown as it was understood; nothing is kept before 「发布」 or 「确认导入」."""

from __future__ import annotations

from typing import Any

from aiogram import Bot, F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import Deed, UndoDocument, Upload
from bot.clock import Clock
from bot.days import day_in
from bot.deeds.preview import Preview, preview_of
from bot.deeds.publishing import publish, replaceable, take_back
from bot.deeds.uploads import Pending, Sort, fetch, forget, keep, kept, name_of, pending_of, read_upload
from bot.filters import ORGANISERS, Has
from bot.handlers.organiser.step import Recording
from bot.handlers.pressing import changed, said_below
from bot.handlers.talks import Appointing
from bot.reach import check_manages, reach_of
from bot.services import Services
from bot.turns.presses import PressOver
from bot.turns.turn import Turn
from bot.views.organiser_upload import (
    show_branches,
    show_old,
    show_preview,
    show_published,
    show_sorts,
    show_stages,
    show_taken_back,
)
from bot.words import Words
from content.library import find, show, undo_publish
from content.passages import DocumentKind
from records.people import Person
from records.stages import Stage


class Uploading(StatesGroup):
    """What is being typed."""

    day = State()
    old = State()


# Something is shown and a text may change it, but none is asked for: a file takes nothing away.
WAITING_FOR_NOTHING = (Recording.shown, Appointing.own_offered, Appointing.students_offered)


def router() -> Router:
    """Files of organisers."""
    router = Router(name="organiser.upload")
    router.message.register(on_upload, Command("upload"), Has(*ORGANISERS))
    router.message.register(on_file, F.document, StateFilter(None, Uploading, *WAITING_FOR_NOTHING), Has(*ORGANISERS))
    router.message.register(on_file_in_dialogue, F.document, Has(*ORGANISERS))
    router.message.register(on_day, F.text, ~F.text.startswith("/"), StateFilter(Uploading.day), Has(*ORGANISERS))
    router.message.register(on_old, F.text, ~F.text.startswith("/"), StateFilter(Uploading.old), Has(*ORGANISERS))
    router.callback_query.register(on_publish, Upload.filter(F.deed == Deed.PUBLISH), Has(*ORGANISERS))
    router.callback_query.register(on_undo, Upload.filter(F.deed == Deed.UNDO), Has(*ORGANISERS))
    router.callback_query.register(on_cancel, Upload.filter(F.deed == Deed.CANCEL), Has(*ORGANISERS))
    router.callback_query.register(on_ask, Upload.filter(F.deed.in_(ASKING)), Has(*ORGANISERS))
    router.callback_query.register(on_choice, Upload.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_undo_document, UndoDocument.filter(), Has(*ORGANISERS))
    return router


ASKING = frozenset({Deed.STAGES, Deed.DATE, Deed.REPLACE, Deed.BRANCH, Deed.SORT})


async def on_upload(message: Message, state: FSMContext, _: Words) -> None:
    """Answer /upload: say what can be sent."""
    await state.set_state(None)
    await message.answer(_("upload.prompt"))


async def on_file(
    message: Message,
    bot: Bot,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """A file: read it and show what was understood."""
    document = message.document
    if document is None:
        return
    name = name_of(document)
    content = await fetch(bot, document)
    read = await read_upload(content, name)
    pending = Pending(turn.update_id, "", name, read.sort.value)
    found = await preview_of(services, person, pending, read)
    pending.sha256 = await keep(session, content, name, now=turn.now)
    await state.set_state(None)
    await state.update_data(upload=pending.stored())
    await message.answer(**show_preview(found, clock.today(), _))


async def on_file_in_dialogue(message: Message, state: FSMContext, _: Words) -> None:
    """A file while something else is asked for: say what, and how to leave it."""
    dialogue, _dot, _state = (await state.get_state() or "").partition(":")
    await message.answer(_("upload.in_dialogue", doing=_.plain(f"doing.{dialogue.lower()}")))


async def on_ask(
    query: CallbackQuery,
    callback_data: Upload,
    state: FSMContext,
    services: Services,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """Show what can be chosen."""
    pending = pending_of(await state.get_data(), callback_data.ref)
    match callback_data.deed:
        case Deed.STAGES:
            await changed(query)(**show_stages(pending, _))
        case Deed.SORT:
            await changed(query)(**show_sorts(pending, _))
        case Deed.BRANCH:
            async with services.database.read() as reading:
                reach = await reach_of(reading, person)
            await changed(query)(**show_branches(pending, reach, _))
        case Deed.DATE:
            await state.set_state(Uploading.day)
            await said_below(query)(_("upload.ask_day", today=str(clock.today())))
        case _:
            await state.set_state(Uploading.old)
            async with services.database.read() as reading:
                likely = await replaceable(reading, await reach_of(reading, person))
            await said_below(query)(**show_old(likely, pending, _))


async def on_choice(
    query: CallbackQuery,
    callback_data: Upload,
    state: FSMContext,
    services: Services,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """Something was chosen: show the preview as it is now."""
    pending = pending_of(await state.get_data(), callback_data.ref)
    value = callback_data.value
    match callback_data.deed:
        case Deed.STAGE if value in set(Stage):
            chosen = {*pending.stages} ^ {value}
            pending.stages = [stage.value for stage in Stage if stage.value in chosen]
            await state.update_data(upload=pending.stored())
            await changed(query)(**show_stages(pending, _))
            return
        case Deed.OLD:
            pending.replaces = value
        case Deed.KIND if value in (DocumentKind.OFFICIAL, DocumentKind.SCHOOL):
            pending.kind = value
        case Deed.INTO if value.isdecimal() and len(value) < 19:
            pending.branch = int(value)
        case Deed.READ_AS if value in set(Sort):
            pending.sort = value
        case Deed.HISTORY:
            pending.history = not pending.history
    await state.set_state(None)
    await changed(query)(**await _again(services, state, clock, person, pending, _))


async def on_day(
    message: Message, state: FSMContext, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """The day from which a document holds, as it was typed."""
    pending = Pending(**(await state.get_data())["upload"])
    pending.effective = day_in(message.text or "", clock.today()).isoformat()
    await state.set_state(None)
    await message.answer(**await _again(services, state, clock, person, pending, _))


async def on_old(
    message: Message, state: FSMContext, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """The title of the document that is replaced, as it was typed."""
    pending = Pending(**(await state.get_data())["upload"])
    async with services.database.read() as reading:
        pending.replaces = (await find(reading, (message.text or "").strip())).id
    await state.set_state(None)
    await message.answer(**await _again(services, state, clock, person, pending, _))


async def on_publish(
    query: CallbackQuery,
    callback_data: Upload,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「发布」「确认导入」: do what the preview said, in one piece."""
    pending = pending_of(await state.get_data(), callback_data.ref)
    async with services.database.read() as reading:
        content = await kept(reading, pending)
        reach = await reach_of(reading, person)
    read = await read_upload(content, pending.name, Sort(pending.sort))
    done = await publish(services, session, reach, pending, read, content)
    await state.update_data(upload=None, undo={"ref": pending.ref, **done.undo} if done.undo else None)
    await changed(query)(**show_published(done, pending.ref, clock.today(), _))


async def on_undo(
    query: CallbackQuery,
    callback_data: Upload,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    person: Person,
    _: Words,
) -> None:
    """「撤销」 of a roster or a question bank, as long as the conversation remembers what was done."""
    undo: dict[str, Any] = (await state.get_data()).get("undo") or {}
    if undo.get("ref") != callback_data.ref:
        raise PressOver
    taken = await take_back(services, session, undo, reason=_.plain("upload.undo_reason"), by=person)
    await state.update_data(undo=None)
    await changed(query)(**show_taken_back(taken, _))


async def on_undo_document(
    query: CallbackQuery,
    callback_data: UndoDocument,
    services: Services,
    session: AsyncSession,
    person: Person,
    _: Words,
) -> None:
    """「撤销」 of a publication: what it replaced is in force again."""
    async with services.database.read() as reading:
        document = await show(reading, callback_data.document)
        await check_manages(reading, await reach_of(reading, person), document)
    await undo_publish(session, document.id)
    await changed(query)(_("upload.document_undone", title=document.title))


async def on_cancel(
    query: CallbackQuery, callback_data: Upload, state: FSMContext, session: AsyncSession, turn: Turn, _: Words
) -> None:
    """「取消」: nothing is kept of the file."""
    pending = pending_of(await state.get_data(), callback_data.ref)
    await forget(session, pending, now=turn.now)
    await state.set_state(None)
    await state.update_data(upload=None)
    await changed(query)(_("upload.cancelled", name=pending.name))


async def _again(
    services: Services, state: FSMContext, clock: Clock, person: Person, pending: Pending, _: Words
) -> dict[str, Any]:
    """The preview after a change, which is remembered."""
    async with services.database.read() as reading:
        content = await kept(reading, pending)
    read = await read_upload(content, pending.name, Sort(pending.sort))
    found: Preview = await preview_of(services, person, pending, read)
    await state.update_data(upload=pending.stored())
    return show_preview(found, clock.today(), _)
