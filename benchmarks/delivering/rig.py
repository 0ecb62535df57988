"""The rig: an emulated Telegram, databases and measured processes, each a process of its own."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.emulator.emulator import FIRST_USER_ID, TOKEN
from tests.postgres import Cluster

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
__all__ = ["FIRST_USER_ID", "TOKEN", "DurableCluster", "Process", "Telegram", "telegram"]


class Process:
    """A child that says `ready` and is then measured."""

    def __init__(self, module: str, *arguments: str, env: dict[str, str] | None = None) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        return self._child.poll() is not None

    def says(self, timeout: float = 120) -> str:
        """Its next line."""
        assert self._child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            if not selector.select(timeout):
                raise TimeoutError("the measured process says nothing")
        return self._child.stdout.readline().strip()

    def hears(self, line: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self, which: str = "VmRSS") -> float:
        """`VmRSS` now, `VmHWM` at most so far."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(which):
                return int(line.split()[1]) / 1024
        return 0.0

    def kill(self) -> None:
        """As a power cut would."""
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()

    def stop(self) -> None:
        if not self.has_ended:
            self._child.terminate()
            try:
                self._child.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class Telegram:
    """The emulator as a process, steered over HTTP."""

    def __init__(self, port: int, process: Process) -> None:
        self.process = process
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 (our own address)
            f"{self.address}/emulator/{path}", data, {"content-type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    def says(self, messages: Sequence[tuple[int, str]]) -> None:
        for at in range(0, len(messages), 500):
            self.ask("says", [{"user": user, "text": text} for user, text in messages[at : at + 500]])

    def fails(self, kind: str, **how: Any) -> None:
        self.ask("faults", {"kind": kind, "method": "sendMessage", "times": None, **how})

    def stats(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("stats")
        return answer

    def messages(self, since: int = 0) -> list[tuple[int, float, str]]:
        """Sent messages as (chat, moment, text), oldest first."""
        sent = self.ask(f"sent?since={since}")["sent"]
        return [(one["chat_id"], one["time"], str(one["params"].get("text"))) for one in sent if _is_message(one)]

    def waits_for(self, count: int, timeout: float, watched: Process | None = None) -> None:
        """Until so many messages were sent.

        Raises:
            TimeoutError: with the count so far.
        """
        ends = time.monotonic() + timeout
        while (so_far := self.stats()["requests"].get("sendMessage 200", 0)) < count:
            if time.monotonic() > ends or (watched is not None and watched.has_ended):
                raise TimeoutError(f"{so_far} of {count}")
            time.sleep(0.1)


def _is_message(effect: dict[str, Any]) -> bool:
    return bool(effect["method"] == "sendMessage")


@contextmanager
def telegram(users: int, *, limits: bool = False) -> Iterator[Telegram]:
    """An emulator with so many people."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--port", str(port), "--users", str(users), "--no-schema", *(["--limits"] if limits else [])]
    process = Process("tests.emulator", *arguments)
    try:
        process.says()
        yield Telegram(port, process)
    finally:
        process.kill()


class DurableCluster(Cluster):
    """A cluster that flushes to the disk like one in service."""

    durability = ""
