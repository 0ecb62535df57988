"""The pictures of the manuals, made anew from the real program: `.venv/bin/python docs/screenshots.py [NAME…]`.

Needs Chromium and the extra `dev`. Everybody in them is invented.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from docx import Document
from openpyxl import Workbook
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

IMAGES = Path(__file__).parent / "images"
WAYMARK = Path(sys.executable).with_name("waymark")
PHONE = {"width": 390, "height": 780}
DESK = {"width": 1180, "height": 960}
SHARPNESS = 2
COLOURS = 200  # enough for a page of flat colours and text, at a third of the size
PATIENCE_MS = 60_000

AWAKE = {"WAYMARK_QUIET_FROM": "04:00", "WAYMARK_QUIET_UNTIL": "04:01"}  # letters leave whenever the pictures are made
TODAY = date.today()  # noqa: DTZ011 (the pictures are of today, wherever they are made)
PEOPLE = (
    ("程予安", "20240211", "女", "计科2401"),
    ("韩知行", "20240226", "男", "计科2402"),
    ("罗清和", "20250305", "女", "网工2501"),
    ("孟书言", "20250318", "男", "网工2501"),
    ("叶闻笛", "20220107", "男", "软工2201"),
)


class Talk:
    """A conversation in one browser window."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)

    def say(self, text: str) -> None:
        """Send a message and wait for the answer."""
        self._and_wait(lambda: self._type(text))

    def file(self, name: str, content: bytes) -> None:
        """Send a file and wait for the answer."""
        self.page.set_input_files("#file", [{"name": name, "mimeType": "", "buffer": content}])
        self._and_wait(lambda: self.page.click("#send"))

    def press(self, label: str, *, answered: bool = True) -> None:
        """Press the newest button that begins so; `answered` with a new message rather than a change of this one."""
        name = re.compile(f"^(▸ )?{re.escape(label)}")
        button = self.page.locator("li.theirs").get_by_role("button", name=name).last
        if answered:
            self._and_wait(button.click)
        else:
            button.click()
            self.page.wait_for_timeout(1500)

    def end(self) -> None:
        """Scroll down to the newest buttons."""
        self.page.locator("li.theirs").last.locator(".keys").scroll_into_view_if_needed()
        self.page.keyboard.press("End")
        self.page.mouse.wheel(0, 5000)

    def become(self, name: str) -> None:
        """Take another sample person's place."""
        self.page.get_by_role("button", name="切换身份").click()
        self.page.get_by_role("option", name=name).click()
        expect(self.page.locator("#switch-button")).to_contain_text(name)
        self.page.wait_for_timeout(1500)  # what was said to them before comes in

    def picture(self, name: str) -> None:
        """Keep what can be seen."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(700)  # pictures load and scrolling comes to rest
        keep(name, self.page.screenshot())

    def _type(self, text: str) -> None:
        self.page.fill("#text", text)
        self.page.click("#send")

    def _and_wait(self, act: Callable[[], None]) -> None:
        answers = self.page.locator("li.theirs")
        before = answers.count()
        act()
        expect(answers.nth(before)).to_be_visible()


def keep(name: str, png: bytes) -> None:
    """Write a picture with few colours."""
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(IMAGES / f"{name}.png", optimize=True)


@contextmanager
def running(*arguments: str) -> Iterator[tuple[str, str]]:
    """A process of Waymark with a data folder of its own: its address, and all it has said before."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"WAYMARK_DATA": folder, "WAYMARK_WEB_PORT": "0", "PYTHONUNBUFFERED": "1"} | AWAKE
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [WAYMARK, *arguments], stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
        )
        try:
            said = ""
            for line in process.stdout or ():
                said += line
                if found := re.search(r"http://\S+", line):
                    yield found[0], said
                    break
        finally:
            process.terminate()
            process.wait()


@contextmanager
def window(browser: Browser, address: str, size: dict[str, int]) -> Iterator[Talk]:
    """A browser that has never been here."""
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport=size, device_scale_factor=SHARPNESS
    )
    page = context.new_page()
    page.goto(address)
    yield Talk(page)
    context.close()


def sheet(*rows: tuple[object, ...]) -> bytes:
    """An Excel file."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def roster() -> bytes:
    """A list of people as branches keep them: a title above, columns that nobody needs, a gap."""
    head = ("序号", "姓名", "学号", "性别", "班级", "所在党支部", "身份证号")
    rows = [
        (place, name, number, gender, of, "本科生第二党支部", None)
        for place, (name, number, gender, of) in enumerate(PEOPLE, 1)
    ]
    return sheet(
        ("本科生第二党支部 申请人、积极分子名册",),
        head,
        *rows,
        (6, "白露晞", None, "女", "计科2402", "本科生第二党支部", None),
    )


def ledger() -> bytes:
    """A ledger with one column a step, as it grew over the years."""

    def ago(days: int, form: str) -> str:
        return (TODAY - timedelta(days=days)).strftime(form)

    return sheet(
        ("学号", "姓名", "出生日期", "申请入党时间", "谈话时间", "确定积极分子时间", "发展对象培训时间"),
        (
            "20240211",
            "程予安",
            "2006-03-12",
            ago(775, "%Y-%m-%d"),
            ago(753, "%Y-%m-%d"),
            ago(361, "%Y-%m-%d"),
            "\\",
        ),
        ("20240226", "韩知行", "2005-12-01", ago(622, "%Y.%m.%d"), ago(599, "%Y.%m.%d"), ago(352, "%Y.%m.%d"), "无"),
        ("20250305", "罗清和", "2007/1/19", ago(20, "%Y/%m/%d"), None, None, None),
        ("20250318", "孟书言", "20070505", ago(63, "%Y%m%d"), ago(41, "%Y%m%d"), None, None),
    )


def rules() -> bytes:
    """A school's own rules."""
    document = Document()
    document.add_heading("信息学院发展党员工作实施办法", 0)
    document.add_paragraph("（2026年9月1日起施行）")
    document.add_heading("第一章 申请与谈话", 1)
    document.add_paragraph("第一条 入党申请书由本人手写，交所在党支部组织委员；组织委员当日登记收到日期。")
    document.add_paragraph("第二条 谈话由党支部书记或者组织委员进行，谈话记录一周内交学院党委存档。")
    document.add_heading("第二章 培养教育", 1)
    document.add_paragraph("第三条 入党积极分子每季度交一篇思想汇报，每篇不少于一千字，不得抄袭。")
    document.add_paragraph("第四条 入党积极分子每学年参加志愿服务不少于十六小时，由组织单位出具证明。")
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def from_nothing(browser: Browser) -> None:
    """Chapter 01: an empty installation becomes a working cohort."""
    with running("serve") as (address, said), window(browser, address, PHONE) as talk:
        code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", said)
        if code is None:
            raise SystemExit("No first code was printed.")
        talk.picture("gate")
        talk.page.get_by_label("邀请码").fill(code[0])
        talk.page.keyboard.press("Enter")
        expect(talk.page.locator("li.theirs")).to_have_count(1)
        talk.picture("notice")
        talk.press("同意")
        talk.file("学生名册.xlsx", roster())
        talk.picture("roster-preview")
        talk.press("确认导入", answered=False)
        talk.file("发展党员台账.xlsx", ledger())
        talk.picture("ledger-preview")
        talk.press("确认导入", answered=False)
        talk.file("学院实施办法.docx", rules())
        talk.picture("document-preview")
        talk.press("发布", answered=False)
        talk.say("志愿服务每学年要多少小时？")
        talk.picture("document-answered")
        talk.say("/invite")
        talk.press("本科生第二党支部")
        talk.picture("invite")
        _invitation_sheet(talk)
        talk.say("/step 20250305")
        talk.press("派人谈话")
        talk.press("今天")
        talk.press("跳过")
        talk.press("登记", answered=False)
        talk.picture("step-recorded")
        talk.say("/due")
        talk.picture("due")


def _invitation_sheet(talk: Talk) -> None:
    with talk.page.expect_download() as download:
        talk.page.get_by_role("link", name=re.compile("邀请码-")).last.click()
    page = talk.page.context.new_page()
    page.set_viewport_size({"width": 800, "height": 620})
    path = Path(tempfile.mkdtemp()) / "sheet.html"
    download.value.save_as(path)
    page.goto(path.as_uri())
    keep("invitation-sheet", page.screenshot())
    page.close()
    shutil.rmtree(path.parent)


def sample_people(browser: Browser) -> None:
    """The demo: what a student and an organiser see."""
    with running("demo", "--no-browser") as (address, _):
        with window(browser, address, DESK) as talk:
            talk.become("林晓雨")
            talk.say("预备期从哪天算起？")
            talk.say("/dates")
            talk.picture("page")
        with window(browser, address, PHONE) as talk:
            talk.become("周启明")
            _student(talk)
            talk.become("顾清扬")
            _organiser(talk)


def _student(talk: Talk) -> None:
    talk.say("/today")
    talk.picture("student-card")
    talk.say("/dates")
    talk.picture("student-dates")
    talk.press("约日子")
    talk.picture("talk-choose")
    talk.press("写日期", answered=False)
    talk.say((TODAY + timedelta(days=12)).isoformat())
    talk.press("提出", answered=False)
    talk.say("/progress")
    talk.picture("student-progress")
    talk.say("周五的党课在哪个教室上？")
    talk.picture("student-refusal")
    talk.press("转给组织员")
    talk.say("/record")
    talk.picture("student-record")
    talk.say("/mydata")
    talk.picture("student-mydata")


def _organiser(talk: Talk) -> None:
    talk.say("/due")
    talk.end()
    talk.picture("due-buttons")
    talk.say("/answer")
    talk.picture("organiser-answer")
    talk.say("/step 20240137")
    talk.press("支委会讨论拟列为发展对象")
    talk.press("今天")
    talk.picture("step-refused")
    talk.press("取消", answered=False)
    talk.say("/broadcast 周五下午三点，教三 201，党课。")
    talk.picture("broadcast")
    talk.press("发送", answered=False)
    talk.page.wait_for_timeout(5000)  # the message tells by itself how it goes
    talk.picture("broadcast-progress")
    talk.say("/export")
    talk.picture("export")
    talk.say("/audit")
    talk.picture("audit")


def main() -> None:
    """Make the pictures of the named stories, or of all."""
    stories = {"nothing": from_nothing, "samples": sample_people}
    wanted = sys.argv[1:] or list(stories)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("Chromium is not installed (Debian: apt-get install chromium).")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in wanted:
            stories[name](browser)
        browser.close()


if __name__ == "__main__":
    main()
