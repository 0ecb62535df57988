"""The outcomes of a send, and what each means for a letter: again later, or an end that everybody can see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from scheduler.outbox import BLOCKED, MAX_ATTEMPTS, PATIENT_ATTEMPTS, Letter, Result, State

BACKOFF_SECONDS = (1, 2, 5, 15, 60, 300, 900)
# Nobody has refused what could not be sent: it is tried every five minutes until it expires, and what may go wrong
# after that still finds tries left.
COUNTED_WITHOUT_CONNECTION = MAX_ATTEMPTS - 2


class Outcome(StrEnum):
    """The five outcomes of a send, two of deciding not to send (not any more, not now), and: sent, and again later."""

    SENT = "sent"
    WAIT = "wait"
    DEAD = "dead"
    NOT_SENT = "not_sent"
    UNSURE = "unsure"
    CANCELLED = "cancelled"
    LATER = "later"
    AGAIN = "again"


@dataclass(frozen=True)
class Report:
    """What a carrier says of one attempt.

    Attributes:
        reason: short, for organisers and logs; never what a person wrote.
        retry_after: seconds, with WAIT, LATER and AGAIN.
    """

    outcome: Outcome
    reason: str | None = None
    retry_after: float = 0.0
    message_id: int | None = None


class Carrier(Protocol):
    """Turns a letter into a message of its platform (checking that it still applies) and sends it."""

    async def carry(self, letter: Letter) -> Report:
        """Send once; never raises for what the platform answers."""


def judge(letter: Letter, report: Report, *, now: datetime) -> Result:
    """What is to be written down of an attempt."""
    match report.outcome:
        case Outcome.SENT:
            return Result(letter, State.SENT, message_id=report.message_id)
        case Outcome.AGAIN:
            until = now + timedelta(seconds=max(report.retry_after, 0.1))
            return Result(letter, State.QUEUED, not_before=until, anew=True)
        case Outcome.CANCELLED:
            return Result(letter, State.CANCELLED, error=report.reason, asked=False)
        case Outcome.DEAD:
            return Result(letter, State.FAILED, error=report.reason, undelivered=report.reason == BLOCKED)
        case Outcome.LATER:
            until = now + timedelta(seconds=max(report.retry_after, 0.1))
            until = min(until, letter.expires_at or until)  # let go in time for the letter of the next day
            return Result(letter, State.QUEUED, error=report.reason, not_before=until, tried=False, asked=False)
        case Outcome.WAIT:
            seconds = max(report.retry_after, 0.1)
            waiting = Result(
                letter, State.QUEUED, error=report.reason, tried=False, holds=True, retry_after=report.retry_after
            )
            return waiting.waiting(now + timedelta(seconds=seconds))
        case Outcome.UNSURE if not letter.repeatable or letter.attempts >= MAX_ATTEMPTS:
            return Result(letter, State.UNCERTAIN, error=report.reason)
    pause = BACKOFF_SECONDS[min(letter.attempts, len(BACKOFF_SECONDS)) - 1]
    return Result(
        letter,
        State.QUEUED,
        error=report.reason,
        not_before=now + timedelta(seconds=pause),
        holds=letter.attempts <= PATIENT_ATTEMPTS,
        tried=report.outcome is not Outcome.NOT_SENT or letter.attempts < COUNTED_WITHOUT_CONNECTION,
    )
