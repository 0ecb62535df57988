"""/answer: questions that the library could not answer; the askers are told, and the answer is kept."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import AnswerDeed, Inquiring, PointDeed, Pointing
from bot.clock import Clock
from bot.deeds.pointing import let_answer, let_answer_no_more, passage_in_force, passage_named, pointer_in
from bot.deeds.telling import quote
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, said_below
from bot.letters.notice import notify
from bot.reach import Reach, reach_of
from bot.services import Services
from bot.turns.presses import PressOver
from bot.turns.turn import Turn
from bot.views.organiser_answer import (
    SHOWN,
    show_answered,
    show_apart,
    show_close,
    show_point,
    show_pointed_at,
    show_prompt,
    show_queue,
)
from bot.views.sources import source_of
from bot.views.text import Shown
from bot.words import Words
from content.faq import draft_faq, publish_faq
from content.inquiries import Inquiry, Told, answer, close, inquiry_of, merge, open_inquiries, take_out
from content.library import DocumentAlreadyThere
from content.passages import Passage
from records.people import Person, PersonId
from retrieval.likeness import pairs_alike

LONGEST = 2000
NEAR = 3  # passages offered as the answer


class Answering(StatesGroup):
    """What is being typed."""

    text = State()


def router() -> Router:
    """Questions that were passed on."""
    router = Router(name="organiser.answer")
    router.message.register(on_answer, Command("answer"), Has(*ORGANISERS))
    typed = (F.text, ~F.text.startswith("/"), Has(*ORGANISERS))
    router.message.register(on_text, StateFilter(Answering.text), *typed)
    router.callback_query.register(on_press, Inquiring.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_point, Pointing.filter(), Has(*ORGANISERS))
    return router


async def on_answer(message: Message, state: FSMContext, services: Services, person: Person, _: Words) -> None:
    """Answer /answer with the queue, oldest first."""
    await state.set_state(None)
    async with services.database.read() as reading:
        await message.answer(**await _queue(services, reading, await reach_of(reading, person), _))


async def on_press(
    query: CallbackQuery,
    callback_data: Inquiring,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「回答」「不回答」「确认发布」, and what belongs together or does not."""
    number = callback_data.inquiry
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        inquiry = await inquiry_of(reading, number, branches=reach.ids)
    if not _possible(callback_data.deed, inquiry.state):
        raise PressOver
    match callback_data.deed:
        case AnswerDeed.ANSWER:
            await state.set_state(Answering.text)
            await state.update_data(inquiry=number)
            near = (await services.knowledge.ask(inquiry.text, on=clock.today())).hits[:NEAR]
            await said_below(query)(**show_prompt(inquiry, [hit.passage for hit in near], _))
        case AnswerDeed.CLOSE:
            await said_below(query)(**show_close(inquiry, _))
        case AnswerDeed.CLOSE_SURE:
            _closed, askers = await close(session, number, branches=reach.ids)
            await _tell(session, turn, askers, inquiry, "notice.inquiry_closed", {})
            await changed(query)(_("answer.closed", text=inquiry.text))
        case AnswerDeed.PUBLISH:
            await publish_faq(session, number, branches=reach.ids)
            await changed(query)(_("answer.published", text=inquiry.text))
        case AnswerDeed.APART:
            await said_below(query)(**show_apart(inquiry, _))
        case AnswerDeed.OUT:
            alone, group = await take_out(session, number, branches=reach.ids)
            await changed(query)(_("answer.taken_out", text=alone.text, group=group.text))
        case AnswerDeed.MERGE:
            await merge(session, number, callback_data.other, branches=reach.ids)
            await changed(query)(**await _queue(services, session, reach, _))


async def on_text(
    message: Message,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """The answer, as it was typed: the asker is told at once. 《title》 with an article alone points at that."""
    text = (message.text or "").strip()
    if len(text) > LONGEST:
        await message.answer(_("answer.too_long", most=LONGEST))
        return
    number = (await state.get_data()).get("inquiry", 0)
    pointer = pointer_in(text)
    if pointer is not None:
        async with services.database.read() as reading:
            asked = await inquiry_of(reading, number, branches=(await reach_of(reading, person)).ids)
            found = await passage_named(reading, *pointer, on=clock.today())
        await message.answer(**show_point(asked, found, _))
        return
    async with services.database.read() as reading:
        reach: Reach = await reach_of(reading, person)
    inquiry, askers = await answer(session, number, text, branches=reach.ids, answered_by=person.id, now=turn.now)
    told = await _tell(session, turn, askers, inquiry, "notice.inquiry_answered", {"answer": text})
    await state.set_state(None)
    await state.update_data(inquiry=None)
    try:
        await draft_faq(session, number, branches=reach.ids, added_by=person.id, now=turn.now, today=clock.today())
    except DocumentAlreadyThere:  # the library says just that already
        await message.answer(_("answer.done" if told else "answer.done_untold"))
        return
    await message.answer(**show_answered(inquiry, _, told=told))


async def on_point(
    query: CallbackQuery,
    callback_data: Pointing,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「用这一条回答」: the askers get the passage, and their questions lead to it from now on, unless taken back."""
    deed, number = callback_data.deed, callback_data.inquiry
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        inquiry = await inquiry_of(reading, number, branches=reach.ids)
        if inquiry.state != ("answered" if deed is PointDeed.UNDO else "open"):
            raise PressOver
        found = await passage_in_force(reading, callback_data.passage, on=clock.today())
    questions = [phrasing.text for phrasing in inquiry.phrasings]
    match deed:
        case PointDeed.LOOK:
            await said_below(query)(**show_point(inquiry, found, _))
        case PointDeed.USE:
            source = source_of(found, _)
            _answered, askers = await answer(
                session, number, source, branches=reach.ids, answered_by=person.id, now=turn.now
            )
            told = await _quote(session, turn, askers, inquiry, found)
            await let_answer(session, found, questions, added_by=person.id, now=turn.now)
            await state.set_state(None)
            await changed(query)(**show_pointed_at(inquiry, found, _, told=told))
        case PointDeed.UNDO:
            await let_answer_no_more(session, found, questions)
            await changed(query)(_("answer.unpointed", source=source_of(found, _)))


async def _queue(services: Services, session: AsyncSession, reach: Reach, _: Words) -> Shown:
    """What waits, and which of it may be the same: a person joins those."""
    encoder = (await services.knowledge.at_hand()).encoder
    found = await open_inquiries(session, reach.ids)
    shown = found[:SHOWN]
    alike = pairs_alike(encoder, [[one.text for one in each.phrasings] for each in shown])
    within = [(one, other) for one, other in alike if shown[one].branch_id == shown[other].branch_id]
    return show_queue(found, within, services.settings.zone, _)


async def _tell(
    session: AsyncSession, turn: Turn, askers: Sequence[Told], inquiry: Inquiry, key: str, values: dict[str, str]
) -> bool:
    """Write to everybody who asked, with their own words; whether any of them can be reached."""
    told = False
    for asker in askers:
        said = {"question": asker.question, **values}
        unique = f"inquiry:{inquiry.id}:told"
        letter = await notify(session, PersonId(asker.person), key, unique=unique, now=turn.now, values=said)
        turn.letters += [letter] if letter else []
        told = told or letter is not None
    return told


async def _quote(session: AsyncSession, turn: Turn, askers: Sequence[Told], inquiry: Inquiry, found: Passage) -> bool:
    """The same with a passage."""
    unique, told = f"inquiry:{inquiry.id}:told", False
    for asker in askers:
        person = PersonId(asker.person)
        letter = await quote(session, person, passage=found.id, question=asker.question, unique=unique, now=turn.now)
        turn.letters += [letter] if letter else []
        told = told or letter is not None
    return told


def _possible(deed: AnswerDeed, state: str) -> bool:
    return state == ("answered" if deed is AnswerDeed.PUBLISH else "open")
