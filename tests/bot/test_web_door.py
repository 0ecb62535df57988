"""The web door, asked as a page asks it, over real sockets and on both databases."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import Message, Update
from PIL import Image
from sqlalchemy import func, select
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.channels.web.history import forget_chat, messages_of
from bot.channels.web.server import AddressTaken
from bot.tables import InboxRow
from storage.database import Database
from tests.bot.web_client import Client, Line, new_client, text_of
from tests.bot.web_house import (
    ORGANISER_CHAT,
    STUDENT_CHAT,
    Cast,
    SmallServices,
    Ticking,
    WebHouse,
    echo,
    invent_people,
    small_services,
)

PNG = io.BytesIO()
Image.new("RGB", (40, 30), "red").save(PNG, "PNG")


@pytest.fixture
async def people(database: Database) -> Cast:
    return await invent_people(database)


@pytest.fixture
def services(database: Database) -> SmallServices:
    return small_services(database)


@pytest.fixture
async def demo(services: SmallServices, people: Cast) -> AsyncIterator[WebHouse]:
    house = WebHouse(services, echo(), demo=True)
    async with house.open():
        yield house


@pytest.fixture
async def serving(services: SmallServices, people: Cast) -> AsyncIterator[WebHouse]:
    house = WebHouse(services, echo())
    async with house.open():
        yield house


@pytest.fixture
async def student(demo: WebHouse, people: Cast) -> Client:
    client = Client(demo)
    await client.sit_as(people.student)
    return client


@pytest.fixture
async def line(student: Client) -> AsyncIterator[Line]:
    async with student.line() as line:
        yield line


class TestTalking:
    async def test_a_text_is_answered_and_both_are_there_after_a_reload(self, line: Line, student: Client) -> None:
        await line.say("预备期从哪一天算起？")
        answer = await line.answer()

        async with student.line() as again:
            said = again.hello["messages"]

        assert [(message["author"], text_of(message["tree"])) for message in said] == [
            ("me", "预备期从哪一天算起？"),
            ("bot", "预备期从哪一天算起？"),
        ]
        assert said[1] == answer

    async def test_a_message_sent_again_after_a_lost_connection_is_taken_once(
        self, line: Line, student: Client, database: Database
    ) -> None:
        client = await line.say("只说一次")
        await line.answer()

        async with student.line() as again:
            await again.say("只说一次", client)
            await again.say("然后")
            answer = await again.answer()

        assert text_of(answer["tree"]) == "然后"
        async with database.read() as session:
            said, _ = await messages_of(session, STUDENT_CHAT)
            kept = await session.scalar(select(func.count()).select_from(InboxRow))
        assert len(said) == 4
        assert kept == 2

    async def test_what_is_acknowledged_survives_the_process(
        self, services: SmallServices, people: Cast, database: Database
    ) -> None:
        house = WebHouse(services, echo(), demo=True)
        async with house.open(deaf=True):
            client = Client(house)
            await client.sit_as(people.student)
            async with client.line() as line:
                await line.say("别丢了")

        after = WebHouse(services, echo(), demo=True)
        async with after.open():
            client = Client(after)
            await client.sit_as(people.student)
            async with client.line() as line:
                said = line.hello["messages"]
                answer = said[1] if len(said) > 1 else await line.answer()

        assert text_of(answer["tree"]) == "别丢了"

    async def test_every_update_is_one_that_aiogram_knows(self, line: Line, database: Database) -> None:
        await line.say("/today")
        message = await line.answer()
        await line.press(message["id"], "read:1")
        await line.event("answer")

        async with database.read() as session:
            rows = list(await session.scalars(select(InboxRow).order_by(InboxRow.received_at)))

        updates = [Update.model_validate(row.payload) for row in rows]
        said, pressed = updates[0].message, updates[1].callback_query
        assert said is not None
        assert pressed is not None
        assert isinstance(pressed.message, Message)
        assert (said.chat.id, said.chat.type) == (STUDENT_CHAT, "private")
        assert said.from_user is not None
        assert (said.from_user.id, said.from_user.language_code) == (STUDENT_CHAT, "zh-CN")
        assert pressed.message.reply_markup is not None
        assert pressed.message.text == "今日学习\n请读一读。"
        assert [row.lane for row in rows] == [str(STUDENT_CHAT)] * 2

    async def test_one_person_does_not_hear_another(self, line: Line, demo: WebHouse, people: Cast) -> None:
        other = Client(demo)
        await other.sit_as(people.organiser)

        async with other.line() as organiser:
            await organiser.say("只给我")
            await organiser.answer()
        await line.say("学生")
        heard = await line.answer()

        assert text_of(heard["tree"]) == "学生"

    async def test_two_open_pages_of_one_person_show_the_same(self, line: Line, student: Client) -> None:
        async with student.line() as second:
            await line.say("两处")
            one, other = await line.answer(), await second.answer()

        assert one == other

    async def test_older_messages_come_page_by_page(self, student: Client, demo: WebHouse) -> None:
        for number in range(70):
            await demo.door.bot.send_message(STUDENT_CHAT, str(number))

        async with student.line() as again:
            last = again.hello["messages"]
        earlier = (await student.http.get("/messages", params={"before": last[0]["id"]})).json()

        assert again.hello["more"] is True
        assert earlier["more"] is False
        assert len(last) + len(earlier["messages"]) == 70
        assert earlier["messages"][-1]["id"] < last[0]["id"]

    async def test_a_deleted_message_is_gone_and_so_is_what_it_said(
        self, line: Line, student: Client, database: Database
    ) -> None:
        await line.say("/mydata")
        gone = await line.event("delete")

        async with student.line() as again:
            said = again.hello["messages"]

        assert said == []
        async with database.write() as session:
            await forget_chat(session, STUDENT_CHAT)
        assert gone["id"] > 0


class TestButtons:
    async def test_a_press_is_answered_and_the_message_changes(self, line: Line) -> None:
        await line.say("/today")
        message = await line.answer()

        press = await line.press(message["id"], "read:1")
        answer, edit = None, None
        while answer is None or edit is None:
            event = await line.event("answer", "edit")
            answer, edit = (event, edit) if event["t"] == "answer" else (answer, event)

        assert (answer["press"], answer["text"], answer["alert"]) == (press, "已记下", False)
        assert edit["message"]["id"] == message["id"]
        assert "rows" not in edit["message"]
        assert message["rows"][1] == [{"text": "原文", "url": "https://example.org/rules"}]

    async def test_an_answer_can_be_one_that_has_to_be_closed(self, line: Line) -> None:
        await line.say("/today")
        message = await line.answer()

        await line.press(message["id"], "other:1")
        answer = await line.event("answer")

        assert answer["alert"] is True

    @pytest.mark.parametrize("data", ["publish:7", "", "read:1 "])
    async def test_a_button_that_the_message_does_not_have_is_refused(
        self, line: Line, database: Database, data: str
    ) -> None:
        await line.say("/today")
        message = await line.answer()

        await line.press(message["id"], data)
        refusal = await line.event("refused")

        assert "按钮" in refusal["text"]
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(InboxRow)) == 1

    async def test_nobody_can_press_the_button_of_another_chat(self, line: Line, demo: WebHouse, people: Cast) -> None:
        await line.say("/today")
        message = await line.answer()
        other = Client(demo)
        await other.sit_as(people.organiser)

        async with other.line() as organiser:
            await organiser.press(message["id"], "read:1")
            refusal = await organiser.event("refused")

        assert "按钮" in refusal["text"]


class TestFiles:
    async def test_a_document_reaches_the_handler_with_its_caption(self, line: Line, student: Client) -> None:
        response = await student.upload("名册 2026.xlsx", b"abc" * 1000, "请导入")
        answer = await line.answer()

        assert response.status_code == 200
        assert text_of(answer["tree"]) == "名册 2026.xlsx：3000 字节 请导入"

    async def test_a_picture_goes_both_ways_and_is_drawn_in_place(self, line: Line, student: Client) -> None:
        sent = (await student.upload("照片.png", PNG.getvalue())).json()["message"]
        answer = await line.answer()

        shown = await student.http.get(answer["file"]["address"], params={"view": 1})

        assert (sent["file"]["width"], sent["file"]["height"]) == (40, 30)
        assert shown.content == PNG.getvalue()
        assert shown.headers["content-type"] == "image/png"
        assert shown.headers["content-disposition"].startswith("inline")
        assert "sandbox" in shown.headers["content-security-policy"]

    async def test_documents_come_back_as_attachments(self, line: Line, student: Client) -> None:
        await line.say("/export")
        first, second, third = [await line.answer() for _ in range(3)]

        got = await student.http.get(first["file"]["address"])

        assert first["file"]["name"] == "参与记录.csv"
        assert text_of(first["tree"]) == "参与记录，共 1 人"
        assert got.content.startswith(b"\xef\xbb\xbf")
        assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%8F%82")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert second["group"] == third["group"]

    async def test_a_page_of_html_is_only_ever_saved(self, line: Line, student: Client) -> None:
        sent = (await student.upload("evil.html", b"<script>alert(1)</script>")).json()["message"]

        got = await student.http.get(sent["file"]["address"], params={"view": 1})

        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["content-type"] == "application/octet-stream"

    async def test_a_file_of_another_chat_is_not_given_out(self, student: Client, demo: WebHouse, people: Cast) -> None:
        sent = (await student.upload("私.txt", b"secret")).json()["message"]
        other = Client(demo)
        await other.sit_as(people.organiser)

        assert (await other.http.get(sent["file"]["address"])).status_code == 404
        assert (await Client(demo).http.get(sent["file"]["address"])).status_code == 403

    async def test_an_empty_file_and_one_of_more_than_20_megabytes_are_refused(self, student: Client) -> None:
        empty = await student.upload("空.docx", b"")
        big = await student.upload("大.pdf", b"x" * (20 * 1024 * 1024 + 1))

        assert (empty.status_code, big.status_code) == (400, 413)
        assert "空.docx" in empty.json()["error"]
        assert "20 MB" in big.json()["error"]

    async def test_the_same_upload_again_is_taken_once(self, student: Client, database: Database) -> None:
        client = new_client()

        first = await student.upload("a.txt", b"a", client=client)
        second = await student.upload("a.txt", b"a", client=client)

        assert first.json() == second.json()
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(InboxRow)) == 1

    async def test_a_name_with_folders_and_controls_is_made_harmless(self, student: Client) -> None:
        sent = (await student.upload("../../etc/pass\u202ewd\n.txt", b"a")).json()["message"]

        assert sent["file"]["name"] == "passwd.txt"


class TestSession:
    """What handlers and letters meet when they speak directly through the door's bot."""

    async def test_methods_return_the_messages_that_they_made(self, demo: WebHouse) -> None:
        bot = demo.door.bot

        said = await bot.send_message(STUDENT_CHAT, "<b>粗</b>体 https://example.org")
        edited = await bot.edit_message_text("变了", chat_id=STUDENT_CHAT, message_id=said.message_id)
        me = await bot.get_me()

        assert said.text == "粗体 https://example.org"
        assert [entity.type for entity in said.entities or []] == ["bold", "url"]
        assert (edited.message_id, edited.text) == (said.message_id, "变了")  # type: ignore[union-attr]
        assert me.is_bot
        assert await bot.set_my_commands([])
        assert await bot.send_chat_action(STUDENT_CHAT, "typing")

    async def test_it_refuses_in_the_words_of_telegram(self, demo: WebHouse) -> None:
        bot = demo.door.bot
        said = await bot.send_message(STUDENT_CHAT, "同样")

        async def refusal(call: object) -> str:
            with pytest.raises(TelegramBadRequest) as caught:
                await call  # type: ignore[misc]
            return caught.value.message

        number = said.message_id
        edit = bot.edit_message_text
        assert "message is not modified" in await refusal(edit("同样", chat_id=STUDENT_CHAT, message_id=number))
        assert "message to edit not found" in await refusal(edit("无", chat_id=STUDENT_CHAT, message_id=number + 9))
        assert "message to edit not found" in await refusal(edit("无", chat_id=ORGANISER_CHAT, message_id=number))
        assert "message to delete not found" in await refusal(bot.delete_message(STUDENT_CHAT, number + 9))
        assert "can't parse entities" in await refusal(bot.send_message(STUDENT_CHAT, "<b>没有结束"))
        assert "can't parse entities" in await refusal(bot.send_message(STUDENT_CHAT, "<script>x</script>"))
        assert "message is too long" in await refusal(bot.send_message(STUDENT_CHAT, "长" * 4097))
        assert "message text is empty" in await refusal(bot.send_message(STUDENT_CHAT, " "))
        assert "file_id" in await refusal(bot.get_file("0" * 64))
        assert "not possible" in await refusal(bot.send_location(STUDENT_CHAT, 1.0, 2.0))


class TestEntering:
    async def test_without_an_invitation_nothing_can_be_had(self, serving: WebHouse) -> None:
        client = Client(serving)

        me = (await client.http.get("/me")).json()

        assert (me["open"], me["demo"], me["commands"]) == (False, False, [])
        assert (await client.http.get("/messages?before=9")).status_code == 403
        with pytest.raises(ConnectionClosed) as closed:
            async with client.line():
                pass
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401

    async def test_a_wrong_code_gets_its_sentence_and_a_right_one_opens_the_chat(
        self, serving: WebHouse, people: Cast
    ) -> None:
        client = Client(serving)

        wrong = await client.http.post("/session", json={"code": "AAAAA-AAAAA"})
        right = await client.http.post("/session", json={"code": people.code})
        async with client.line() as line:
            await line.say(f"/start {people.code}")
            answer = await line.answer()

        assert wrong.status_code == 403
        assert "邀请码" in wrong.json()["error"]
        assert right.status_code == 200
        assert people.code in text_of(answer["tree"])

    async def test_the_sixth_wrong_code_of_a_browser_has_to_wait(self, serving: WebHouse, people: Cast) -> None:
        client = Client(serving)

        for _ in range(5):
            await client.http.post("/session", json={"code": "AAAAA-AAAAA"})
        blocked = await client.http.post("/session", json={"code": people.code})

        assert blocked.status_code == 403
        assert "分钟" in blocked.json()["error"]

    async def test_who_throws_the_cookie_away_has_to_wait_as_well(self, serving: WebHouse, people: Cast) -> None:
        client = Client(serving)
        for _ in range(100):
            await client.http.post("/session", json={"code": "AAAAA-AAAAA"})
            client.http.cookies.clear()

        blocked = await client.http.post("/session", json={"code": people.code})

        assert "分钟" in blocked.json()["error"]

    async def test_the_cookie_is_signed_and_out_of_reach_of_scripts(self, serving: WebHouse, people: Cast) -> None:
        client = Client(serving)

        entered = await client.http.post("/session", json={"code": people.code})
        cookie = entered.headers["set-cookie"].lower()
        value = client.http.cookies["waymark_session"]
        client.http.cookies.set("waymark_session", "W" + value[1:], domain="127.0.0.1")
        client.http.cookies.delete("waymark_session", domain="127.0.0.1", path="/")
        at = len(value) - 5  # the last sign of a signature has bits that say nothing
        client.http.cookies.set("waymark_session", value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :])
        forged = (await client.http.get("/me")).json()

        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert forged["open"] is False

    async def test_a_session_ends_when_nobody_came_for_half_a_year(self, database: Database, people: Cast) -> None:
        source = Ticking()
        house = WebHouse(small_services(database, source=source), echo())
        async with house.open():
            client = Client(house)
            await client.http.post("/session", json={"code": people.code})

            source.moment += timedelta(days=179)
            still = (await client.http.get("/me")).json()["open"]
            source.moment += timedelta(days=181)
            after = (await client.http.get("/me")).json()["open"]

        assert (still, after) == (True, False)

    async def test_signing_out_forgets_who_sat_there(self, student: Client) -> None:
        await student.http.delete("/session")

        assert (await student.http.get("/me")).json()["open"] is False

    async def test_another_persons_invitation_opens_another_chat(
        self, demo: WebHouse, student: Client, people: Cast
    ) -> None:
        await student.http.post("/session", json={"code": people.code})

        me = (await student.http.get("/me")).json()

        assert me["chat"] != STUDENT_CHAT
        assert me["person"] is None

    async def test_the_switch_between_people_is_only_in_the_demo(self, serving: WebHouse, people: Cast) -> None:
        client = Client(serving)

        assert (await client.http.get("/people")).status_code == 404
        assert (await client.http.post("/session", json={"person": people.student})).status_code == 404
        assert (await client.http.get("/me")).json()["open"] is False

    async def test_the_demo_lists_its_people_with_their_roles(self, demo: WebHouse) -> None:
        client = Client(demo)

        people = (await client.http.get("/people")).json()

        assert [(person["name"], person["label"]) for person in people] == [("林晓", "学生"), ("周明远", "组织员")]
        assert (await client.http.post("/session", json={"person": 99999})).status_code == 404

    async def test_the_menu_shows_what_the_person_can_use_in_their_language(
        self, student: Client, demo: WebHouse, people: Cast
    ) -> None:
        organiser = Client(demo, **{"accept-language": "en-GB"})
        await organiser.sit_as(people.organiser)

        mine = (await student.http.get("/me")).json()
        theirs = (await organiser.http.get("/me")).json()

        assert "dates" in {command["name"] for command in mine["commands"]}
        assert "upload" not in {command["name"] for command in mine["commands"]}
        assert "upload" in {command["name"] for command in theirs["commands"]}
        assert (mine["language"], theirs["language"]) == ("zh-CN", "en")
        assert (mine["words"]["send"], theirs["words"]["send"]) == ("发送", "Send")


class TestChecks:
    async def test_a_foreign_host_is_refused(self, demo: WebHouse) -> None:
        response = await Client(demo).http.get("/", headers={"host": "evil.example"})

        assert response.status_code == 421
        assert "WAYMARK_WEB_ORIGINS" in response.text

    async def test_a_foreign_page_can_neither_post_nor_listen(self, student: Client, people: Cast) -> None:
        for origin in ("https://evil.example", "null", ""):
            response = await student.http.post(
                "/session", json={"person": people.organiser}, headers={"origin": origin}
            )
            assert response.status_code == 403
        with pytest.raises(InvalidStatus) as refused:
            async with student.line(origin="https://evil.example"):
                pass
        assert refused.value.response.status_code == 403

    async def test_an_origin_that_the_operator_named_is_let_in(self, database: Database, people: Cast) -> None:
        services = small_services(database, web_origins=("https://waymark.example.edu",))
        house = WebHouse(services, echo(), demo=True)
        async with house.open():
            response = await Client(house).http.post(
                "/session",
                json={"person": people.student},
                headers={"host": "waymark.example.edu", "origin": "https://waymark.example.edu"},
            )

        assert response.status_code == 200
        assert "secure" in response.headers["set-cookie"].lower()

    async def test_the_page_forbids_what_it_does_not_need(self, demo: WebHouse) -> None:
        response = await Client(demo).http.get("/")
        policy = response.headers["content-security-policy"]

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "http://" not in response.text.replace("http://www.w3.org", "")
        assert "<script>" not in response.text
        assert "style=" not in response.text

    async def test_the_page_is_not_a_way_to_other_files(self, demo: WebHouse) -> None:
        client = Client(demo)

        for path in ("/page/../server.py", "/page/%2e%2e/server.py", "/page/..%2f..%2fserver.py"):
            assert (await client.http.get(path)).status_code == 404

    async def test_health_is_told_to_whoever_asks(self, demo: WebHouse) -> None:
        response = await Client(demo).http.get("/healthz", headers={"host": "probe"})

        assert response.json() == {"ok": True}

    @pytest.mark.parametrize(
        "frame",
        [
            "nonsense",
            "[]",
            '{"t":"text"}',
            '{"t":"text","client":"x","text":"short id"}',
            '{"t":"press","client":"abcdefgh","message":"1","data":"x"}',
            '{"t":"drop"}',
            '{"t":["text"]}',
            '{"t":"text","client":"abcdefgh","text":"   "}',
        ],
    )
    async def test_a_frame_that_no_page_sends_gets_a_sentence_and_the_line_stays(self, line: Line, frame: str) -> None:
        await line.send(frame)
        refusal = await line.event("refused")
        await line.say("还在")
        answer = await line.answer()

        assert refusal["text"]
        assert text_of(answer["tree"]) == "还在"

    async def test_a_text_beyond_the_limit_is_refused_with_its_length(self, line: Line) -> None:
        await line.send({"t": "text", "client": new_client(), "text": "长" * 4097})
        refusal = await line.event("refused")

        assert "4097" in refusal["text"]

    async def test_a_taken_port_is_told_with_what_to_do(self, demo: WebHouse, database: Database) -> None:
        port = int(demo.door.address.rsplit(":", 1)[1])
        second = WebHouse(small_services(database, port=port), Router())

        with pytest.raises(AddressTaken, match="WAYMARK_WEB_PORT"):
            await second.door.serve()

    async def test_it_closes_at_once_although_pages_are_open(self, services: SmallServices, people: Cast) -> None:
        house = WebHouse(services, echo(), demo=True)
        async with house.open():
            client = Client(house)
            await client.sit_as(people.student)
            context = client.line()
            line = await context.__aenter__()
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(5):
                await line.event("never")
        await context.__aexit__(None, None, None)

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
