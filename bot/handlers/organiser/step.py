"""/step: who, which step, which day, its details, and what it changes; nothing is recorded before 「登记」."""

from __future__ import annotations

from typing import Any

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Command, CommandObject, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import StepDeed, StepOf, Stepping
from bot.clock import Clock
from bot.days import NoDay, day_in
from bot.deeds.mentoring import unknown_mentors
from bot.deeds.recording import record_step
from bot.deeds.standing import standing_of
from bot.deeds.step_draft import (
    StepDraft,
    ask_counts_again,
    choices,
    draft_of,
    foresee,
    members_for,
    next_field,
    pick,
    read_field,
    skip,
    step_named,
    take_names,
)
from bot.dialogue_words import skips
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, said_below
from bot.reach import named_person, people_within, reach_of, students_among, subject_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.organiser_step import (
    MEMBERS_A_PAGE,
    show_ask_day,
    show_ask_field,
    show_ask_reason,
    show_recorded,
    show_refused,
    show_summary,
    show_which,
    show_who,
)
from bot.words import Words
from records.access import Looked, note_look
from records.people import Person, accounts_of
from records.refusals import StepNeedsReason


class Recording(StatesGroup):
    """What is being typed."""

    who = State()
    day = State()
    field = State()
    reason = State()
    shown = State()  # all of it, or why not: a day that is typed now is another day; any other text is a question


def router() -> Router:
    """Recording one step of one person."""
    router = Router(name="organiser.step")
    typed = (F.text, ~F.text.startswith("/"), Has(*ORGANISERS))
    router.message.register(on_step, Command("step"), Has(*ORGANISERS))
    router.message.register(on_who, StateFilter(Recording.who), *typed)
    router.message.register(on_typed, StateFilter(Recording.day, Recording.field, Recording.reason), *typed)
    router.message.register(on_another_day, StateFilter(Recording.shown), *typed)
    router.callback_query.register(on_step_of, StepOf.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_confirm, Stepping.filter(F.deed == StepDeed.CONFIRM), Has(*ORGANISERS))
    router.callback_query.register(on_press, Stepping.filter(), Has(*ORGANISERS))
    return router


async def on_step(
    message: Message,
    command: CommandObject,
    state: FSMContext,
    services: Services,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Answer /step, /step WHO, /step WHO STEP, /step WHO STEP DAY."""
    await state.set_state(None)
    who, *rest = (command.args or "").split()[:3] or [""]
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        if not who:
            people = students_among(await people_within(reading, reach))
            await state.set_state(Recording.who)
            await message.answer(**show_who(people, _))
            return
        student = await named_person(reading, reach, who)
    draft = StepDraft(turn.update_id, student.id)
    if rest:
        draft.step = step_named(services.track, rest[0], _)
    if len(rest) > 1:
        draft.on = day_in(rest[1], services.clock.today()).isoformat()
    await message.answer(**await _next(state, services, person, draft, student, _))


async def on_who(message: Message, state: FSMContext, services: Services, turn: Turn, person: Person, _: Words) -> None:
    """The student number or name, as it was typed."""
    async with services.database.read() as reading:
        student = await named_person(reading, await reach_of(reading, person), message.text or "")
    draft = StepDraft(turn.update_id, student.id)
    await message.answer(**await _next(state, services, person, draft, student, _))


async def on_step_of(
    query: CallbackQuery,
    callback_data: StepOf,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Somebody was chosen, or somebody and a step: by the list, by /due, or by a notice."""
    async with services.database.read() as reading:
        student = await subject_of(reading, await reach_of(reading, person), callback_data.person)
    draft = StepDraft(turn.update_id, student.id)
    if callback_data.step in services.track.by_id:
        draft.step = callback_data.step
    shown = await _next(state, services, person, draft, student, _)
    await note_look(session, person.id, [student.id], Looked.RECORD, now=turn.now)
    await said_below(query)(**shown)


async def on_typed(
    message: Message, state: FSMContext, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """A day, a detail or a reason, as it was typed."""
    draft = draft_of(await state.get_data())
    text = (message.text or "").strip()
    match await state.get_state():
        case Recording.day.state:
            draft.on = day_in(text, clock.today()).isoformat()
        case Recording.reason.state:
            _take_reason(draft, text, clock)
        case _ if skips(text):
            skip(services.track, draft)
        case _:
            field = next_field(services.track, draft)
            if field is not None and draft.step is not None:
                step = services.track.by_id[draft.step]
                if field.least is None:
                    draft.detail[field.name] = read_field(step, field.name, text, clock.today())
                else:
                    async with services.database.read() as reading:
                        people = await people_within(reading, await reach_of(reading, person))
                        await take_names(reading, step, field, draft, text, among=people)
    await message.answer(**await _go_on(state, services, person, draft, _))


async def on_another_day(
    message: Message, state: FSMContext, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """Another day, typed after the one before was refused, or below the check."""
    draft = draft_of(await state.get_data())
    try:
        draft.on = day_in(message.text or "", clock.today()).isoformat()
    except NoDay:
        raise SkipHandler from None
    await message.answer(**await _go_on(state, services, person, draft, _))


async def on_press(
    query: CallbackQuery,
    callback_data: Stepping,
    state: FSMContext,
    services: Services,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「今天」「跳过」「改日期」「改人数」「作为历史补录」「更多」「取消」."""
    draft = draft_of(await state.get_data(), callback_data.ref)
    match callback_data.deed:
        case StepDeed.CANCEL:
            await state.set_state(None)
            await state.update_data(step=None)
            await changed(query)(_("step.cancelled"))
            return
        case StepDeed.MORE:
            await changed(query)(**await _which(services, person, draft, _))
            return
        case StepDeed.TODAY:
            draft.on = clock.today().isoformat()
        case StepDeed.REDATE:
            draft.on = None
        case StepDeed.RECOUNT:
            ask_counts_again(draft)
        case StepDeed.HISTORY:
            draft.history = True
        case StepDeed.SKIP:
            skip(services.track, draft)
        case StepDeed.NAME | StepDeed.PAGE | StepDeed.NAMED:
            page = await _named(services, person, draft, callback_data)
            if page is not None:
                await changed(query)(**await _go_on(state, services, person, draft, _, page=page))
                return
    await said_below(query)(**await _go_on(state, services, person, draft, _))


async def on_confirm(
    query: CallbackQuery,
    callback_data: Stepping,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    person: Person,
    _: Words,
) -> None:
    """「登记」: write it down, tell both sides."""
    draft = draft_of(await state.get_data(), callback_data.ref)
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        student = await subject_of(reading, reach, draft.person)
        people = await people_within(reading, reach) if "mentors" in draft.detail else []
    recorded = await record_step(services, session, draft.request(person.id), among=people)
    unknown = await unknown_mentors(session, people, student, draft.detail.get("mentors", ""))
    await state.set_state(None)
    await state.update_data(step=None)
    reached = bool(await accounts_of(session, student.id))
    await changed(query)(**show_recorded(student, recorded, unknown, _, reached=reached))


def _take_reason(draft: StepDraft, text: str, clock: Clock) -> None:
    """A day is no reason: it stands for another day."""
    try:
        draft.on = day_in(text, clock.today()).isoformat()
    except NoDay:
        draft.reason = text[:200]


async def _go_on(
    state: FSMContext, services: Services, person: Person, draft: StepDraft, _: Words, *, page: int = 0
) -> dict[str, Any]:
    async with services.database.read() as reading:
        student = await subject_of(reading, await reach_of(reading, person), draft.person)
    return await _next(state, services, person, draft, student, _, page=page)


async def _next(
    state: FSMContext,
    services: Services,
    person: Person,
    draft: StepDraft,
    student: Person,
    _: Words,
    *,
    page: int = 0,
) -> dict[str, Any]:
    """Remember the draft and ask for what is still wanting; when nothing is, show what recording would do."""
    await state.update_data(step=draft.stored())
    today = services.clock.today()
    field = next_field(services.track, draft)
    if draft.step is None:
        await state.set_state(None)
        async with services.database.read() as reading:
            standing = await standing_of(reading, services, student.id, today=today)
        return show_which(draft, student, standing, _, everything=False)
    if draft.on is None:
        await state.set_state(Recording.day)
        return show_ask_day(draft, student, today, _)
    if field is not None:
        async with services.database.read() as reading:
            hopeless = (await foresee(reading, services, draft.request(person.id))).before_details()
            members = await members_for(reading, student, field)
        if hopeless is not None:  # before anybody fills in what cannot be recorded
            await state.set_state(Recording.shown)
            return show_refused(draft, student, hopeless, _)
        await state.set_state(Recording.field)
        return show_ask_field(draft, student, field, _, members=members, page=page)
    async with services.database.read() as reading:
        foreseen = await foresee(reading, services, draft.request(person.id))
        mentors = draft.detail.get("mentors", "")
        people = await people_within(reading, await reach_of(reading, person)) if mentors else []
        unknown = await unknown_mentors(reading, people, student, mentors)
    if isinstance(foreseen.refusal, StepNeedsReason) and draft.reason is None:
        await state.set_state(Recording.reason)
        return show_ask_reason(draft, student, foreseen, _)
    await state.set_state(Recording.shown)
    if foreseen.refusal is not None:
        return show_refused(draft, student, foreseen, _)
    return show_summary(draft, student, foreseen, _, unknown_mentors=unknown)


async def _named(services: Services, person: Person, draft: StepDraft, press: Stepping) -> int | None:
    """Choose who is named. Returns the page to show again; None when that is settled, or no longer asked."""
    field = next_field(services.track, draft)
    if field is None or field.least is None or draft.step is None:
        return None
    if press.deed is StepDeed.PAGE:
        return press.value
    async with services.database.read() as reading:
        student = await subject_of(reading, await reach_of(reading, person), draft.person)
        members = await members_for(reading, student, field)
        place = next((place for place, one in enumerate(members) if one.id == press.value), None)
        if press.deed is StepDeed.NAME and place is not None and not pick(draft, field, choices(members)[place]):
            return place // MEMBERS_A_PAGE
        await take_names(reading, services.track.by_id[draft.step], field, draft, "")
    return None


async def _which(services: Services, person: Person, draft: StepDraft, _: Words) -> dict[str, Any]:
    async with services.database.read() as reading:
        student = await subject_of(reading, await reach_of(reading, person), draft.person)
        standing = await standing_of(reading, services, student.id, today=services.clock.today())
    return show_which(draft, student, standing, _, everything=True)
