"""What surrounds every handler: who is speaking, in which language, and what happens when something goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from aiogram import BaseMiddleware, Dispatcher
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User
from markupsafe import Markup

from bot.consent import NOTICE_VERSION
from bot.deeds.returning import came_back
from bot.services import Services
from bot.turns.presses import Presses, PressOver
from bot.turns.turn import Turn
from bot.words import Words
from records.consent import has_consented
from records.people import Person, accounts_of, mark_seen, person_by_account
from scheduler.trouble import will_pass
from storage.errors import WaymarkError

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
SEEN_EVERY = timedelta(hours=1)

log = structlog.get_logger(__name__)


def surround(dispatcher: Dispatcher, services: Services, *between: BaseMiddleware) -> None:
    """Put everything around the handlers; `between` knows who speaks and is asked before a handler is."""
    for middleware in (Presses(), Identity(services), *between, Mistakes()):
        dispatcher.update.outer_middleware(middleware)


class Identity(BaseMiddleware):
    """Adds to every handler: `services`, `clock`, `_` (the words) and `person`.

    `person` is None for whoever has not joined or not agreed to the notice; `invited` is the person in the latter case.
    Only private chats are answered.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        user: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        if user is None or user.is_bot or (chat is not None and chat.type != ChatType.PRIVATE):
            return None
        turn: Turn = data["turn"]
        known, agreed = await self._look_up(turn, user.id)
        language = (known.language if known else None) or user.language_code
        data |= {
            "services": self._services,
            "clock": self._services.clock,
            "_": self._services.locales.words(language or self._services.settings.language),
            "person": known if agreed else None,
            "invited": known,
        }
        result = await handler(event, data)
        if known is not None:
            await self._note_seen(turn, known)
        return result

    async def _look_up(self, turn: Turn, external_id: int) -> tuple[Person | None, bool]:
        async with self._services.database.read() as session:
            person = await person_by_account(session, turn.channel, external_id)
            agreed = person is not None and await has_consented(session, person.id, NOTICE_VERSION)
        return person, agreed

    async def _note_seen(self, turn: Turn, person: Person) -> None:
        async with self._services.database.glance() as session:
            accounts = await accounts_of(session, person.id, blocked=True)
        for account in accounts:
            if account.channel != turn.channel:
                continue
            if account.blocked_at is not None:
                await came_back(turn.session, account.channel, account.external_id)
            if turn.now - account.last_seen_at > SEEN_EVERY:
                await mark_seen(turn.session, account.channel, account.external_id, now=turn.now)


class Mistakes(BaseMiddleware):
    """A person's mistake gets its sentence; the unexpected is tried again, at last told. Nothing is half done."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        turn: Turn = data["turn"]
        words: Words = data["_"]
        try:
            result = await handler(event, data)
            await turn.session.flush()  # what the database refuses, it refuses here and not at the commit
            return result
        except PressOver as error:
            await turn.undo()
            await _alert(event, words.plain_error(error))
        except WaymarkError as error:
            await turn.undo()
            await _tell(event, words.error(error))
        except Exception as error:
            if not data["last_try"] or will_pass(error):
                raise
            log.error("handler.gave_up", update=turn.update_id, channel=turn.channel, exc_info=error)
            await turn.undo()
            turn.parked = type(error).__name__
            await _tell(event, words("error.unexpected"))
        return None


async def _tell(event: TelegramObject, text: str) -> None:
    inner = event.event if isinstance(event, Update) else event
    message = inner.message if isinstance(inner, CallbackQuery) else inner
    if isinstance(message, Message):
        await message.answer(text)
    else:  # below a message that is too old to be given
        await _alert(event, Markup(text).striptags())  # noqa: S704 (our own sentence, on its way to plain text)


async def _alert(event: TelegramObject, text: str) -> None:
    query = event.callback_query if isinstance(event, Update) else event
    if isinstance(query, CallbackQuery):
        await query.answer(text, show_alert=True)
