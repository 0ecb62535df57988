"""The real process, started by the command line as an operator starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

from tests.daytime import noon_zone, today

READY_SECONDS = 120
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+\S*")
SERVING = re.compile("已启动|http://127")
ROOT = Path(__file__).resolve().parents[2]


class Waymark:
    """One installation in a folder of its own; its process can be killed and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._zone = noon_zone()
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYMARK_")} | {
            "WAYMARK_DATA": str(folder / "data"),
            "WAYMARK_TIMEZONE": self._zone,
            "WAYMARK_WEB_PORT": "0",
            "WAYMARK_LOG_LEVEL": "info",
            "PYTHONUNBUFFERED": "1",
            **{f"WAYMARK_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._news = threading.Condition()

    @property
    def today(self) -> date:
        """The day at this school."""
        return today(self._zone)

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command to its end; the caller looks at its exit code and what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=self._environment,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, *arguments: str) -> str:
        """Start a command that serves; returns the web address once it is printed."""
        self._spawn(*(arguments or ("serve",)))
        match = ADDRESS.search(self.waits_for_line(ADDRESS))
        assert match is not None
        return match.group()

    def start_serving(self, command: str = "serve") -> None:
        """Start `serve` or `worker`; returns once the process says that it serves."""
        self._spawn(command)
        self.waits_for_line(SERVING)

    def waits_for_line(self, pattern: re.Pattern[str]) -> str:
        """The first line of its output that fits."""

        def found() -> str | None:
            return next((line for line in self._lines if pattern.search(line)), None)

        with self._news:
            self._news.wait_for(lambda: found() is not None or self._ended(), READY_SECONDS)
            line = found()
        assert line is not None, "no such line; it printed:\n" + self.output
        return line

    def kill(self) -> None:
        """As a power cut would end it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(30)

    def stop(self) -> int:
        """As systemd would end it; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def _spawn(self, *arguments: str) -> None:
        self._lines = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            env=self._environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    @property
    def output(self) -> str:
        """What it printed since its last start."""
        return "".join(self._lines)

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()
