"""What the door was given, read as its receiver reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aiogram.methods import SendMessage

from tests.simulation.expected import LETTER, Item, Moment

NAMES = {
    "派人谈话": "interview",
    "半年考察": "half_year_review",
    "确定为入党积极分子": "activist_decided",
    "支委会讨论拟列为发展对象": "candidate_decided",
    "列为发展对象": "candidate_listed",
    "上级党委预审合格": "pre_review_passed",
    "支部党员大会通过接收": "branch_meeting_admitted",
    "上级党委审批接收": "admission_approved",
    "入党宣誓": "oath_taken",
    "支部党员大会讨论转正": "conversion_meeting",
    "上级党委审批转正": "conversion_approved",
    "材料归档": "archived",
    "上级党委派人谈话": "committee_interview",
    "思想汇报": "thought_report",
    "预备期考察": "probation_review",
}
SHOWN_AT_MOST = 10
COVER = re.compile(r"^你有(一| \d+ )项待办\n\n<tg-spoiler>(.*)</tg-spoiler>$", re.DOTALL)
HEADLINE = re.compile(r"^(?:⏳|✅|🗓|⚠️|🤝) .*?(\d{4}-\d\d-\d\d).*$")
SORTS = {"有一项待您核实": "confirm", "有一个日子请您答复": "asks", "您约的日子有答复了": "tells"}
ABOUT = re.compile(r"^<b>(学生\d+)</b>（")


class Message(NamedTuple):
    """`items` of a letter of reminders, of which it says that there are `count`; None of any other message."""

    at: Moment
    name: str
    sort: str
    items: frozenset[Item] | None
    count: int
    buttons: list[str]


def read(sent_at: datetime, method: SendMessage, names: Mapping[int, str], zone: ZoneInfo) -> Message:
    """Everything a letter of reminders says is under its cover: nothing of it may show on a locked screen."""
    local = sent_at.astimezone(zone)
    at, name = (local.date(), local.time()), names[int(method.chat_id)]
    match = COVER.match(str(method.text))
    rows = getattr(method.reply_markup, "inline_keyboard", [])
    buttons = [str(button.callback_data) for row in rows for button in row]
    if match is None:
        return Message(at, name, SORTS.get(str(method.text).split("\n")[0], "notice"), None, 0, buttons)
    items: list[Item] = []
    about = name
    for line in match[2].split("\n"):
        if named := ABOUT.match(line):
            about = named[1]
        elif headline := HEADLINE.match(line):
            step = next(one for one in sorted(NAMES, key=len, reverse=True) if one in line)
            items.append(Item(about, NAMES[step], date.fromisoformat(headline[1])))
        elif "双方约定；" in line:
            items[-1] = items[-1]._replace(agreed=True)
    count = 1 if match[1] == "一" else int(match[1])
    assert len(set(items)) == min(count, SHOWN_AT_MOST), method.text
    return Message(at, name, LETTER, frozenset(items), count, buttons)
