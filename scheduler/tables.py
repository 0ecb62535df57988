"""The tables of what is to be sent, to whom and when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, BigId

# By its bytes: PostgreSQL's other orders pass over punctuation, and cannot look up what begins with something.
Key = String(200).with_variant(String(200, collation="C"), "postgresql")


class ReminderRow(Base):
    """A moment at which somebody is to be reminded of a due date of `subject_id`."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("recipient_id", "subject_id", "rule", "occurrence", "days_before"),
        Index("ix_reminder_coming", "planned_at", "remind_at"),
        Index("ix_reminder_subject", "subject_id", "planned_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    rule: Mapped[str] = mapped_column(String(40))
    occurrence: Mapped[str] = mapped_column(
        String(40)
    )  # tells one due date of a rule from the next: base date and count
    days_before: Mapped[int]  # negative: days overdue
    due: Mapped[date]
    remind_at: Mapped[datetime]
    planned_at: Mapped[datetime | None]


class OutboxRow(Base):
    """Something to send. `unique_key` makes planning it twice harmless."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("unique_key"),
        Index("ix_outbox_next", "state", "channel", "priority", "not_before", "id"),
        Index("ix_outbox_recipient", "recipient_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unique_key: Mapped[str] = mapped_column(Key)
    channel: Mapped[str | None] = mapped_column(String(20))  # None: the recipient's own choice, made at sending
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))  # reply | reminder | study | notice | broadcast
    priority: Mapped[int]  # smaller goes first
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20))  # queued | sending | sent | failed | cancelled | uncertain
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
