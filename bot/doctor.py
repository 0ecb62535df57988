"""The doctor: looks at every part of an installation and says what is well, what is not, and what to do."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.listening import Hearing, listening
from bot.clock import Clock
from bot.database import has_file
from bot.knowledge import Knowledge
from bot.lean import import_aiogram
from bot.opening import rephraser_of
from bot.rephrasing import EndpointRefuses, Rephraser
from bot.settings import Settings
from bot.tables import PARKED, WAITING, InboxRow
from content.tables import DocumentRow, PassageRow
from records.invitations import ALARMING_FAILURES, wrong_codes_lately
from records.tables import AccountRow, PersonRow
from records.track import load_track
from records.workdays import WorkCalendar
from scheduler.outbox import State
from scheduler.planner import PLANNED_AT
from scheduler.tables import OutboxRow
from scheduler.trouble import Trouble, trouble_of
from storage.database import Database
from storage.errors import WaymarkError
from storage.migrations import head_revision, is_known, revision_of
from storage.settings import get_setting
from storage.sqlite import is_damage

if TYPE_CHECKING:
    from aiogram.types import WebhookInfo

LATE = timedelta(minutes=10)
AHEAD = timedelta(minutes=2)  # the clocks of two machines may differ by less
MEGABYTE = 1024 * 1024
LITTLE_SPACE, HARDLY_ANY_SPACE, NO_SPACE = 1024 * MEGABYTE, 200 * MEGABYTE, 4 * MEGABYTE
ASK_SECONDS = 15


class Health(StrEnum):
    """How a part of the house is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What was found of one part; the sentence is `doctor.<check>.<what>` with the values."""

    check: str
    state: Health
    what: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The sentence in the locales."""
        return f"doctor.{self.check}.{self.what}"


def ok(check: str, *, what: str = "ok", **values: Any) -> Finding:
    """All is well."""
    return Finding(check, Health.OK, what, values)


def warning(check: str, what: str, **values: Any) -> Finding:
    """It works, but somebody should look."""
    return Finding(check, Health.WARNING, what, values)


def problem(check: str, what: str, **values: Any) -> Finding:
    """It does not work until somebody does something."""
    return Finding(check, Health.PROBLEM, what, values)


async def examine(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Every part in turn; nothing is changed, and a part that is broken does not hide the others."""
    yield _own_files(settings)
    disk = _disk(settings.data)
    yield disk
    database = Database(settings.database)
    try:
        if has_file(database):
            async for finding in _kept(database, settings, clock.now()):
                yield finding
        elif disk.state is not Health.PROBLEM:
            yield warning("database", "absent", path=database.url.database)
    finally:
        await database.close()
    for finding in await _telegram(settings, clock.now()):
        yield finding
    rephraser = rephraser_of(settings, clock)
    if rephraser is not None:
        yield await _rephrasing(settings, rephraser)


async def _kept(database: Database, settings: Settings, now: datetime) -> AsyncIterator[Finding]:
    """The database, and what can be known where it has tables."""
    usable = await _database(database)
    yield usable
    if usable.state is not Health.OK:
        return
    for look in (
        _library,
        _index(settings),
        _outbox(now),
        _inbox,
        _planner(now),
        *([_listening] if settings.telegram_token.get_secret_value() else []),
        _accounts,
        _codes(now),
    ):
        try:
            yield await look(database)
        except SQLAlchemyError as error:
            yield _trouble(database, error)
            return


def _own_files(settings: Settings) -> Finding:
    """The settings, and the school's rules and calendar that they name: `serve` does not start with a wrong one."""
    try:
        load_track(school=settings.school_track)
        WorkCalendar.standard(*([settings.work_calendar] if settings.work_calendar else []))
    except WaymarkError as error:
        return problem("settings", "wrong", error=error)
    return ok("settings", data=str(settings.data), language=settings.language)


def _disk(data: Path) -> Finding:
    folder = data.absolute()
    while not os.path.exists(folder):  # also what lies in a folder of somebody else is not there for us
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    values: dict[str, Any] = {"megabytes": free // MEGABYTE, "folder": str(data)}
    if not folder.is_dir():
        return problem("disk", "no_folder", **values)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return problem("disk", "read_only", **values)
    if free < NO_SPACE:
        return problem("disk", "full", **values)
    if free < HARDLY_ANY_SPACE:
        return problem("disk", "nearly_full", **values)
    return warning("disk", "little", **values) if free < LITTLE_SPACE else ok("disk", **values)


async def _database(database: Database) -> Finding:
    where = database.url.render_as_string(hide_password=True)
    try:
        revision = await revision_of(database)
        if revision is None:
            return warning("database", "empty", url=where)
        if not is_known(revision):
            return problem("database", "newer", url=where, found=revision, wanted=head_revision())
        if revision != head_revision():
            return problem("database", "revision", url=where, found=revision, wanted=head_revision())
        await database.try_writing()
    except Exception as error:  # drivers have no common family: whatever goes wrong here is the database's
        return _trouble(database, error)
    return ok("database", url=where, revision=revision)


def _trouble(database: Database, error: Exception) -> Finding:
    """A database may answer and yet take nothing; the disk of an embedded one is looked at by itself."""
    values = {"url": database.url.render_as_string(hide_password=True), "path": database.url.database}
    if is_damage(error):
        return problem("database", "damaged", **values)
    match trouble_of(error):
        case Trouble.READ_ONLY | Trouble.GONE if database.is_sqlite:
            return problem("database", "file_rights", **values)
        case Trouble.READ_ONLY:
            return problem("database", "read_only", **values)
        case Trouble.FULL:
            return problem("database", "full", **values)
        case Trouble.LOCKED:
            return problem("database", "locked", **values)
    return problem("database", "unreachable", reason=type(error).__name__, **values)


async def _library(database: Database) -> Finding:
    async with database.read() as session:
        published = DocumentRow.state == "published"
        documents = await session.scalar(select(func.count()).select_from(DocumentRow).where(published)) or 0
        passages = await session.scalar(select(func.count()).select_from(PassageRow).join(DocumentRow).where(published))
        official = await session.scalar(
            select(func.count()).select_from(DocumentRow).where(published, DocumentRow.kind == "official")
        )
    values: dict[str, Any] = {"documents": documents, "passages": passages or 0}
    if not documents:
        return warning("library", "empty")
    return ok("library", **values) if official else warning("library", "no_official", **values)


def _index(settings: Settings) -> Callable[[Database], Awaitable[Finding]]:
    async def look(database: Database) -> Finding:
        started = time.monotonic()
        try:
            index = await Knowledge(database, settings.encoder or None).current()
        except WaymarkError as error:
            return problem("index", "broken", error=error)
        return ok("index", passages=len(index), seconds=round(time.monotonic() - started, 1))

    return look


def _outbox(now: datetime) -> Callable[[Database], Awaitable[Finding]]:
    async def look(database: Database) -> Finding:
        async with database.read() as session:
            rows = await session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
            counts: dict[str, Any] = dict.fromkeys((state.value for state in State), 0) | {
                row[0]: row[1] for row in rows
            }
            oldest = await session.scalar(
                select(func.min(OutboxRow.not_before)).where(OutboxRow.state == State.QUEUED.value)
            )
        if oldest is not None and now - oldest > LATE:
            return warning("outbox", "late", **counts, since=oldest.strftime("%Y-%m-%d %H:%M UTC"), at=oldest)
        if counts[State.FAILED.value] or counts[State.UNCERTAIN.value]:
            return warning("outbox", "failed", **counts)
        return ok("outbox", **counts)

    return look


async def _inbox(database: Database) -> Finding:
    async with database.read() as session:
        rows = await session.execute(select(InboxRow.state, func.count()).group_by(InboxRow.state))
        counts = {row[0]: row[1] for row in rows}
    parked, waiting = counts.get(PARKED, 0), counts.get(WAITING, 0)
    return warning("inbox", "parked", parked=parked) if parked else ok("inbox", waiting=waiting)


def _planner(now: datetime) -> Callable[[Database], Awaitable[Finding]]:
    async def look(database: Database) -> Finding:
        async with database.read() as session:
            written = await get_setting(session, PLANNED_AT)
        if written is None:
            return warning("planner", "never")
        ran_at = datetime.fromisoformat(written)
        if ran_at - now > AHEAD:
            return warning("planner", "ahead", minutes=int((ran_at - now).total_seconds() // 60))
        minutes = max(0, int((now - ran_at).total_seconds() // 60))
        return (
            warning("planner", "late", minutes=minutes, at=ran_at)
            if now - ran_at > LATE
            else ok("planner", minutes=minutes)
        )

    return look


async def _listening(database: Database) -> Finding:
    async with database.read() as session:
        known = await listening(session)
    if known is None:
        return ok("listening", what="never")
    hearing, since = known
    if hearing is Hearing.OK:
        return ok("listening")
    return warning("listening", hearing.value, since=since.strftime("%Y-%m-%d %H:%M UTC"), at=since)


async def _accounts(database: Database) -> Finding:
    async with database.read() as session:
        people = await session.scalar(select(func.count()).select_from(PersonRow).where(PersonRow.left_at.is_(None)))
        joined = await session.scalar(select(func.count(AccountRow.person_id.distinct())))
        blocked = await session.scalar(
            select(func.count()).select_from(AccountRow).where(AccountRow.blocked_at.is_not(None))
        )
    values: dict[str, Any] = {"people": people or 0, "joined": joined or 0, "blocked": blocked or 0}
    return warning("accounts", "blocked", **values) if blocked else ok("accounts", **values)


def _codes(now: datetime) -> Callable[[Database], Awaitable[Finding]]:
    async def look(database: Database) -> Finding:
        async with database.read() as session:
            count = await wrong_codes_lately(session, now=now)
        return warning("codes", "guessing", count=count) if count >= ALARMING_FAILURES else ok("codes", count=count)

    return look


async def _telegram(settings: Settings, now: datetime) -> list[Finding]:
    token = settings.telegram_token.get_secret_value()
    if not token:
        return [ok("telegram", what="absent")]
    import_aiogram()
    from aiogram.exceptions import TelegramAPIError, TelegramNotFound, TelegramUnauthorizedError

    from bot.channels.telegram import telegram_bot

    try:
        bot = telegram_bot(token, settings.telegram_api)
    except WaymarkError as error:
        return [problem("telegram", "malformed", error=error)]
    try:
        me = await bot.get_me(request_timeout=ASK_SECONDS)
        registered = await bot.get_webhook_info(request_timeout=ASK_SECONDS)
        return [ok("telegram", name=me.username or me.first_name), _webhook(settings, registered, now)]
    except (TelegramUnauthorizedError, TelegramNotFound):
        return [problem("telegram", "refused")]
    except TelegramAPIError as error:
        return [problem("telegram", "unreachable", api=settings.telegram_api, reason=type(error).__name__)]
    finally:
        await bot.session.close()


def _webhook(settings: Settings, registered: WebhookInfo, now: datetime) -> Finding:
    """Where Telegram brings updates, against where we wait for them."""
    from bot.channels.webhook import address_of

    ours = address_of(settings.webhook_url) if settings.webhook_url else ""
    there = registered.url.replace(settings.telegram_token.get_secret_value(), "…")  # many put it into their address
    values: dict[str, Any] = {"ours": ours, "there": there, "waiting": registered.pending_update_count}
    if registered.url != ours:
        return warning("webhook", ("elsewhere" if ours else "foreign") if there else "missing", **values)
    failed = registered.last_error_date
    if failed is not None and registered.pending_update_count and now - failed < LATE:
        return warning("webhook", "failing", reason=registered.last_error_message or "", **values)
    return ok("webhook", what="ok" if ours else "polled", **values)


async def _rephrasing(settings: Settings, rephraser: Rephraser) -> Finding:
    """Without it answers are quotations alone, so that nothing here is worse than a warning."""
    from aiohttp import ClientError

    values: dict[str, Any] = {
        "url": settings.rephrase_url,
        "model": settings.rephrase_model,
        "seconds": settings.rephrase_seconds,
    }
    try:
        await rephraser.try_out()
    except EndpointRefuses as error:
        if error.status in (401, 403):
            return warning("rephrasing", "refused", **values)
        return warning("rephrasing", "status", status=error.status, **values)
    except TimeoutError:
        return warning("rephrasing", "slow", **values)
    except (ClientError, OSError) as error:
        return warning("rephrasing", "unreachable", reason=type(error).__name__, **values)
    except (ValueError, LookupError, TypeError):
        return warning("rephrasing", "no_reply", **values)
    return ok("rephrasing", **values)
