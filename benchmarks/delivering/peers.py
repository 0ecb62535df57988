"""The peers' measured processes, written as their documentation shows.

python -m benchmarks.delivering.peers aiogram|ptb echo|broadcast --api ADDRESS [--users N] [--first ID]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from benchmarks.delivering.rig import TOKEN


async def aiogram_echo(api: str) -> None:
    """aiogram's own polling loop: answers go out from under the handler, nothing is kept."""
    from aiogram import Bot, Dispatcher, Router
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message

    router = Router()

    @router.message()
    async def echo(message: Message) -> None:
        await message.answer(f"echo {message.text}")

    dispatcher = Dispatcher()
    dispatcher.include_router(router)
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api)))
    print("ready", flush=True)
    await dispatcher.start_polling(bot, handle_signals=False)


async def aiogram_broadcast(api: str, people: range) -> None:
    """The broadcast of aiogram's documentation: 20 messages a second, sleep and try again when told to wait."""
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import TelegramForbiddenError, TelegramRetryAfter

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api)))

    async def send_message(user: int) -> bool:
        try:
            await bot.send_message(user, f"news for {user}")
        except TelegramForbiddenError:
            return False
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
            return await send_message(user)
        except Exception as error:  # as the documentation has it: logged, and on to the next
            print(f"failed {user}: {type(error).__name__}", file=sys.stderr)
            return False
        return True

    print("ready", flush=True)
    try:
        for user in people:
            await send_message(user)
            await asyncio.sleep(0.05)
    finally:
        await bot.session.close()
    print("done", flush=True)


def ptb(task: str, api: str, people: range) -> None:
    """python-telegram-bot with its AIORateLimiter and JobQueue, limits as it sets them."""
    from telegram import Update
    from telegram.ext import AIORateLimiter, Application, MessageHandler, filters

    async def echo(update: Update, _: Any) -> None:
        assert update.message is not None
        await update.message.reply_text(f"echo {update.message.text}")

    async def broadcast(context: Any) -> None:
        for user in people:
            try:
                await context.bot.send_message(user, f"news for {user}")
            except Exception as error:  # a reply lost or a server error; the limiter has already waited out a 429
                print(f"failed {user}: {type(error).__name__}", file=sys.stderr)
        print("done", flush=True)

    builder: Any = Application.builder().token(TOKEN).base_url(f"{api}/bot").base_file_url(f"{api}/file/bot")
    if task == "broadcast":
        builder = builder.rate_limiter(AIORateLimiter(max_retries=5))
    else:
        builder = builder.concurrent_updates(16)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    if task == "broadcast":
        assert application.job_queue is not None
        application.job_queue.run_once(broadcast, 0)
    print("ready", flush=True)
    application.run_polling(stop_signals=())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=("aiogram", "ptb"))
    parser.add_argument("task", choices=("echo", "broadcast"))
    parser.add_argument("--api", required=True)
    parser.add_argument("--users", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    people = range(options.first, options.first + options.users)
    if options.peer == "ptb":
        ptb(options.task, options.api, people)
    elif options.task == "echo":
        asyncio.run(aiogram_echo(options.api))
    else:
        asyncio.run(aiogram_broadcast(options.api, people))


if __name__ == "__main__":
    main()
