"""A counter at which every request is an effect and two replies, so that nothing half done can hide."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.outbox import Draft, Kind
from scheduler.tables import OutboxRow
from storage.database import Database
from storage.settings import get_setting, put_setting
from tests.bot.small_house import now


def shop() -> Router:
    """Every text is counted for its sender, confirmed and numbered."""
    router = Router()

    @router.message()
    async def order(message: Message, session: AsyncSession) -> None:
        assert message.from_user is not None
        key = f"orders.{message.from_user.id}"
        orders = [*(await get_setting(session, key) or []), message.text]
        await put_setting(session, key, orders)
        await message.answer(f"taken {message.text}")
        await message.answer(f"number {len(orders)}")

    @router.callback_query()
    async def pressed(query: CallbackQuery) -> None:
        await query.answer("seen")

    return router


async def orders_of(database: Database, user: int) -> list[str]:
    """What was counted."""
    async with database.read() as session:
        return await get_setting(session, f"orders.{user}") or []


def letter(key: str, chat: int, kind: Kind = Kind.STUDY) -> Draft:
    """A push that needs no composing."""
    fields = {"chat_id": chat, "text": key}
    return Draft(key, "telegram", chat, kind, {"method": "SendMessage", "fields": fields}, now())


async def states(database: Database) -> dict[str, str]:
    """By unique key."""
    async with database.read() as session:
        rows = await session.execute(select(OutboxRow.unique_key, OutboxRow.state))
        return {row.unique_key: row.state for row in rows}
