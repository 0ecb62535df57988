"""`backup`, `restore`, `doctor`: what an operator does with an installation as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.cli.desk import Desk, FileMissing, Json, Refused, desk_of
from bot.cli.help import PlainCommand
from storage.errors import WaymarkError

if TYPE_CHECKING:
    from bot.doctor import Finding
    from storage.backup import Backup


def add_to(app: typer.Typer) -> None:
    """Put the three commands into the root."""
    app.command("backup", cls=PlainCommand, help="cli.backup")(backup)
    app.command("restore", cls=PlainCommand, help="cli.restore")(restore)
    app.command("doctor", cls=PlainCommand, help="cli.doctor")(doctor)


def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="cli.backup.path")],
    json: Json = False,
) -> None:
    """Everything in the database, in one file."""
    desk = desk_of(context)
    made = desk.run(_backup(desk, path))
    _report(desk, made, "cli.backup.done", json=json)


def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="cli.restore.path")],
    json: Json = False,
) -> None:
    """A backup, read into an empty database."""
    desk = desk_of(context)
    if not path.is_file():
        raise FileMissing(path=str(path), reason=desk.words.plain("cli.error.no_such_file"))
    read = desk.run(_restore(desk, path))
    _report(desk, read, "cli.restore.done", json=json)


def doctor(context: typer.Context, json: Json = False) -> None:
    """How every part of the house is, and what to do."""
    desk = desk_of(context)
    healthy = desk.run(_doctor(desk, json=json))
    if not healthy:
        raise Refused


def _within(path: Path, local: datetime) -> Path:
    """A folder gets a new file, named for the moment."""
    return path / f"waymark-{local:%Y%m%d-%H%M%S}.zip" if path.is_dir() else path


async def _backup(desk: Desk, path: Path) -> Backup:
    from bot.database import require_database, told_plainly
    from bot.schema import metadata
    from bot.version import version
    from storage import backup
    from storage.database import Database

    settings = desk.settings
    now = datetime.now(UTC)
    path = _within(path, now.astimezone(settings.zone))
    database = Database(settings.database)
    try:
        with told_plainly(database, settings):
            await require_database(database)
        with desk.progress("cli.backup.working") as advance:
            return await backup.backup(database, path, metadata(), now=now, version=version(), progress=advance)
    finally:
        await database.close()


async def _restore(desk: Desk, path: Path) -> Backup:
    from bot.lock import sole_process
    from bot.schema import metadata
    from storage import backup
    from storage.database import Database

    settings = desk.settings
    with sole_process(settings.data):
        database = Database(settings.database)
        try:
            with desk.progress("cli.restore.working") as advance:
                return await backup.restore(database, path, metadata(), progress=advance)
        finally:
            await database.close()


def _report(desk: Desk, backup: Backup, key: str, *, json: bool) -> None:
    values: dict[str, Any] = {
        "path": str(backup.path),
        "tables": len(backup.tables),
        "rows": backup.rows,
        "bytes": backup.size,
        "revision": backup.revision,
        "made_at": backup.made_at.isoformat(),
    }
    if json:
        desk.show(values)
    else:
        desk.line(key, **values, megabytes=f"{backup.size / 1e6:.1f}")


async def _doctor(desk: Desk, *, json: bool) -> bool:
    from bot.clock import Clock
    from bot.doctor import Health, examine, problem
    from bot.verdict import verdict

    zone = ZoneInfo("UTC")
    try:
        zone = desk.settings.zone
        findings = [finding async for finding in examine(desk.settings, Clock(zone))]
    except WaymarkError as error:
        findings = [problem("settings", "wrong", error=error)]
    findings.insert(0, verdict(findings, zone))
    for finding in findings:
        _tell(desk, finding, json=json)
    return all(finding.state is not Health.PROBLEM for finding in findings)


def _tell(desk: Desk, finding: Finding, *, json: bool) -> None:
    words = desk.words
    values = {
        name: words.plain_error(value) if isinstance(value, WaymarkError) else value
        for name, value in finding.values.items()
    }
    text = words.plain(finding.key, **values)
    if json:
        numbers = {name: value for name, value in values.items() if isinstance(value, int | float)}
        desk.show({"check": finding.check, "state": finding.state.value, "text": text, "values": numbers})
    else:
        print(f"{words.plain(f'doctor.{finding.state.value}')}  {text}")
