"""/settings: when the study card comes, quiet hours, language."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import SettingPress
from bot.filters import Joined
from bot.handlers.pressing import changed
from bot.preferences import changes_of, time_of_day
from bot.services import Services
from bot.views.settings import show_settings
from bot.views.text import Shown
from bot.words import Words
from records.people import Person, Preferences, change_preferences, person_by_id
from scheduler.snoozing import wake


def router() -> Router:
    """For everybody who joined."""
    router = Router(name="settings")
    router.message.register(on_settings, Command("settings"), Joined())
    router.callback_query.register(on_press, SettingPress.filter(), Joined())
    return router


async def on_settings(
    message: Message, command: CommandObject, session: AsyncSession, services: Services, person: Person, _: Words
) -> None:
    """Answer /settings with what holds; /settings 19:30 sets the time of the study card."""
    if not command.args:
        await message.answer(**show_settings(person, services.settings, _))
        return
    chosen: Preferences = {"study_time": time_of_day(command.args), "study_muted": False}
    await message.answer(**await _change(session, services, person, chosen, _))


async def on_press(
    query: CallbackQuery,
    callback_data: SettingPress,
    session: AsyncSession,
    services: Services,
    person: Person,
    _: Words,
) -> None:
    """Another choice."""
    chosen = changes_of(callback_data.what, callback_data.value)
    await changed(query)(**await _change(session, services, person, chosen, _))


async def _change(session: AsyncSession, services: Services, person: Person, chosen: Preferences, _: Words) -> Shown:
    await change_preferences(session, person.id, **chosen)
    if "quiet_from" in chosen:
        await wake(session, person.id, now=services.clock.now())
    now = await person_by_id(session, person.id) or person
    return show_settings(now, services.settings, services.locales.words(now.language) if now.language else _)
