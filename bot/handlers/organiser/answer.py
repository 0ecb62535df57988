"""/answer: questions that the library could not answer; the askers are told, and the answer is kept."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import AnswerDeed, Inquiring
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, said_below
from bot.letters.notice import notify
from bot.reach import Reach, reach_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.organiser_answer import SHOWN, show_answered, show_apart, show_prompt, show_queue
from bot.views.text import Shown
from bot.words import Words
from content.faq import draft_faq, publish_faq
from content.inquiries import Inquiry, Told, answer, close, inquiry_of, merge, open_inquiries, take_out
from content.library import DocumentAlreadyThere
from records.people import Person, PersonId
from retrieval.likeness import pairs_alike

LONGEST = 2000


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
    person: Person,
    _: Words,
) -> None:
    """「回答」「不回答」「确认发布」, and what belongs together or does not."""
    number = callback_data.inquiry
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        inquiry = await inquiry_of(reading, number, branches=reach.ids)
    if not _possible(callback_data.deed, inquiry.state):
        await query.answer(_.plain("lost.press"), show_alert=True)
        return
    await query.answer()
    match callback_data.deed:
        case AnswerDeed.ANSWER:
            await state.set_state(Answering.text)
            await state.update_data(inquiry=number)
            await said_below(query)(**show_prompt(inquiry, _))
        case AnswerDeed.CLOSE:
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
    person: Person,
    _: Words,
) -> None:
    """The answer, as it was typed: the asker is told at once."""
    text = (message.text or "").strip()
    if len(text) > LONGEST:
        await message.answer(_("answer.too_long", most=LONGEST))
        return
    number = (await state.get_data()).get("inquiry", 0)
    async with services.database.read() as reading:
        reach: Reach = await reach_of(reading, person)
    inquiry, askers = await answer(session, number, text, branches=reach.ids, answered_by=person.id, now=turn.now)
    told = await _tell(session, turn, askers, inquiry, "notice.inquiry_answered", {"answer": text})
    await state.set_state(None)
    await state.update_data(inquiry=None)
    try:
        await draft_faq(session, number, branches=reach.ids, added_by=person.id, now=turn.now)
    except DocumentAlreadyThere:  # the library says just that already
        await message.answer(_("answer.done" if told else "answer.done_untold"))
        return
    await message.answer(**show_answered(inquiry, _, told=told))


async def _queue(services: Services, session: AsyncSession, reach: Reach, _: Words) -> Shown:
    """What waits, and which of it may be the same: a person joins those."""
    encoder = (await services.knowledge.current()).encoder
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


def _possible(deed: AnswerDeed, state: str) -> bool:
    return state == ("answered" if deed is AnswerDeed.PUBLISH else "open")
