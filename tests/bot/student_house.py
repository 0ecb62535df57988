"""The whole conversation in this process: real services, dispatcher, inbox, outbox and Telegram door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import telegram
from bot.clock import Clock
from bot.consent import NOTICE_VERSION
from bot.deeds.recording import record_step
from bot.handlers import routers
from bot.knowledge import Knowledge
from bot.letters import composer
from bot.opening import rephraser_of
from bot.services import Services
from bot.settings import Settings
from bot.tables import WAITING, InboxRow
from bot.turns.carrier import DoorCarrier
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.middlewares import surround
from bot.turns.replies import ReplySession
from bot.words import Locales
from records.branches import BranchKind, ensure_branch
from records.consent import give_consent
from records.people import Person, Role, add_person, attach_account, grant_role
from records.rules import Readings
from records.steps import StepRequest
from records.tables import PersonRow
from records.track import load_track
from records.workdays import WorkCalendar
from scheduler.delivery import Delivery
from scheduler.planner import Planning, plan, plan_reminders, plan_when_free
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.emulator import person as emulated
from tests.emulator.emulator import Emulator

BEIJING = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=BEIJING)


@dataclass
class StudentHouse:
    """A branch with people in it, at a moment that only the test moves."""

    services: Services
    emulator: Emulator
    moment: list[datetime]
    branch: int
    committee: int
    inbox: Inbox
    delivery: Delivery
    door: Bot
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.moment[0].astimezone(UTC)

    @property
    def today(self) -> date:
        return self.moment[0].astimezone(BEIJING).date()

    def later(self, **delta: float) -> None:
        """Let time pass."""
        self.moment[0] += timedelta(**delta)

    async def join(
        self, name: str, *, number: str | None = None, role: Role = Role.STUDENT, language: str = "zh-hans"
    ) -> emulated.Person:
        """Somebody of the branch who has joined and agreed."""
        async with self.services.database.write() as session:
            person = await add_person(
                session, name=name, branch_id=self.branch, now=self.now, student_number=number, roles=(role,)
            )
            await grant_role(session, person.id, role, self.branch)
            await give_consent(session, person.id, NOTICE_VERSION, now=self.now)
            chatting = self.emulator.user(name, language)
            await attach_account(session, person.id, telegram.CHANNEL, chatting.id, now=self.now)
        self.people[name] = person
        return chatting

    async def record(self, name: str, step: str, on: str, **detail: str) -> None:
        """A step of the student, entered by the operator as history."""
        async with self.services.database.write() as session:
            await self.record_in(session, name, step, on, **detail)
        self.delivery.nudge()

    async def record_in(self, session: AsyncSession, name: str, step: str, on: str, **detail: str) -> None:
        """The same in a transaction of the test."""
        request = StepRequest(self.people[name].id, step, date.fromisoformat(on), detail, history=True)
        await record_step(self.services, session, request)

    async def plan(self) -> int:
        """What the planner does each minute. Returns how many letters it wrote."""
        written = await plan_when_free(self.services.database, self._planning, self.services.clock.now)
        self.delivery.nudge()
        return written

    async def plan_in(self, session: AsyncSession) -> int:
        """The same in a transaction of the test."""
        page = await plan(session, self._planning, now=self.now)
        assert page is not None  # nobody else plans for this house
        return page.letters

    async def plan_reminders(self) -> int:
        """What it does about reminders."""
        async with self.services.database.write() as session:
            return (await plan_reminders(session, self._planning, now=self.now)).letters

    async def quiet(self) -> None:
        """Until every letter whose time has come was dealt with."""
        self.delivery.nudge()
        while await self._under_way():  # noqa: ASYNC110 (what ends the waiting stands in the database)
            await asyncio.sleep(0)

    async def _under_way(self) -> int:
        due = OutboxRow.state.in_(("queued", "sending")), OutboxRow.not_before <= self.now
        async with self.services.database.read() as session:
            return await session.scalar(select(func.count()).select_from(OutboxRow).where(*due)) or 0

    async def heard_out(self) -> None:
        """Until every update that came in was handled."""
        waiting = select(func.count()).select_from(InboxRow).where(InboxRow.state == WAITING)
        while True:
            async with self.services.database.read() as session:
                if not await session.scalar(waiting):
                    return

    @property
    def _planning(self) -> Planning:
        settings = self.services.settings
        return Planning(BEIJING, settings.study_time, settings.reminder_time)


async def full_member(house: StudentHouse, name: str, number: str) -> None:
    """Somebody of the branch who has joined, at the end of the track."""
    await house.join(name, number=number)
    async with house.services.database.write() as session:
        await session.execute(update(PersonRow).where(PersonRow.name == name).values(stage="full_member"))


@asynccontextmanager
async def open_house(
    database: Database, emulator: Emulator, *, waited_for: int | None = None, **changes: object
) -> AsyncIterator[StudentHouse]:
    """The house over a stocked database, with its Telegram door open until the block ends. `changes` are settings."""
    moment = [MONDAY]
    knowledge = Knowledge(database, None, waited_for=waited_for)
    services = _services(database, knowledge, Clock(BEIJING, lambda: moment[0].astimezone(UTC)), changes)
    now = services.clock.now
    async with database.write() as session:
        committee = await ensure_branch(session, "示例大学党委", kind=BranchKind.COMMITTEE)
        branch = await ensure_branch(session, "学生第一党支部", kind=BranchKind.BRANCH, parent=committee.id)
    dispatcher = Dispatcher(storage=ConversationStorage(database))
    surround(dispatcher, services)
    dispatcher.include_routers(*routers())
    door = telegram.telegram_bot(emulator.token, emulator.address)
    carriers = {telegram.CHANNEL: DoorCarrier(database, door, composer(services), now)}
    delivery = Delivery(database, carriers, {}, now)  # no limits: the clock stands still
    heard = Bot(door.token, session=ReplySession(door.session), default=DefaultBotProperties(parse_mode="HTML"))
    inbox = Inbox(database, dispatcher, {telegram.CHANNEL: heard}, now, delivery.nudge)
    house = StudentHouse(services, emulator, moment, branch.id, committee.id, inbox, delivery, door)
    polling = telegram.poll(door, inbox, dispatcher.resolve_used_update_types())
    tasks = [asyncio.create_task(part) for part in (polling, inbox.run(), delivery.run(alone=True))]
    try:
        yield house
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await door.session.close()


def _services(database: Database, knowledge: Knowledge, clock: Clock, changes: dict[str, object]) -> Services:
    settings = Settings(_env_file=None, **changes)  # type: ignore[call-arg, arg-type]  # pydantic-settings' own argument
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        locales=Locales(default=settings.language),
        track=load_track(school=settings.school_track),
        calendar=WorkCalendar.standard(),
        readings=Readings(),
        knowledge=knowledge,
        rephraser=rephraser_of(settings, clock),
    )
