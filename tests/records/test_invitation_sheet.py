"""The sheet of invitations on paper, printed by a real Chromium."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader

from bot.words import Locales
from records.invitation_sheet import Slip, invitation_sheet
from records.invitations import Invited
from records.people import Person, PersonId

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LATE = datetime(2026, 12, 21, 17, 30, tzinfo=UTC)  # already the 22nd in China
LONG_NAME = "阿卜杜勒克里木·买买提江·艾尔肯·图尔逊·古丽娜孜"
LONG_BRANCH = "示例大学马克思主义理论与思想政治教育研究中心博士生第十一联合党支部"
PICTURES = os.environ.get("WAYMARK_TEST_PICTURES")
CUT_OFF = """() => [...document.querySelectorAll('.slip')].filter(slip => {
  const inside = slip.getBoundingClientRect();
  return [...slip.querySelectorAll('*')].some(part => part.getBoundingClientRect().bottom > inside.bottom - 4
    || part.getBoundingClientRect().right > inside.right);
}).length"""


@pytest.fixture
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_slip_is_cut_off_and_none_is_split_between_two_pages(browser: Browser, language: str) -> None:
    names = {3: LONG_NAME, 4: "Maximiliana Featherstonehaugh-Cholmondeley", 9: LONG_NAME * 3}
    slips = [_slip(number, names.get(number, "林一")) for number in range(1, 22)]
    page = browser.new_page(viewport={"width": 718, "height": 1000})  # 190 mm
    page.emulate_media(media="print")

    page.set_content(invitation_sheet(slips, Locales().words(language).plain, branch=LONG_BRANCH).decode())

    assert page.evaluate(CUT_OFF) == 0
    printed = page.pdf(prefer_css_page_size=True)
    _keep(f"invitations-{language}.pdf", printed)
    texts = ["".join((sheet.extract_text() or "").split()) for sheet in PdfReader(io.BytesIO(printed)).pages]
    assert len(texts) >= 3
    assert page.get_by_text(LONG_BRANCH).count() == 1
    for number in range(1, 22):
        (on,) = [text for text in texts if f"AAAAA-{number:05}" in text]
        assert f"2026{number:04}" in on
    ending = "请勿转借或拍照转发" if language == "zh_CN" else "donotpassiton"
    assert [len(re.findall(ending, text)) for text in texts] == [text.count("AAAAA-") for text in texts]


def test_a_code_is_good_until_the_day_that_people_in_china_read_on_their_calendar() -> None:
    invited = Invited(_slip(1, "林一").invited.person, "AAAAA-00001", LATE)

    page = invitation_sheet([Slip(invited, None)], Locales().words("zh_CN").plain).decode()

    assert invited.expires_on.isoformat() == "2026-12-22"
    assert "2026-12-22" in page


def _slip(number: int, name: str) -> Slip:
    person = Person(PersonId(number), f"2026{number:04}", name, 1, "applicant", False, frozenset())
    code = f"AAAAA-{number:05}"
    invited = Invited(person, code, NOON + timedelta(days=30))
    return Slip(invited, f"https://t.me/waymark_bot?start={code.replace('-', '')}")


def _keep(name: str, content: bytes) -> None:
    if PICTURES:
        (Path(PICTURES) / name).write_bytes(content)
