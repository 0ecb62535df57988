"""Four years, day by day: what the door was given is what an independent recomputation says, message for message."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from aiogram.methods import SendMessage

from bot.buttons.student import ReminderReply
from tests.simulation.house import ZONE, House
from tests.simulation.lives import DAYTIME, END, EVENING, NIGHT, START, Deed, lives
from tests.simulation.oracle import DAY, Due, Happened, Record, days_of, told

SCALE = "WAYMARK_SIMULATION"  # full: 200 students and four years
MORNING, NINE, NOON = time(7, 40), time(9, 0), time(12, 45)
QUIET = (time(22, 0), time(7, 30))
NAMES = {
    "interview": "派人谈话",
    "half_year_review": "半年考察",
    "activist_decided": "确定为入党积极分子",
    "candidate_decided": "支委会讨论拟列为发展对象",
    "candidate_listed": "列为发展对象",
    "pre_review_passed": "上级党委预审合格",
    "branch_meeting_admitted": "支部党员大会通过接收",
    "admission_approved": "上级党委审批接收",
    "oath_taken": "入党宣誓",
    "conversion_meeting": "支部党员大会讨论转正",
    "conversion_approved": "上级党委审批转正",
    "archived": "材料归档",
    "thought_report": "思想汇报",
    "probation_review": "预备期考察",
}
COVER = re.compile(r"^你有(一| \d+ )项待办\n\n<tg-spoiler>(.*)</tg-spoiler>$", re.DOTALL)
HEADLINE = re.compile(r"^(?:⏳|✅|🗓|⚠️) .*?(\d{4}-\d\d-\d\d).*$", re.MULTILINE)

Key = tuple[str, str, Due, int]  # recipient, student, date, days before
Item = tuple[str, str, date]  # student, step, date
Said = tuple[date, str, frozenset[Item] | int]


class Expected:
    """The oracle's own planner: what stands, what is to be told, and what was told."""

    def __init__(self, students: dict[str, int], quiet: dict[str, tuple[time, time]]) -> None:
        self.students, self.quiet = students, quiet
        self.facts: dict[str, list[Happened]] = {name: [] for name in students}
        self.told: set[Key] = set()
        self.waiting: set[Key] = set()  # their day has come and the process was down
        self.again: list[tuple[date, set[Key]]] = []
        self.letters: dict[str, set[Key]] = {}  # planned, not sent for quiet hours
        self.said: list[Said] = []
        self.notices: Counter[str] = Counter()
        self.number = 0

    def do(self, deed: Deed) -> None:
        self.number += 1
        facts = self.facts[deed.student]
        old = next((one for one in reversed(facts) if one.step == deed.step), None)
        if deed.does != "record" and old is not None:
            facts.remove(old)
        if deed.does != "withdraw":
            detail = deed.detail if deed.does == "record" or old is None else old.detail
            facts.append(Happened(self.number, deed.step, deed.on, detail))
        branch = self.students[deed.student]
        self.notices.update([deed.student, f"联系人{branch}"])

    def holds(self, key: Key, today: date) -> bool:
        """Whether it is still open, and still this person's to hear."""
        recipient, student, due, days = key
        record = Record(self.facts[student], today)
        return due in record.open() and recipient in self._told(student, due, days, record.paused)

    def _told(self, student: str, due: Due, days: int, paused: bool) -> set[str]:
        return told(due, days, paused, student, f"组织员{self.students[student]}", "党委")

    def nine(self, today: date) -> None:
        """It is nine o'clock: whose day is it?"""
        for student, facts in self.facts.items():
            if not facts:
                continue
            record = Record(facts, today)
            for due in record.open():
                days = days_of(due, today)
                if days is not None:
                    for recipient in self._told(student, due, days, record.paused):
                        self.waiting.add((recipient, student, due, days))
        self.waiting -= self.told

    def forget(self, today: date) -> None:
        """What was answered while the process was down is not told any more."""
        self.waiting = {key for key in self.waiting if self.holds(key, today)}

    def plan(self, today: date) -> None:
        """The process runs at nine or later: a letter to each, with all that waits for them."""
        back = [keys for day, keys in self.again if day <= today]
        self.again = [(day, keys) for day, keys in self.again if day > today]
        for key in self.waiting | {key for keys in back for key in keys}:
            if self.holds(key, today):
                self.letters.setdefault(key[0], set()).add(key)
                self.told.add(key)
        self.waiting = set()

    def send(self, today: date, moment: time) -> None:
        """What was planned goes to everybody who does not rest now."""
        for name in list(self.letters):
            since, until = self.quiet.get(name, QUIET)
            rests = since <= moment < until if since < until else moment >= since or moment < until
            if not rests:
                keys = self.letters.pop(name)
                items = frozenset((key[1], NAMES[key[2].step], key[2].due) for key in keys if self.holds(key, today))
                if items:
                    self.said.append((today, name, items))


def read(house: House, sent_at: datetime, message: SendMessage) -> Said | None:
    """What a letter of reminders says, or None for another message; nothing may show on a locked screen."""
    match = COVER.match(str(message.text))
    if match is None:
        return None
    name = house.names[int(message.chat_id)]
    count = 1 if match[1] == "一" else int(match[1])
    if count > 10:
        return sent_at.astimezone(ZONE).date(), name, count
    items: set[Item] = set()
    about = name
    for line in match[2].split("\n"):
        if named := re.match(r"^<b>(学生\d+)</b>（", line):
            about = named[1]
        elif headline := HEADLINE.match(line):
            step = next(step for step in sorted(NAMES.values(), key=len, reverse=True) if step in line)
            items.add((about, step, date.fromisoformat(headline[1])))
    assert len(items) == count, message.text
    return sent_at.astimezone(ZONE).date(), name, frozenset(items)


async def walk(url: str, folder: Path, count: int, days: int, seed: int) -> tuple[House, Expected, Counter[str]]:
    """The same deeds through the program and past the oracle, with restarts and an outage now and then."""
    chance = random.Random(seed)
    deeds, kinds = lives(count, seed)
    students = {f"学生{n:03}": n % max(1, count // 12) + 1 for n in range(count)}
    quiet = {name: (time(8, 0), time(12, 30)) for name in students if chance.random() < 0.1}
    quiet |= {name: (time(20, 0), time(10, 0)) for name in students if chance.random() < 0.1}
    house, expected, seen = House(url, folder), Expected(students, quiet), Counter[str]()
    seen.update(kinds)
    await house.settle_in(students, quiet)
    by_day: dict[tuple[date, time], list[Deed]] = {}
    for deed in deeds:
        by_day.setdefault((deed.day, deed.at), []).append(deed)
    down_until = START
    for today in (START + number * DAY for number in range(days)):
        if today > down_until and chance.random() < 0.004:
            down_until = today + timedelta(days=chance.randint(1, 3))
        down = today <= down_until
        seen["days down"] += down
        if not down:
            house.at(today, time(3, 20))
            await house.night()
        for moment in (MORNING, NINE, DAYTIME, NOON, EVENING, NIGHT):
            house.at(today, moment)
            if moment == NINE:
                expected.nine(today)
            for deed in by_day.get((today, moment), ()):
                await house.do(deed, f"组织员{students[deed.student]}")
                expected.do(deed)
                expected.forget(today)
            if down:
                continue
            if moment in (NINE, NOON):
                await house.tick()
                expected.plan(today)
            falls = chance.random() < 0.01
            seen["restarts"] += falls
            before = len(house.door.kept)
            await house.deliver(dies_after=chance.randint(0, 3) if falls else None)
            expected.send(today, moment)
            if chance.random() < 0.05:
                seen["snoozed"] += await _snooze_one(house, expected, before, today)
    await house.database.close()
    return house, expected, seen


async def _snooze_one(house: House, expected: Expected, before: int, today: date) -> int:
    """Somebody presses 「明天再提醒」 below a letter that has just come."""
    for _, message in house.door.kept[before:]:
        name = house.names[int(message.chat_id)]
        keys = {key for key in expected.told if key[0] == name and expected.holds(key, today)}
        if not COVER.match(str(message.text)) or message.reply_markup is None:
            continue
        said = expected.said[-1 - [one[1] for one in reversed(expected.said)].index(name)]
        keys = {key for key in keys if (key[1], NAMES[key[2].step], key[2].due) in said[2]}
        buttons = message.reply_markup.inline_keyboard[0]
        planned_at = ReminderReply.unpack(str(buttons[0].callback_data)).planned_at
        until = datetime.combine(today + DAY, NINE, ZONE).astimezone(UTC)
        moved = await house.snooze(name, planned_at, until)
        latest = {(key[1], key[2]): min(k[3] for k in keys if k[1:3] == key[1:3]) for key in keys}
        expected.again.append((today + DAY, {key for key in keys if latest[key[1], key[2]] == key[3]}))
        return moved
    return 0


@pytest.fixture(params=[("sqlite", 12, 300)], ids=["sqlite"])
def world(request: pytest.FixtureRequest) -> tuple[str, int, int]:
    """The address of a database, how many students, how many days."""
    kind, count, days = request.param
    make: Callable[[], str] = request.getfixturevalue(f"new_{kind}")
    return (make(), 200, (END - START).days + 1) if os.environ.get(SCALE) == "full" else (make(), count, days)


async def test_the_door_and_the_oracle_agree_on_every_message(world: tuple[str, int, int], tmp_path: Path) -> None:
    url, count, days = world

    house, expected, seen = await walk(url, tmp_path, count, days, seed=20260301)

    got: list[Said] = []
    notices: Counter[str] = Counter()
    for sent_at, message in house.door.kept:
        local = sent_at.astimezone(ZONE)
        name = house.names[int(message.chat_id)]
        since, until = expected.quiet.get(name, QUIET)
        moment = local.time()
        assert not (since <= moment < until if since < until else moment >= since or moment < until), "quiet hours"
        said = read(house, sent_at, message)
        if said is None:
            notices[name] += 1
        else:
            got.append(said)
    wanted = [(day, name, len(what) if len(what) > 10 else what) for day, name, what in expected.said]
    once = Counter((day, name) for day, name, _ in got)
    assert [one for one, times in once.items() if times > 1] == []
    missing, surplus = Counter(wanted) - Counter(got), Counter(got) - Counter(wanted)
    assert (sorted(missing, key=str)[:5], sorted(surplus, key=str)[:5]) == ([], [])
    assert len(got) > 5 * count
    assert seen["restarts"]
    late = set(expected.notices - notices)
    assert (expected.notices - notices).total() <= 3 * len(late)  # those of the last night are still to come
    assert not notices - expected.notices
