"""The tables of the conversation itself: what came in, where a dialogue stands, what the web page shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, BigId

WAITING, HANDLED, PARKED = "waiting", "handled", "parked"


class InboxRow(Base):
    """An update under the platform's own id, kept so that it is handled exactly once."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_waiting", "state", "received_at"),)

    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    lane: Mapped[str] = mapped_column(String(60))  # updates of one lane are handled in their order
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))  # waiting | handled | parked
    attempts: Mapped[int] = mapped_column(default=0)
    handled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class ConversationRow(Base):
    """Where a dialogue stands (aiogram FSM)."""

    __tablename__ = "conversation"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str | None] = mapped_column(String(100))
    data: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class WebMessageRow(Base):
    """A message on the web page; `body` is what the page draws."""

    __tablename__ = "web_message"
    __table_args__ = (Index("ix_web_message_chat", "chat_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
