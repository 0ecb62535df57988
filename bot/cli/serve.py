"""`serve`, `demo`, `worker`: the processes that stay."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.desk import Desk, desk_of
from bot.cli.help import PlainCommand
from storage.errors import WaymarkError

if TYPE_CHECKING:
    from bot.app import House
    from bot.services import Services

STOP_SECONDS = 10  # what is in flight is finished within this time
DEMO_DATA = Path("data") / "demo"


class NeedsPostgres(WaymarkError):
    """Several processes on one embedded database would send everything twice."""

    key = "error.worker_needs_postgres"
    sentence = "A worker needs PostgreSQL: set WAYMARK_DATABASE_URL. With the embedded database one serve does it all."


def add_to(app: typer.Typer) -> None:
    """Put the three commands into the root."""
    app.command("serve", cls=PlainCommand, help="cli.serve")(serve)
    app.command("demo", cls=PlainCommand, help="cli.demo")(demo)
    app.command("worker", cls=PlainCommand, help="cli.worker")(worker)


def serve(context: typer.Context) -> None:
    """Every open door, the inbox, the planner and the delivery, until told to stop."""
    desk = desk_of(context)
    desk.begin_service()
    desk.run(_serve(desk))


def worker(context: typer.Context) -> None:
    """The inbox, the planner and the delivery, for an installation whose doors another process keeps open."""
    desk = desk_of(context)
    if desk.settings.database.startswith("sqlite"):
        raise NeedsPostgres
    desk.begin_service()
    desk.run(_work(desk))


def demo(
    context: typer.Context,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="cli.demo.browser")] = True,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="cli.demo.port")] = None,
) -> None:
    """Sample people in a data folder of their own, and the page on which one can be each of them."""
    from bot.demo import SCHOOL_TRACK

    desk = desk_of(context)
    desk.overrides = {"database_url": "", "web": True} | ({} if port is None else {"web_port": port})
    if "data" not in desk.settings.model_fields_set:
        desk.overrides["data"] = DEMO_DATA
    if desk.settings.school_track is None:
        desk.overrides["school_track"] = SCHOOL_TRACK
    del desk.settings
    desk.begin_service()
    desk.run(_demo(desk, browser=browser))


async def _serve(desk: Desk) -> None:
    _check_encoder(desk)
    async with _held(desk) as services:
        await _invite_first(desk, services)
        house = _house(desk, services)
        await until_stopped(_run(desk, house, "cli.serve.ready"))


async def _work(desk: Desk) -> None:
    from bot.app import build_house, run_house

    _check_encoder(desk)
    async with desk.services() as services:
        house = build_house(services, page=False)

        async def work() -> None:
            desk.line("cli.worker.ready")
            sys.stdout.flush()
            await run_house(house, listen=False)

        await until_stopped(work())


async def _demo(desk: Desk, *, browser: bool) -> None:
    from bot.clock import Clock
    from bot.demo import clear_old_demo, prepare_demo
    from bot.lock import sole_process

    _check_encoder(desk)
    settings = desk.settings
    with sole_process(settings.data):
        clear_old_demo(settings.data, today=Clock(settings.zone).today())
        async with desk.services() as services:
            with desk.waiting("cli.demo.preparing"):
                await prepare_demo(services)
            house = _house(desk, services, demo=True)
            await until_stopped(_run(desk, house, "cli.demo.ready", browser=browser))


def _check_encoder(desk: Desk) -> None:
    """A model that cannot be there stops the start before anything is shown or begun."""
    from retrieval.encoder import check_encoder

    if desk.settings.encoder:
        check_encoder(desk.settings.encoder)


@asynccontextmanager
async def _held(desk: Desk) -> AsyncIterator[Services]:
    """The house without doors, ours alone where the database is embedded."""
    from bot.database import told_plainly
    from bot.lock import sole_process

    embedded = desk.settings.database.startswith("sqlite")
    with sole_process(desk.settings.data) if embedded else nullcontext():
        async with desk.services() as services:
            with told_plainly(services.database, services.settings):
                await services.database.try_writing()
            yield services


def _house(desk: Desk, services: Services, *, demo: bool = False) -> House:
    from bot.app import build_house

    return build_house(services, demo=demo)


async def _run(desk: Desk, house: House, ready: str, *, browser: bool = False) -> None:
    """Serve, and say so as soon as the page answers."""
    from bot.app import run_house

    running = asyncio.create_task(run_house(house))
    telling = asyncio.create_task(_tell(desk, house, ready, browser=browser))
    try:
        await running
    except BaseExceptionGroup as errors:
        mistakes = errors.subgroup(WaymarkError)
        if mistakes is None:
            raise
        raise _first(mistakes) from None  # the group holds it: as its cause it would make a ring
    finally:
        telling.cancel()


async def _tell(desk: Desk, house: House, ready: str, *, browser: bool) -> None:
    if house.web is None:
        desk.line("cli.serve.no_page")
    else:
        await house.web.opened.wait()
        address = house.web.address
        desk.line(ready, address=address)
        if browser:
            await asyncio.to_thread(_open_browser, address)
    if house.telegram is not None:
        desk.line("cli.serve.telegram", api=desk.settings.telegram_api)
    sys.stdout.flush()


def _open_browser(address: str) -> None:
    import webbrowser

    webbrowser.open(address)


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Do the work until it ends or the system asks us to stop (SIGTERM, SIGINT); then it has time to finish cleanly.

    Asked a second time, it is left at once.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done():
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_SECONDS)
    if task.done() and not task.cancelled():
        task.result()


async def _invite_first(desk: Desk, services: Services) -> None:
    """Somebody has to be the first organiser: the code for them is printed, once; later starts say how to get one."""
    from bot.first import await_first_organiser

    awaited = await await_first_organiser(services)
    if awaited is None:
        return
    if awaited.invited is not None:
        desk.line("cli.serve.first_code", code=awaited.invited.code, until=awaited.invited.expires_on.isoformat())
    else:
        desk.line(
            "cli.serve.first_code_shown", name=shlex.quote(awaited.person.name), branch=shlex.quote(awaited.branch)
        )


def _first(group: BaseExceptionGroup[WaymarkError]) -> WaymarkError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, WaymarkError)  # noqa: S101 (for the type checker: the group holds nothing else)
    return error
