"""Two independent clients, aiogram and python-telegram-bot, of a fresh emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import telegram
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from .emulator import Emulator
from .fixtures import emulator as emulator


@pytest.fixture
async def bot(emulator: Emulator) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(emulator.address))
    async with Bot(emulator.token, session=session) as talking:
        yield talking


@pytest.fixture
async def ptb(emulator: Emulator) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(
        emulator.token, base_url=emulator.base_url, base_file_url=emulator.base_file_url
    ) as talking:
        yield talking
