"""What a newcomer does in the browser after `make demo`, in a real Chromium, against the real process."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.journeys.cohort import PATIENCE, SCHOOL_RULE
from tests.journeys.running import Waymark

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PICTURES = os.environ.get("WAYMARK_TEST_PICTURES")  # a folder, for whoever wants to look


@pytest.fixture
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@pytest.fixture
def waymark(tmp_path: Path) -> Iterator[Waymark]:
    """The demo, to be started as the command line starts it."""
    waymark = Waymark(tmp_path)
    yield waymark
    waymark.kill()
    print(waymark.output)  # shown by pytest where the test fails


class Visitor:
    """Somebody at the page, who can be each of the sample people."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.goto(address)
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def becomes(self, name: str) -> None:
        """Choose one of the people at the top."""
        self.page.evaluate("document.querySelectorAll('#messages li').forEach(one => one.dataset.old = 1)")
        self.page.click("#switch-button")
        self.page.locator("#switch-list [role=option]", has_text=name).click()
        self.page.locator("#switch-button", has_text=name).wait_for()
        expect(self.page.locator("#messages li[data-old]")).to_have_count(0, timeout=PATIENCE * 1000)

    def says(self, text: str, wish: str) -> Locator:
        """Say something and wait for a new message of the bot's in which `wish` stands."""
        before = self.page.locator("li.theirs").count()
        self.page.fill("#text", text)
        self.page.click("#send")
        return self.hears(wish, since=before)

    def hears(self, wish: str, *, since: int) -> Locator:
        """A message with `wish` in it, once there are more than `since`."""
        answer = self.page.locator(f"li.theirs:nth-of-type(n) >> nth={since}")
        answer.wait_for()
        found = self.page.locator("li.theirs", has_text=wish).last
        found.wait_for()
        return found

    def presses(self, label: str) -> None:
        """The newest button of that label."""
        self.page.get_by_role("button", name=re.compile(label)).last.click()

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"newcomer-{name}.png")


@pytest.mark.parametrize("width", [360, 1200])
def test_a_newcomer_sees_the_whole_main_job(browser: Browser, waymark: Waymark, tmp_path: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai")
    visitor = Visitor(page, waymark.start("demo", "--no-browser"))

    # As a student: today's card, a question answered with the article, the dates with their reasons.
    visitor.becomes("林晓雨")
    visitor.says("/today", "已读")
    visitor.picture("card")
    visitor.says("积极分子要培养多久才能定为发展对象", "一年以上")
    visitor.picture("answer")
    dates = visitor.says("/dates", "第十三条")
    assert "可以入党" not in dates.inner_text()
    assert "学校要求第五条、第十条：每季度递交一份思想汇报" in dates.inner_text()
    assert {round(box["height"]) for box in map(Locator.bounding_box, dates.locator(".date").all()) if box} == {
        round((dates.locator(".date").first.bounding_box() or {})["height"])
    }  # none is broken at its hyphens
    visitor.picture("dates")
    visitor.says("/settings", "我的设置")
    visitor.presses("English")
    page.locator("#switch-button", has_text="Student").wait_for()
    visitor.presses("中文")
    page.locator("#switch-button", has_text="学生").wait_for()

    # As the organiser: a file that is answerable a moment later, a step that changes the student's dates, an export.
    visitor.becomes("顾清扬")
    rule = tmp_path / "补充规定.md"
    rule.write_text(SCHOOL_RULE, encoding="utf-8")
    before = page.locator("li.theirs").count()
    page.set_input_files("#file", rule)
    page.click("#send")
    visitor.hears("补充规定", since=before)
    visitor.picture("preview")
    visitor.presses("发布")
    page.locator("li.theirs", has_text="已发布").last.wait_for()

    day = waymark.today - timedelta(days=1)
    visitor.says(f"/step 20240137 半年考察 {day.isoformat()}", "登记")
    visitor.presses("^登记$")
    page.locator("li.theirs", has_text="已登记").last.wait_for()
    visitor.picture("step")

    message = visitor.says("/export csv", ".csv")
    with page.expect_download() as download:
        message.locator("a[download]").click()
    written = Path(download.value.path()).read_bytes()
    rows = list(csv.reader(written.decode("utf-8-sig").splitlines()))
    assert written.startswith(b"\xef\xbb\xbf")
    assert any("20240137" in cell for row in rows for cell in row)

    # The student is told, and the new file answers.
    visitor.becomes("林晓雨")
    covered = page.locator("li.theirs .spoiler", has_text="半年").last
    covered.wait_for()
    assert covered.evaluate("covered => getComputedStyle(covered, '::before').content") == '"点按显示"'
    answer = visitor.says("思想汇报要手写吗", "材料学院发展党员工作补充规定")
    assert "思想汇报应当手写，由培养联系人阅后签字，交组织委员存档。" in answer.inner_text()
    visitor.picture("school-rule")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visitor.complaints == []
