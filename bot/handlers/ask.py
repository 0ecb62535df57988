"""Asking: plain text or /ask; an answer is a quotation, or one's own dates, or a reason why there is none."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bare_questions import is_bare
from bot.buttons.student import OpenFile, PassOn, Signing, Source, Useful
from bot.clock import Clock
from bot.deeds.standing import Standing, standing_of, suppose, way_to
from bot.filters import Has, Joined
from bot.handlers.organiser.due import on_due
from bot.handlers.organiser.step import Recording
from bot.handlers.pressing import changed, said_below, shown_file
from bot.handlers.progress import on_progress
from bot.handlers.talks import Appointing
from bot.knowledge import LibraryBeingRead
from bot.letters.notice import notify
from bot.own_questions import Supposition, asks_how_far, asks_whom_i_accompany, own_dates, supposed
from bot.own_rules import beside_dates
from bot.rephrasing import Sentence
from bot.services import Services
from bot.turns.presses import PressOver
from bot.turns.remembered import forget, recall, remember, take_cited, was_passed_on
from bot.turns.turn import Turn
from bot.views.answers import show_answer, show_passage, show_queued, show_signed, show_sorry
from bot.views.dates import show_own, show_own_passed
from bot.views.prospect import show_prospect, show_way
from bot.words import Words
from content.documents import passage, show
from content.inquiries import Queued, pass_on, sign
from content.usefulness import not_yet_cited, note_cited, note_unhelpful
from records.deadline import Deadline
from records.people import Person, Role, organisers_of
from records.stages import Stage
from retrieval.answer import Answer
from retrieval.normalise import normalise
from retrieval.refusals import Refusal
from retrieval.self_harm import speaks_of_self_harm
from retrieval.spelling import in_characters
from storage.files import load_file

LONGEST_QUESTION = 500  # characters; the search reads no further


class Asking(StatesGroup):
    """After /ask alone."""

    question = State()


def router() -> Router:
    """Asked after every other text: whatever nobody else took is a question."""
    router = Router(name="ask")
    router.message.register(on_ask, Command("ask"), Joined())
    offered = (Appointing.own_offered, Appointing.students_offered, Recording.shown)
    free = StateFilter(None, Asking.question, *offered)
    router.message.register(on_progress, StateFilter(None), F.text, F.text.func(asks_how_far), Has(Role.STUDENT))
    router.message.register(on_due, StateFilter(None), F.text, F.text.func(asks_whom_i_accompany), Has(Role.MENTOR))
    router.message.register(on_question, F.text, ~F.text.startswith("/"), free, Joined())
    router.callback_query.register(on_source, Source.filter(), Joined())
    router.callback_query.register(on_file, OpenFile.filter(), Joined())
    router.callback_query.register(on_useful, Useful.filter(), Joined())
    router.callback_query.register(on_pass_on, PassOn.filter(), Joined())
    router.callback_query.register(on_sign, Signing.filter(), Joined())
    return router


async def on_ask(
    message: Message,
    command: CommandObject,
    state: FSMContext,
    services: Services,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """Answer /ask TEXT; /ask alone asks what the question is."""
    if command.args:
        await _answer(message, command.args, state, services, turn, clock, person, _)
    else:
        await state.set_state(Asking.question)
        await message.answer(_("ask.prompt"))


async def on_question(
    message: Message, state: FSMContext, services: Services, turn: Turn, clock: Clock, person: Person, _: Words
) -> None:
    """Answer a question typed as it is."""
    await state.set_state(None)
    await _answer(message, message.text or "", state, services, turn, clock, person, _)


async def on_source(query: CallbackQuery, callback_data: Source, services: Services, _: Words) -> None:
    """「原文」: the whole of what was quoted."""
    async with services.database.read() as session:
        found = [one for identity in callback_data.ids if (one := await passage(session, identity)) is not None]
        documents = [await show(session, one.document) for one in found]
    readable = [(one, document) for one, document in zip(found, documents, strict=True) if document.state != "draft"]
    if not readable:
        await query.answer(_.plain("ask.source_gone"), show_alert=True)
        return
    for one, document in readable:
        await said_below(query)(**show_passage(one, document, _))


async def on_file(query: CallbackQuery, callback_data: OpenFile, services: Services, _: Words) -> None:
    """「原文件」: the file that the organisation uploaded."""
    async with services.database.read() as session:
        document = await show(session, callback_data.document)
        public = document.file_sha256 if document.state != "draft" else None
        stored = await load_file(session, public) if public else None
    if stored is None:
        await query.answer(_.plain("ask.source_gone"), show_alert=True)
        return
    await shown_file(query)(BufferedInputFile(stored.content, filename=document.file_name or stored.name))


async def on_useful(
    query: CallbackQuery,
    callback_data: Useful,
    state: FSMContext,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「有用」「没用」: who was not helped can pass the question on; by which passage, is counted without names."""
    if callback_data.yes:
        await query.answer(_.plain("ask.thanks"))
        return
    cited = await take_cited(state, callback_data.question, now=turn.now)
    if not cited:
        await query.answer(_.plain("ask.forgotten" if cited is None else "ask.noted_before"), show_alert=True)
        return
    await note_unhelpful(session, cited, person=person.id, on=clock.today())
    await said_below(query)(**show_sorry(callback_data.question, _))


async def on_pass_on(
    query: CallbackQuery,
    callback_data: PassOn,
    state: FSMContext,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """「转给组织员」: the question goes to the branch's organisers, without the asker's name."""
    question = await recall(state, callback_data.question, now=turn.now)
    if question is None:
        passed = await was_passed_on(state, callback_data.question, now=turn.now)
        await query.answer(_.plain("ask.passed_before" if passed else "ask.forgotten"), show_alert=True)
        return
    inquiry, queued = await pass_on(session, question, branch_id=person.branch_id, asked_by=person.id, now=turn.now)
    await forget(state, callback_data.question, now=turn.now)
    for organiser in await organisers_of(session, person.branch_id) if queued is Queued.NEW else ():
        letter = await notify(session, organiser.id, "ask.new_inquiry", unique=f"inquiry:{inquiry.id}", now=turn.now)
        turn.letters += [letter] if letter else []
    await said_below(query)(**show_queued(inquiry.id, queued, _))


async def on_sign(
    query: CallbackQuery, callback_data: Signing, session: AsyncSession, person: Person, _: Words
) -> None:
    """「告诉组织员是我问的」: only the asker can, and take it back as long as the question waits."""
    if not await sign(session, callback_data.inquiry, asked_by=person.id, named=callback_data.named):
        raise PressOver
    await changed(query)(**show_signed(callback_data, _))


async def _answer(
    message: Message,
    question: str,
    state: FSMContext,
    services: Services,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """One's own dates where they are asked for, then what the documents say."""
    if speaks_of_self_harm(normalise(question)):  # before all else: neither dates nor a length matter, nothing is kept
        await message.answer(_(f"refusal.{Refusal.SELF_HARM.value}"))
        return
    question, today = question.strip(), clock.today()
    if len(question) > LONGEST_QUESTION:
        await message.answer(_("ask.too_long", most=LONGEST_QUESTION))
        return
    read = in_characters(question)
    supposition, own = supposed(read, today), own_dates(read)
    before, mine = "", list[Deadline]()
    if supposition is not None or own is not None:
        async with services.database.read() as session:
            standing = await standing_of(session, services, person.id, today=today)
        if supposition is not None and not _is_of_the_rules(supposition, standing):
            await message.answer(**show_prospect(suppose(standing, services, supposition), _))
            return
        mine = own.among(standing.dates) if own is not None else []
        passed = own.passed(standing.passed) if own is not None and (own.past or not mine) else []
        before = show_own_passed(passed, today, _) if passed else show_own(mine, today, _) if mine else ""
        if own is not None and own.steps and not own.past and not before:
            way = way_to(standing, services, own.steps[0])
            before = show_way(way, services.track, _) if way else ""
    try:
        found = await services.knowledge.ask(question, on=today)
    except LibraryBeingRead as error:
        await message.answer("\n\n".join(filter(None, (before, _.error(error)))))
        return
    if mine and before:
        found = await beside_dates(services.knowledge, found, read, mine, on=today)
    written = await _rephrased(services, read, found)  # may take seconds, so before the first statement of the turn
    cited = [citation.passage.id for citation in found.citations]
    if cited:
        async with services.database.read() as session:
            cited_anew = await not_yet_cited(session, cited, on=today)
        if cited_anew:  # at most once a day and passage, so that asking stays reading
            await note_cited(turn.session, cited_anew, on=today)
    name = await remember(state, question, now=turn.now, cited=cited)
    await message.answer(**show_answer(found, name, person, _, before=before, written=written))


def _is_of_the_rules(supposition: Supposition, standing: Standing) -> bool:
    """Whether it is asked of nobody's probation: no length was said, and the asker is in none."""
    unsaid = supposition.extension is not None and not supposition.extension.is_said
    return unsaid and supposition.day is None and standing.stage is not Stage.PROBATIONARY_MEMBER


async def _rephrased(services: Services, question: str, found: Answer) -> tuple[Sentence, ...]:
    """A second wording, where the operator wants it and the question is bare; no connection is held meanwhile."""
    if services.rephraser is None or not found.answered or found.former or found.coming:
        return ()
    async with services.database.read() as session:
        bare = await is_bare(session, question)
    return await services.rephraser.sentences(question, found.citations) if bare else ()
