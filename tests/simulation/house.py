"""A process of the real program that can be thrown away at any moment, and a door that keeps what it was given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import Chat, Message
from sqlalchemy import select

from bot.clock import Clock
from bot.consent import NOTICE_VERSION
from bot.deeds.correcting import redate_step, withdraw_step
from bot.deeds.nightly import settle_everybody
from bot.deeds.recording import note_many, record_quietly, record_step
from bot.knowledge import Knowledge
from bot.letters import composer
from bot.pace import Pace
from bot.services import Services
from bot.settings import Settings
from bot.turns.carrier import DoorCarrier
from bot.words import Locales
from records.branches import BranchKind, create_branch
from records.consent import give_consent
from records.ledger import Entry, entries_of
from records.people import Person, Role, add_person, assign_mentor, attach_account, change_preferences
from records.rules import Readings
from records.steps import StepRequest
from records.track import TRACKS, load_track
from records.workdays import WorkCalendar
from scheduler.delivery import Delivery
from scheduler.planner import Planning, plan, plan_when_free
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.simulation.lives import Deed

SCHOOL_FILE = TRACKS / "school.example.yaml"
ZONE = ZoneInfo("Asia/Shanghai")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
# What is different in the second file of the school's rules (`oracle.LATER`).
CHANGES = (
    ("remind: [14, 3]", "remind: [10]"),
    ("T04: [30, 0]", "T04: [60, 30, 0]"),
    (
        "base: [application_received.received_on, application_received]\n    offset: {months: 6}",
        "base: [application_received.received_on, application_received]\n    offset: {months: 3}",
    ),
    (
        "base: [branch_meeting_admitted]\n    offset: {months: 6}",
        "base: [branch_meeting_admitted]\n    offset: {months: 4}",
    ),
    (
        "base: [intensive_training_completed]\n    offset: {years: 2}",
        "base: [intensive_training_completed]\n    offset: {years: 1}",
    ),
)
PATIENCE = (1, 2, 5, 15, 60, 300, 300, 300)  # seconds between tries at a door that is shut; later ones are alike


@dataclass(frozen=True)
class Kill:
    """The process dies at the message after so many: before the door has it, or `heard`, before it knows of that."""

    after: int
    heard: bool


@dataclass
class Door(BaseSession):
    """Keeps every message with its moment; it may be shut, and a process may die while it speaks."""

    moment: list[datetime]
    kept: list[tuple[datetime, SendMessage]] = field(default_factory=list)
    shut: bool = False
    blocked: set[int] = field(default_factory=set)
    kill: Kill | None = None
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__()

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:  # noqa: ASYNC109 (the signature is aiogram's)
        assert isinstance(method, SendMessage)
        if self.shut:
            raise TelegramNetworkError(method, "nobody is there") from ConnectionRefusedError()
        if int(method.chat_id) in self.blocked:
            raise TelegramForbiddenError(method, "bot was blocked by the user")
        if self.kill is not None:
            dies = self.kill.after == 0
            self.kill = Kill(self.kill.after - 1, self.kill.heard)
            if dies and self.kill.heard:
                self.kept.append((self.moment[0], method))
            if dies or self.dead.is_set():
                self.dead.set()
                await asyncio.Event().wait()
        self.kept.append((self.moment[0], method))
        return Message(
            message_id=len(self.kept), date=self.moment[0], chat=Chat(id=int(method.chat_id), type="private")
        )

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        raise NotImplementedError
        yield b""

    async def close(self) -> None:
        """Nothing is open."""


class House:
    """The school with its people; `open` makes the process anew over the same database."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self.moment = [LONG_AGO]
        self.door = Door(self.moment)
        self.people: dict[str, Person] = {}
        self.names: dict[int, str] = {}
        self.branches: dict[int, str] = {}
        self.restarts = 0
        self._track = load_track(school=SCHOOL_FILE)
        self._calendar = WorkCalendar.standard()
        self._locales = Locales(default="zh_CN")
        self.database = Database(self._url)
        self.open()

    def open(self) -> None:
        """A fresh process: nothing is remembered but what stands in the database and in files that nobody changes."""
        settings = Settings(data=self._folder, database_url=self._url, _env_file=None)  # type: ignore[call-arg]  # pydantic-settings' own
        self.services = Services(
            settings=settings,
            database=self.database,
            clock=Clock(ZONE, lambda: self.moment[0]),
            locales=self._locales,
            track=self._track,
            calendar=self._calendar,
            readings=Readings(),
            knowledge=Knowledge(self.database, None, folder=self._folder / "index"),
        )
        self._planning = Planning(ZONE, settings.study_time, settings.reminder_time)
        bot = Bot("42:TEST", session=self.door, default=DefaultBotProperties(parse_mode="HTML"))
        carrier = DoorCarrier(self.database, bot, composer(self.services), self.services.clock.now)
        self._delivery = Delivery(self.database, {"web": carrier}, {}, self.services.clock.now)

    async def restart(self) -> None:
        """As after a kill: what was under way is found out from the database."""
        self.restarts += 1
        await self.database.close()
        self.open()
        await self._delivery.recover(everything=True)

    async def change_rules(self) -> None:
        """Another file of the school's rules is put in the place of the first, and the process started anew."""
        text = SCHOOL_FILE.read_text("utf-8")
        for was, becomes in CHANGES:
            assert text.count(was) == 1, was
            text = text.replace(was, becomes)
        file = self._folder / "school.yaml"
        file.write_text(text, "utf-8")
        self._track = load_track(school=file)
        await self.restart()

    def at(self, day: date, moment: time) -> None:
        self.moment[0] = datetime.combine(day, moment, ZONE).astimezone(UTC)

    async def tick(self, *, dies: bool = False) -> None:
        """What the planner does each minute; a process that dies has not committed, and another one plans."""
        if dies:
            async with self.database.session() as session:
                await plan(session, self._planning, now=self.moment[0])
                await session.rollback()
            await self.restart()
        await plan_when_free(self.database, self._planning, self.services.clock.now)

    async def night(self, *, dies_after: int | None = None) -> None:
        """What the nightly job does; a process that dies in the middle of it begins anew when it starts."""
        if dies_after is not None:
            job = asyncio.create_task(settle_everybody(self.services, Pace(rests=0)))
            for _ in range(dies_after):
                await asyncio.sleep(0)
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)
            await self.restart()
        await settle_everybody(self.services, Pace(rests=0))

    async def deliver(self, kill: Kill | None = None) -> int:
        """Send what may be sent now, trying as often as patience allows while the door is shut.

        A process that is killed has claimed its letters, and another one goes on. Returns how many messages the door
        had when that happened of which nobody can know whether it had them.
        """
        before = len(self.door.kept)
        self.door.kill, self.door.dead = kill, asyncio.Event()
        if kill is None and not await self._anything_waits():
            return 0
        work = asyncio.create_task(self._delivery.drain())
        death = asyncio.create_task(self.door.dead.wait())
        await asyncio.wait([work, death], return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if self.door.dead.is_set():
            in_doubt = len(self.door.kept) - before
            attempts = [one for one in asyncio.all_tasks() if one is work or "_attempt" in repr(one.get_coro())]
            for task in attempts:
                task.cancel()
            await asyncio.gather(*attempts, return_exceptions=True)
            self.door.kill = None  # not earlier: a request that was about to begin would still be heard
            await self.restart()
            await self._delivery.drain()
            return in_doubt
        self.door.kill = None
        work.result()
        for seconds in PATIENCE if self.door.shut else ():
            self.moment[0] += timedelta(seconds=seconds)
            if await self._anything_waits():
                await self._delivery.drain()
        return 0

    async def _anything_waits(self) -> bool:
        """Whether delivery, which looks every second, would find a letter to take."""
        due = (OutboxRow.state == "queued", OutboxRow.not_before <= self.moment[0])
        async with self.database.glance() as session:
            return await session.scalar(select(OutboxRow.id).where(*due).limit(1)) is not None

    async def settle_in(self, students: dict[str, int], quiet: dict[str, tuple[time, time]]) -> None:
        """A committee with its branches: an organiser each, a mentor each, the students; all have joined."""
        async with self.database.write() as session:
            top = await create_branch(session, "学院党委", kind=BranchKind.COMMITTEE)
            branches = {
                number: await create_branch(session, f"第{number}党支部", parent=top.id)
                for number in sorted(set(students.values()))
            }
            self.branches = {number: one.name for number, one in branches.items()}
            wanted = [("党委", top.id, Role.ORGANISER)]
            wanted += [(f"组织员{n}", one.id, Role.ORGANISER) for n, one in branches.items()]
            wanted += [(f"联系人{n}", one.id, Role.MENTOR) for n, one in branches.items()]
            wanted += [(name, branches[n].id, Role.STUDENT) for name, n in students.items()]
            for chat, (name, branch, role) in enumerate(wanted, start=1):
                person = await add_person(
                    session, name=name, branch_id=branch, now=LONG_AGO, roles=(role,), student_number=f"2026{chat:04}"
                )
                await give_consent(session, person.id, NOTICE_VERSION, now=LONG_AGO)
                await attach_account(session, person.id, "web", chat, now=LONG_AGO)
                since, until = quiet.get(name, (None, None))
                await change_preferences(session, person.id, study_muted=True, quiet_from=since, quiet_until=until)
                self.people[name], self.names[chat] = person, name
            for name, number in students.items():
                mentor = self.people[f"联系人{number}"]
                await assign_mentor(session, mentor.id, self.people[name].id, since=date(2026, 1, 1))

    async def do(self, deed: Deed, by: str) -> None:
        """Record, correct or withdraw, as the chat command does."""
        student, organiser = self.people[deed.student], self.people[by]
        async with self.database.write() as session:
            if deed.does == "record":
                mentors = [one for name, one in self.people.items() if name == deed.detail.get("mentors")]
                await record_step(self.services, session, self._request(deed, organiser), among=mentors)
                return
            entry = await self._entry(session, student, deed.step)
            change: dict[str, Any] = {"reason": "登记有误", "by": organiser}
            if deed.does == "correct":
                await redate_step(self.services, session, student, entry.id, deed.on, **change)
            else:
                await withdraw_step(self.services, session, student, entry, **change)

    async def take_in(self, history: Sequence[Deed], by: str) -> None:
        """What happened to a student before Waymark was used, as the list of an organiser brings it."""
        student, organiser = self.people[history[0].student], self.people[by]
        async with self.database.write() as session:
            entries = [
                (await record_quietly(self.services, session, self._request(deed, organiser))).entry for deed in history
            ]
            await note_many(self.services, session, student.id, entries, by=organiser.id)

    def _request(self, deed: Deed, organiser: Person) -> StepRequest:
        return StepRequest(
            self.people[deed.student].id,
            deed.step,
            deed.on,
            deed.detail,
            recorded_by=organiser.id,
            history=deed.history,
            reason=self._reason(deed),
        )

    def _reason(self, deed: Deed) -> str | None:
        return "按支部实际情况" if self._track.by_id[deed.step].reason_allowed else None

    async def _entry(self, session: Any, student: Person, step: str) -> Entry:
        entries = await entries_of(session, student.id)
        return next(one for one in reversed(entries) if one.payload.get("step") == step)
