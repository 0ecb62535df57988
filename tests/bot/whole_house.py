"""The whole house as a process wires it, within this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import build_house, run_house
from bot.channels.web.server import WebDoor
from bot.clock import Clock
from bot.opening import open_services
from bot.settings import Settings
from tests.bot.small_house import now
from tests.emulator.emulator import Emulator


def settings_of(folder: Path, url: str, emulator: Emulator, **more: str) -> Settings:
    """A house in that folder whose Telegram is the emulator."""
    values = {"telegram_token": emulator.token, "telegram_api": emulator.address, **more}
    return Settings(data=folder, database_url=url, web_port=0, _env_file=None, **values)  # type: ignore[arg-type, call-arg]  # pydantic's


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[WebDoor]:
    """Everything that `serve` runs; yields its page."""
    async with open_services(settings, Clock(settings.zone, now)) as services:
        house = build_house(services)
        assert house.web is not None
        serving = asyncio.create_task(run_house(house))
        await house.web.opened.wait()
        try:
            yield house.web
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
