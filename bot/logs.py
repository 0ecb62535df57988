"""The log: what happened and where, without tokens and without what people wrote."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from storage.errors import WaymarkError

LOG_BYTES = 5_000_000
LOG_FILES = 5
TOKEN = re.compile(
    r"\d{5,}:[A-Za-z0-9_-]{30,}"
)  # as @BotFather writes them; they stand in the addresses of the Bot API
FRAMES = 6
# Libraries that talk about every update, request or job, some of them with its contents.
QUIET = {
    "aiogram": logging.WARNING,
    "aiohttp": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "apscheduler": logging.WARNING,
    "asyncio": logging.WARNING,
    "faiss": logging.WARNING,
    "matplotlib": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "uvicorn": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,  # addresses of pages and of the people who opened them
    "websockets": logging.WARNING,
}


def log_path(data: Path | str) -> Path:
    """Where the log is kept."""
    return Path(data) / "waymark.log"


def set_up_logs(data: Path, level: str, *, secrets: Iterable[str] = (), echo: TextIO | None = None) -> None:
    """Send every log line, ours and the libraries', to the log file, and to `echo` as well (a service's stderr).

    Args:
        level: debug, info, warning or error; with debug every frame of an error is named.
        secrets: texts that must never be written, such as the token of the messenger.
    """
    clean = [_named_errors(level == "debug"), _masked([secret for secret in secrets if secret])]
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *clean,
    ]
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    for handler, renderer in _handlers(data, echo):
        chain = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=chain, foreign_pre_chain=before))
        root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _File(RotatingFileHandler):
    """The log file, made with the first line; where it cannot be written nobody is troubled with that."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the library's name)
        """A full disk must not end what is being logged."""

    def close(self) -> None:
        """Nor what ends: closing writes what is left."""
        with suppress(OSError):
            super().close()


def _handlers(data: Path, echo: TextIO | None) -> list[tuple[logging.Handler, Any]]:
    file = _File(log_path(data), maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True)
    handlers: list[tuple[logging.Handler, Any]] = [(file, structlog.processors.JSONRenderer(ensure_ascii=False))]
    if echo is not None:
        handlers.append((logging.StreamHandler(echo), structlog.dev.ConsoleRenderer(colors=echo.isatty())))
    return handlers


def _named_errors(in_full: bool) -> Any:
    """Exceptions as their kind and place: the words of an exception may be the words of a person."""

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        given = event.pop("exc_info", None)
        record = event.get("_record")
        if not given and record is not None:
            given, record.exc_info, record.exc_text = record.exc_info, None, None
        error = _exception(given)
        if error is None:
            return event
        if in_full:
            event["exception"] = frames_of(error)
            return event
        event["error"] = _kinds(error)
        event["at"] = _places(error)
        return event

    return process


def _exception(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


def frames_of(error: BaseException) -> str:
    """The whole way of an error and of what caused it, without its words."""
    told = [
        "".join(traceback.format_tb(one.__traceback__))
        + _name(one)
        + "".join(f"\n| {frames_of(inner)}" for inner in _inner(one))
        for one in _causes(error)
    ]
    return "Traceback:\n" + "\nbecause of\n".join(told)


def _kinds(error: BaseException) -> str:
    kinds = []
    for one in _causes(error):
        kinds.append(_name(one))
        if inner := _inner(one):
            kinds.append(f"({', '.join(_kinds(each) for each in inner)})")
    return " < ".join(kinds[:FRAMES])


def _name(error: BaseException) -> str:
    return str(error) if isinstance(error, WaymarkError) and not error.fields else type(error).__name__


def _inner(error: BaseException) -> Sequence[BaseException]:
    return error.exceptions[:FRAMES] if isinstance(error, BaseExceptionGroup) else ()


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _places(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " > ".join(f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in frames)


def _masked(secrets: list[str]) -> Any:
    def mask(value: Any) -> Any:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, "…")
            return TOKEN.sub("…", value)
        if isinstance(value, dict):
            return {name: mask(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [mask(item) for item in value]
        return value

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {name: value if name.startswith("_") else mask(value) for name, value in event.items()}

    return process
