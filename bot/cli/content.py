"""`content`: what stands in the library."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bot.cli import usage
from bot.cli.desk import Desk, Json, Refused, desk_of, missing, read_bytes
from bot.cli.help import PlainCommand, group
from storage.errors import WaymarkError

if TYPE_CHECKING:
    from datetime import date

    from bot.services import Services
    from content.documents import Document
    from content.passages import Passage

READ = "content.readers:read"
SHOWN_CHARACTERS = 60
KINDS = ("official", "school")  # the other kinds of documents are our own
DOC = Annotated[str, typer.Argument(metavar="DOC", help="cli.content.doc")]


class Choices(NamedTuple):
    """What is said of documents that does not stand in them; None leaves it to the text."""

    stages: list[str] | None
    since: date | None
    replaces: str | None
    kind: str | None


def commands() -> typer.Typer:
    """The group."""
    app = group("content")
    app.command("add", cls=PlainCommand, help="cli.content.add")(add)
    app.command("list", cls=PlainCommand, help="cli.content.list")(list_all)
    app.command("show", cls=PlainCommand, help="cli.content.show")(show)
    app.command("retire", cls=PlainCommand, help="cli.content.retire")(retire)
    return app


def add(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="cli.content.add.paths")],
    stage: Annotated[list[str] | None, typer.Option("--stage", metavar="S", help="cli.content.add.stage")] = None,
    effective: Annotated[str | None, typer.Option(metavar="DATE", help="cli.content.add.effective")] = None,
    replaces: Annotated[str | None, typer.Option(metavar="DOC", help="cli.content.add.replaces")] = None,
    kind: Annotated[str | None, typer.Option(metavar="K", help="cli.content.add.kind")] = None,
    json: Json = False,
) -> None:
    """Read files and publish them; each is added whole or not at all."""
    desk = desk_of(context)
    since = usage.day("--effective", effective)
    if kind is not None:
        usage.choice("--kind", kind, KINDS)
    if not desk.run(_add(desk, paths, Choices(stage, since, replaces, kind), json=json)):
        raise Refused


def list_all(context: typer.Context, json: Json = False) -> None:
    """Every document."""
    desk = desk_of(context)
    desk.run(_list(desk, json=json))


def show(context: typer.Context, document: DOC, json: Json = False) -> None:
    """One document with its passages."""
    desk = desk_of(context)
    desk.run(_show(desk, document, json=json))


def retire(
    context: typer.Context,
    document: DOC,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="cli.content.retire.on")] = None,
    json: Json = False,
) -> None:
    """Take a document out of force."""
    desk = desk_of(context)
    day = usage.day("--on", on)
    desk.run(_retire(desk, document, day, json=json))


async def _add(desk: Desk, paths: list[Path], choices: Choices, *, json: bool) -> bool:
    from records.stages import Stage

    for stage in choices.stages or ():
        usage.choice("--stage", stage, list(Stage))
    whole = True
    async with desk.services() as services:
        for path in _files(paths):
            try:
                with desk.waiting("cli.content.add.reading"):
                    document = await _add_file(services, path, choices)
            except WaymarkError as error:
                whole = False
                desk.complain(error, path=str(path))
                continue
            _tell(desk, document, "cli.content.added", json=json)
    return whole


async def _add_file(services: Services, path: Path, choices: Choices) -> Document:
    from content import library
    from content.passages import DocumentKind
    from storage.sandbox import run_limited

    content = read_bytes(path)
    parsed = await run_limited(READ, content, path.name)
    async with services.database.write() as session:
        return await library.add(
            session,
            parsed,
            file_name=path.name,
            content=content,
            kind=DocumentKind(choices.kind) if choices.kind else None,
            stages=choices.stages or None,
            effective_from=choices.since,
            replaces=choices.replaces,
            added_by=None,
            now=services.clock.now(),
            today=services.clock.today(),
        )


def _files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named, by name; hidden ones are left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            try:
                inside = sorted(path.rglob("*"))
            except OSError as error:
                raise missing(path, error) from error
            found += [one for one in inside if one.is_file() and not one.name.startswith(".")]
        else:
            found.append(path)
    return found


async def _list(desk: Desk, *, json: bool) -> None:
    from content import library

    async with desk.services() as services, services.database.read() as session:
        for document in await library.documents(session):
            _tell(desk, document, "cli.content.line", json=json)


async def _show(desk: Desk, name: str, *, json: bool) -> None:
    from content import library

    async with desk.services() as services, services.database.read() as session:
        document = await library.find(session, name)
        passages = await library.passages_of(session, document.id)
    if json:
        desk.show(_json(desk, document) | {"contents": [_passage(passage) for passage in passages]})
        return
    _tell(desk, document, "cli.content.shown", json=False)
    for passage in passages:
        place = " · ".join([*passage.content.headings, *filter(None, [passage.content.article])])
        text = " ".join(passage.content.text.split())
        print(f"{passage.ordinal:>4}  {place}  {text[:SHOWN_CHARACTERS]}")


async def _retire(desk: Desk, name: str, on: date | None, *, json: bool) -> None:
    from content import library

    async with desk.services() as services, services.database.write() as session:
        document = await library.retire(session, name, on=on or services.clock.today())
    _tell(desk, document, "cli.content.retired", json=json)


def _tell(desk: Desk, document: Document, key: str, *, json: bool) -> None:
    values = _json(desk, document)
    if json:
        desk.show(values)
        return
    words = desk.words
    values["state"] = words.plain(f"cli.content.state.{document.state}")
    values["kind"] = words.plain(f"cli.content.kind.{document.kind.value}")
    values["until"] = values["until"] or "—"
    desk.line(key, **values)
    for warning in values["warnings"]:
        desk.line("cli.warning", text=warning)


def _json(desk: Desk, document: Document) -> dict[str, Any]:
    return {
        "document": document.id,
        "title": document.title,
        "version": document.version,
        "passages": document.passages,
        "articles": document.articles,
        "kind": document.kind.value,
        "warnings": [desk.notice(notice) for notice in document.notices],
        "state": document.state,
        "stages": list(document.stages),
        "effective": document.effective_from.isoformat(),
        "until": document.effective_until.isoformat() if document.effective_until else None,
        "file": document.file_name,
    }


def _passage(passage: Passage) -> dict[str, Any]:
    content = passage.content
    return {
        "ordinal": passage.ordinal,
        "headings": list(content.headings),
        "article": content.article,
        "page": content.page,
        "level": content.level.value,
        "text": content.text,
    }
