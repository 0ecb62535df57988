"""`records`: the development record as files, and whether it is unbroken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import usage
from bot.cli.deadlines import student_called
from bot.cli.desk import Desk, Json, Refused, desk_of, write_bytes
from bot.cli.help import PlainCommand, group

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.services import Services
    from records.people import Person

FORMATS = ("xlsx", "csv", "docx", "xapi", "ics", "json")


def commands() -> typer.Typer:
    """The group."""
    app = group("records")
    app.command("export", cls=PlainCommand, help="cli.records.export")(export)
    app.command("verify", cls=PlainCommand, help="cli.records.verify")(verify)
    return app


def export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="cli.records.export.format")],
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="cli.records.export.out")],
    student: Annotated[str | None, typer.Option("--student", metavar="N", help="cli.student")] = None,
    branch: Annotated[str | None, typer.Option("--branch", metavar="B", help="cli.option.branch")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="cli.records.export.since")] = None,
    json: Json = False,
) -> None:
    """What people took part in; each of them sees that it was exported."""
    desk = desk_of(context)
    usage.choice("--format", form, FORMATS)
    if student is not None and branch is not None:
        raise usage.OneOf(choices="--student, --branch")
    desk.run(_export(desk, form, out, student, branch, usage.day("--since", since), json=json))


def verify(context: typer.Context, json: Json = False) -> None:
    """Walk every chain of the ledger."""
    desk = desk_of(context)
    if not desk.run(_verify(desk, json=json)):
        raise Refused


async def _export(
    desk: Desk, form: str, out: Path, student: str | None, branch: str | None, since: date | None, *, json: bool
) -> None:
    from records.access import Looked, note_look
    from records.branches import branch_by_name
    from records.people import Role, people_of_branch

    async with desk.services(only_read=True) as services, services.database.write() as session:
        if student is not None:
            people = [await student_called(session, student)]
        else:
            everybody = await people_of_branch(session, (await branch_by_name(session, branch)).id if branch else None)
            people = [one for one in everybody if any(role is Role.STUDENT for role, _ in one.roles)]
        with desk.waiting("cli.records.exporting"):
            content, rows = await _content(desk, services, session, form, people, since)
        write_bytes(out, content)
        await note_look(session, None, [one.id for one in people], Looked.EXPORT, now=services.clock.now())
    if json:
        desk.show({"written": str(out), "rows": rows})
    else:
        desk.line("cli.records.exported", path=str(out), rows=rows, people=len(people))


async def _content(
    desk: Desk, services: Services, session: AsyncSession, form: str, people: list[Person], since: date | None
) -> tuple[bytes, int]:
    from records.growth import growth_of, subjects_of

    words, now, today = desk.words.plain, services.clock.now(), services.clock.today()
    if form == "ics":
        return await _calendar(desk, services, session, people)
    rows = await growth_of(session, [one.id for one in people], since=since)
    subjects = await subjects_of(session, people, today=today)
    return _writer(form, desk)(rows, subjects, words, now), len(rows)


def _writer(form: str, desk: Desk) -> Callable[..., bytes]:
    from functools import partial

    from records.exports.form import form as worksheet
    from records.exports.plain import plain
    from records.exports.table import table
    from records.exports.workbook import workbook
    from records.exports.xapi import HOME, xapi

    language = desk.words.language.replace("_", "-")
    home = desk.settings.web_origins[0] if desk.settings.web_origins else HOME
    statements = partial(xapi, language=language, home=home)
    writers: dict[str, Any] = {
        "xlsx": workbook,
        "csv": table,
        "docx": worksheet,
        "json": plain,
        "xapi": statements,
    }
    writer: Callable[..., bytes] = writers[form]
    return writer


async def _calendar(desk: Desk, services: Services, session: AsyncSession, people: list[Person]) -> tuple[bytes, int]:
    from records.exports.calendar import calendar
    from records.rules import deadlines
    from records.steps import facts_of_person

    today = services.clock.today()
    due = [
        (
            person,
            deadlines(
                services.track,
                await facts_of_person(session, person.id),
                today=today,
                calendar=services.calendar,
                readings=services.readings,
            ),
        )
        for person in people
    ]
    rows = sum(one.is_open for _, found in due for one in found)
    return calendar(due, desk.words.plain, services.clock.now()), rows


async def _verify(desk: Desk, *, json: bool) -> bool:
    from sqlalchemy import func, select

    from records.ledger import verify
    from records.people import PersonId, person_by_id
    from records.tables import EntryRow

    async with desk.services(only_read=True) as services, services.database.read() as session:
        with desk.waiting("cli.records.verifying"):
            broken = await verify(session)
        entries = await session.scalar(select(func.count()).select_from(EntryRow)) or 0
        people = await session.scalar(select(func.count(EntryRow.person_id.distinct()))) or 0
        person = await person_by_id(session, PersonId(broken.person)) if broken else None
    if broken is None:
        values: dict[str, Any] = {"people": people, "entries": entries}
        desk.show({"ok": True, **values}) if json else desk.line("cli.records.whole", **values)
        return True
    student = (person.student_number or person.name) if person else str(broken.person)
    values = {"student": student, "entry": broken.entry, "sequence": broken.sequence}
    if json:
        desk.show({"ok": False, "problem": broken.problem, **values})
    else:
        desk.line("cli.records.broken", problem=desk.words.plain(f"cli.records.{broken.problem}"), **values)
    return False
