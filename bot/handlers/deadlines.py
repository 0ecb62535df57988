"""/dates: what is due for me, when, why and who must act; and what was answered to reminders."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import CalendarAct, CalendarPress, Dates, DatesView, ReminderReply, Reply
from bot.clock import Clock
from bot.deeds.analysing import analysed
from bot.deeds.confirming import ask_to_confirm
from bot.deeds.standing import standing_of
from bot.filters import Has, Joined
from bot.handlers.pressing import changed, said_below, shown_file
from bot.letters.reminders import due_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.calendar import show_address, show_subscription
from bot.views.dates import show_dates, show_passed
from bot.views.reminders import Due, list_command, show_which
from bot.views.talks import own_talks
from bot.words import Words
from records.analysis import ANALYSIS
from records.calendar_links import link_of, make_link, revoke_link
from records.exports.calendar import calendar
from records.growth import growth_of
from records.people import Person, Role
from scheduler.snoozing import snooze


def router() -> Router:
    """A student's own dates."""
    router = Router(name="deadlines")
    router.message.register(on_dates, Command("dates"), Has(Role.STUDENT))
    router.callback_query.register(on_view, Dates.filter(), Has(Role.STUDENT))
    router.callback_query.register(on_calendar, CalendarPress.filter(), Has(Role.STUDENT))
    router.callback_query.register(on_reply, ReminderReply.filter(), Joined())
    return router


async def on_dates(message: Message, services: Services, clock: Clock, person: Person, _: Words) -> None:
    """Answer /dates: what is due for me, and why."""
    async with services.database.read() as session:
        standing = await standing_of(session, services, person.id, today=clock.today())
    await message.answer(**show_dates(standing, _, talks=own_talks(standing.talks, person, standing.today, _)))


async def on_view(
    query: CallbackQuery, callback_data: Dates, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """What has passed, the dates as a calendar file, or the address that a calendar can subscribe to."""
    view = callback_data.view
    async with services.database.read() as session:
        standing = await standing_of(session, services, person.id, today=clock.today())
        link = await link_of(session, person.id)
        rows = await growth_of(session, [person.id]) if view is DatesView.PASSED else []
    if view is DatesView.SUBSCRIPTION:
        await said_below(query)(**show_subscription(services.settings, link, _))
    elif view is DatesView.PASSED:
        await said_below(query)(**show_passed(standing.passed, {row.entry for row in rows if row.waits}, _))
    elif not standing.open_dates:
        await said_below(query)(_("dates.calendar_empty"))
    else:
        content = calendar([(person, standing.dates)], _.plain, clock.now(), discreet=True)
        file = BufferedInputFile(content, filename=_.plain("dates.calendar_name"))
        await shown_file(query)(file, caption=_("dates.calendar_caption"))


async def on_calendar(
    query: CallbackQuery,
    callback_data: CalendarPress,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """A new address, which is shown this once, or none any more."""
    if callback_data.act is CalendarAct.REVOKE:
        await revoke_link(session, person.id)
        await changed(query)(**show_subscription(services.settings, None, _, revoked=True))
        return
    token = await make_link(session, person.id, now=turn.now)
    await changed(query)(**show_address(services.settings, token, _))


async def on_reply(
    query: CallbackQuery,
    callback_data: ReminderReply,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """「知道了」「明天再提醒」「我已办」: the last only asks the organisers to confirm; nothing is recorded."""
    planned_at = callback_data.planned_at
    match callback_data.reply:
        case Reply.SEEN:
            await changed(query)(_("reminder.was_seen", command=list_command(person)))
        case Reply.LATER:
            until = _tomorrow(services, turn.now)
            moved = await snooze(session, person.id, planned_at=planned_at, until=until)
            await changed(query)(_("reminder.was_moved" if moved else "reminder.was_over"))
        case Reply.DONE:
            async with services.database.read() as reading:
                due = await due_of(reading, services, person.id, planned_at=planned_at)
            meant = due if callback_data.item < 0 else [one for one in due if one.item == callback_data.item]
            if len(meant) > 1:
                await said_below(query)(**show_which(meant, planned_at, _))
            elif meant:
                await said_below(query)(await _done(services, session, turn, person, meant[0], planned_at, _))
            else:
                await said_below(query)(_("reminder.was_over"))


async def _done(
    services: Services, session: AsyncSession, turn: Turn, person: Person, due: Due, planned_at: datetime, _: Words
) -> str:
    """A committee's own analysis is noted as made: it is on nobody's record."""
    if due.deadline.rule != ANALYSIS:
        asked = await ask_to_confirm(session, due.subject, due.deadline, by=person, planned_at=planned_at, now=turn.now)
        turn.letters += asked or []
        return _("reminder.record_yourself" if asked is None else "reminder.was_passed_on")
    await analysed(services, session, person.id)
    return _("reminder.analysed", year=due.deadline.due.year)


def _tomorrow(services: Services, now: datetime) -> datetime:
    settings = services.settings
    day = now.astimezone(settings.zone).date() + timedelta(days=1)
    return datetime.combine(day, settings.reminder_time, settings.zone)
