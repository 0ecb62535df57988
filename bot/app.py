"""Where everything is wired, and with `bot/opening.py` the only place that knows every concrete class."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass

import structlog
from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.enums import ParseMode
from aiogram.types import Update

from bot import commands
from bot.channels import telegram, webhook
from bot.channels.calendar import CalendarFeed
from bot.channels.listening import Listening
from bot.channels.web import history
from bot.channels.web.server import WebDoor
from bot.deeds.analysing import settle_analysis
from bot.deeds.nightly import settle_everybody
from bot.handlers import routers
from bot.letters import composer
from bot.metrics import Metrics
from bot.services import Services
from bot.settings import Settings, WrongSetting
from bot.turns.carrier import DoorCarrier
from bot.turns.conversation import ConversationStorage
from bot.turns.inbox import Inbox
from bot.turns.middlewares import surround
from bot.turns.patience import Patience
from bot.turns.remembered import forget_old
from bot.turns.replies import ReplySession
from content import usefulness
from retrieval.memory import keep_large_apart
from scheduler.delivery import Delivery
from scheduler.forgetting import forget_letters
from scheduler.jobs import Job, start_jobs
from scheduler.limits import Limiter
from scheduler.planner import Planning, plan_when_free
from scheduler.spreading import keep_spreading
from storage.errors import Term
from storage.files import forget_files

log = structlog.get_logger(__name__)


@dataclass
class House:
    """The house with its doors open."""

    services: Services
    inbox: Inbox
    delivery: Delivery
    dispatcher: Dispatcher
    telegram: Bot | None
    web: WebDoor | None


def build_house(services: Services, *, demo: bool = False, page: bool = True) -> House:
    """Wire doors, dispatcher, inbox and delivery; nothing runs yet.

    Args:
        page: whether this process may offer the web page; a worker leaves it, and what is said on it, to another.
    """
    settings, database, clock = services.settings, services.database, services.clock
    dispatcher = Dispatcher(storage=ConversationStorage(database))
    surround(dispatcher, services, Patience())
    dispatcher.include_routers(*routers())

    token = settings.telegram_token.get_secret_value()
    telegram_bot = telegram.telegram_bot(token, settings.telegram_api) if token else None
    web = WebDoor(services, demo=demo) if settings.web and page else None
    doors = {telegram.CHANNEL: telegram_bot, "web": web.bot if web else None}
    open_doors = {channel: bot for channel, bot in doors.items() if bot is not None}

    elsewhere = () if page else ("web",)
    compose = composer(services)
    carriers = {channel: DoorCarrier(database, bot, compose, clock.now) for channel, bot in open_doors.items()}
    limiters = {telegram.CHANNEL: Limiter(settings.telegram_per_second)}
    metrics = Metrics(database, limiters, clock.now, settings.metrics_token.get_secret_value())
    delivery = Delivery(database, carriers, limiters, clock.now, elsewhere, watch=metrics.settled)
    speaking = {channel: _as_handlers_see(bot) for channel, bot in open_doors.items()}
    inbox = Inbox(
        database,
        dispatcher,
        speaking,
        clock.now,
        delivery.nudge,
        watch=metrics.handled,
        published=services.knowledge.published,
    )
    if web is not None:
        web.inbox = inbox
        web.machines += [*metrics.routes(), CalendarFeed(services).route()]
        if telegram_bot is not None and settings.webhook_url:
            web.machines.append(webhook.Webhook(inbox, _webhook_secret(settings)).route())
    elif settings.webhook_url and page:
        raise WrongSetting(name="WAYMARK_WEB", value="false", problem=Term("true", "setting.web_for_webhook"))
    return House(services, inbox, delivery, dispatcher, telegram_bot, web)


async def run_house(house: House, *, listen: bool = True) -> None:
    """Serve until cancelled; when one part fails for good, all stop and the error goes up.

    Args:
        listen: whether updates are fetched here; a worker handles what another process has fetched.
    """
    services = house.services
    if house.web is not None:
        house.web.bind()  # an address that is taken stops the start before anything is under way
    scheduler = start_jobs(_jobs(house), services.settings.zone)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(house.delivery.run(alone=services.database.is_sqlite))
            tasks.create_task(house.inbox.run())
            tasks.create_task(keep_spreading(services.database, services.clock.now, house.delivery.nudge))
            if house.web is not None:
                tasks.create_task(house.web.serve())
            if house.telegram is not None and listen:
                tasks.create_task(_serve_telegram(house, house.telegram))
            tasks.create_task(_keep_knowledge(services))
    finally:
        scheduler.shutdown(wait=False)
        if house.telegram is not None:
            await house.telegram.session.close()


def _jobs(house: House) -> list[Job]:
    services = house.services
    settings = services.settings
    planning = Planning(settings.zone, settings.study_time, settings.reminder_time)

    async def planner() -> None:
        if await plan_when_free(services.database, planning, services.clock.now):
            house.delivery.nudge()

    async def reminders() -> None:
        await settle_everybody(services)

    async def analysis() -> None:
        await settle_analysis(services)

    async def tidy() -> None:
        await house.inbox.tidy()
        async with services.database.write() as session:
            await forget_old(session, now=services.clock.now())
            await history.forget_old(session, now=services.clock.now())
            await forget_files(session, now=services.clock.now())
            await usefulness.forget_old(session, on=services.clock.today())
        async with services.database.write() as session:
            await forget_letters(session, (telegram.CHANNEL, "web"), now=services.clock.now())

    return [
        Job("planner", "* * * * *", planner),
        Job("tidy", "*/10 * * * *", tidy),
        Job("reminders", "20 3 * * *", reminders, at_start=True),
        Job("analysis", "40 3 * * *", analysis, at_start=True),
    ]


async def _serve_telegram(house: House, bot: Bot) -> None:
    menu = asyncio.create_task(commands.publish(bot, house.services.locales))
    settings, kinds = house.services.settings, house.dispatcher.resolve_used_update_types()
    note = Listening(house.services.database, house.services.clock.now).note
    try:
        if settings.webhook_url:
            await webhook.register(bot, settings.webhook_url, _webhook_secret(settings), kinds, note)
        else:
            await telegram.poll(bot, house.inbox, kinds, note)
    finally:
        menu.cancel()


def _webhook_secret(settings: Settings) -> str:
    return webhook.secret_of(settings.telegram_token.get_secret_value(), settings.webhook_secret.get_secret_value())


async def _keep_knowledge(services: Services) -> None:
    """Load the index before the first question, not during it, and build the types in which it comes."""
    keep_large_apart()
    Update.model_rebuild()
    _keep_for_good()
    await services.knowledge.keep(opened=_keep_for_good)


def _keep_for_good() -> None:
    """What is there now stays. Looking through it for garbage again and again would hold up answers.

    A full collection takes a tenth of a second over what the imports alone leave behind.
    """
    gc.collect()
    gc.freeze()


def _as_handlers_see(bot: Bot) -> Bot:
    """The same bot, except that what it says waits for the turn's commit."""
    return Bot(bot.token, session=ReplySession(bot.session), default=DefaultBotProperties(parse_mode=ParseMode.HTML))
