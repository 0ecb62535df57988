"""The outbox: what is to be sent, written in the transaction that decided it, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, NewType

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

import records.tables  # noqa: F401 (letters refer to people: their table must be known)
from scheduler.tables import OutboxRow

LetterId = NewType("LetterId", int)
BLOCKED = "blocked"  # the reason of a letter whose recipient lets nobody in


class Kind(StrEnum):
    """What a letter is, which decides its lane and whether repeating it is better than silence."""

    REPLY = "reply"
    REMINDER = "reminder"
    NOTICE = "notice"
    STUDY = "study"
    BROADCAST = "broadcast"
    PROGRESS = "progress"


class Priority(IntEnum):
    """The smaller number goes first."""

    REPLY = 0
    REMINDER = 10
    NOTICE = 10
    STUDY = 20
    BROADCAST = 30
    PROGRESS = 40


class State(StrEnum):
    """What became of a letter; every change is shown to organisers as it is."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


REPEATABLE = frozenset({Kind.REPLY, Kind.REMINDER, Kind.NOTICE, Kind.BROADCAST, Kind.PROGRESS})
MAX_ATTEMPTS = 8
PATIENT_ATTEMPTS = 4  # so long the chat's later letters wait for one that fails; then they overtake it
LANES: tuple[int, ...] = tuple(sorted(set(Priority)))
EXPIRED = "expired"  # why a letter was given up whose time had run out
QUIET = "quiet hours"  # why a letter waits whose reader rests
UNCOUNTED = "uncounted"  # in a payload: the platform does not count it as a message, so the limits do not either


@dataclass(frozen=True)
class Draft:
    """A letter before it is in the outbox.

    Attributes:
        unique_key: the same key is only ever kept once.
        payload: a template with its parameters, or a prepared method of the conversation framework.
        expires_at: from then on it is not sent but cancelled with that reason.
    """

    unique_key: str
    channel: str
    chat_id: int
    kind: Kind
    payload: dict[str, Any]
    not_before: datetime
    recipient: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Letter:
    """A claimed letter: ours to send until its lease ends.

    Attributes:
        good_until: by the event loop's clock; after it the process stood still, and another may have taken it over.
    """

    id: LetterId
    unique_key: str
    channel: str
    chat_id: int
    recipient: int | None
    kind: Kind
    payload: dict[str, Any]
    attempts: int
    expires_at: datetime | None
    priority: int = 0
    due_at: datetime | None = None
    good_until: float = math.inf

    def is_ours(self, moment: float) -> bool:
        """Whether it may still be sent."""
        return moment <= self.good_until

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is better than perhaps not at all."""
        return self.kind in REPEATABLE


@dataclass(frozen=True)
class Result:
    """What became of one attempt, as it is to be written down.

    Attributes:
        holds: other letters to the chat, unless they are more urgent, wait for this one.
        tried: whether it counts as an attempt.
        anew: it arrived, and is to go again later; earlier attempts count no more.
        asked: whether the platform was asked at all, which is what its limits count.
        retry_after: seconds that the platform asked for.
        ended_at: when the platform had answered.
        undelivered: given up although it applies: its time ran out, or its recipient let nobody in.
    """

    letter: Letter
    state: State
    error: str | None = None
    message_id: int | None = None
    not_before: datetime | None = None
    holds: bool = False
    tried: bool = True
    anew: bool = False
    asked: bool = True
    retry_after: float | None = None
    ended_at: datetime | None = None
    undelivered: bool = False

    def waiting(self, until: datetime) -> Result:
        """The same, to be tried again then."""
        return replace(self, not_before=until)


async def enqueue(session: AsyncSession, drafts: Sequence[Draft], *, now: datetime) -> int:
    """Put letters in the outbox; those whose key is known already are left as they are. Returns how many are new."""
    if not drafts:
        return 0
    rows = [
        {
            "unique_key": draft.unique_key,
            "channel": draft.channel,
            "chat_id": draft.chat_id,
            "recipient_id": draft.recipient,
            "kind": draft.kind.value,
            "priority": int(Priority[draft.kind.name]),
            "not_before": draft.not_before,
            "expires_at": draft.expires_at,
            "payload": draft.payload,
            "state": State.QUEUED.value,
            "attempts": 0,
            "created_at": now,
        }
        for draft in drafts
    ]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutboxRow).on_conflict_do_nothing(index_elements=["unique_key"])
    result = await session.scalars(statement.returning(OutboxRow.id), rows)
    return len(result.all())
