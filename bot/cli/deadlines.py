"""`deadlines`: what is due for one student, when and why."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import usage
from bot.cli.desk import Desk, Json, desk_of
from bot.cli.help import PlainCommand

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from records.deadline import Deadline
    from records.people import Person


def add_to(app: typer.Typer) -> None:
    """Put the command into the root."""
    app.command("deadlines", cls=PlainCommand, help="cli.deadlines")(deadlines)


def deadlines(
    context: typer.Context,
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="cli.student")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="cli.deadlines.on")] = None,
    json: Json = False,
) -> None:
    """Every date of one student as of a day."""
    desk = desk_of(context)
    day = usage.day("--on", on)
    desk.run(_deadlines(desk, student, day, json=json))


async def _deadlines(desk: Desk, student: str, on: date | None, *, json: bool) -> None:
    from records.access import Looked, note_look
    from records.rules import deadlines
    from records.steps import facts_of_person

    async with desk.services(only_read=True) as services, services.database.write() as session:
        person = await student_called(session, student)
        facts = await facts_of_person(session, person.id)
        await note_look(session, None, [person.id], Looked.DATES, now=services.clock.now())
        today = on or services.clock.today()
        found = deadlines(services.track, facts, today=today, calendar=services.calendar, readings=services.readings)
    if json:
        desk.show_all(one.to_json() for one in found)
        return
    if not found:
        desk.line("cli.deadlines.none", name=person.name)
    for one in found:
        _tell(desk, one)


async def student_called(session: AsyncSession, who: str) -> Person:
    """The person with this student number, or the only one of this name.

    Raises:
        UnknownPerson, SeveralPeople.
    """
    from records.people import UnknownPerson, person_by_name, person_by_number

    try:
        return await person_by_number(session, who)
    except UnknownPerson:
        return await person_by_name(session, who)


def _tell(desk: Desk, one: Deadline) -> None:
    from records.deadline import notes

    words = desk.words
    desk.line(
        "cli.deadlines.line",
        due=one.due.isoformat(),
        step=words.plain(f"step.{one.step}"),
        kind=words.plain(f"cli.rule_kind.{one.kind}"),
        state=words.plain(f"cli.date_state.{one.state}"),
        rule=one.rule,
        article=words.plain("cli.article", article=one.article) if one.article else "",
        level=words.plain(f"level.{one.level}"),
        base=words.plain(f"step.{one.base_step}"),
        base_date=one.base_date.isoformat(),
        note="；".join(words.plain(note.key, value=note.value) for note in notes(one.note)),
    )
