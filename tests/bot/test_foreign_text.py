"""What people wrote is shown as they wrote it, whatever it looks like, in every message and on every button."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter

from sqlalchemy import update

from records.people import Role, assign_mentor
from records.tables import BranchRow
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator import Seen
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person as Chatting

__all__ = ["emulator"]

# Each has a sign of its own, in the middle: where that is shown, the whole must be.
STUDENT, ORGANISER, MENTOR = "<b>晓①&amp;</a>", "<i>王②</b>&lt;", "</b>陈③<a href='x'>"
BRANCH, TITLE, FILE = "<u>一支部④&", "<s>预约⑤</u>&amp;规定", "<img⑥>&.md"
ASKED, SAID, TALKER, BANK = "</blockquote>钥匙⑦<b>在哪&gt;", "<code>明天⑧</pre>&开会", "赵⑨<b>&", "<题⑩>&"
HOSTILE = (STUDENT, ORGANISER, MENTOR, BRANCH, TITLE, FILE, ASKED, SAID, TALKER, BANK)
SIGNS = re.compile("[①-⑩]")
RULES = f"# {TITLE}\n\n第一条　<b>八时</i>开放&nbsp;。\n第二条　离开时关机<br>。\n"
QUESTIONS = json.dumps(
    [{"question": ASKED, "options": ["<甲>&", "</b>乙"], "answer": "A", "explanation": "<丙&"}], ensure_ascii=False
)
STUDENTS_WALK = ("start", "dates", "progress", "record", "report", "courses", "discuss", "mydata", "privacy", "quiz")
ORGANISERS_WALK = ("roster", "answer", "due", "library", "invite", "step", "stats", "audit", "export", "upload")
PRESSES_OF_A_KIND = 2


def whole(text: str) -> bool:
    """Whether everything foreign in it stands as it was written."""
    return all(any(sign in one and one in text for one in HOSTILE) for sign in SIGNS.findall(text))


async def walk(house: StudentHouse, chatting: Chatting, *said: str) -> None:
    """Say everything, and press every kind of button that comes, as often as is telling."""
    pressed: Counter[str] = Counter()
    for text in said:
        chatting.says(text)
        await chatting.hears("")
        await house.quiet()
        while (press := _next(chatting, pressed)) is not None:
            seen, data = press
            pressed[_kind(data)] += 1
            await asyncio.to_thread(chatting.presses(data, seen).waits_for_answer)
            await house.quiet()


def _next(chatting: Chatting, pressed: Counter[str]) -> tuple[Seen, str] | None:
    for seen in reversed(chatting.heard):
        for button in (button for row in seen.inline_rows for button in row):
            data = button.get("callback_data", "")
            if data and not data.startswith("mine:really") and pressed[_kind(data)] < PRESSES_OF_A_KIND:
                return seen, data
    return None


def _kind(data: str) -> str:
    return re.sub(r"\d+", "", ":".join(data.split(":")[:2]))


async def test_what_people_wrote_is_shown_as_they_wrote_it_wherever_it_is_shown(
    library: Database, emulator: Emulator
) -> None:
    async with open_house(library, emulator) as house:
        async with library.write() as session:
            await session.execute(update(BranchRow).where(BranchRow.id == house.branch).values(name=BRANCH))
        student = await house.join(STUDENT, number="2026001")
        mentor = await house.join(MENTOR, role=Role.MENTOR)
        organiser = await house.join(ORGANISER, role=Role.ORGANISER)
        async with library.write() as session:
            people = house.people
            await assign_mentor(session, people[MENTOR].id, people[STUDENT].id, since=house.today)
        await house.record(STUDENT, "application_received", "2026-10-01")
        await house.record(STUDENT, "interview", "2026-10-20", by=TALKER)

        for file, name in ((RULES, FILE), (QUESTIONS, f"{BANK}.json")):
            organiser.sends_document(file.encode(), name)
            await organiser.hears(lambda seen: bool(seen.buttons))
            await walk(house, organiser, "/upload")
        await walk(house, student, f"/ask {ASKED}", *(f"/{name}" for name in STUDENTS_WALK))
        await walk(house, organiser, f"/broadcast {SAID}", *(f"/{name}" for name in ORGANISERS_WALK))
        await walk(house, mentor, "/due", "/help")
        await house.plan()
        await house.quiet()

    said = [one for one in emulator.sent if isinstance(one.result, dict)]
    marked = [one for one in said if one.params.get("text") or one.params.get("caption")]
    shown = [one.text for one in emulator.sent]
    labels = [
        button["text"]
        for one in said
        for row in one.result.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
    ]
    assert [text for text in (*shown, *labels) if not whole(text)] == []
    assert set(SIGNS.findall("".join(shown))) == set(SIGNS.findall("".join(HOSTILE)))
    assert [one.text for one in marked if one.params.get("parse_mode") != "HTML"] == []
    assert emulator.violations == []
