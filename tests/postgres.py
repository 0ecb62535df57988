"""A throw-away PostgreSQL cluster on a loopback port, run as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


def server_binaries() -> Path | None:
    """The folder of initdb, pg_ctl and psql, newest version first; None where the server is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return folders[0].parent if folders else None


class Cluster:
    """Started with the first use of the session and removed with it; it does not wait for the disk."""

    durability = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
        self.folder = Path(tempfile.mkdtemp(prefix="waymark-postgres-"))
        self.owns(self.folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def start(self) -> None:
        """Create the cluster and wait until it answers."""
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "waymark", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.comes_back()

    def stop(self) -> None:
        """Stop at once and leave nothing behind."""
        self.goes()
        shutil.rmtree(self.folder, ignore_errors=True)

    def comes_back(self) -> None:
        """Start the server, as it was left, and wait until it answers."""
        data, log = str(self.folder / "data"), str(self.folder / "log")
        always = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
        self._run("pg_ctl", "-D", data, "-w", "-l", log, "-o", f"{always} {self.durability}", "start")

    def goes(self) -> None:
        """Stop the server at once, as a crash would."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def owns(self, folder: Path) -> None:
        """Let the server write there."""
        if self._user:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)

    def url(self, name: str) -> str:
        """The address of one database of the cluster."""
        return f"postgresql+asyncpg://waymark@127.0.0.1:{self.port}/{name}"

    def statement(self, sql: str) -> None:
        """Run one statement outside any transaction."""
        command = [str(self._binaries / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "waymark"]
        subprocess.run([*command, "-d", "postgres", "-q", "-c", sql], check=True, capture_output=True, timeout=60)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,  # a pipe would be held open by the server
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self.folder,
            timeout=120,
        )
