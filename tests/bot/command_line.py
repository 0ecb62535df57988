"""`waymark` as an operator runs it: in a process of its own, or, where many lines are tried, in this one."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.cli.app import main
from tests.daytime import noon_zone

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[Any]:
        """The JSON objects on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def object(self) -> Any:
        """The only JSON object on stdout."""
        (only,) = self.objects
        return only


def environment(folder: Path, url: str | None, **settings: str) -> dict[str, str]:
    """Ours without any setting of Waymark's, and then the test's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYMARK_")}
    own = {"WAYMARK_DATA": str(folder / "data"), "WAYMARK_TIMEZONE": noon_zone(), "PYTHONPATH": str(ROOT)}
    if url is not None:
        own["WAYMARK_DATABASE_URL"] = url
    return kept | own | {f"WAYMARK_{name.upper()}": value for name, value in settings.items()}


def waymark(folder: Path, url: str | None, *arguments: str | Path, **settings: str) -> Ran:
    """Run one command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        cwd=folder,
        env=environment(folder, url, **settings),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def serving(folder: Path, url: str | None, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A process that stays; killed when the block ends, if it has not ended itself."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", *arguments],
        cwd=folder,
        env=environment(folder, url, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def logging_restored() -> Iterator[None]:
    """Whatever a command run in this process does to logging ends with the block."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configured = structlog.get_config()
    try:
        yield
    finally:
        for handler in root.handlers:
            if handler not in handlers:
                handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**configured)


class Line:
    """Runs command lines in this process: the same way through `main`, without the second that a process costs."""

    def __init__(self, folder: Path, url: str | None, capture: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._url = url
        self._capture = capture

    def __call__(self, *arguments: str | Path, **settings: str) -> Ran:
        with pytest.MonkeyPatch.context() as patch, logging_restored():
            patch.chdir(self._folder)
            for name in list(os.environ):
                if name.startswith("WAYMARK_"):
                    patch.delenv(name)
            for name, value in environment(self._folder, self._url, **settings).items():
                patch.setenv(name, value)
            self._capture.readouterr()
            code = main([str(argument) for argument in arguments])
            said = self._capture.readouterr()
        return Ran(code, said.out, said.err)
