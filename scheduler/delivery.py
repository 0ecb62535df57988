"""Delivery: takes letters from the outbox, sends them within the limits, writes down what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from scheduler import outbox
from scheduler.limits import Limiter
from scheduler.outbox import MAX_ATTEMPTS, UNCOUNTED, Letter, Result, State
from storage.database import Database

IN_FLIGHT = 8
LEASE = timedelta(seconds=60)
IDLE_SECONDS = 1.0
RECOVER_EVERY = timedelta(seconds=20)
BACKOFF_SECONDS = (1, 2, 5, 15, 60, 300, 900)

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """The five outcomes of a send, and two of deciding not to send: not any more, not now."""

    SENT = "sent"
    WAIT = "wait"
    DEAD = "dead"
    NOT_SENT = "not_sent"
    UNSURE = "unsure"
    CANCELLED = "cancelled"
    LATER = "later"


@dataclass(frozen=True)
class Report:
    """What a carrier says of one attempt.

    Attributes:
        reason: short, for organisers and logs; never what a person wrote.
        retry_after: seconds, with WAIT and LATER.
    """

    outcome: Outcome
    reason: str | None = None
    retry_after: float = 0.0
    message_id: int | None = None


class Carrier(Protocol):
    """Turns a letter into a message of its platform (checking that it still applies) and sends it."""

    async def carry(self, letter: Letter) -> Report:
        """Send once; never raises for what the platform answers."""


class Delivery:
    """The sending loop of one process."""

    def __init__(
        self,
        database: Database,
        carriers: Mapping[str, Carrier],
        limiters: Mapping[str, Limiter],
        clock: Callable[[], datetime],
        elsewhere: Collection[str] = (),
    ) -> None:
        """Args:
        elsewhere: channels whose letters another process carries; those of a door that is open nowhere fail.
        """
        self._database = database
        self._elsewhere = elsewhere
        self._carriers = carriers
        self._limiters = limiters
        self._clock = clock
        self._wake = asyncio.Event()
        self._under_way: dict[asyncio.Task[Result], Letter] = {}

    def nudge(self) -> None:
        """Something was put in the outbox: look now, not at the next turn."""
        self._wake.set()

    async def run(self, *, alone: bool) -> None:
        """Deliver until cancelled.

        Args:
            alone: no other process delivers for this database, so whatever is `sending` at the start was interrupted.
        """
        await self.recover(everything=alone)
        recovered_at = self._clock()
        try:
            while True:
                self._wake.clear()
                now = self._clock()
                if abs(now - recovered_at) >= RECOVER_EVERY:
                    await self.recover(everything=False)
                    recovered_at = now
                claimed = await self._claim()
                if self._under_way:
                    await self._settle_some()
                elif not claimed:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
        finally:
            await self._settle_all()

    async def recover(self, *, everything: bool) -> None:
        """Return interrupted letters to the queue, or call them uncertain."""
        async with self._database.write() as session:
            count = await outbox.recover(session, now=self._clock(), everything=everything)
        if count:
            log.info("outbox.recovered", letters=count)

    async def drain(self) -> None:
        """Send all whose time has come, then return (command line, tests)."""
        while await self._claim() or self._under_way:
            await self._settle_some()

    async def _claim(self) -> int:
        room = IN_FLIGHT - len(self._under_way)
        if room <= 0:
            return 0
        now = self._clock()
        async with self._database.read() as session:  # a look costs nothing; the writing turn is taken only if needed
            moment = await outbox.next_moment(session, elsewhere=self._elsewhere)
        if moment is None or moment > now:
            return 0
        busy = [(letter.channel, letter.chat_id) for letter in self._under_way.values()]
        async with self._database.write() as session:
            letters = await outbox.claim(
                session, now=now, lease=LEASE, limit=room, busy_chats=busy, elsewhere=self._elsewhere
            )
        for letter in letters:
            self._under_way[asyncio.create_task(self._attempt(letter))] = letter
        return len(letters)

    async def _attempt(self, letter: Letter) -> Result:
        carrier = self._carriers.get(letter.channel)
        if carrier is None:
            return Result(letter, State.FAILED, error="this door is not open")
        now = self._clock()
        if letter.expires_at is not None and letter.expires_at <= now:
            return Result(letter, State.CANCELLED, error="expired")
        limiter = self._limiters.get(letter.channel)
        if limiter is not None and not letter.payload.get(UNCOUNTED):
            wait = limiter.reserve(letter.chat_id, now)
            if wait > LEASE.total_seconds() / 2:
                return Result(letter, State.QUEUED, error="held", not_before=now + timedelta(seconds=wait))
            if wait > 0:
                await asyncio.sleep(wait)
        report = await carrier.carry(letter)
        if report.outcome is Outcome.WAIT and limiter is not None:
            limiter.refused(letter.chat_id, report.retry_after, self._clock())
        return judge(letter, report, now=self._clock())

    async def _settle_some(self) -> None:
        waker = asyncio.create_task(self._wake.wait())
        room = len(self._under_way) < IN_FLIGHT
        waiting: set[asyncio.Task[Result] | asyncio.Task[bool]] = {*self._under_way, *((waker,) if room else ())}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=IDLE_SECONDS)
        waker.cancel()
        await self._settle([task for task in self._under_way if task.done()])

    async def _settle_all(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=10)
            await self._settle([task for task in self._under_way if task.done()])

    async def _settle(self, done: list[asyncio.Task[Result]]) -> None:
        if not done:
            return
        results = [self._result(task) for task in done]
        async with self._database.write() as session:
            await outbox.settle(session, results, now=self._clock())
        for task in done:
            del self._under_way[task]

    def _result(self, task: asyncio.Task[Result]) -> Result:
        letter = self._under_way[task]
        error = task.exception()
        if error is None:
            return task.result()
        log.error("delivery.crashed", letter=letter.id, kind=letter.kind.value, exc_info=error)
        return judge(letter, Report(Outcome.UNSURE, reason=type(error).__name__), now=self._clock())


def judge(letter: Letter, report: Report, *, now: datetime) -> Result:
    """What an outcome means for a letter: again later, or an end that everybody can see."""
    match report.outcome:
        case Outcome.SENT:
            return Result(letter, State.SENT, message_id=report.message_id)
        case Outcome.CANCELLED:
            return Result(letter, State.CANCELLED, error=report.reason)
        case Outcome.DEAD:
            return Result(letter, State.FAILED, error=report.reason)
        case Outcome.WAIT | Outcome.LATER:
            until = now + timedelta(seconds=max(report.retry_after, 0.1))
            return Result(
                letter,
                State.QUEUED,
                error=report.reason,
                not_before=until,
                refused=report.outcome is Outcome.WAIT,
                tried=False,
            )
        case Outcome.UNSURE if not letter.repeatable:
            return Result(letter, State.UNCERTAIN, error=report.reason)
    if letter.attempts >= MAX_ATTEMPTS:
        end = State.UNCERTAIN if report.outcome is Outcome.UNSURE else State.FAILED
        return Result(letter, end, error=report.reason)
    pause = BACKOFF_SECONDS[min(letter.attempts, len(BACKOFF_SECONDS)) - 1]
    return Result(letter, State.QUEUED, error=report.reason, not_before=now + timedelta(seconds=pause))
