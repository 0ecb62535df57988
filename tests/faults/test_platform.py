"""Whatever the platform does, everybody is answered, and twice only where its reply was lost."""

from __future__ import annotations

import asyncio
import urllib.request
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import SendMessage
from sqlalchemy import select

from bot.channels.telegram import TokenRefused, poll
from bot.turns.carrier import outcome_of
from scheduler import outbox
from scheduler.judging import Outcome
from scheduler.outbox import Kind
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.bot.small_house import SmallHouse, in_thread, now
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.shop import letter, orders_of, shop, states

__all__ = ["emulator"]
BEFORE: list[dict[str, Any]] = [
    {"kind": "too_many_requests", "retry_after": 1, "lasts": 1.0},
    {"kind": "server_error", "code": 500},
    {"kind": "server_error", "code": 502, "html": True},
    {"kind": "dropped"},
    {"kind": "slow", "seconds": 0.3, "times": 3},
]
AFTER: list[dict[str, Any]] = [
    {"kind": "server_error_after_effect", "code": 504},
    {"kind": "server_error_after_effect", "html": True},
    {"kind": "dropped_after_effect"},
]


@pytest.mark.parametrize("fault", BEFORE, ids=lambda fault: "-".join(map(str, fault.values())))
async def test_trouble_before_the_effect_doubles_nothing(
    database: Database, emulator: Emulator, fault: dict[str, Any]
) -> None:
    mei = emulator.user("林小梅")
    emulator.fails(method="sendMessage", **fault)

    async with SmallHouse(database, emulator, shop()).open():
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1", timeout=20))

    assert [seen.text for seen in mei.heard] == ["taken tea", "number 1"]
    assert not [one for one in emulator.requests if one.impatient]


@pytest.mark.parametrize("fault", AFTER, ids=lambda fault: "-".join(map(str, fault.values())))
async def test_a_lost_reply_is_repeated_for_an_answer_but_not_for_a_study_card(
    database: Database, emulator: Emulator, fault: dict[str, Any]
) -> None:
    mei, bo = emulator.user("林小梅"), emulator.user("陈博")
    emulator.fails(method="sendMessage", chat=mei, **fault)
    emulator.fails(method="sendMessage", chat=bo, **fault)
    async with database.write() as session:
        await outbox.enqueue(session, [letter("card", bo.id)], now=letter("", 0).not_before)

    async with SmallHouse(database, emulator, shop()).open():
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1", timeout=20))
        await in_thread(lambda: bo.waits_for("card"))
        await _until(database, "card", "uncertain")

    assert Counter(seen.text for seen in mei.heard) == {"taken tea": 2, "number 1": 1}
    assert [seen.text for seen in bo.heard] == ["card"]


async def test_a_platform_that_lies_about_how_long_to_wait_is_asked_less_and_less(
    database: Database, emulator: Emulator
) -> None:
    mei = emulator.user("林小梅")
    emulator.fails("too_many_requests", "sendMessage", retry_after=1, lasts=4.0)

    async with SmallHouse(database, emulator, shop()).open():
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1", timeout=30))

    refused = [one for one in emulator.requests if one.method == "sendMessage" and one.status == 429]
    assert len(refused) <= 3
    assert [seen.text for seen in mei.heard] == ["taken tea", "number 1"]


@pytest.mark.parametrize("seconds", [0, -5])
async def test_a_platform_that_does_not_say_how_long_to_wait_loses_nothing_and_is_not_besieged(
    database: Database, emulator: Emulator, seconds: int
) -> None:
    mei = emulator.user("林小梅")
    emulator.fails("too_many_requests", "sendMessage", chat=mei, retry_after=seconds, lasts=3.0)

    async with SmallHouse(database, emulator, shop()).open():
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1", timeout=30))

    refused = [one for one in emulator.requests if one.method == "sendMessage" and one.status == 429]
    assert 1 <= len(refused) <= 4
    assert [seen.text for seen in mei.heard] == ["taken tea", "number 1"]


def test_nobody_waits_longer_than_a_day_whatever_the_platform_says() -> None:
    asked = SendMessage(chat_id=7, text="tea")
    report = outcome_of(TelegramRetryAfter(method=asked, message="Too Many Requests", retry_after=10**15))

    assert (report.outcome, report.retry_after) == (Outcome.WAIT, 24 * 3600)


async def test_while_nobody_answers_at_the_address_nothing_is_lost_or_doubled(
    database: Database, emulator: Emulator
) -> None:
    mei = emulator.user("林小梅")

    async with SmallHouse(database, emulator, shop()).open() as house:
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1"))
        await in_thread(emulator.goes_offline)
        async with database.write() as session:
            drafts = [letter("card", mei.id), letter("reminder", mei.id, Kind.REMINDER)]
            await outbox.enqueue(session, drafts, now=drafts[0].not_before)
        house.delivery.nudge()
        await _until(database, "reminder", "queued", error="no connection")
        mei.says("cake")
        await in_thread(emulator.comes_back)
        await in_thread(lambda: mei.waits_for("number 2", timeout=30))
        await in_thread(lambda: mei.waits_for("card", timeout=30))
        await in_thread(lambda: mei.waits_for("reminder", timeout=30))

    assert Counter(seen.text for seen in mei.heard) == dict.fromkeys(
        ["taken tea", "number 1", "taken cake", "number 2", "card", "reminder"], 1
    )


async def test_a_group_that_has_moved_is_followed_once_and_its_new_place_remembered(
    database: Database, emulator: Emulator
) -> None:
    group = emulator.group("第一党支部")
    new = emulator.upgrades(group)

    async def post(*keys: str) -> None:
        async with database.write() as session:
            drafts = [letter(key, group.id, Kind.NOTICE) for key in keys]
            await outbox.enqueue(session, drafts, now=drafts[0].not_before)
        async with SmallHouse(database, emulator, shop()).open():
            await _until(database, keys[-1], "sent")

    await post("first", "waits behind it")
    await post("after a restart")

    assert [effect.text for effect in emulator.sent_to(new)] == ["first", "waits behind it", "after a restart"]
    assert [one.status for one in emulator.requests if one.chat_id == group.id] == [400]


async def test_a_wrong_token_stops_the_door_and_says_so(database: Database, emulator: Emulator) -> None:
    house = SmallHouse(database, emulator, shop(), token="99999999:wrong-token-that-opens-nothing-x")

    with pytest.raises(TokenRefused):
        await poll(house.door, house.inbox, ["message"])

    await house.door.session.close()


async def test_a_second_poller_costs_time_but_no_update(database: Database, emulator: Emulator) -> None:
    mei = emulator.user("林小梅")

    async with SmallHouse(database, emulator, shop()).open():
        await in_thread(lambda: emulator.waits_until(lambda it: it.is_polled))
        second = f"{emulator.base_url}{emulator.token}/getUpdates"
        await in_thread(lambda: urllib.request.urlopen(second).read())  # noqa: S310 (our own address)
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1", timeout=20))

    assert any(one.method == "getUpdates" and one.status == 409 for one in emulator.requests)
    assert await orders_of(database, mei.id) == ["tea"]


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_is_set_stops_and_doubles_nothing(
    database: Database, emulator: Emulator, hours: int
) -> None:
    mei, shift = emulator.user("林小梅"), [timedelta(0)]

    async with SmallHouse(database, emulator, shop(), clock=lambda: now() + shift[0]).open():
        mei.says("tea")
        await in_thread(lambda: mei.waits_for("number 1"))
        shift[0] = timedelta(hours=hours)
        mei.says("cake")
        mei.says("bun")
        await in_thread(lambda: mei.waits_for("number 3", timeout=30))

    assert [seen.text for seen in mei.heard] == [
        word for number, what in enumerate(["tea", "cake", "bun"], 1) for word in (f"taken {what}", f"number {number}")
    ]


async def _until(database: Database, key: str, state: str, *, error: str | None = None) -> None:
    async with asyncio.timeout(20):
        while True:
            if (await states(database)).get(key) == state:
                async with database.read() as session:
                    told = await session.scalar(select(OutboxRow.last_error).where(OutboxRow.unique_key == key))
                if error in (None, told):
                    return
            await asyncio.sleep(0.05)
