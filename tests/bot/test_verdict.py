"""The doctor's first sentence: whether pushes work, since when not, and what to do."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiogram import Router
from sqlalchemy import update

from bot.channels import telegram
from bot.channels.listening import Hearing, Listening, listening
from bot.clock import Clock
from bot.doctor import Finding, Health, examine
from bot.settings import Settings
from bot.tables import PARKED, InboxRow
from bot.verdict import verdict
from bot.words import Locales
from scheduler.outbox import Draft, Kind, enqueue
from scheduler.planner import note_planned
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.bot.command_line import Line
from tests.bot.small_house import SmallHouse, in_thread
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # in Beijing
HOUR = timedelta(hours=1)
OURS, ANOTHER = "https://waymark.example.edu.cn", "https://old.example.edu.cn"


@pytest.fixture
async def place(new_sqlite: Callable[[], str], tmp_path: Path, emulator: Emulator) -> AsyncIterator[Installed]:
    """An installation whose planner has just run."""
    url = new_sqlite()
    database = Database(url)
    installed = Installed(database, tmp_path, url, emulator)
    await installed.planned(NOON - timedelta(minutes=1))
    yield installed
    await database.close()


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    """Runs command lines with an empty data folder."""
    return Line(tmp_path, None, capsys)


class Installed:
    """What a doctor is called to."""

    def __init__(self, database: Database, folder: Path, url: str, emulator: Emulator) -> None:
        self.database = database
        self.emulator = emulator
        self._values = {"data": folder / "data", "database_url": url, "telegram_api": emulator.address}

    async def planned(self, at: datetime) -> None:
        async with self.database.write() as session:
            await note_planned(session, now=at)

    async def hears(self) -> tuple[str, Health, str]:
        """What is found, and the sentence in Chinese."""
        return await self.hears_with(self.emulator.token)

    async def hears_with(self, token: str) -> tuple[str, Health, str]:
        said, *_ = await self.findings(token)
        return said.what, said.state, Locales().words("zh_CN").plain(said.key, **said.values)

    async def findings(self, token: str, webhook_url: str = "") -> list[Finding]:
        """What is found, the verdict first."""
        settings = Settings(telegram_token=token, webhook_url=webhook_url, _env_file=None, **self._values)  # type: ignore[arg-type]  # checked by pydantic
        found = [finding async for finding in examine(settings, Clock(settings.zone, lambda: NOON))]
        return [verdict(found, settings.zone), *found]

    @asynccontextmanager
    async def listened_to(self) -> AsyncIterator[None]:
        """A process fetches updates; its clock stands an hour before the doctor's."""
        house = SmallHouse(self.database, self.emulator, Router(), clock=lambda: NOON - HOUR)
        note = Listening(self.database, lambda: NOON - HOUR).note
        polling = asyncio.create_task(telegram.poll(house.door, house.inbox, ["message"], note))
        try:
            yield
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
            await house.door.session.close()

    async def until(self, hearing: Hearing) -> None:
        async with asyncio.timeout(30):
            while True:
                async with self.database.read() as session:
                    known = await listening(session)
                if known is not None and known[0] is hearing:
                    return
                await asyncio.sleep(0.02)


async def test_a_second_program_and_a_lost_connection_are_told_with_their_moment_and_pass(place: Installed) -> None:
    async with place.listened_to():
        await place.until(Hearing.OK)
        assert await place.hears() == ("ok", Health.OK, "推送正常：1 分钟前检查过该发的消息，没有积压")

        second = f"{place.emulator.base_url}{place.emulator.token}/getUpdates"
        await in_thread(lambda: place.emulator.waits_until(lambda it: it.is_polled))
        await in_thread(lambda: urllib.request.urlopen(second).read())  # noqa: S310 (our own address)
        await place.until(Hearing.CONFLICT)
        what, state, sentence = await place.hears()
        assert (what, state) == ("conflict", Health.PROBLEM)
        assert sentence.startswith("来信收不全（2026-11-22 11:00 起）：另有程序")
        await place.until(Hearing.OK)

        await in_thread(place.emulator.goes_offline)
        await place.until(Hearing.UNREACHABLE)
        what, _, sentence = await place.hears()
        assert what == "unreachable"
        assert sentence.startswith("推送不通（2026-11-22 11:00 起）：连接不上 http://127.0.0.1:")
        await in_thread(place.emulator.comes_back)
        await place.until(Hearing.OK)

        assert (await place.hears())[0] == "ok"


async def test_a_token_that_is_refused_is_told_with_what_to_do(place: Installed) -> None:
    wrong = "999:" + "x" * 35
    house = SmallHouse(place.database, place.emulator, Router(), token=wrong)
    with pytest.raises(telegram.TokenRefused):
        await telegram.poll(house.door, house.inbox, ["message"], Listening(place.database, lambda: NOON - HOUR).note)
    await house.door.session.close()

    what, state, sentence = await place.hears_with(wrong)

    assert (what, state) == ("token", Health.PROBLEM)
    assert "（2026-11-22 11:00 起）" in sentence
    assert "@BotFather" in sentence
    assert wrong not in sentence


@pytest.mark.parametrize(
    ("ours", "there", "found"),
    [
        ("", "", "polled"),
        (f"{OURS}/", f"{OURS}/telegram", "ok"),
        (OURS, "", "missing"),
        (OURS, f"{ANOTHER}/TOKEN", "elsewhere"),
        ("", f"{ANOTHER}/TOKEN", "foreign"),
    ],
)
async def test_where_telegram_brings_messages_is_compared_with_where_they_are_awaited(
    place: Installed, ours: str, there: str, found: str
) -> None:
    token = place.emulator.token
    with place.emulator.world.changed:  # as another program, or we before, told the platform
        place.emulator.world.webhook.url = there.replace("TOKEN", token)

    first, *rest = await place.findings(token, ours)
    (finding,) = [one for one in rest if one.check == "webhook"]

    assert finding.what == found
    assert first.what == ("ok" if found in ("ok", "polled") else "webhook")
    for language in ("zh_CN", "en"):
        sentence = Locales().words(language).plain(finding.key, **finding.values)
        assert token not in sentence
        assert there.partition("TOKEN")[0] in sentence


async def test_an_address_at_which_nobody_answers_is_told_with_what_telegram_says(place: Installed) -> None:
    nobody = "http://127.0.0.1:1"
    with place.emulator.world.changed:
        place.emulator.world.webhook.url = f"{nobody}/telegram"
    place.emulator.user("林小梅").says("hello")
    await in_thread(lambda: place.emulator.waits_until(lambda it: it.world.webhook.last_error != ""))

    first, *rest = await place.findings(place.emulator.token, nobody)
    (finding,) = [one for one in rest if one.check == "webhook"]

    assert (first.what, first.state, finding.what) == ("webhook", Health.PROBLEM, "failing")
    sentence = Locales().words("zh_CN").plain(finding.key, **finding.values)
    assert "送不到 http://127.0.0.1:1/telegram（Connection" in sentence
    assert "积压 1" in sentence


async def test_a_run_that_lies_in_the_future_tells_of_a_wrong_clock(place: Installed) -> None:
    await place.planned(NOON + HOUR)

    what, state, sentence = await place.hears()

    assert (what, state) == ("clock", Health.WARNING)
    assert "相差 60 分钟以上" in sentence


async def test_a_house_that_stands_still_is_told_since_it_does(place: Installed) -> None:
    await place.planned(NOON - 2 * HOUR)

    what, _, sentence = await place.hears()

    assert what == "not_running"
    assert sentence.startswith("推送停了（2026-11-22 10:00 起）：路标没有在运行。请启动 waymark serve")


async def test_letters_that_do_not_leave_and_those_that_did_not_arrive_are_told(place: Installed) -> None:
    async with place.database.write() as session:
        late = NOON - HOUR
        await enqueue(session, [Draft("late", "telegram", 1, Kind.REMINDER, {}, late)], now=late)
    assert (await place.hears())[2].startswith("推送停滞（2026-11-22 11:00 起）：有 1 条消息待发")

    async with place.database.write() as session:
        await session.execute(update(OutboxRow).values(state="failed", last_error="blocked"))
    assert (await place.hears())[:2] == ("partly", Health.WARNING)

    async with place.database.write() as session:
        await session.execute(update(OutboxRow).values(state="sent"))
        session.add(InboxRow(channel="web", update_id=1, lane="1", payload={}, received_at=NOON, state=PARKED))
    assert (await place.hears())[:2] == ("parked", Health.WARNING)


@pytest.mark.parametrize(("language", "said"), [("zh_CN", "还没有推送过：请启动"), ("en", "nothing was pushed yet")])
def test_it_is_the_first_line_in_the_operators_language(run: Line, language: str, said: str) -> None:
    ran = run("doctor", language=language)

    assert ran.code == 0
    assert said in ran.out.splitlines()[0]
    assert run("doctor", "--json", language=language).objects[0]["check"] == "pushes"


async def test_what_stops_everything_fails_the_command_though_every_part_by_itself_would_do(
    run: Line, new_sqlite: Callable[[], str]
) -> None:
    database = Database(url := new_sqlite())
    async with database.write() as session:
        await note_planned(session, now=NOON - 365 * 24 * HOUR)
    await database.close()

    ran = await in_thread(lambda: run("doctor", "--json", database_url=url))

    states = {told["check"]: told["state"] for told in ran.objects}
    assert (states["pushes"], states["planner"]) == ("problem", "warning")
    assert ran.code == 1


def test_a_wrong_setting_comes_first_too(run: Line) -> None:
    ran = run("doctor", web_port="many")

    assert ran.code == 1
    assert "推送不通：设置有错" in ran.out.splitlines()[0]
    assert "WAYMARK_WEB_PORT" in ran.out.splitlines()[1]
