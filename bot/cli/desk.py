"""The desk: what every command works at. Words, settings, the open house, and the two places to speak to."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar

import typer

from bot.words import Words
from storage.errors import WaymarkError

if TYPE_CHECKING:
    from bot.services import Services
    from bot.settings import Settings
    from content.notices import Notice
    from records.cells import Problem

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="cli.option.json")]


class FileMissing(WaymarkError):
    """The named file is not there or cannot be opened."""

    key = "cli.error.file_missing"
    sentence = "{path} cannot be opened: {reason}. Check the path."


class Refused(Exception):
    """What was asked for is refused and the reasons have been printed; the exit code is 1."""


class Desk:
    """Made once a process by `bot.cli.app`, handed to commands in the context."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.overrides: dict[str, Any] = {}  # settings that a command decides itself

    @cached_property
    def settings(self) -> Settings:
        """The operator's settings; logging begins with them.

        Raises:
            WrongSetting: a value cannot be used.
        """
        from bot.settings import load_settings

        settings = load_settings(**self.overrides)
        self._log(settings)
        return settings

    def begin_service(self) -> None:
        """A process that stays says on stderr as well what it writes to the log, and is careful with memory."""
        self._log(self.settings, echo=sys.stderr)
        from bot.lean import import_aiogram

        import_aiogram()

    def _log(self, settings: Settings, echo: TextIO | None = None) -> None:
        from bot.logs import set_up_logs

        set_up_logs(settings.data, settings.log_level, secrets=settings.secrets, echo=echo)

    @asynccontextmanager
    async def services(self, *, only_read: bool = False) -> AsyncIterator[Services]:
        """The house without doors, open for one command; `only_read`: where there is a database."""
        settings = self.settings  # before the house is imported, so that a wrong setting is told at once
        from bot.opening import open_services

        async with open_services(settings, only_read=only_read) as services:
            self.words = services.locales.words(self.words.language)  # they know the school's own names
            yield services

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the command's work to its end."""
        return asyncio.run(work)

    def line(self, key: str, **values: Any) -> None:
        """One sentence of the locales on stdout."""
        print(self.words.plain(key, **values))

    def show(self, value: Any) -> None:
        """One JSON object on a line of its own."""
        print(json.dumps(value, ensure_ascii=False, default=str))

    def show_all(self, values: Iterable[Any]) -> None:
        """JSON objects, one a line."""
        for value in values:
            self.show(value)

    def note(self, key: str, **values: Any) -> None:
        """One sentence on stderr that is no result."""
        print(self.words.plain(key, **values), file=sys.stderr)

    def complain(self, error: WaymarkError, *, path: str = "", more: str = "") -> None:
        """A refusal in one line on stderr; `more`: the key of what can be done besides."""
        text = " ".join([*self.words.plain_error(error).split(), *([self.words.plain(more)] if more else [])])
        print(f"{path}: {text}" if path else text, file=sys.stderr)

    def notice(self, notice: Notice) -> str:
        """A remark of the library or of a question bank in the operator's language."""
        return self.words.plain(notice.key, **notice.fields) if self.words.has(notice.key) else str(notice)

    def problem(self, problem: Problem) -> str:
        """What is wrong with a row or cell."""
        return self.words.plain(problem.key, **problem.values)

    @contextmanager
    def progress(self, key: str, total: int | None = None) -> Iterator[Any]:
        """A bar on a terminal; yields a function to call with the number of steps done."""
        if not sys.stderr.isatty():
            yield lambda _steps: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(self.words.plain(key), total=total)
            yield lambda steps: bar.update(task, advance=steps)

    def waiting(self, key: str) -> AbstractContextManager[Any]:
        """A spinner on a terminal while something takes its time."""
        if not sys.stderr.isatty():
            return nullcontext()
        from rich.console import Console

        return Console(stderr=True).status(self.words.plain(key))


def desk_of(context: typer.Context) -> Desk:
    """The desk of a command."""
    desk: Desk = context.obj
    return desk


def read_bytes(path: Path) -> bytes:
    """What is in the file.

    Raises:
        FileMissing: it is not there, is a folder, or may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise missing(path, error) from error


def missing(path: Path, error: OSError) -> FileMissing:
    """Our sentence for what the system says of a path."""
    return FileMissing(path=str(path), reason=error.strerror or type(error).__name__)


def write_bytes(path: Path, content: bytes) -> None:
    """A file that is there whole or not at all.

    Raises:
        CannotWrite: the place cannot be written to.
    """
    from storage.backup import CannotWrite

    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise CannotWrite(path=str(path), reason=error.strerror or type(error).__name__) from error
    finally:
        partial.unlink(missing_ok=True)
