"""Updates that come by webhook."""

from __future__ import annotations

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramConflictError
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from .emulator import Emulator


class TestWebhook:
    async def test_updates_are_delivered_with_the_secret_until_they_are_taken(
        self, emulator: Emulator, bot: Bot
    ) -> None:
        got: list[tuple[str | None, str]] = []

        async def receive(request: web.Request) -> web.Response:
            update = await request.json()
            got.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), update["message"]["text"]))
            if len(got) == 1:
                return web.Response(status=500)
            reply = {"method": "sendMessage", "chat_id": update["message"]["chat"]["id"], "text": "收到"}
            return web.json_response(reply)

        app = web.Application()
        app.router.add_post("/hook", receive)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        student = emulator.user("林晓")

        await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="not-a-secret")
        student.says("你好")
        await student.hears("收到")

        assert got == [("not-a-secret", "你好")] * 2
        assert (await bot.get_webhook_info()).last_error_message == (
            "Wrong response from the webhook: 500 Internal Server Error"
        )
        assert emulator.pending_updates == 0
        with pytest.raises(TelegramConflictError, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
        assert await bot.get_updates() == []
        await runner.cleanup()

    async def test_aiograms_own_webhook_handler_is_understood(self, emulator: Emulator, bot: Bot) -> None:
        dispatcher = Dispatcher()

        @dispatcher.message()
        async def answer(message: Message) -> SendMessage:
            return SendMessage(chat_id=message.chat.id, text=f"收到 {message.text}")

        app = web.Application()
        handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token="not-a-secret")
        handler.register(app, "/hook")
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        students = [emulator.user(f"同学{at}") for at in range(3)]

        await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="not-a-secret")
        for student in students:
            student.says("一")
            student.says("二")
        await emulator.comes_about(lambda telegram: len(telegram.sent_to()) == 6)

        for student in students:
            assert [effect.text for effect in emulator.sent_to(student)] == ["收到 一", "收到 二"]
        await bot.delete_webhook()
        await runner.cleanup()
