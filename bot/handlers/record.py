"""/record: everything recorded about me, who entered it, who looked; and asking for a correction."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import RecordPress, RecordView
from bot.clock import Clock
from bot.correction_words import correction_request
from bot.deeds.standing import standing_of
from bot.filters import Has
from bot.handlers.pressing import said_below
from bot.letters.notice import notify
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.record import show_looks, show_record
from bot.words import Words
from records.access import looked_at
from records.growth import growth_of, subjects_of, totals_of
from records.ledger import append, entries_of
from records.people import Person, Role, organisers_of

LOOKS_TOLD = "looks"  # under which message the looks were listed, and the latest of them
ABOUT = "correcting"  # the entry that was named alone, of which it is asked what is wrong


class Correcting(StatesGroup):
    """After 「请求更正」."""

    text = State()


def router() -> Router:
    """A student's own record."""
    router = Router(name="record")
    router.message.register(on_record, Command("record"), Has(Role.STUDENT))
    router.callback_query.register(on_press, RecordPress.filter(), Has(Role.STUDENT))
    router.message.register(on_request, Correcting.text, F.text, ~F.text.startswith("/"), Has(Role.STUDENT))
    return router


async def on_record(message: Message, services: Services, clock: Clock, person: Person, _: Words) -> None:
    """Answer /record; looking at oneself leaves no trace."""
    async with services.database.read() as session:
        rows = await growth_of(session, [person.id])
        [subject] = await subjects_of(session, [person], today=clock.today())
        standing = await standing_of(session, services, person.id, today=clock.today())
    shown = show_record(person, subject.branch, subject.details, standing.membership, rows, totals_of(rows), _)
    await message.answer(**shown)


async def on_press(
    query: CallbackQuery, callback_data: RecordPress, state: FSMContext, services: Services, person: Person, _: Words
) -> None:
    """「谁看过」「请求更正」."""
    if callback_data.view is RecordView.CORRECTION:
        await state.set_state(Correcting.text)
        await state.update_data({ABOUT: None})
        await said_below(query)(_("record.ask_correction"))
        return
    async with services.database.read() as session:
        looks = await looked_at(session, person.id)
    told = [query.message.message_id if query.message else None, looks[0].at.isoformat() if looks else None]
    if (await state.get_data()).get(LOOKS_TOLD) == told:
        await query.answer(_.plain("record.no_more_looks"), show_alert=True)
        return
    await state.update_data({LOOKS_TOLD: told})
    await said_below(query)(**show_looks(looks, services.settings.zone, _))


async def on_request(
    message: Message, state: FSMContext, session: AsyncSession, turn: Turn, clock: Clock, person: Person, _: Words
) -> None:
    """What is wrong: kept beside the entry if its number was given, and told to the organisers. Nothing is changed."""
    own = {entry.id for entry in await entries_of(session, person.id)}
    request = correction_request(message.text or "", own, (await state.get_data()).get(ABOUT))
    if not request.text:
        await state.update_data({ABOUT: request.entry})
        await message.answer(_("record.ask_what_is_wrong", entry=request.entry))
        return
    await state.set_state(None)
    if request.entry is not None:
        await append(
            session,
            person=person.id,
            kind="answer",
            happened_on=clock.today(),
            payload={"entry": request.entry, "text": request.text},
            recorded_by=person.id,
            now=turn.now,
        )
    for organiser in await organisers_of(session, person.branch_id):
        letter = await notify(
            session,
            organiser.id,
            "record.correction_wanted",
            unique=f"correction:{turn.channel}:{turn.update_id}",
            now=turn.now,
            values={"name": person.name, "number": person.student_number or "—", "text": request.text},
        )
        turn.letters += [letter] if letter else []
    await message.answer(_("record.correction_noted" if request.entry is not None else "record.correction_sent"))
