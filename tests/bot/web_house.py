"""A house of one room behind the web door: real inbox, turns, outbox, delivery and server around handlers of a test."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.filters import Command, CommandStart
from aiogram.types import BufferedInputFile, CallbackQuery, InputMediaDocument, MediaUnion, Message

from bot.buttons.keyboard import Button, keyboard
from bot.channels.web.server import WebDoor
from bot.clock import Clock
from bot.consent import NOTICE_VERSION
from bot.settings import Settings
from bot.turns.carrier import DoorCarrier, Dropped
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.replies import ReplySession
from bot.words import Locales
from records.branches import create_branch
from records.consent import give_consent
from records.invitations import invite
from records.people import PersonId, Role, add_person, attach_account
from scheduler.delivery import Delivery
from scheduler.outbox import Letter
from storage.database import Database

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
STUDENT_CHAT, ORGANISER_CHAT = 2**47 + 11, 2**47 + 12


class Ticking:
    """A clock that goes on by a millisecond whenever it is asked."""

    def __init__(self, start: datetime = NOON) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


@dataclass(frozen=True)
class SmallServices:
    """What the web door needs of the house."""

    settings: Settings
    database: Database
    clock: Clock
    locales: Locales


def small_services(
    database: Database, *, port: int = 0, source: Ticking | None = None, **settings: object
) -> SmallServices:
    """Settings of a test, nothing from the environment."""
    values = {"web_port": port, **settings}
    return SmallServices(
        settings=Settings.model_construct(**{**Settings.model_construct().__dict__, **values}),
        database=database,
        clock=Clock(ZONE, source or Ticking()),
        locales=Locales(),
    )


class WebHouse:
    """Everything between a browser and a handler, in this process."""

    def __init__(self, services: SmallServices, router: Router, *, demo: bool = False) -> None:
        clock = services.clock.now
        self.database = services.database
        self.dispatcher = Dispatcher(storage=ConversationStorage(services.database))
        self.dispatcher.include_router(router)
        self.door = WebDoor(services, demo=demo)
        carriers = {"web": DoorCarrier(services.database, self.door.bot, _no_letters, clock)}
        self.delivery = Delivery(services.database, carriers, {}, clock)
        heard = Bot(
            self.door.bot.token,
            session=ReplySession(self.door.bot.session),
            default=DefaultBotProperties(parse_mode="HTML"),
        )
        self.inbox = Inbox(services.database, self.dispatcher, {"web": heard}, clock, self.delivery.nudge)
        self.door.inbox = self.inbox

    @asynccontextmanager
    async def open(self, *, deaf: bool = False, mute: bool = False) -> AsyncIterator[WebHouse]:
        """Run until the block ends; it ends like a cancelled process.

        Args:
            deaf: updates are kept, not handled.
            mute: letters are kept, not carried.
        """
        parts = [self.door.serve()]
        if not mute:
            parts.append(self.delivery.run(alone=True))
        if not deaf:
            parts.append(self.inbox.run())
        tasks = [asyncio.create_task(part) for part in parts]
        opened = asyncio.create_task(self.door.opened.wait())
        try:
            await asyncio.wait({opened, tasks[0]}, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                tasks[0].result()
            yield self
        finally:
            waiting = {*tasks, opened}
            while waiting:  # one cancel is not enough: Python 3.11's wait_for can swallow it
                for task in waiting:
                    task.cancel()
                _, waiting = await asyncio.wait(waiting, timeout=1)


async def _no_letters(_: Letter) -> Dropped:
    return Dropped("no letters in this house")


@dataclass(frozen=True)
class Cast:
    """The invented people of a test."""

    student: PersonId
    organiser: PersonId
    newcomer: PersonId
    code: str


async def invent_people(database: Database, *, now: datetime = NOON) -> Cast:
    """A student and an organiser with a place at the page, and a newcomer with a code."""
    async with database.write() as session:
        branch = await create_branch(session, "示例支部")
        student = await add_person(session, name="林晓", branch_id=branch.id, now=now, student_number="2026001")
        organiser = await add_person(
            session, name="周明远", branch_id=branch.id, now=now, roles=(Role.ORGANISER, Role.MENTOR)
        )
        newcomer = await add_person(session, name="陈一", branch_id=branch.id, now=now, student_number="2026002")
        await attach_account(session, student.id, "web", STUDENT_CHAT, now=now)
        await attach_account(session, organiser.id, "web", ORGANISER_CHAT, now=now)
        for person in (student, organiser):
            await give_consent(session, person.id, NOTICE_VERSION, now=now)
        code = await invite(session, newcomer.id, now=now)
    return Cast(student.id, organiser.id, newcomer.id, code)


def echo() -> Router:
    """Handlers that use every method a page carries out."""
    router = Router()
    router.message.register(_on_start, CommandStart())
    router.message.register(_on_ask, Command("today"))
    router.message.register(_on_export, Command("export"))
    router.message.register(_on_vanish, Command("mydata"))
    router.message.register(_on_document, F.document)
    router.message.register(_on_picture, F.photo)
    router.message.register(_on_text, F.text)
    router.callback_query.register(_on_press)
    return router


async def _on_start(message: Message) -> None:
    code = (message.text or "").partition(" ")[2]
    await message.answer(f"欢迎。您的邀请码是 <code>{code}</code>")


async def _on_ask(message: Message) -> None:
    rows = [[Button("已读", "read:1"), Button("换一个", "other:1")], [Button("原文", "https://example.org/rules")]]
    await message.answer("<b>今日学习</b>\n请读一读。", reply_markup=keyboard(rows))


async def _on_export(message: Message) -> None:
    file = BufferedInputFile("学号,姓名\n2026001,林晓\n".encode("utf-8-sig"), filename="参与记录.csv")
    await message.answer_document(file, caption="参与记录，共 <b>1</b> 人")
    pair: list[MediaUnion] = [
        InputMediaDocument(media=BufferedInputFile(name.encode(), filename=name)) for name in ("甲.txt", "乙.txt")
    ]
    await message.answer_media_group(pair)


async def _on_vanish(message: Message) -> None:
    await message.delete()


async def _on_document(message: Message, bot: Bot) -> None:
    assert message.document is not None
    content = io.BytesIO()
    await bot.download(message.document, content)
    await message.answer(
        f"{message.document.file_name}：{len(content.getvalue())} 字节 {message.caption or ''}", parse_mode=None
    )


async def _on_picture(message: Message, bot: Bot) -> None:
    assert message.photo is not None
    content = await bot.download(message.photo[-1])
    assert content is not None
    await message.answer_photo(BufferedInputFile(content.read(), filename="echo.png"), caption="收到图片")


async def _on_text(message: Message) -> None:
    await message.answer(message.text or "", parse_mode=None)


async def _on_press(query: CallbackQuery) -> None:
    if query.data == "read:1":
        await query.answer("已记下")
        if isinstance(query.message, Message):
            await query.message.edit_text("<b>今日学习</b>\n✓ 已读")
    else:
        await query.answer("没有别的了", show_alert=True)
