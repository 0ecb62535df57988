"""`roster`: who is here, and how they come in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import usage
from bot.cli.desk import Desk, Json, Refused, desk_of, read_bytes, write_bytes
from bot.cli.help import PlainCommand, group

if TYPE_CHECKING:
    from bot.deeds.importing import ListedOutcome
    from bot.first import Links
    from bot.services import Services
    from records.branches import Branch
    from records.invitations import Invited
    from records.people import Person
    from records.roster import ImportPlan, PlannedRow, Roster

READ = "records.roster:read_roster"
BRANCH = Annotated[str | None, typer.Option("--branch", metavar="B", help="cli.option.branch")]


def commands() -> typer.Typer:
    """The group."""
    app = group("roster")
    app.command("import", cls=PlainCommand, help="cli.roster.import")(import_file)
    app.command("list", cls=PlainCommand, help="cli.roster.list")(list_all)
    app.command("invite", cls=PlainCommand, help="cli.roster.invite")(invite)
    return app


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="cli.roster.import.file")],
    branch: BRANCH = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="cli.option.dry_run")] = False,
    json: Json = False,
) -> None:
    """People out of the school's own sheet."""
    desk = desk_of(context)
    plan = desk.run(_import(desk, file, branch, dry_run=dry_run, json=json))
    if plan.rows and all(row.problems for row in plan.rows):
        raise Refused


def list_all(context: typer.Context, branch: BRANCH = None, json: Json = False) -> None:
    """Everybody, or those of one branch and below."""
    desk = desk_of(context)
    desk.run(_list(desk, branch, json=json))


def invite(
    context: typer.Context,
    branch: Annotated[str | None, typer.Argument(metavar="BRANCH", help="cli.roster.invite.branch")] = None,
    organiser: Annotated[str | None, typer.Option(metavar="NAME", help="cli.roster.invite.organiser")] = None,
    of: BRANCH = None,
    sheet: Annotated[Path | None, typer.Option(metavar="PATH", help="cli.roster.invite.sheet")] = None,
    json: Json = False,
) -> None:
    """One-time codes for a branch, or for one organiser."""
    desk = desk_of(context)
    name = branch or of
    if name is None or (branch is not None and of is not None):
        raise usage.OneOf(choices="BRANCH, --branch")
    desk.run(_invite(desk, name, organiser, sheet, json=json))


async def _import(desk: Desk, file: Path, branch: str | None, *, dry_run: bool, json: bool) -> ImportPlan:
    from bot.deeds.importing import import_roster, plan_roster
    from records.branches import branch_by_name
    from storage.sandbox import run_limited

    content = read_bytes(file)
    with desk.waiting("cli.reading"):
        roster: Roster = await run_limited(READ, content, file.name)
    async with desk.services() as services, services.database.session() as session, session.begin() as transaction:
        default = await branch_by_name(session, branch) if branch else None
        plan = await plan_roster(session, roster, default_branch=default.id if default else None)
        told = (await import_roster(services, session, plan, imported_by=None)).told
        if dry_run:
            await transaction.rollback()
    for row in plan.rows:
        _tell_row(desk, row, [one for one in told if one.planned.listed.row_where == row.source.where], json=json)
    _tell_sum(desk, roster, plan, told, dry_run=dry_run, json=json)
    return plan


def _tell_row(desk: Desk, row: PlannedRow, told: list[ListedOutcome], *, json: bool) -> None:
    source = row.source
    errors = [desk.problem(problem) for problem in row.problems]
    refused = [(one.planned.listed.where, desk.words.plain_error(one.error)) for one in told if one.error]
    if json:
        desk.show(
            {
                "row": source.where,
                "status": row.status.value,
                "student_number": source.student_number,
                "name": source.name,
                "marks": [mark.code for one in told for mark in one.marks],
                "errors": errors + [f"{where}: {text}" for where, text in refused],
            }
        )
        return
    if not errors and row.status != "same":
        status = desk.words.plain(f"cli.roster.status.{row.status.value}")
        print(f"{source.where}  {status}  {source.student_number}  {source.name}")
    for where, text in [(source.where, error) for error in errors] + refused:
        desk.line("cli.row_rejected", row=where, text=text)


def _tell_sum(
    desk: Desk, roster: Roster, plan: ImportPlan, told: tuple[ListedOutcome, ...], *, dry_run: bool, json: bool
) -> None:
    from bot.views.listed import corrected, marked
    from records.roster import Status

    values: dict[str, Any] = {status.value: plan.count(status) for status in Status}
    if json:
        lists = {
            "new_branches": list(plan.new_branches),
            "unread": list(roster.unread),
            "left_out": list(roster.left_out),
        }
        desk.show({"summary": True, "dry_run": dry_run, **values, **lists})
        return
    desk.line("cli.roster.would" if dry_run else "cli.roster.done", **values)
    for text in corrected(told, desk.words):
        print(text)
    for text in marked(told, desk.words):
        desk.line("cli.steps.mark", text=text)
    if plan.new_branches:
        desk.line("cli.roster.new_branches", names="、".join(plan.new_branches))
    if roster.left_out:
        desk.line("cli.roster.left_out", names="、".join(roster.left_out))


async def _list(desk: Desk, branch: str | None, *, json: bool) -> None:
    from records.access import Looked, note_look
    from records.branches import all_branches, branch_by_name
    from records.people import accounts_of, people_of_branch

    async with desk.services(only_read=True) as services, services.database.write() as session:
        wanted = (await branch_by_name(session, branch)).id if branch else None
        people = await people_of_branch(session, wanted)
        names = {one.id: one.name for one in await all_branches(session)}
        joined = {person.id: bool(await accounts_of(session, person.id, blocked=True)) for person in people}
        await note_look(session, None, [person.id for person in people], Looked.ROSTER, now=services.clock.now())
    for person in people:
        _tell_person(desk, person, names[person.branch_id], joined=joined[person.id], json=json)
    if not json:
        desk.line("cli.roster.count", count=len(people))


def _tell_person(desk: Desk, person: Person, branch: str, *, joined: bool, json: bool) -> None:
    roles = sorted({role.value for role, _ in person.roles})
    on_track = "student" in roles
    if json:
        desk.show(
            {
                "student_number": person.student_number,
                "name": person.name,
                "branch": branch,
                "stage": person.stage if on_track else None,
                "roles": roles,
                "joined": joined,
            }
        )
        return
    words = desk.words
    stage = words.plain(f"stage.{person.stage}") if on_track else "—"
    what = "、".join(words.plain(f"cli.role.{role}") for role in roles)
    here = words.plain("cli.roster.joined" if joined else "cli.roster.not_joined")
    print("  ".join([person.student_number or "—", person.name, branch, what, stage, here]))


async def _invite(desk: Desk, name: str, organiser: str | None, sheet: Path | None, *, json: bool) -> None:
    from bot.first import invite_organiser, links
    from records.branches import branch_by_name
    from records.invitation_sheet import Slip, invitation_sheet
    from records.invitations import invite_branch

    async with desk.services() as services:
        async with services.database.write() as session:
            if organiser is None:
                branch = await branch_by_name(session, name)
                invited = await invite_branch(session, branch.id, now=services.clock.now())
            else:
                branch = await _branch_for_organiser(session, services, name)
                invited = [await invite_organiser(session, organiser, branch, services)]
        to = await links(services.settings)
    if sheet is not None:
        slips = [Slip(one, to.of(one.code)) for one in invited]
        language = desk.words.language.replace("_", "-")
        write_bytes(sheet, invitation_sheet(slips, desk.words.plain, branch=branch.name, language=language))
    for one in invited:
        _tell_invited(desk, one, to, json=json)
    if not json:
        _tell_end(desk, invited, sheet)


async def _branch_for_organiser(session: Any, services: Services, name: str) -> Branch:
    """The branch; made on a new installation, where the first organiser has to belong somewhere."""
    from records.branches import all_branches, branch_by_name, create_branch, kind_called

    known = await all_branches(session)
    if not known:
        return await create_branch(session, name, kind=kind_called(name))
    return await branch_by_name(session, name)


def _tell_invited(desk: Desk, invited: Invited, to: Links, *, json: bool) -> None:
    person = invited.person
    until = invited.expires_on.isoformat()
    if json:
        desk.show(
            {
                "student_number": person.student_number,
                "name": person.name,
                "code": invited.code,
                "link": to.of(invited.code),
                "expires": until,
            }
        )
    else:
        print("  ".join([person.student_number or "—", person.name, invited.code, to.of(invited.code), until]))


def _tell_end(desk: Desk, invited: list[Invited], sheet: Path | None) -> None:
    if not invited:
        desk.line("cli.roster.nobody_to_invite")
    if sheet is not None:
        desk.line("cli.roster.sheet", path=str(sheet))
