"""Pages at several processes of one installation: whoever carries a letter, the open page shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text
from websockets.exceptions import ConnectionClosed

from bot.channels.web.relay import TOPIC
from storage.database import Database
from tests.bot.web_client import Client, text_of
from tests.bot.web_house import WebHouse, echo, invent_people, small_services


@pytest.fixture
async def shared(new_postgres: Callable[[], str]) -> Database:
    return Database(new_postgres())


async def until_listening(database: Database, processes: int) -> None:
    """Until so many connections of the database are told what the others tell."""
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE :listening")
    while True:
        async with database.read() as session:
            if await session.scalar(asked, {"listening": f'LISTEN "{TOPIC}"%'}) == processes:
                return
        await asyncio.sleep(0)


@pytest.mark.postgres
async def test_a_page_shows_what_another_process_said_and_reads_anew_what_is_too_long_to_pass_on(
    shared: Database,
) -> None:
    people = await invent_people(shared)
    here, there = (WebHouse(small_services(shared), echo(), demo=True) for _ in range(2))
    async with here.open(deaf=True, mute=True), there.open():
        await until_listening(shared, 2)
        client = Client(here)
        await client.sit_as(people.student)
        async with client.line() as line:
            await line.say("/today")
            card = await line.answer()
            assert "今日学习" in text_of(card["tree"])
            await line.press(card["id"], "read:1")
            assert (await line.event("answer"))["text"] == "已记下"
            assert "已读" in text_of((await line.event("edit"))["message"]["tree"])

            await line.say("长" * 3000)
            with pytest.raises(ConnectionClosed):
                await line.answer()
        async with client.line() as line:
            assert text_of(line.hello["messages"][-1]["tree"]) == "长" * 3000
    await shared.close()
