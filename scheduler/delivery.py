"""Delivery: takes letters from the outbox, sends them within the limits, writes down what became of them."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler import claiming, settling, sharing
from scheduler.judging import Carrier, Outcome, Report, judge
from scheduler.limits import Limiter
from scheduler.outbox import EXPIRED, LANES, UNCOUNTED, Letter, LetterId, Priority, Result, State
from scheduler.trouble import trouble_of, will_pass
from scheduler.waking import to_its_end, woken
from storage.database import Database

__all__ = ["Carrier", "Delivery", "Outcome", "Report", "judge"]

IN_FLIGHT = 8  # letters that a kill can leave in doubt
AHEAD = 64  # letters claimed ahead of their sending where no limits hold; a kill sends none of them twice
LEASE = timedelta(seconds=45)
IDLE_SECONDS = 1.0
PAUSE_SECONDS = 1.0  # after trouble with the database
FINISH_SECONDS = 6.0  # for what is in flight when we are asked to stop; a process is given ten in all
NOTE_SECONDS = 3.0  # and for writing down what became of it
FAIR_TURN = 10  # every so many claims the last lane is asked first, so that none starves
CRASHED_SECONDS = 1.0  # what a dead predecessor may have sent within the platform's last second
CLOCK_JUMP = timedelta(seconds=5)
LONGEST_REPLY_PAUSE = timedelta(minutes=16)

log = structlog.get_logger(__name__)
Moments = dict[str, datetime]  # by channel, in one transaction: when its limits were read


class Delivery:
    """The sending loop of one process."""

    def __init__(
        self,
        database: Database,
        carriers: Mapping[str, Carrier],
        limiters: Mapping[str, Limiter],
        clock: Callable[[], datetime],
        elsewhere: Collection[str] = (),
        watch: Callable[[Result], None] | None = None,
        lease: timedelta = LEASE,
    ) -> None:
        """Args:
        elsewhere: channels whose letters another process carries; those of a door that is open nowhere fail.
        watch: told of every settled result (metrics).
        lease: how long a process may say nothing before others take its letters over.
        """
        self._database = database
        self._elsewhere = elsewhere
        self._carriers = carriers
        self._limiters = limiters
        self._clock = clock
        self._watch = watch
        self._lease = lease
        self._wake = asyncio.Event()
        self._ahead: list[tuple[int, int, Letter]] = []  # a heap: claimed, its turn has not come
        self._under_way: dict[asyncio.Task[Result], Letter] = {}
        self._done: list[asyncio.Task[Result]] = []
        self._claims = 0
        self._turn = asyncio.Lock()  # between claiming letters and knowing that they are ours nobody may recover them

    def nudge(self) -> None:
        """Something was put in the outbox: look now, not at the next turn."""
        self._wake.set()

    async def run(self, *, alone: bool) -> None:
        """Deliver until cancelled; trouble with the database is waited out, and results are kept until it is over.

        Args:
            alone: no other process delivers for this database, so whatever is `sending` at the start was interrupted.
        """
        keeping = asyncio.create_task(self._keep(alone=alone))
        try:
            while True:
                self._wake.clear()
                pause = await self._cycle_or_wait()
                if pause > 0 and not self._done:
                    await woken(self._wake, min(pause, IDLE_SECONDS))
        finally:
            keeping.cancel()
            await self._finish_all()

    async def recover(self, *, everything: bool) -> None:
        """Return interrupted letters to the queue, or call them uncertain; give up those to closed doors."""
        async with self._turn, self._database.write() as session:
            now, ours = self._clock(), self._ours()
            moment = await sharing.database_clock(session, now=now)
            count = await claiming.recover(session, now=moment, everything=everything, except_for=ours)
            await claiming.give_up_closed(session, [*self._carriers, *self._elsewhere], now=now)
        if count:
            log.info("outbox.recovered", letters=count)
            for limiter in self._limiters.values():
                limiter.hold(CRASHED_SECONDS, now)

    async def drain(self) -> None:
        """Send all whose time has come, then return (command line, tests)."""
        async with self._database.write() as session:
            await claiming.give_up_closed(session, [*self._carriers, *self._elsewhere], now=self._clock())
        while True:
            pause = await self._cycle()
            if not self._under_way and not self._ahead and (pause >= IDLE_SECONDS or not await self._anything_due()):
                return
            self._wake.clear()
            if not self._done and pause > 0:
                await woken(self._wake, pause)

    async def _cycle_or_wait(self) -> float:
        try:
            return await self._cycle()
        except Exception as error:
            if not will_pass(error):
                log.error("delivery.failed", exc_info=error)  # a bug must not stop what can still be sent
            else:
                log.warning("delivery.database_trouble", trouble=trouble_of(error), error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
            return 0.0

    async def _cycle(self) -> float:
        """Settle what is done and claim what is due, in one transaction; seconds until the next look is worth it."""
        pause = min([self._pause_of(channel) for channel in self._carriers], default=IDLE_SECONDS)
        wanted: Sequence[str] = [channel for channel in self._carriers if self._room(channel) > 0]
        if not self._done:
            wanted = await self._due(wanted)
        done, self._done = self._done, []
        if done or wanted:
            async with self._turn:
                moved = await to_its_end(self._settle_and_claim(done, wanted))
            pause = 0.0 if moved else pause
        self._start_some()
        return pause

    async def _settle_and_claim(self, done: list[asyncio.Task[Result]], wanted: Sequence[str]) -> bool:
        try:
            async with self._database.write() as session:
                if any(channel in self._limiters for channel in wanted):
                    await claiming.queue_for_claiming(session)  # before the limits are locked, as everybody does
                results, moments = [self._result(task) for task in done], Moments()
                await self._settle(session, results, moments)
                letters = [one for channel in wanted for one in await self._claim(session, channel, moments)]
                await self._share(session, moments)
        except BaseException:
            self._done = [*done, *self._done]  # what was sent is not forgotten
            raise
        self._settled(done, results)
        self._take(letters)
        return bool(letters or done)

    def _ours(self) -> list[LetterId]:
        return [letter.id for letter in (*self._under_way.values(), *(one[-1] for one in self._ahead))]

    def _pause_of(self, channel: str) -> float:
        limiter = self._limiters.get(channel)
        if limiter is None:
            return IDLE_SECONDS
        pause = limiter.pause(self._clock())
        return pause if pause > 0 else IDLE_SECONDS

    def _room(self, channel: str) -> int:
        """How many letters may be claimed now."""
        free = IN_FLIGHT - len(self._under_way) - len(self._ahead)
        limiter = self._limiters.get(channel)
        if limiter is not None:
            return min(free, limiter.room(self._clock()))
        return AHEAD - len(self._ahead) if len(self._ahead) < AHEAD // 4 else 0

    async def _anything_due(self) -> bool:
        return bool(await self._due(list(self._carriers)))

    async def _due(self, channels: Sequence[str]) -> list[str]:
        """The channels with a letter to claim: a look costs little, and the writing turn is taken only for those."""
        if not channels:
            return []
        async with self._database.glance() as session:
            due = await claiming.due_lanes(session, channels)
        now = self._clock()
        return [channel for channel in channels if any(moment <= now for moment in due[channel].values())]

    async def _claim(self, session: AsyncSession, channel: str, moments: Moments) -> list[Letter]:
        due = (await claiming.due_lanes(session, [channel]))[channel]
        if not due:
            return []
        await claiming.queue_for_claiming(session)
        now, moment = self._clock(), await self._moment(session, channel, moments)
        limiter = self._limiters.get(channel)
        room, busy = self._room(channel), await claiming.chats_under_way(session, channel)
        if limiter is not None:
            room, busy = min(room, limiter.room(moment)), busy | limiter.resting(moment)
        lanes = [lane for lane in LANES if lane in due and due[lane] <= now]
        self._claims += 1
        if self._claims % FAIR_TURN == 0:
            lanes = lanes[::-1]
        letters: list[Letter] = []
        for lane in lanes:
            free = IN_FLIGHT - len(self._under_way) - len(self._ahead) - len(letters)
            limit = min(room - len(letters), free) if lane == Priority.STUDY else room - len(letters)
            if limit > 0:  # a study card is never claimed ahead: a kill would leave it in doubt unsent
                letters += await claiming.claim(
                    session,
                    channel,
                    now=now,
                    lease_until=moment + self._lease,
                    limit=limit,
                    busy_chats=busy,
                    lanes=(lane,),
                )
                busy |= {letter.chat_id for letter in letters}
        if limiter is not None:
            for letter in letters:
                if not letter.payload.get(UNCOUNTED):
                    limiter.start(letter.id, moment)
        return letters

    def _take(self, letters: list[Letter]) -> None:
        good_until = asyncio.get_running_loop().time() + self._lease.total_seconds() / 2
        for letter in letters:
            heapq.heappush(self._ahead, (letter.priority, letter.id, replace(letter, good_until=good_until)))

    def _start_some(self) -> None:
        while self._ahead and len(self._under_way) < IN_FLIGHT:
            letter = heapq.heappop(self._ahead)[-1]
            task = asyncio.create_task(self._attempt(letter))
            self._under_way[task] = letter
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Result]) -> None:
        self._done.append(task)
        self._wake.set()

    async def _attempt(self, letter: Letter) -> Result:
        now = self._clock()
        if letter.expires_at is not None and letter.expires_at <= now:
            return Result(letter, State.CANCELLED, error=EXPIRED, asked=False, undelivered=True)
        if not letter.is_ours(asyncio.get_running_loop().time()):
            return Result(letter, State.QUEUED, error="held", tried=False, asked=False)
        report = await self._carriers[letter.channel].carry(letter)
        now = self._clock()
        return replace(judge(letter, report, now=now), ended_at=now)

    def _result(self, task: asyncio.Task[Result]) -> Result:
        letter = self._under_way[task]
        error = task.exception()
        if error is None:
            return task.result()
        log.error("delivery.crashed", letter=letter.id, kind=letter.kind.value, exc_info=error)
        return judge(letter, Report(Outcome.UNSURE, reason=type(error).__name__), now=self._clock())

    async def _settle(self, session: AsyncSession, results: list[Result], moments: Moments) -> None:
        now = self._clock()
        for channel, limiter in self._limiters.items():
            of_channel = [at for at, result in enumerate(results) if result.letter.channel == channel]
            if not of_channel:
                continue
            moment = await self._moment(session, channel, moments)
            for at in of_channel:
                results[at] = _counted(limiter, results[at], now=now, moment=moment)
        await settling.settle(session, results, now=now)

    def _settled(self, done: list[asyncio.Task[Result]], results: list[Result]) -> None:
        for task, result in zip(done, results, strict=True):
            del self._under_way[task]
            if self._watch is not None:
                self._watch(result)

    async def _moment(self, session: AsyncSession, channel: str, moments: Moments) -> datetime:
        """The clock that all share; what they know of the channel's limits is ours until the transaction ends."""
        if channel not in moments:
            moment, limiter = None, self._limiters.get(channel)
            if limiter is not None and not self._database.is_sqlite:
                known, moment = await sharing.shared_limits(session, channel)
                limiter.restore(known)
            moments[channel] = moment or await sharing.database_clock(session, now=self._clock())
        return moments[channel]

    async def _share(self, session: AsyncSession, moments: Moments) -> None:
        for channel in moments:
            if not self._database.is_sqlite and (limiter := self._limiters.get(channel)) is not None:
                await sharing.share_limits(session, channel, limiter.dump())

    async def _keep(self, *, alone: bool) -> None:
        """Recover what others left, renew our leases, notice when the clock was set."""
        loop = asyncio.get_running_loop()
        drift = self._clock().timestamp() - loop.time()
        everything = alone
        while True:
            try:
                await to_its_end(self.recover(everything=everything))
                await to_its_end(self._renew())
                now_drift = self._clock().timestamp() - loop.time()
                if now_drift < drift - CLOCK_JUMP.total_seconds():
                    log.warning("clock.set_back", seconds=round(drift - now_drift))
                    await self._bring_forward()
                drift = now_drift
            except Exception as error:  # the next round comes all the same
                log.warning("delivery.keeping_failed", error=type(error).__name__)
            self._wake.set()
            await asyncio.sleep(self._lease.total_seconds() / 3)

    async def _renew(self) -> None:
        if (ours := self._ours()) and not self._database.is_sqlite:
            async with self._database.write() as session:
                moment = await sharing.database_clock(session, now=self._clock())
                await claiming.renew(session, ours, lease_until=moment + self._lease)

    async def _bring_forward(self) -> None:
        now = self._clock()
        async with self._database.write() as session:
            await claiming.bring_forward(session, now=now, horizon=now + LONGEST_REPLY_PAUSE)

    async def _finish_all(self) -> None:
        """Let what is in flight come to its end; what was only claimed goes back."""
        back = [one[-1] for one in self._ahead]
        self._ahead.clear()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FINISH_SECONDS)
        done, self._done = self._done, []
        results = [self._result(task) for task in done]
        results += [Result(one, State.QUEUED, tried=False, asked=False) for one in back]
        try:
            async with asyncio.timeout(NOTE_SECONDS):
                await self._note(results)
        except TimeoutError:  # as after a kill: whoever starts next cannot know, and may send it again
            log.warning("delivery.left_in_doubt", letters=len(results))
        else:
            self._settled(done, results[: len(done)])

    async def _note(self, results: list[Result]) -> None:
        """Write down what became of these; trouble with the database is waited out."""
        while results:
            try:
                async with self._database.write() as session:
                    moments = Moments()
                    await self._settle(session, results, moments)
                    await self._share(session, moments)
                return
            except Exception as error:
                if not will_pass(error):
                    raise
                log.warning("delivery.database_trouble", trouble=trouble_of(error), error=type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)


def _counted(limiter: Limiter, result: Result, *, now: datetime, moment: datetime) -> Result:
    """Tell the limiter, which may ask for more patience than the platform did."""
    since = now - result.ended_at if result.ended_at is not None else timedelta(0)
    limiter.finish(result.letter.id, result.letter.chat_id, moment - since, counted=result.asked)
    if result.retry_after is None:
        return result
    seconds = limiter.refused(result.letter.chat_id, result.retry_after, moment)
    return result.waiting(now + timedelta(seconds=seconds))
