"""/broadcast TEXT: shown with whom it would reach, sent with 「发送」, then watched, paused, stopped and reported."""

from __future__ import annotations

from typing import Any

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import NOTHING, Lacking, SendDeed, Sending, ToWhom
from bot.consent import NOTICE_VERSION
from bot.deeds.outstanding import open_steps
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, own_message, shown_file
from bot.reach import OutOfReach, Reach, people_within, reach_of, students_among
from bot.services import Services
from bot.turns.presses import PressOver
from bot.turns.splitting import units
from bot.turns.turn import Turn
from bot.views.organiser_broadcast import report_file, show_draft, show_earlier, show_lacking, show_progress
from bot.words import Words
from records.people import Person
from records.stages import Stage
from scheduler.broadcasts import (
    Broadcast,
    Standing,
    audience,
    broadcast_of,
    broadcasts,
    not_reached,
    progress_of,
    report_of,
)
from scheduler.spreading import begin, decide
from scheduler.watching import watch

LONGEST = 3500  # UTF-16 units, so that one letter is one message
EARLIER_SHOWN = 5
MOST_PEOPLE = 3000  # dates are computed at once for so many; beyond, a branch or a stage is chosen first


def router() -> Router:
    """Broadcasts."""
    router = Router(name="organiser.broadcast")
    router.message.register(on_broadcast, Command("broadcast"), Has(*ORGANISERS))
    router.callback_query.register(on_to_whom, ToWhom.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_lacking, Lacking.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_send, Sending.filter(F.deed == SendDeed.SEND), Has(*ORGANISERS))
    router.callback_query.register(on_drop, Sending.filter(F.deed == SendDeed.DROP), Has(*ORGANISERS))
    router.callback_query.register(on_report, Sending.filter(F.deed == SendDeed.REPORT), Has(*ORGANISERS))
    router.callback_query.register(on_deed, Sending.filter(), Has(*ORGANISERS))
    return router


async def on_broadcast(
    message: Message,
    command: CommandObject,
    state: FSMContext,
    services: Services,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Answer /broadcast TEXT with a preview; /broadcast alone shows earlier ones."""
    await state.set_state(None)
    text = (command.args or "").strip()
    if units(text) > LONGEST:
        await message.answer(_("broadcast.too_long", most=LONGEST))
    elif text:
        draft = {"ref": turn.update_id, "text": text, "branch": 0, "stage": None, "lacking": None}
        await state.update_data(broadcast=draft)
        await message.answer(**await _draft(services, person, draft, _))
    else:
        async with services.database.read() as reading:
            reach = await reach_of(reading, person)
            earlier = [one for one in await broadcasts(reading, limit=50) if set(one.branches) <= reach.ids]
        await message.answer(**show_earlier(earlier[:EARLIER_SHOWN], _))


async def on_to_whom(
    query: CallbackQuery, callback_data: ToWhom, state: FSMContext, services: Services, person: Person, _: Words
) -> None:
    """Another branch or stage was chosen."""
    draft = (await state.get_data()).get("broadcast")
    if not draft or draft["ref"] != callback_data.ref:
        raise PressOver
    stage = callback_data.stage if callback_data.stage in set(Stage) else None
    draft = {**draft, "branch": callback_data.branch, "stage": stage, "lacking": None}
    shown = await _draft(services, person, draft, _)
    await state.update_data(broadcast=draft)
    await changed(query)(**shown)


async def on_lacking(
    query: CallbackQuery, callback_data: Lacking, state: FSMContext, services: Services, person: Person, _: Words
) -> None:
    """Only those of whom a step is outstanding: which one, and then the preview again."""
    draft = (await state.get_data()).get("broadcast")
    if not draft or draft["ref"] != callback_data.ref:
        raise PressOver
    if callback_data.step == NOTHING:
        steps = await _open_steps(services, person, draft)
        if steps is None:
            await query.answer(_.plain("broadcast.too_many", most=MOST_PEOPLE), show_alert=True)
            return
        counts = {step: len(people) for step, people in steps.items()}
        shown = show_lacking(draft["ref"], draft["branch"], draft["stage"], counts, _)
    else:
        draft = {**draft, "lacking": callback_data.step}  # one that nobody knows is outstanding of nobody
        shown = await _draft(services, person, draft, _)
        await state.update_data(broadcast=draft)
    await changed(query)(**shown)


async def on_send(
    query: CallbackQuery,
    callback_data: Sending,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """「发送」: the first letters lie in the outbox at once, others follow; a second press finds nothing to send."""
    draft = (await state.get_data()).get("broadcast")
    if not draft or str(draft["ref"]) != callback_data.broadcast:
        raise PressOver
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        branches = reach.within(draft["branch"] or None)
    only = await _only(services, person, draft)
    async with services.database.read() as reading:
        found = await audience(
            reading, branches, stage=draft["stage"], sender=person.id, notice_version=NOTICE_VERSION, only=only
        )
    name = reach.names.get(draft["branch"]) or (reach.tops[0].name if len(reach.tops) == 1 else person.name)
    broadcast = Broadcast(
        id=f"{person.id}-{draft['ref']}",
        text=draft["text"],
        sender=person.id,
        branches=tuple(branches),
        branch_name=name,
        stage=draft["stage"],
        begun_at=turn.now.isoformat(),
        lacking=draft.get("lacking"),
        people=found.reachable,
    )
    await begin(session, broadcast, notice_version=NOTICE_VERSION, now=turn.now, only=only)
    await state.update_data(broadcast=None)
    await _show(query, broadcast, services, session, turn, person, _)


async def on_drop(query: CallbackQuery, callback_data: Sending, state: FSMContext, _: Words) -> None:
    """「取消」: nothing is sent."""
    draft = (await state.get_data()).get("broadcast")
    if not draft or str(draft["ref"]) != callback_data.broadcast:
        raise PressOver
    await state.update_data(broadcast=None)
    await changed(query)(_("broadcast.dropped"))


async def on_deed(
    query: CallbackQuery,
    callback_data: Sending,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """「刷新」「暂停」「继续」「停止」."""
    broadcast, _reach = await _own(services, person, callback_data.broadcast)
    match callback_data.deed, broadcast.standing:
        case SendDeed.PAUSE, Standing.RUNNING:
            broadcast = await decide(session, broadcast, Standing.PAUSED, now=turn.now)
        case SendDeed.RESUME, Standing.PAUSED:
            broadcast = await decide(session, broadcast, Standing.RUNNING, now=turn.now)
        case SendDeed.STOP, Standing.RUNNING | Standing.PAUSED:
            broadcast = await decide(session, broadcast, Standing.CANCELLED, now=turn.now)
    await _show(query, broadcast, services, session, turn, person, _)


async def on_report(query: CallbackQuery, callback_data: Sending, services: Services, person: Person, _: Words) -> None:
    """「送达明细」: a row a person, also for those who could not be reached at all."""
    broadcast, reach = await _own(services, person, callback_data.broadcast)
    only = await _only(services, person, {"branch": 0, "stage": broadcast.stage, "lacking": broadcast.lacking})
    async with services.database.read() as reading:
        delivered = await report_of(reading, broadcast.id) + await not_reached(reading, broadcast, only)
    content = report_file(delivered, reach.names, services.settings.zone, _)
    file = BufferedInputFile(content, filename=_.plain("broadcast.file"))
    await shown_file(query)(file, caption=_("broadcast.report_caption", count=len(delivered)))


async def _show(
    query: CallbackQuery,
    broadcast: Broadcast,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """How far it has come; while letters go out the message goes on telling."""
    progress = await progress_of(session, broadcast.id, now=turn.now)
    zone = services.settings.zone
    await changed(query)(**show_progress(broadcast, progress, _, now=turn.now, zone=zone))
    message = own_message(query)
    if message is not None and progress.waiting and broadcast.standing is Standing.RUNNING:
        await watch(
            session,
            broadcast.id,
            watcher=person.id,
            channel=turn.channel,
            chat_id=turn.chat_id,
            message=message.message_id,
            now=turn.now,
        )


async def _open_steps(services: Services, person: Person, draft: dict[str, Any]) -> dict[str, set[int]] | None:
    """What is outstanding of whom among those addressed; None where they are too many to look at each."""
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        students = students_among(await people_within(reading, reach, draft["branch"] or None))
        students = [one for one in students if draft["stage"] in (None, one.stage)]
        if len(students) > MOST_PEOPLE:
            return None
        return await open_steps(reading, services, students, today=services.clock.today())


async def _only(services: Services, person: Person, draft: dict[str, Any]) -> set[int] | None:
    """None where nobody is left out; of too many people nobody is named, so that none gets what is not for them."""
    lacking = draft.get("lacking")
    if lacking is None:
        return None
    return (await _open_steps(services, person, draft) or {}).get(lacking, set())


async def _draft(services: Services, person: Person, draft: dict[str, Any], _: Words) -> dict[str, Any]:
    only = await _only(services, person, draft)
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        branches = reach.within(draft["branch"] or None)
        found = await audience(
            reading, branches, stage=draft["stage"], sender=person.id, notice_version=NOTICE_VERSION, only=only
        )
    return show_draft(
        draft["text"],
        draft["ref"],
        draft["branch"],
        draft["stage"],
        draft.get("lacking"),
        found,
        reach,
        _,
        per_second=services.settings.telegram_per_second,
    )


async def _own(services: Services, person: Person, broadcast: str) -> tuple[Broadcast, Reach]:
    """A broadcast that went only to branches of this person's.

    Raises:
        OutOfReach
    """
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        found = await broadcast_of(reading, broadcast)
    if found is None or not set(found.branches) <= reach.ids:
        raise OutOfReach
    return found, reach
