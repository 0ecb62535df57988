"""The page in a real Chromium: what a person sees, presses and drops."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiogram.types import BufferedInputFile
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.buttons.keyboard import Button, keyboard
from bot.channels.web.phrases import PAGE_KEYS
from storage.database import Database
from tests.bot.web_house import (
    STUDENT_CHAT,
    Cast,
    SmallServices,
    Ticking,
    WebHouse,
    echo,
    invent_people,
    small_services,
)
from tests.bot.whole_house import running, settings_of
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
# Where the pictures of a run go, for whoever wants to look at them.
PICTURES = os.environ.get("WAYMARK_TEST_PICTURES")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def database(new_sqlite: Callable[[], str]) -> AsyncIterator[Database]:
    """What the page does, it does on every database alike."""
    database = Database(new_sqlite())
    yield database
    await database.close()


@pytest.fixture
async def people(database: Database) -> Cast:
    return await invent_people(database)


@pytest.fixture
def services(database: Database) -> SmallServices:
    return small_services(database, source=Ticking())


@pytest.fixture
async def house(services: SmallServices, people: Cast) -> AsyncIterator[WebHouse]:
    house = WebHouse(services, echo(), demo=True)
    async with house.open():
        yield house


class Visit:
    """A page with what it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self._hear(line.type, line.text))

    def _hear(self, kind: str, text: str) -> None:
        # A lost connection is told by the browser itself and is no mistake of the page.
        if kind == "error" and "WebSocket" not in text and "Failed to load resource" not in text:
            self.complaints.append(text)

    async def say(self, text: str) -> None:
        await self.page.fill("#text", text)
        await self.page.click("#send")

    async def picture(self, name: str) -> None:
        if PICTURES:
            await self.page.screenshot(path=Path(PICTURES) / f"{name}.png")

    @property
    def answers(self):  # type: ignore[no-untyped-def]  # a Locator
        return self.page.locator("li.theirs")


async def visit(browser: Browser, address: str, size: dict[str, int] = DESK, **options: object) -> Visit:
    """Open the page as a new browser would."""
    given = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": size, **options}
    context = await browser.new_context(**given)  # type: ignore[arg-type]
    visit = Visit(await context.new_page())
    await visit.page.goto(address)
    return visit


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desk", DESK)])
async def test_a_newcomer_talks_presses_and_exchanges_files(
    browser: Browser, house: WebHouse, name: str, size: dict[str, int]
) -> None:
    seen = await visit(browser, house.door.address, size)
    page = seen.page
    await expect(page.locator("#empty h2")).to_have_text("林晓，你好")
    await seen.picture(f"{name}-empty")

    await seen.say("/today")
    await expect(seen.answers).to_have_count(1)
    await expect(seen.answers.locator("strong")).to_have_text("今日学习")
    link = seen.answers.get_by_role("link", name="原文")
    await expect(link).to_have_attribute("href", "https://example.org/rules")
    await expect(page.locator("li.mine .state")).to_have_class("state sent")
    await seen.picture(f"{name}-card")

    await seen.answers.get_by_role("button", name="已读").click()
    await expect(seen.answers).to_contain_text("✓ 已读")
    await expect(seen.answers.get_by_role("button")).to_have_count(0)
    await expect(page.locator(".toast")).to_have_text("已记下")

    await seen.say("/export")
    await expect(seen.answers).to_have_count(4)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="下载 参与记录.csv").click()
    got = await download.value
    assert got.suggested_filename == "参与记录.csv"
    assert (await got.path()).read_bytes().startswith("学号".encode("utf-8-sig"))

    image = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(image, "PNG")
    files = [
        {"name": "照片.png", "mimeType": "image/png", "buffer": image.getvalue()},
        {"name": "名册.xlsx", "mimeType": "", "buffer": b"abc"},
    ]
    await page.set_input_files("#file", files)  # type: ignore[arg-type]
    await seen.say("请看")
    await expect(page.locator("li.mine a.document")).to_contain_text("名册.xlsx")
    await expect(seen.answers.get_by_text("名册.xlsx：3 字节")).to_be_visible()
    await expect(page.locator("li.mine .text")).to_have_text(["/today", "/export", "请看"])
    await expect(page.locator("li.mine").nth(2).locator(".picture")).to_be_visible()
    await expect(page.get_by_role("button", name="图片：照片.png")).to_be_visible()
    await page.get_by_role("button", name="图片：echo.png").click()
    await expect(page.locator("#viewer-image")).to_be_visible()
    await page.keyboard.press("Escape")
    await seen.picture(f"{name}-files")

    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]
    assert seen.complaints == []


async def test_a_reload_shows_what_was_said(browser: Browser, house: WebHouse) -> None:
    seen = await visit(browser, house.door.address)
    await seen.say("第一句")
    await expect(seen.answers).to_have_text(["第一句12:00"])

    await seen.page.reload()

    await expect(seen.answers).to_have_text(["第一句12:00"])
    await expect(seen.page.locator("li.mine")).to_have_count(1)


async def test_text_that_looks_like_markup_stays_text(browser: Browser, house: WebHouse) -> None:
    nasty = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>&lt;b&gt; javascript:alert(1)'
    seen = await visit(browser, house.door.address)

    await seen.say(nasty)
    await expect(seen.answers).to_have_count(1)
    await house.door.bot.send_message(STUDENT_CHAT, '<a href="javascript:window.hit=1">点我</a> <b>粗</b>')
    await expect(seen.answers).to_have_count(2)
    name, below = '<img src=x onerror="window.hit=1">.txt', keyboard([[Button(nasty[:60], "pressed")]])
    await house.door.bot.send_document(STUDENT_CHAT, BufferedInputFile(b"a", name), reply_markup=below)
    await expect(seen.answers).to_have_count(3)

    await expect(seen.answers.first.locator(".text")).to_have_text(nasty)
    await expect(seen.answers.nth(1).locator("a")).to_have_count(0)
    await expect(seen.answers.last).to_contain_text(name)
    await expect(seen.answers.last.locator("button")).to_have_text(nasty[:60])
    await expect(seen.page.locator("#messages img, #messages script")).to_have_count(0)
    assert await seen.page.evaluate("window.hit") is None


async def test_a_forged_button_is_refused_with_a_sentence(browser: Browser, house: WebHouse) -> None:
    seen = await visit(browser, house.door.address)
    await seen.say("/today")
    await expect(seen.answers).to_have_count(1)

    number = await seen.answers.get_attribute("data-id")
    answer = await seen.page.evaluate(
        """(number) => new Promise((done) => {
            const socket = new WebSocket(location.origin.replace("http", "ws") + "/line");
            socket.onmessage = ({data}) => {
                const event = JSON.parse(data);
                const press = {t: "press", client: "forged-01", message: number, data: "admin:1"};
                if (event.t === "hello") socket.send(JSON.stringify(press));
                if (event.t === "refused") done(event.text);
            };
        })""",
        int(number or 0),
    )

    assert "按钮" in answer
    await expect(seen.answers).to_have_count(1)


async def test_a_foreign_page_cannot_open_the_conversation(browser: Browser, house: WebHouse) -> None:
    seen = await visit(browser, house.door.address)
    await expect(seen.page.locator("#empty")).to_be_visible()
    foreign = await seen.page.context.new_page()  # the same cookies, another origin
    await foreign.goto("data:text/html,<title>foreign</title>")

    outcome = await foreign.evaluate(
        """(address) => new Promise((done) => {
            const socket = new WebSocket(address.replace("http", "ws") + "/line");
            socket.onopen = () => done("open");
            socket.onerror = () => done("refused");
            socket.onclose = () => done("refused");
        })""",
        house.door.address,
    )

    assert outcome == "refused"


async def test_after_a_restart_of_the_server_nothing_is_lost(
    browser: Browser, services: SmallServices, people: Cast
) -> None:
    first = WebHouse(services, echo(), demo=True)
    async with first.open():
        seen = await visit(browser, first.door.address)
        await seen.say("之前")
        await expect(seen.answers).to_have_count(1)
    await expect(seen.page.locator("body")).to_have_class("waiting")
    await expect(seen.page.locator("#status")).to_have_text("正在连接…")

    await seen.say("断线时说的")
    await expect(seen.page.locator("li.mine .state.sending")).to_have_count(1)
    port = int(first.door.address.rsplit(":", 1)[1])
    second = WebHouse(small_services(services.database, port=port), echo(), demo=True)
    await second.door.bot.send_message(STUDENT_CHAT, "断线时收到的")
    async with second.open():
        await expect(seen.answers).to_have_count(3, timeout=20_000)
        await expect(seen.page.locator("li.mine .state.sending")).to_have_count(0)
        await expect(seen.page.locator("li.mine")).to_have_count(2)

    texts = await seen.page.locator("li.message .text").all_text_contents()
    assert texts == ["之前", "之前", "断线时收到的", "断线时说的", "断线时说的"]


async def test_a_message_on_its_way_survives_a_reload_of_the_page(
    browser: Browser, services: SmallServices, people: Cast
) -> None:
    house = WebHouse(services, echo(), demo=True)
    async with house.open():
        seen = await visit(browser, house.door.address)
        await expect(seen.page.locator("#empty")).to_be_visible()
        await seen.page.evaluate("WebSocket.prototype.send = () => {}")  # a line that swallows everything

        await seen.say("还没送到")
        await expect(seen.page.locator("li.mine .state.sending")).to_have_count(1)
        await seen.page.reload()

        await expect(seen.answers).to_have_count(1)
        await expect(seen.page.locator("li.mine .state.sent")).to_have_count(1)


async def test_the_switch_at_the_top_changes_who_one_is(browser: Browser, house: WebHouse) -> None:
    seen = await visit(browser, house.door.address, PHONE)
    await seen.say("学生说的")
    await expect(seen.answers).to_have_count(1)

    await seen.page.get_by_role("button", name="切换身份").click()
    await seen.picture("phone-switch")
    await seen.page.get_by_role("option", name="周明远").click()

    await expect(seen.page.locator("#empty h2")).to_have_text("周明远，你好")
    await expect(seen.page.locator("li.message")).to_have_count(0)
    await seen.page.get_by_role("button", name="命令菜单").click()
    await expect(seen.page.locator("#menu")).to_contain_text("/upload")
    await seen.picture("phone-menu")
    assert seen.complaints == []


async def test_everything_can_be_done_from_the_keyboard(browser: Browser, house: WebHouse) -> None:
    seen = await visit(browser, house.door.address)
    keyboard = seen.page.keyboard
    await expect(seen.page.locator("#text")).to_be_focused()

    await keyboard.type("/tod")
    await expect(seen.page.locator("#menu [aria-selected=true]")).to_contain_text("/today")
    await keyboard.press("Enter")
    await expect(seen.answers).to_have_count(1)
    await seen.answers.get_by_role("button", name="换一个").focus()
    await keyboard.press("Enter")
    await expect(seen.page.locator("#notice-text")).to_have_text("没有别的了")
    await keyboard.press("Enter")
    await expect(seen.page.locator("#notice")).to_be_hidden()
    await seen.page.locator("#text").focus()
    await keyboard.type("第一行")
    await keyboard.press("Shift+Enter")
    await keyboard.type("第二行")
    await keyboard.press("Enter")

    await expect(seen.page.locator("li.mine").last.locator(".text")).to_have_text("第一行\n第二行", use_inner_text=True)


async def test_serving_asks_for_the_invitation_of_the_link(
    browser: Browser, services: SmallServices, people: Cast
) -> None:
    house = WebHouse(services, echo())
    async with house.open():
        seen = await visit(browser, f"{house.door.address}/#start=AAAAAAAAAA", PHONE)
        await expect(seen.page.locator("#switch")).to_be_hidden()
        await seen.page.get_by_role("button", name="进入").click()
        await expect(seen.page.get_by_role("alert")).to_contain_text("邀请码不能用")
        await seen.picture("phone-gate")
        assert "AAAAA" not in seen.page.url

        await seen.page.get_by_label("邀请码").fill(people.code)
        await seen.page.keyboard.press("Enter")
        await expect(seen.answers).to_contain_text(people.code)

        await seen.page.reload()
        await expect(seen.answers).to_contain_text(people.code)


async def test_who_withdraws_sees_at_once_an_emptied_page_and_what_became_of_their_data(
    browser: Browser, tmp_path: Path, new_sqlite: Callable[[], str], emulator: Emulator
) -> None:
    url = new_sqlite()
    database = Database(url)
    people = await invent_people(database)
    async with running(settings_of(tmp_path, url, emulator)) as door:
        seen = await visit(browser, f"{door.address}/#start={people.code}", PHONE)
        page = seen.page
        await page.get_by_role("button", name="进入").click()
        await page.get_by_role("button", name="同意", exact=True).click()
        await expect(page.locator("#whoami")).to_contain_text("陈一")
        await seen.say("/mydata")
        await page.get_by_role("button", name="撤回同意").click()
        await page.get_by_role("button", name="确认撤回").click()

        await expect(page.locator("li.message")).to_have_count(1)
        await expect(seen.answers).to_contain_text(re.compile("已撤回同意.*已经删除.*党支部保管.*邀请码"))
        await expect(page.locator("#whoami")).to_be_hidden()
        await seen.picture("phone-left")

        for asked in range(1, 3):
            await seen.say("/dates")
            await expect(seen.answers).to_have_count(asked + 1)
            await expect(seen.answers.last).to_contain_text("请发送党支部给您的邀请码")
        await expect(page.locator("li.mine .state.sent")).to_have_count(2)
        await page.reload()
        await expect(page.locator("li.message")).to_have_count(5)
        assert seen.complaints == []
    await database.close()


async def test_the_page_speaks_the_language_of_the_browser(browser: Browser, house: WebHouse) -> None:
    seen = await visit(browser, house.door.address, locale="en-GB", color_scheme="dark")

    await expect(seen.page.locator("#empty h2")).to_have_text("Hello, 林晓")
    await expect(seen.page.locator("#text")).to_have_attribute("placeholder", "Ask a question, or / for commands")
    assert await seen.page.evaluate("document.documentElement.lang") == "en"
    await seen.picture("desk-english")


def test_every_phrase_of_the_page_is_there_in_both_languages(services: SmallServices) -> None:
    for language in ("zh_CN", "en"):
        words = services.locales.words(language)
        assert [key for key in PAGE_KEYS if not words.has(f"web.{key}")] == []
