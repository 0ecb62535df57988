"""What is kept under a person's account rather than under the person: told in their copy, forgotten when they leave."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Delete, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.tables import ConversationRow, InboxRow, WebMessageRow
from content.usefulness import forget_unhelpful_to, unhelpful_to
from records.people import Account, accounts_of
from records.privacy import Keeper
from scheduler.tables import OutboxRow


class Conversations:
    """Where the dialogue stands."""

    name = "conversation"

    async def tell(self, session: AsyncSession, account: Account) -> list[dict[str, Any]]:
        """State and data of the dialogue."""
        rows = await session.scalars(select(ConversationRow).where(self._own(account)))
        return [{"state": row.state, "data": row.data, "changed_at": row.changed_at.isoformat()} for row in rows]

    async def forget(self, session: AsyncSession, account: Account) -> int:
        """Begin anew."""
        return await _gone(session, delete(ConversationRow).where(self._own(account)))

    def _own(self, account: Account) -> ColumnElement[bool]:
        chat = str(account.external_id)
        return ConversationRow.key.like(f"%:{chat}:{chat}:%")


class Updates:
    """What came in; a handled update keeps only its number."""

    name = "inbox"

    async def tell(self, session: AsyncSession, account: Account) -> list[dict[str, Any]]:
        """What has not been emptied yet."""
        rows = await session.scalars(select(InboxRow).where(self._own(account)).order_by(InboxRow.update_id))
        return [{"received_at": row.received_at.isoformat(), "payload": row.payload} for row in rows if row.payload]

    async def forget(self, session: AsyncSession, account: Account) -> int:
        """Empty what was said; the numbers stay, so that nothing is handled twice."""
        result = await session.execute(update(InboxRow).where(self._own(account)).values(payload={}))
        return result.rowcount if isinstance(result, CursorResult) else 0

    def _own(self, account: Account) -> ColumnElement[bool]:
        return and_(InboxRow.channel == account.channel, InboxRow.lane == str(account.external_id))


class Letters:
    """What is still to be sent to the chat or was, by chat and not by person: replies."""

    name = "reply"

    async def tell(self, session: AsyncSession, account: Account) -> list[dict[str, Any]]:
        """When and with which outcome; what they said is emptied once they are sent."""
        rows = await session.scalars(select(OutboxRow).where(self._own(account)).order_by(OutboxRow.id))
        return [{"created_at": row.created_at.isoformat(), "kind": row.kind, "state": row.state} for row in rows]

    async def forget(self, session: AsyncSession, account: Account) -> int:
        """Drop them all."""
        return await _gone(session, delete(OutboxRow).where(self._own(account)))

    def _own(self, account: Account) -> ColumnElement[bool]:
        same = and_(OutboxRow.channel == account.channel, OutboxRow.chat_id == account.external_id)
        return and_(same, or_(OutboxRow.recipient_id.is_(None), OutboxRow.recipient_id == account.person))


class Page:
    """The messages that the web page shows."""

    name = "web_message"

    async def tell(self, session: AsyncSession, account: Account) -> list[dict[str, Any]]:
        """Every message of the chat."""
        if account.channel != "web":
            return []
        rows = await session.scalars(
            select(WebMessageRow).where(WebMessageRow.chat_id == account.external_id).order_by(WebMessageRow.id)
        )
        return [{"sent_at": row.sent_at.isoformat(), "body": row.body} for row in rows]

    async def forget(self, session: AsyncSession, account: Account) -> int:
        """Clear the chat."""
        if account.channel != "web":
            return 0
        return await _gone(session, delete(WebMessageRow).where(WebMessageRow.chat_id == account.external_id))


class Unhelpful:
    """The passages of which the person said 「没用」, kept under a hash that only the installation can make again."""

    name = "unhelpful"

    async def tell(self, session: AsyncSession, account: Account) -> list[dict[str, Any]]:
        """Which, and when; under the account seen last alone, so that nothing is told twice."""
        if not await _is_latest(session, account):
            return []
        marked = await unhelpful_to(session, account.person)
        return [{"passage_id": passage, "on": on.isoformat()} for passage, on in marked]

    async def forget(self, session: AsyncSession, account: Account) -> int:
        """Take them back."""
        return await forget_unhelpful_to(session, account.person)


KEEPERS: tuple[Keeper, ...] = (Conversations(), Updates(), Letters(), Page(), Unhelpful())


async def _is_latest(session: AsyncSession, account: Account) -> bool:
    accounts = await accounts_of(session, account.person, blocked=True)
    return not accounts or (accounts[0].channel, accounts[0].external_id) == (account.channel, account.external_id)


async def _gone(session: AsyncSession, statement: Delete) -> int:
    result = await session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
