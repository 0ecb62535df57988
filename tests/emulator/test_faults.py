"""Lost replies, errors of the server and dropped connections, as a client meets them."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError

from .emulator import Emulator


class TestFaults:
    async def test_a_flood_wait_is_kept_up_and_impatience_is_seen(self, emulator: Emulator, bot: Bot) -> None:
        student, other = emulator.user("林晓"), emulator.user("周舟")
        emulator.fails("too_many_requests", "sendMessage", chat=student, retry_after=5, lasts=60)

        for _ in range(2):
            with pytest.raises(TelegramRetryAfter) as refused:
                await bot.send_message(student.id, "快")
        await bot.send_message(other.id, "别人不受影响")

        assert refused.value.retry_after == 5
        assert [one.impatient for one in emulator.requests] == [False, True, False]

    @pytest.mark.parametrize(
        ("kind", "takes_effect"),
        [
            ("server_error", False),
            ("server_error_after_effect", True),
            ("dropped", False),
            ("dropped_after_effect", True),
        ],
    )
    async def test_the_ledger_knows_what_the_bot_cannot(
        self, emulator: Emulator, bot: Bot, kind: str, takes_effect: bool
    ) -> None:
        student = emulator.user("林晓")
        emulator.fails(kind, "sendMessage")  # type: ignore[arg-type]

        with pytest.raises(TelegramNetworkError if "dropped" in kind else TelegramServerError):
            await bot.send_message(student.id, "一次")
        lost_or_not = [one.text for one in emulator.sent]
        await bot.send_message(student.id, "两次")

        assert lost_or_not == (["一次"] if takes_effect else [])
        assert [one.status for one in emulator.requests] == [0 if "dropped" in kind else 502, 200]

    async def test_a_gateway_page_is_no_json(self, emulator: Emulator, bot: Bot) -> None:
        emulator.fails("server_error", "getMe", html=True)

        with pytest.raises(ClientDecodeError):
            await bot.get_me()

    async def test_chance_is_seeded(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")

        async def fates() -> list[int]:
            emulator.faults.clear()
            emulator.fails("server_error", "sendMessage", times=None, probability=0.5, seed=3)
            for at in range(20):
                try:
                    await bot.send_message(student.id, str(at))
                except TelegramServerError:
                    continue
            return [one.status for one in emulator.requests[-20:]]

        first, second = await fates(), await fates()

        assert first == second
        assert {200, 502} == set(first)

    async def test_nobody_at_the_port_and_back_again(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        await bot.send_message(student.id, "前")

        await asyncio.to_thread(emulator.goes_offline)
        with pytest.raises(TelegramNetworkError) as unreachable:
            await bot.send_message(student.id, "中")
        await asyncio.to_thread(emulator.comes_back)
        await bot.send_message(student.id, "后")

        assert isinstance(unreachable.value.__cause__, aiohttp.ClientConnectorError)
        assert [message.text for message in student.chat] == ["前", "后"]

    async def test_a_slow_answer_still_takes_effect(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        emulator.fails("slow", "sendMessage", seconds=0.3)

        with pytest.raises(TelegramNetworkError, match="timeout"):
            await bot.send_message(student.id, "慢", request_timeout=0.1)  # type: ignore[arg-type]

        assert (await student.hears("慢")).text == "慢"

    async def test_telegrams_own_limits(self, emulator: Emulator, bot: Bot) -> None:
        people = [emulator.user(f"同学{at}") for at in range(40)]
        emulator.limits.enabled = True
        emulator.limits.overall_per_second = 5

        answers = await asyncio.gather(*(bot.send_message(one.id, "通知") for one in people), return_exceptions=True)

        refused = [answer for answer in answers if isinstance(answer, TelegramRetryAfter)]
        assert len(refused) == emulator.limits.refused > 0
        assert len(refused) + len(emulator.sent) == 40
