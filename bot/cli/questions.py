"""`questions`: the question banks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.desk import Desk, Json, Refused, desk_of, read_bytes
from bot.cli.help import PlainCommand, group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from content.banks import Problem


def commands() -> typer.Typer:
    """The group."""
    app = group("questions")
    app.command("import", cls=PlainCommand, help="cli.questions.import")(import_file)
    app.command("lint", cls=PlainCommand, help="cli.questions.lint")(lint)
    return app


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="cli.questions.import.file")],
    bank: Annotated[str | None, typer.Option("--bank", metavar="NAME", help="cli.questions.import.bank")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="cli.option.dry_run")] = False,
    json: Json = False,
) -> None:
    """Questions out of a file, into a bank."""
    desk = desk_of(context)
    summary = desk.run(_import(desk, file, bank, dry_run=dry_run, json=json))
    if summary["rejected"] and not summary["imported"] and not summary["duplicates"]:
        raise Refused


def lint(
    context: typer.Context,
    bank: Annotated[str, typer.Argument(metavar="BANK", help="cli.questions.lint.bank")],
    json: Json = False,
) -> None:
    """What looks wrong with a bank's questions."""
    desk = desk_of(context)
    desk.run(_lint(desk, bank, json=json))


async def _import(desk: Desk, file: Path, bank: str | None, *, dry_run: bool, json: bool) -> dict[str, Any]:
    from content.banks import BANK
    from content.questions import apply_import, plan_import
    from storage.sandbox import run_limited

    content = read_bytes(file)
    with desk.waiting("cli.reading"):
        read = await run_limited(BANK, content, file.name)
    async with desk.services() as services, services.database.write() as session:
        plan = await plan_import(session, read, bank=bank, today=services.clock.today())
        if plan.new and not dry_run:
            await apply_import(session, plan, added_by=None, now=services.clock.now())
    summary = plan.summary() | {
        "warnings": _worded(desk, [*plan.rejected, *plan.warnings, *plan.duplicates]),
        "bank": plan.bank,
    }
    _tell(desk, summary, "cli.questions.would" if dry_run else "cli.questions.done", json=json)
    return summary


async def _lint(desk: Desk, bank: str, *, json: bool) -> None:
    from content.questions import lint_bank, questions_of

    async with desk.services(only_read=True) as services, services.database.read() as session:
        questions = await questions_of(session, bank)
        found = await lint_bank(session, bank, today=services.clock.today())
    summary = {
        "imported": len(questions),
        "duplicates": 0,
        "rejected": 0,
        "warnings": _worded(desk, found),
        "bank": bank,
    }
    _tell(desk, summary, "cli.questions.linted", json=json)


def _worded(desk: Desk, problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"where": one.where, "problem": desk.notice(one.notice)} for one in problems]


def _tell(desk: Desk, summary: dict[str, Any], key: str, *, json: bool) -> None:
    if json:
        desk.show(summary)
        return
    for warning in summary["warnings"]:
        print(f"{warning['where']}  {warning['problem']}")
    desk.line(key, **{**summary, "warnings": len(summary["warnings"])})
