"""Two independent clients, aiogram and python-telegram-bot, find in the emulator the Telegram they know."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from pathlib import Path

import aiohttp
import httpx
import pytest
import telegram
import telegram.error
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputPollOption,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyParameters,
    Update,
)
from PIL import Image
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters
from telegram.request import HTTPXRequest

from .emulator import TOKEN, Emulator


def buttons(*labels: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=label, callback_data=f"do:{label}") for label in labels]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def texts(updates: list[Update]) -> list[str | None]:
    return [update.message.text if update.message else None for update in updates]


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (640, 320), "#c00000").save(drawn, "PNG")
    return drawn.getvalue()


class TestUpdates:
    async def test_an_unconfirmed_update_is_given_again_and_a_confirmed_one_never(
        self, emulator: Emulator, bot: Bot
    ) -> None:
        student = emulator.user("林晓")
        student.says("一")
        student.says("二")

        first = await bot.get_updates()
        again = await bot.get_updates(offset=first[0].update_id)
        rest = await bot.get_updates(offset=first[0].update_id + 1)

        assert texts(first) == ["一", "二"]
        assert [update.update_id for update in again] == [update.update_id for update in first]
        assert texts(rest) == ["二"]
        assert emulator.pending_updates == 1
        assert texts(await bot.get_updates()) == ["二"]

    async def test_a_negative_offset_forgets_all_but_the_last(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        for text in "甲乙丙":
            student.says(text)

        last = await bot.get_updates(offset=-1)

        assert texts(last) == ["丙"]
        assert emulator.pending_updates == 1

    async def test_limit_and_kinds_are_obeyed(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        await bot.get_updates(allowed_updates=["message"])
        student.blocks()
        student.unblocks()
        for text in "甲乙丙":
            student.says(text)

        assert len(await bot.get_updates(limit=2)) == 2
        assert len(await bot.get_updates()) == 3

    async def test_a_long_poll_ends_when_somebody_writes(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        polling = asyncio.create_task(bot.get_updates(timeout=30))
        await emulator.comes_about(lambda telegram: telegram.is_polled)

        student.says("你好")

        assert texts(await asyncio.wait_for(polling, 5)) == ["你好"]

    async def test_the_older_of_two_polls_is_told_of_the_conflict(self, emulator: Emulator, bot: Bot) -> None:
        older = asyncio.create_task(bot.get_updates(timeout=30))
        await emulator.comes_about(lambda telegram: telegram.is_polled)
        younger = asyncio.create_task(bot.get_updates(timeout=30))

        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
            await older
        emulator.user("林晓").says("还在")
        assert len(await younger) == 1

    async def test_ids_restart_below_the_old_ones_and_an_old_offset_loses_nothing(
        self, emulator: Emulator, bot: Bot
    ) -> None:
        student = emulator.user("林晓")
        emulator.restart_update_ids(900_000_000)
        student.says("旧")
        [old] = await bot.get_updates()
        await bot.get_updates(offset=old.update_id + 1)

        emulator.restart_update_ids(1_000)
        student.says("新")

        assert texts(await bot.get_updates(offset=old.update_id + 1)) == ["新"]

    async def test_what_we_send_out_follows_the_schema(self, emulator: Emulator, bot: Bot) -> None:
        if not emulator.world.schema.is_loaded:
            pytest.skip("the machine-readable Bot API is not here")
        student = emulator.user("林晓")
        await bot.send_message(student.id, "选", reply_markup=buttons("是"))
        student.says("/start ABC")
        student.sends_document(b"x", "名单.xlsx")
        student.presses("是")
        student.blocks()
        student.unblocks()
        poll = await bot.send_poll(student.id, "问", [InputPollOption(text="甲"), InputPollOption(text="乙")])
        student.votes(student.last, 0)

        for update in emulator.world.updates.pending:
            found = emulator.world.schema.check_type("Update", update)
            assert (found.violations, found.warnings) == ([], [])
        assert poll.poll is not None
        assert emulator.violations == []
        assert emulator.warnings == []


class TestMessages:
    async def test_a_person_sees_what_was_sent_and_how_it_changed(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")

        first = await bot.send_message(student.id, "<b>第十一条</b> &lt;半年&gt;", parse_mode="HTML")
        second = await bot.send_message(student.id, "临时")
        await bot.edit_message_text("改过", chat_id=student.id, message_id=first.message_id)
        await bot.delete_message(student.id, second.message_id)

        assert first.text == "第十一条 <半年>"
        assert first.entities is not None
        assert first.entities[0].type == "bold"
        assert [message.text for message in student.chat] == ["改过"]
        assert student.last.was_edited
        assert [one.method for one in emulator.sent] == [
            "sendMessage",
            "sendMessage",
            "editMessageText",
            "deleteMessage",
        ]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("x" * 4097, "message is too long"),
            ("😀" * 2049, "message is too long"),
            (" \n", "message text is empty"),
            ("<b>未完", "can't parse entities: Can't find end tag"),
            ("<b><i>x</b></i>", "can't parse entities: Unmatched end tag"),
            ("<h1>题</h1>", 'can\'t parse entities: Unsupported start tag "h1"'),
            ("1 < 2", "can't parse entities: Unclosed start tag"),
        ],
    )
    async def test_a_text_that_telegram_would_refuse_is_refused(
        self, emulator: Emulator, bot: Bot, text: str, why: str
    ) -> None:
        student = emulator.user("林晓")

        with pytest.raises(TelegramBadRequest, match=why.replace("(", r"\(")):
            await bot.send_message(student.id, text, parse_mode="HTML")

        assert emulator.sent == []

    async def test_the_longest_text_counts_after_parsing(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")

        sent = await bot.send_message(student.id, f"<b>{'&amp;' * 4096}</b>", parse_mode="HTML")

        assert sent.text == "&" * 4096

    async def test_an_edit_that_changes_nothing_is_refused(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        sent = await bot.send_message(student.id, "同样", reply_markup=buttons("好"))

        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await sent.edit_text("同样", reply_markup=buttons("好"))
        await sent.edit_reply_markup(reply_markup=None)

        assert student.last.buttons == []

    async def test_a_reply_names_what_it_answers(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        asked = student.says("问")

        sent = await bot.send_message(student.id, "答", reply_parameters=ReplyParameters(message_id=asked.message_id))

        assert sent.reply_to_message is not None
        assert sent.reply_to_message.text == "问"

    async def test_other_methods_are_kept_and_given_back(self, emulator: Emulator, bot: Bot) -> None:
        await bot.set_my_commands([BotCommand(command="dates", description="日期")])
        await bot.set_my_description("路标")

        assert (await bot.get_my_commands())[0].command == "dates"
        assert (await bot.get_my_description()).description == "路标"
        assert (await bot.get_chat(emulator.user("林晓").id)).first_name == "林晓"
        assert emulator.violations == []


class TestButtons:
    async def test_a_pressed_button_reaches_the_bot_and_is_answered_once(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        await bot.send_message(student.id, "同意吗", reply_markup=buttons("同意", "不同意"))

        press = student.presses("同意")
        [update] = await bot.get_updates()
        assert update.callback_query is not None
        await bot.answer_callback_query(update.callback_query.id, text="已记下")

        assert update.callback_query.data == "do:同意"
        assert press.waits_for_answer(1) == "已记下"
        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await bot.answer_callback_query(update.callback_query.id)

    async def test_button_data_beyond_64_bytes_is_refused(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        label = "字" * 21  # "do:" and 63 bytes

        with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
            await bot.send_message(student.id, "长", reply_markup=buttons(label))

    async def test_the_reply_keyboard_is_tapped(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="今天学什么")]])
        await bot.send_message(student.id, "选一个", reply_markup=keyboard)

        student.taps("今天学什么")

        assert student.chat[-1].text == "今天学什么"
        with pytest.raises(LookupError):
            student.presses("没有的按钮")


class TestFiles:
    async def test_a_document_travels_both_ways_through_aiogram(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        student.sends_document("学号,姓名\n".encode() * 1000, "名单.csv", caption="请看")

        [update] = await bot.get_updates()
        assert update.message is not None
        assert update.message.document is not None
        received = await bot.download(update.message.document)
        back = BufferedInputFile(b"PK-report", "报告.xlsx")
        await bot.send_document(student.id, back, caption="<i>好</i>", parse_mode="HTML", reply_markup=buttons("收到"))

        assert received is not None
        assert received.read() == "学号,姓名\n".encode() * 1000
        assert emulator.documents[student.last.file_id or ""] == b"PK-report"
        assert (student.last.file_name, student.last.text) == ("报告.xlsx", "好")
        assert student.last.buttons == [["收到"]]
        assert emulator.violations == []

    async def test_a_document_travels_both_ways_through_python_telegram_bot(
        self, emulator: Emulator, ptb: telegram.Bot
    ) -> None:
        student = emulator.user("林晓")
        student.sends_document(b"content", "文件.txt")

        [update] = await ptb.get_updates()
        assert update.message is not None
        document = update.message.document
        assert document is not None
        received = await (await document.get_file()).download_as_bytearray()
        await ptb.send_document(student.id, b"answer", filename="答复.txt")

        assert bytes(received) == b"content"
        assert emulator.documents[student.last.file_id or ""] == b"answer"
        assert student.last.file_name == "答复.txt"

    async def test_a_file_over_20_megabytes_cannot_be_fetched(self, emulator: Emulator, bot: Bot) -> None:
        sent = emulator.user("林晓").sends_document(bytes(20 * 1024 * 1024 + 1), "大.zip")

        with pytest.raises(TelegramBadRequest, match="file is too big"):
            await bot.get_file(sent.file_id or "")

    async def test_pictures_and_albums(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")

        shown = await bot.send_photo(student.id, BufferedInputFile(picture(), "图.png"), caption="图")
        album = [InputMediaDocument(media=BufferedInputFile(b"1", f"{at}.txt")) for at in range(2)]
        await bot.send_media_group(student.id, [*album])
        with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
            await bot.send_photo(student.id, BufferedInputFile(b"no picture", "图.png"))
        with pytest.raises(TelegramBadRequest, match="caption is too long"):
            await bot.send_photo(student.id, BufferedInputFile(picture(), "图.png"), caption="长" * 1025)

        assert shown.photo is not None
        assert (shown.photo[-1].width, shown.photo[-1].height) == (640, 320)
        assert [message.file_name for message in student.chat] == [None, "0.txt", "1.txt"]
        assert len(emulator.sent) == 2


class TestRefusals:
    async def test_each_refusal_arrives_in_aiogram_as_what_it_is(self, emulator: Emulator, bot: Bot) -> None:
        student, silent = emulator.user("林晓"), emulator.user("周舟", started=False)
        group = emulator.group("支部")
        new_group = emulator.upgrades(group)
        student.blocks()

        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await bot.send_message(student.id, "在吗")
        with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
            await bot.send_message(silent.id, "在吗")
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(1, "在吗")
        with pytest.raises(TelegramMigrateToChat) as moved:
            await bot.send_message(group.id, "在吗")
        student.unblocks()
        await bot.send_message(student.id, "在吗")
        await bot.send_message(new_group.id, "在吗")

        assert moved.value.migrate_to_chat_id == new_group.id
        assert len(emulator.sent) == 2

    async def test_each_refusal_arrives_in_python_telegram_bot_as_what_it_is(
        self, emulator: Emulator, ptb: telegram.Bot
    ) -> None:
        student = emulator.user("林晓")
        group = emulator.group("支部")
        new_group = emulator.upgrades(group)

        with pytest.raises(telegram.error.BadRequest, match="Chat not found"):
            await ptb.send_message(1, "在吗")
        with pytest.raises(telegram.error.ChatMigrated) as moved:
            await ptb.send_message(group.id, "在吗")
        emulator.fails("too_many_requests", "sendMessage", retry_after=7)
        with pytest.raises(telegram.error.RetryAfter):
            await ptb.send_message(student.id, "在吗")
        emulator.fails("server_error", "sendMessage", code=502)
        with pytest.raises(telegram.error.NetworkError, match="Bad Gateway"):
            await ptb.send_message(student.id, "在吗")
        emulator.fails("dropped_after_effect", "sendMessage")
        with pytest.raises(telegram.error.NetworkError, match="disconnected"):
            await ptb.send_message(student.id, "在吗")
        emulator.fails("unauthorized", "sendMessage")
        with pytest.raises(telegram.error.InvalidToken):
            await ptb.send_message(student.id, "在吗")
        student.blocks()
        with pytest.raises(telegram.error.Forbidden):
            await ptb.send_message(student.id, "在吗")

        assert moved.value.new_chat_id == new_group.id
        assert len(student.heard) == 1

    async def test_somebody_who_is_gone_cannot_be_reached(self, emulator: Emulator, bot: Bot) -> None:
        student = emulator.user("林晓")
        student.deletes_account()

        with pytest.raises(TelegramForbiddenError, match="user is deactivated"):
            await bot.send_message(student.id, "在吗")

    async def test_a_wrong_token_is_unauthorized(self, emulator: Emulator) -> None:
        session = AiohttpSession(api=TelegramAPIServer.from_base(emulator.address))
        async with Bot("1:wrong", session=session) as stranger:
            with pytest.raises(TelegramUnauthorizedError):
                await stranger.get_me()

    async def test_a_request_against_the_schema_is_a_violation(self, emulator: Emulator) -> None:
        if not emulator.world.schema.is_loaded:
            pytest.skip("the machine-readable Bot API is not here")
        student = emulator.user("林晓")
        address = f"{emulator.base_url}{emulator.token}"
        wrong_type = {"chat_id": student.id, "text": "好", "reply_markup": {"inline_keyboard": [{"text": "x"}]}}

        async with aiohttp.ClientSession() as client:
            no_text = await client.post(f"{address}/sendMessage", json={"chat_id": student.id})
            odd = await client.post(f"{address}/sendMessage", json=wrong_type)
            unknown = await client.post(f"{address}/sendNothing", json={})
            extra = await client.post(f"{address}/sendMessage", json={"chat_id": student.id, "text": "好", "x": 1})

        assert (await no_text.json())["description"] == "Bad Request: message text is empty"
        assert [answer.status for answer in (no_text, odd, unknown, extra)] == [400, 400, 404, 200]
        assert emulator.violations[0] == "sendMessage.text is required"
        assert emulator.violations[2] == "sendNothing is not a method"
        assert emulator.warnings == ["sendMessage.x is unknown"]


def test_as_a_process_it_is_steered_over_http() -> None:
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", "--users", "3", "--first-user-id", "500"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    try:
        address = process.stdout.readline().split(" at ")[1].split(",")[0]
        with httpx.Client(base_url=address) as client:
            client.post("/emulator/faults", json={"kind": "server_error", "method": "sendMessage", "skip": 1})
            client.post("/emulator/says", json=[{"user": 500, "text": "你好"}])
            updates = client.post(f"/bot{TOKEN}/getUpdates", data={"timeout": "5"}).json()["result"]
            answers = [
                client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": 502, "text": text}).status_code
                for text in ("一", "二")
            ]
            sent = client.get("/emulator/sent").json()["sent"]
            stats = client.get("/emulator/stats").json()
    finally:
        process.terminate()
        process.wait(10)

    assert updates[0]["message"]["text"] == "你好"
    assert answers == [200, 502]
    assert [(one["chat_id"], one["params"]["text"]) for one in sent] == [(502, "一")]
    assert stats["requests"] == {"getUpdates 200": 1, "sendMessage 200": 1, "sendMessage 502": 1}


async def test_an_application_of_python_telegram_bot_runs_against_it(emulator: Emulator) -> None:
    async def start(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        keys = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("同意", callback_data="yes")]])
        await update.message.reply_text(f"欢迎 {context.args}", reply_markup=keys)

    async def echo(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_html(f"<b>{update.message.text}</b>")

    app = (
        Application.builder()
        .token(emulator.token)
        .base_url(emulator.base_url)
        .base_file_url(emulator.base_file_url)
        .get_updates_request(HTTPXRequest(read_timeout=20))
        .build()
    )
    app.add_handler(CommandHandler("start", start))
    app.add_handler(MessageHandler(filters.TEXT, echo))
    student = emulator.user("林晓")
    async with app:
        assert app.updater is not None
        await app.updater.start_polling(timeout=10)
        await app.start()

        student.says("/start ABC")
        welcome = await student.hears("欢迎")
        student.says("你好")
        echoed = await student.hears("你好")

        await app.updater.stop()
        await app.stop()

    assert welcome.text == "欢迎 ['ABC']"
    assert welcome.buttons == [["同意"]]
    assert echoed.entities[0]["type"] == "bold"
    assert emulator.violations == []
