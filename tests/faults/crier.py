"""Somebody who announces, thinks better of it and goes on, to a few people and in pages of two."""

from __future__ import annotations

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import Message
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.turns.carrier import Composed
from records.tables import BranchRow
from scheduler.broadcasts import Broadcast, Standing, broadcast_of
from scheduler.outbox import Letter
from scheduler.spreading import begin, decide
from storage.database import Database
from tests.bot.small_house import now
from tests.scheduler.people import add_branch, add_student

NUMBER, PAGE = "7-1", 2
SAYS = ("tell", "paused", "running")
DECISIONS = {standing.value: standing for standing in Standing}


def crier() -> Router:
    """「tell」 begins the broadcast, the names of its standings change it; each is answered."""
    router = Router()

    @router.message()
    async def hear(message: Message, session: AsyncSession) -> None:
        known = await broadcast_of(session, NUMBER)
        if known is None:
            branches = tuple(await session.scalars(select(BranchRow.id)))
            known = Broadcast(NUMBER, "news", 0, branches, "支部", None, now().isoformat())
            await begin(session, known, notice_version="1", now=now(), page=PAGE)
        else:
            await decide(session, known, DECISIONS[message.text or ""], now=now(), page=PAGE)
        await message.answer(f"{message.text} done")

    return router


async def compose(letter: Letter) -> Composed:
    """What everybody hears."""
    return SendMessage(chat_id=letter.chat_id, text="news")


async def have_joined(database: Database, count: int, *, first_chat: int) -> None:
    """So many people, whose chats are numbered one after the other."""
    async with database.write() as session:
        branch = await add_branch(session)
        for number in range(count):
            await add_student(session, branch, first_chat + number - 1000)
