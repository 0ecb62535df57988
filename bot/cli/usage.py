"""How a command line was typed wrongly; each is told in one sentence and ends with exit code 2."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from storage.errors import WaymarkError


class WrongUsage(WaymarkError):
    """The command line itself cannot be understood."""

    key = "cli.error.usage"
    sentence = "The command line is not understood: {problem}. See {command} --help."


class NotADate(WrongUsage):
    """A value that should be a day."""

    key = "cli.error.date"
    sentence = "{option} is {value!r}, which is not a date. Write year-month-day, as in 2026-11-22."


class NotAChoice(WrongUsage):
    """A value that is none of those allowed."""

    key = "cli.error.choice"
    sentence = "{option} is {value!r}; it can be one of: {allowed}."


class NotADetail(WrongUsage):
    """A detail that is not KEY=VALUE."""

    key = "cli.error.detail"
    sentence = "--detail is {value!r}; write KEY=VALUE, as in present_count=12."


class UnknownCommand(WrongUsage):
    """There is no such command."""

    key = "cli.error.unknown_command"
    sentence = "There is no command {value}. {command} --help lists them."


class UnknownOption(WrongUsage):
    """There is no such option."""

    key = "cli.error.unknown_option"
    sentence = "There is no option {value}. {command} --help lists them."


class MissingValue(WrongUsage):
    """Something that the command needs was left out."""

    key = "cli.error.missing"
    sentence = "{value} is missing. {command} --help shows how the command is written."


class BadValue(WrongUsage):
    """A value of the wrong kind, such as a word for a number."""

    key = "cli.error.bad_value"
    sentence = "The value of {option} cannot be used. {command} --help shows what is expected."


class OneOf(WrongUsage):
    """Exactly one of several ways of asking is needed."""

    key = "cli.error.one_of"
    sentence = "Give exactly one of: {choices}."


def day(option: str, value: str | None) -> date | None:
    """The date that was typed, or None where none was.

    Raises:
        NotADate: only 2026-11-22 is understood.
    """
    if value is None:
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise NotADate(option=option, value=value) from error


def choice(option: str, value: str, allowed: Iterable[str]) -> str:
    """The value, if it is allowed.

    Raises:
        NotAChoice: names what is.
    """
    known = list(allowed)
    if value not in known:
        raise NotAChoice(option=option, value=value, allowed=", ".join(known))
    return value


def details(pairs: Iterable[str]) -> dict[str, str]:
    """KEY=VALUE pairs; of a key given twice the last holds.

    Raises:
        NotADetail: a pair without `=` or without a key.
    """
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise NotADetail(value=pair)
        found[key.strip()] = value.strip()
    return found
