"""A calendar subscribes to a person's dates: under an address that only they were shown, for as long as they like."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

import aiohttp
from icalendar import Calendar
from sqlalchemy import func, select
from starlette.routing import Route

from bot.app import build_house
from bot.channels.calendar import CalendarFeed
from bot.channels.web.server import WebDoor
from records.people import Role
from records.privacy import everything_about, withdraw
from records.tables import CalendarLinkRow
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person, Seen

__all__ = ["emulator"]

PAGE = "https://waymark.example.edu.cn"


@asynccontextmanager
async def page(house: StudentHouse) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """The house's web door, open to calendars; yields its address and somebody who asks."""
    door = WebDoor(house.services)
    door.machines.append(CalendarFeed(house.services).route())
    serving = asyncio.create_task(door.serve())
    await door.opened.wait()
    try:
        async with aiohttp.ClientSession() as client:
            yield door.address, client
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def subscribed(student: Person) -> tuple[str, Seen]:
    """The path of the student's new address, and the message that shows it."""
    student.says("/dates")
    student.presses("日历订阅", await student.hears("我的期限"))
    student.presses("生成地址", await student.hears("现在没有订阅地址"))
    shown = await student.hears("只显示这一次")
    return path_in(shown.text), shown


def path_in(text: str) -> str:
    """Where the address in the text leads, below the page."""
    found = re.search(rf"{PAGE}(/calendar/[\w-]{{43}}\.ics)", text)
    assert found, text
    return found[1]


async def test_a_calendar_follows_the_dates_and_is_told_nothing_but_days(
    libraries: Database, emulator: Emulator
) -> None:
    async with open_house(libraries, emulator, web_port=0, web_origins=PAGE) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.record("林晓雨", "application_received", "2026-10-26")
        await house.quiet()
        path, _ = await subscribed(student)
        async with page(house) as (address, calendar), calendar.get(address + path) as answer:
            assert answer.content_type == "text/calendar"
            assert "private" in answer.headers["cache-control"]
            tag, content = answer.headers["etag"], await answer.text()
            assert not re.search("党|谈话|林晓雨|2026001|T02|细则", content)
            (event,) = Calendar.from_ical(content).events
            assert event.start.isoformat() == "2026-11-26"
            assert event.alarms.times
            for known, status in ((tag, 304), (f'"other", W/{tag}', 304), ('"other"', 200)):
                async with calendar.get(address + path, headers={"if-none-match": known}) as again:
                    assert again.status == status

            await house.record("林晓雨", "interview", "2026-11-20")
            await house.record("林晓雨", "activist_decided", "2026-11-21")
            async with calendar.get(address + path, headers={"if-none-match": tag}) as moved:
                assert moved.status == 200
                events = Calendar.from_ical(await moved.text()).events
            assert event["uid"] not in {one["uid"] for one in events}
            assert "2027-05-21" in {one.start.isoformat() for one in events}
    assert emulator.violations == []


async def test_an_address_ends_when_it_is_renewed_revoked_or_the_person_leaves(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator, web_port=0, web_origins=PAGE) as house, page(house) as (address, calendar):
        student = await house.join("林晓雨", number="2026001")

        async def told(path: str) -> tuple[int, bytes]:
            async with calendar.get(address + path) as answer:
                return answer.status, await answer.read()

        wrong = await told(f"/calendar/{'A' * 43}.ics")
        assert wrong == (404, b"")
        first, shown = await subscribed(student)
        assert (await told(first))[0] == 200
        student.presses("换一个地址", shown)
        second = path_in((await student.hears(lambda seen: seen.text.find(first) < 0 and PAGE in seen.text)).text)
        assert await told(first) == wrong
        assert (await told(second))[0] == 200

        student.presses("停用", student.last)
        await student.hears("已停用")
        assert PAGE not in student.last.text  # the address is gone from the chat too
        assert await told(second) == wrong
        student.presses("生成地址", student.last)
        third = path_in((await student.hears("只显示这一次")).text)
        async with library.write() as session:
            kept = await everything_about(session, house.people["林晓雨"].id)
            await withdraw(session, house.people["林晓雨"].id, now=house.now)
            assert await session.scalar(select(func.count()).select_from(CalendarLinkRow)) == 0
        assert [set(row) for row in kept["calendar_link"]] == [{"id", "person_id", "person_id_name", "created_at"}]
        assert await told(third) == wrong


async def test_only_a_hash_of_the_address_is_kept(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator, web_port=0, web_origins=PAGE) as house:
        student = await house.join("林晓雨", number="2026001")
        path, _ = await subscribed(student)
        token = path.removeprefix("/calendar/").removesuffix(".ics")
        await house.quiet()

        with closing(sqlite3.connect(str(library.url.database))) as file:
            dump = "\n".join(file.iterdump())
        assert "calendar_link" in dump
        assert token not in dump
        house.later(days=1)
        student.says("/dates")
        student.presses("日历订阅", await student.hears("我的期限"))
        assert token not in (await student.hears("现在的地址是 2026-11-23 生成的")).text


async def test_the_house_has_the_address(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator) as house:
        web = build_house(house.services).web

        assert web is not None
        assert "/calendar/{token}.ics" in {route.path for route in web.machines if isinstance(route, Route)}


async def test_without_a_public_address_the_student_is_told_so(library: Database, emulator: Emulator) -> None:
    async with open_house(library, emulator, web_port=8642) as house:
        student = await house.join("林晓雨", number="2026001")
        await house.join("王书记", role=Role.ORGANISER)
        student.says("/dates")
        student.presses("日历订阅", await student.hears("我的期限"))
        student.presses("生成地址", await student.hears("现在没有订阅地址"))

        shown = await student.hears("只显示这一次")

        assert "http://127.0.0.1:8642/calendar/" in shown.text
        assert "WAYMARK_WEB_ORIGINS" in shown.text
    async with open_house(library, emulator, web=False) as house:
        other = await house.join("周明", number="2026002")
        other.says("/dates")
        other.presses("日历订阅", await other.hears("我的期限"))
        assert (await other.hears("没有开放网页")).buttons == []
