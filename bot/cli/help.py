"""Help pages in the operator's language: decorators name keys of the locales, which are looked up when shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from bot.words import Words

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter  # typer gives its own bases no public name


class Page:
    """Writes usage, description, arguments, options and commands; mixed into both kinds of command."""

    def format_help(self: Any, ctx: Context, formatter: HelpFormatter) -> None:
        """The whole page."""
        words: Words = ctx.obj.words
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=words.plain("cli.help.usage") + " ")
        if self.help:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(words.plain(self.help))
        records: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                name = record[0] if param.param_type_name == "option" else param.metavar or record[0]
                records[param.param_type_name].append((name, _help(param, words)))
        _section(formatter, words.plain("cli.help.arguments"), records["argument"])
        _section(formatter, words.plain("cli.help.options"), records["option"])
        commands: dict[str, Command] = getattr(self, "commands", {})
        shown = [(name, words.plain(command.help or "")) for name, command in commands.items() if not command.hidden]
        _section(formatter, words.plain("cli.help.commands"), shown)


class PlainCommand(Page, TyperCommand):
    """A command with our help page."""


class PlainGroup(Page, TyperGroup):
    """A group of commands with our help page."""


def group(name: str | None = None) -> typer.Typer:
    """An empty group; its help is `cli.<name>`."""
    return typer.Typer(
        name=name,
        cls=PlainGroup,
        help=f"cli.{name or 'waymark'}",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def _help(param: Any, words: Words) -> str:
    key = "cli.option.help" if param.name == "help" else getattr(param, "help", None)
    text = words.plain(key) if key else ""
    return f"{text} {words.plain('cli.help.required')}".strip() if param.required else text


def _section(formatter: HelpFormatter, title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)
