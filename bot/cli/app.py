"""`waymark`: puts the groups together, and turns whatever goes wrong into one sentence and an exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from typer.exceptions import TyperException

from bot.cli import aliases, ask, content, deadlines, maintenance, questions, records, roster, serve, steps, usage
from bot.cli.desk import Desk, Refused
from bot.cli.help import group
from bot.env_file import env_file
from bot.words import DEFAULT_LANGUAGE, Locales
from storage.errors import WaymarkError

DONE, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130
LANGUAGE = "WAYMARK_LANGUAGE"


def waymark() -> typer.Typer:
    """Every command of the house, in the order in which they are shown."""
    app = group()
    serve.add_to(app)
    ask.add_to(app)
    deadlines.add_to(app)
    for part in (content, aliases, roster, steps, questions, records):
        app.add_typer(part.commands())
    maintenance.add_to(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line. Returns 0 done, 1 refused, 2 not understood; never a traceback for a person's mistake."""
    locales = Locales(default=DEFAULT_LANGUAGE)
    desk = Desk(locales.words(os.environ.get(LANGUAGE)))
    command = typer.main.get_command(waymark())
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        desk.words = locales.words(_language())
        return _code(command.main(args=given, prog_name="waymark", standalone_mode=False, obj=desk))
    except usage.WrongUsage as error:
        return _say(desk, error, USAGE)
    except WaymarkError as error:
        return _say(desk, error, REFUSED)
    except Refused:
        return REFUSED
    except TyperException as error:
        return _say(desk, _understood(error), USAGE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has seen enough
        return DONE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        return _unexpected(desk, error)


def _language() -> str | None:
    """The operator's language, found without judging the other settings."""
    written = env_file().get(LANGUAGE)
    return os.environ.get(LANGUAGE) or written


def _code(result: Any) -> int:
    return result if isinstance(result, int) else DONE


def _say(desk: Desk, error: WaymarkError, code: int) -> int:
    print(" ".join(desk.words.plain_error(error).split()), file=sys.stderr)
    return code


def _understood(error: TyperException) -> WaymarkError:
    """Our sentence for what typer says of a command line; it tells its errors apart by classes without public names."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "waymark"
    match type(error).__name__:
        case "NoArgsIsHelpError":
            return usage.MissingValue(value="COMMAND", command=command)
        case "MissingParameter":
            param: Any = getattr(error, "param", None)
            name = param.opts[0] if param.param_type_name == "option" else None
            return usage.MissingValue(value=name or param.metavar or param.name, command=command)
        case "BadOptionUsage":
            return usage.MissingValue(value=getattr(error, "option_name", "?"), command=command)
        case "BadParameter":
            param = getattr(error, "param", None)
            return usage.BadValue(option=param.opts[0] if param is not None else "?", command=command)
        case "NoSuchOption":
            return usage.UnknownOption(value=getattr(error, "option_name", "?"), command=command)
        case "UsageError" if "command" in error.message.lower():
            named = re.search(r"'(.+?)'", error.message)  # its only place for what was typed
            if named is None:
                return usage.MissingValue(value="COMMAND", command=command)
            return usage.UnknownCommand(value=named[1], command=command)
    return usage.WrongUsage(problem=error.format_message().rstrip("."), command=command)


def _unexpected(desk: Desk, error: Exception) -> int:
    """One plain sentence and where the log is; the traceback goes there, and here only for who asked for it."""
    import structlog

    from bot.logs import frames_of, log_path
    from bot.trouble import told

    try:
        data = desk.settings.data
        trouble = told(error, data, embedded=not desk.settings.database_url)
        if trouble is not None:
            return _say(desk, trouble, REFUSED)
        structlog.get_logger(__name__).error("command.failed", exc_info=error)
    except WaymarkError:
        data = Path("data")
    print(desk.words.plain("cli.error.unexpected", kind=type(error).__name__, log=log_path(data)), file=sys.stderr)
    if os.environ.get("WAYMARK_LOG_LEVEL") == "debug":
        print(frames_of(error), file=sys.stderr)
    return REFUSED
