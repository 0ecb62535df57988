"""`aliases`: what people write for what the texts call otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.desk import Desk, Json, desk_of
from bot.cli.help import PlainCommand, group

if TYPE_CHECKING:
    from content.aliases import Alias

SAID = Annotated[str, typer.Argument(metavar="SAID", help="cli.aliases.said")]
MEANT = Annotated[str, typer.Argument(metavar="MEANT", help="cli.aliases.meant")]


def commands() -> typer.Typer:
    """The group."""
    app = group("aliases")
    app.command("add", cls=PlainCommand, help="cli.aliases.add")(add)
    app.command("list", cls=PlainCommand, help="cli.aliases.list")(list_all)
    app.command("remove", cls=PlainCommand, help="cli.aliases.remove")(remove)
    return app


def add(context: typer.Context, said: SAID, meant: MEANT, json: Json = False) -> None:
    """Understand one word as another from now on."""
    desk = desk_of(context)
    desk.run(_add(desk, said, meant, json=json))


def list_all(context: typer.Context, json: Json = False) -> None:
    """Those that organisers added."""
    desk = desk_of(context)
    desk.run(_list(desk, json=json))


def remove(context: typer.Context, said: SAID, json: Json = False) -> None:
    """Understand it no longer."""
    desk = desk_of(context)
    desk.run(_remove(desk, said, json=json))


async def _add(desk: Desk, said: str, meant: str, *, json: bool) -> None:
    from bot.deeds.aliases import teach
    from content.aliases import find_aliases

    async with desk.services() as services, services.database.write() as session:
        await teach(session, [said.strip()], [meant.strip()], added_by=None, clock=services.clock)
        _tell(desk, await find_aliases(session, said.strip()), json=json)


async def _list(desk: Desk, *, json: bool) -> None:
    from content.aliases import own_aliases

    async with desk.services(only_read=True) as services, services.database.read() as session:
        _tell(desk, await own_aliases(session), json=json)


async def _remove(desk: Desk, said: str, *, json: bool) -> None:
    from content.aliases import drop_aliases, find_aliases

    async with desk.services() as services, services.database.write() as session:
        found = await find_aliases(session, said)
        await drop_aliases(session, found)
    _tell(desk, found, json=json)


def _tell(desk: Desk, aliases: list[Alias], *, json: bool) -> None:
    for one in aliases:
        if json:
            desk.show({"said": one.said, "meant": one.meant})
        else:
            print(f"{one.said} → {one.meant}")
