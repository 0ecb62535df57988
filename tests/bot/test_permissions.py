"""Who may do what: every command and every kind of button, by role and by branch. A new one must be added here."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from sqlalchemy import func, select

import bot
from bot.buttons.organiser import (
    AliasDeed,
    AliasPress,
    AnswerDeed,
    Audit,
    Book,
    Card,
    Deed,
    Due,
    EntryDeed,
    Exporting,
    Grant,
    Inquiring,
    Invite,
    Lacking,
    LibraryHints,
    MentorSays,
    NewOrganiser,
    Nudge,
    Numbers,
    OfEntry,
    People,
    PointDeed,
    Pointing,
    Retire,
    SendDeed,
    Sending,
    StepDeed,
    StepOf,
    Stepping,
    TalkOf,
    ToWhom,
    UndoDocument,
    Upload,
    Verify,
)
from bot.buttons.student import TalkAct
from bot.commands import COMMANDS
from bot.filters import Has, Joined
from bot.handlers import routers
from content.aliases import keep_aliases, own_aliases
from content.inquiries import pass_on
from content.library import add
from content.readers import read
from records.branches import ensure_branch
from records.people import Role
from records.tables import AccessRow, EntryRow, InvitationRow, RoleRow
from scheduler.tables import OutboxRow
from storage.database import Database
from tests.bot.student_house import StudentHouse, open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.emulator.person import Person as Chatting

__all__ = ["emulator"]

EVERYBODY = {"quiz", "ask", "courses", "discuss", "library", "settings", "mydata", "help", "privacy"}
STUDENTS = {"today", "dates", "progress", "record", "report"}
ORGANISERS = {"upload", "roster", "step", "broadcast", "answer", "stats", "export", "invite", "audit"}
STAFF = {"due"}

# Buttons that concern nobody but the presser; each room's own tests press them.
OWN = {
    "join", "src", "file", "use", "pass", "dates", "rem", "card", "quiz", "leaf", "shelf", "set", "mine", "rec", "rep",
    "think", "words", "cal", "sign", "talk", "analysed", "back",
}  # fmt: skip
# Buttons of organisers that name a subject: what an organiser of another branch must never reach.
SUBJECTS = {
    "undoc", "retire", "pcard", "role", "inv", "neworg", "stepof", "entry", "nudge", "mentor", "bc", "inq", "exp",
    "ros", "duepage", "stats", "verify", "alias", "point", "talkof",
}  # fmt: skip
# Buttons of a dialogue: they hold a `ref` that only the presser's own conversation knows.
DIALOGUES = {"up", "stp", "to", "lack"}
# Buttons whose answer depends on the presser alone.
SCOPED_BY_SELF = {"audit", "hints"}
LISTS = {"lib", "book"}  # the library is for everybody

REFUSED = ("没有这个命令", "不对您的角色开放")
NOT_YOURS = ("什么也没有改变", "不在您负责的范围", "失效", "名册里没有", "没有编号", "没有序号", "没有等待")


@dataclass
class Cast:
    """Everybody who tries."""

    stranger: Chatting
    student: Chatting
    mentor: Chatting
    organiser: Chatting
    elsewhere: Chatting
    admin: Chatting  # of that other branch too


def kinds_of_buttons() -> Iterator[type[CallbackData]]:
    """Every kind of callback data that the program knows."""
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if ".cli" not in module.name and "__main__" not in module.name:
            importlib.import_module(module.name)
    for kind in CallbackData.__subclasses__():
        if kind.__module__.startswith("bot."):
            yield kind


def test_every_command_and_every_kind_of_button_stands_in_the_matrix() -> None:
    assert {command.name for command in COMMANDS} == EVERYBODY | STUDENTS | ORGANISERS | STAFF
    found = [kind.__prefix__ for kind in kinds_of_buttons()]
    assert len(found) == len(set(found)), "two kinds of buttons have the same prefix"
    assert set(found) == OWN | SUBJECTS | DIALOGUES | SCOPED_BY_SELF | LISTS


def test_no_handler_takes_a_command_that_the_matrix_does_not_know_and_no_press_goes_unasked() -> None:
    taken, unasked = set(), []
    for router in every_router(routers()):
        for handler in router.message.handlers:
            filters = [one.callback for one in handler.filters or ()]
            taken |= {str(name) for one in filters if isinstance(one, Command) for name in one.commands}
        for handler in router.callback_query.handlers:
            filters = [one.callback for one in handler.filters or ()]
            if not any(isinstance(one, Joined | Has) for one in filters):
                unasked.append(handler.callback.__name__)

    assert taken == {command.name for command in COMMANDS} | {"start"}
    assert sorted(unasked) == ["on_consent", "on_press"]  # who joins cannot have joined; the last one changes nothing


def every_router(found: Iterable[Router]) -> Iterator[Router]:
    for router in found:
        yield router
        yield from every_router(router.sub_routers)


def test_the_menus_offer_what_the_roles_may_use() -> None:
    for command in COMMANDS:
        if command.name in EVERYBODY:
            assert command.roles == frozenset(Role)
        elif command.name in STUDENTS:
            assert command.roles == {Role.STUDENT}
        elif command.name in STAFF:
            assert command.roles == {Role.ORGANISER, Role.ADMIN, Role.MENTOR}
        else:
            assert command.roles == {Role.ORGANISER, Role.ADMIN}


async def cast(house: StudentHouse) -> Cast:
    student = await house.join("林晓雨", number="2026001")
    mentor = await house.join("陈老师", role=Role.MENTOR)
    organiser = await house.join("王书记", role=Role.ORGANISER)
    async with house.services.database.write() as session:
        committee = await ensure_branch(session, "示例大学党委")
        other = await ensure_branch(session, "学生第二党支部", parent=committee.id)
    home, house.branch = house.branch, other.id
    elsewhere = await house.join("赵书记", role=Role.ORGANISER)
    admin = await house.join("吴老师", role=Role.ADMIN)
    house.branch = home
    return Cast(house.emulator.user("路人"), student, mentor, organiser, elsewhere, admin)


async def test_every_command_is_open_to_its_roles_only(database: Database, emulator: Emulator) -> None:
    async with open_house(database, emulator) as house:
        people = await cast(house)
        for name in sorted(ORGANISERS | STAFF | STUDENTS):
            organises = name in ORGANISERS | STAFF
            allowed = {"student": name in STUDENTS, "mentor": name in STAFF, "organiser": organises, "admin": organises}
            for who, may in allowed.items():
                chatting: Chatting = getattr(people, who)
                chatting.says(f"/{name}")
                answer = (await chatting.hears("")).text
                assert any(text in answer for text in REFUSED) is not may, (name, who, answer)
            people.stranger.says(f"/{name}")
            assert "邀请码" in (await people.stranger.hears("")).text
    assert emulator.violations == []


# Commands that can name a person, whom an organiser of another branch must not reach.
NAMING = ("/roster 2026001", "/step 2026001 interview 2026-11-20", "/invite 2026001", "/export csv 2026001")


async def test_a_command_that_names_a_person_reaches_them_in_the_organisers_own_branches_only(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        people = await cast(house)
        await house.record("林晓雨", "application_received", "2026-10-01")

        for command in NAMING:
            before = await state_of(database)
            for who in (people.elsewhere, people.admin):
                who.says(command)
                answer = (await who.hears("")).text
                assert any(text in answer for text in NOT_YOURS), (command, answer)
            assert await state_of(database) == before
            people.organiser.says(command)
            answer = (await people.organiser.hears("")).text
            assert not any(text in answer for text in (*NOT_YOURS, *REFUSED)), (command, answer)
    assert emulator.violations == []


async def test_nobody_but_the_branchs_own_organisers_reaches_anything_by_a_button(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        people = await cast(house)
        await house.record("林晓雨", "application_received", "2026-10-01")
        subject, branch = house.people["林晓雨"], house.branch
        async with database.write() as session:
            text = "# 示例大学机房规定\n\n第一条　八时开放。\n第二条　离开时关机。\n"
            document = await add(
                session,
                read(text.encode(), "机房.md"),
                file_name="机房.md",
                content=text.encode(),
                added_by=house.people["王书记"].id,
                now=house.now,
                today=house.today,
            )
            await keep_aliases(session, ["小班"], ["班助"], added_by=house.people["王书记"].id, now=house.now)
            (alias,) = await own_aliases(session)
            asked = await pass_on(session, "钥匙找谁借", branch_id=branch, asked_by=subject.id, now=house.now)
        people.organiser.says("/broadcast 明天开会")
        people.organiser.presses("发送", await people.organiser.hears("通知预览"))
        progress = await people.organiser.hears("共 2 人")
        sent = progress.inline_rows[0][0]["callback_data"].split(":")[2]
        await house.quiet()
        presses: list[CallbackData] = [
            UndoDocument(document=document.id),
            Retire(document=document.id, sure=True),
            AliasPress(deed=AliasDeed.REMOVE, number=alias.id),
            Card(person=subject.id),
            Grant(person=subject.id, role="organiser", give=True, sure=True),
            Invite(branch=branch),
            Invite(person=subject.id),
            NewOrganiser(branch=branch),
            StepOf(person=subject.id),
            *(OfEntry(deed=deed, person=subject.id, entry=1) for deed in EntryDeed),
            Verify(person=subject.id),
            Verify(person=subject.id, entry=1),
            Nudge(person=subject.id, rule="T02", kind="due"),
            MentorSays(person=subject.id, step="interview"),
            *(TalkOf(act=act, person=subject.id, step="interview", value=20261125) for act in TalkAct),
            *(Sending(deed=deed, broadcast=sent) for deed in SendDeed),
            *(Inquiring(deed=deed, inquiry=asked[0].id, other=asked[0].id) for deed in AnswerDeed),
            *(Pointing(deed=deed, inquiry=asked[0].id, passage=1) for deed in PointDeed),
            Exporting(branch=branch, form="csv"),
            Exporting(person=subject.id, form="csv"),
            People(branch=branch),
            Due(branch=branch),
            Numbers(branch=branch),
            *(Upload(deed=deed, ref=1) for deed in Deed),
            *(Stepping(deed=deed, ref=1) for deed in StepDeed),
            ToWhom(ref=1, branch=branch),
            Lacking(ref=1, step="thought_report"),
        ]
        assert {press.__prefix__ for press in presses} >= SUBJECTS | DIALOGUES
        before = await state_of(database)

        for who in ("stranger", "student", "mentor", "elsewhere", "admin"):
            chatting: Chatting = getattr(people, who)
            for press in presses:
                answer = await pressed(house, chatting, press.pack())
                allowed = who == "mentor" and press.__prefix__ == "duepage"
                assert allowed or any(text in answer for text in NOT_YOURS), (who, press.pack(), answer)

        assert await state_of(database) == before
        for press in (Audit(part="looks"), LibraryHints()):
            assert "失效" in await pressed(house, people.student, press.pack())
        assert await pressed(house, people.student, Book(document=document.id).pack())
    assert emulator.violations == []


async def pressed(house: StudentHouse, chatting: Chatting, data: str) -> str:
    """What somebody is told who presses a forged button."""
    if not chatting.heard:
        chatting.says("/help")
        await chatting.hears("")
    known = len(chatting.heard)
    forged = {**chatting.last.raw, "reply_markup": {"inline_keyboard": [[{"text": "…", "callback_data": data}]]}}
    press = chatting.presses("…", replace(chatting.last, raw=forged))
    told = await asyncio.to_thread(press.waits_for_answer)
    await house.quiet()
    return told + " ".join(one.text for one in chatting.heard[known:])


async def state_of(database: Database) -> dict[str, int]:
    """How much there is of what a press could add."""
    counted = {}
    async with database.read() as session:
        for table in (EntryRow, InvitationRow, RoleRow, AccessRow):
            counted[table.__tablename__] = await session.scalar(select(func.count()).select_from(table)) or 0
        pushed = select(func.count()).select_from(OutboxRow).where(OutboxRow.kind != "reply")
        counted["outbox"] = await session.scalar(pushed) or 0
    return counted
