"""The chat commands, in the order of the menus, and who may use each (DESIGN §8)."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import BotCommand

from bot.words import Locales
from records.people import Person, Role

log = structlog.get_logger(__name__)

EVERYBODY = frozenset(Role)
STUDENTS = frozenset({Role.STUDENT})
ORGANISERS = frozenset({Role.ORGANISER, Role.ADMIN})
STAFF = ORGANISERS | {Role.MENTOR}


@dataclass(frozen=True)
class ChatCommand:
    """`name` without the slash; its description is `command.<name>` in the locales."""

    name: str
    roles: frozenset[Role]


COMMANDS = (
    ChatCommand("today", STUDENTS),
    ChatCommand("quiz", EVERYBODY),
    ChatCommand("ask", EVERYBODY),
    ChatCommand("dates", STUDENTS),
    ChatCommand("progress", STUDENTS),
    ChatCommand("record", STUDENTS),
    ChatCommand("report", STUDENTS),
    ChatCommand("courses", EVERYBODY),
    ChatCommand("discuss", EVERYBODY),
    ChatCommand("upload", ORGANISERS),
    ChatCommand("library", EVERYBODY),
    ChatCommand("roster", ORGANISERS),
    ChatCommand("step", ORGANISERS),
    ChatCommand("due", STAFF),
    ChatCommand("broadcast", ORGANISERS),
    ChatCommand("answer", ORGANISERS),
    ChatCommand("stats", ORGANISERS),
    ChatCommand("export", ORGANISERS),
    ChatCommand("invite", ORGANISERS),
    ChatCommand("audit", ORGANISERS),
    ChatCommand("settings", EVERYBODY),
    ChatCommand("mydata", EVERYBODY),
    ChatCommand("privacy", EVERYBODY),
    ChatCommand("help", EVERYBODY),
)


def commands_of(person: Person) -> list[ChatCommand]:
    """The commands that the person's roles can use, in the menu's order."""
    roles = {role for role, _ in person.roles}
    return [command for command in COMMANDS if command.roles & roles]


async def publish(bot: Bot, locales: Locales) -> None:
    """Give the platform the menu that everybody may see; what a role adds is shown by /help."""
    shown = [command for command in COMMANDS if command.roles == EVERYBODY]
    for language, code in (("zh_CN", None), ("zh_CN", "zh"), ("en", "en")):
        words = locales.words(language)
        menu = [BotCommand(command=entry.name, description=words.plain(f"command.{entry.name}")) for entry in shown]
        try:
            await bot.set_my_commands(menu, language_code=code)
        except TelegramAPIError as error:  # a menu is a convenience: its lack stops nobody
            log.warning("commands.not_published", error=type(error).__name__)
            return
