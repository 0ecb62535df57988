"""The processes that stay: how they start, that there is one of them, and how they end."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.first import await_first_organiser
from records.invitations import DEFAULT_VALID_DAYS
from storage.database import Database
from tests.bot.command_line import environment, serving, waymark
from tests.bot.student_house import open_house
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator

__all__ = ["emulator"]

STOPPED_WITHIN_SECONDS = 60  # ten for what is in flight, and the rest for a busy machine
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
CODE = re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b")


def _until_ready(process: subprocess.Popen[str]) -> str:
    """What it says until the address of the page is there."""
    assert process.stdout is not None
    said = ""
    while not ADDRESS.search(said):
        line = process.stdout.readline()
        assert line, said + (process.stderr.read() if process.stderr else "")
        said += line
    return said


def _stop(process: subprocess.Popen[str], number: signal.Signals) -> str:
    process.send_signal(number)
    _, err = process.communicate(timeout=STOPPED_WITHIN_SECONDS)
    return err


def _status(address: str) -> int:
    with urllib.request.urlopen(address, timeout=10) as page:  # noqa: S310 (our own page)
        status: int = page.status
        return status


@pytest.mark.parametrize(
    ("encoder", "sentence"),
    [
        (
            "./model",
            "检索模型文件夹 model 不能用（没有这个文件夹）。请恢复该文件夹，或者用 WAYMARK_ENCODER 指定别的模型。",
        ),
        (
            "BAAI/bge-small-zh-v1.5",
            "使用模型 BAAI/bge-small-zh-v1.5 需要安装 sentence-transformers：pip install 'waymark[encoder]'。"
            "也可以不设置 WAYMARK_ENCODER，使用自带模型。",
        ),
    ],
)
def test_a_model_that_cannot_be_there_stops_the_start_with_one_sentence(
    tmp_path: Path, encoder: str, sentence: str
) -> None:
    # as where the extra is not installed
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['sentence_transformers'] = None")
    given = environment(tmp_path, None, web_port="0", encoder=encoder)
    given["PYTHONPATH"] = os.pathsep.join([str(tmp_path), given["PYTHONPATH"]])

    command = [sys.executable, "-m", "bot", "serve"]
    started = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False)

    assert (started.returncode, started.stdout) == (1, "")
    assert started.stderr == sentence + "\n"


def test_the_first_start_shows_the_administrator_a_code_and_a_second_process_is_refused(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, None, "serve", web_port="0") as process:
        said = _until_ready(process)
        address = ADDRESS.search(said)
        second = waymark(tmp_path, None, "serve", web_port="0")
        other = waymark(tmp_path, None, "roster", "list", "--json")

        assert address is not None
        assert _status(address[0]) == 200
        assert CODE.search(said)
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0
        assert second.code == 1
        assert str(process.pid) in second.err
        assert other.code == 0
        assert other.object["roles"] == ["admin"]
        err = _stop(process, signal.SIGTERM)
        assert process.returncode == 0
        assert "Traceback" not in err

    with serving(tmp_path, None, "serve", web_port="0") as process:
        again = _until_ready(process)
        _stop(process, signal.SIGINT)
        assert process.returncode == 0
    (command,) = re.findall(r"waymark (roster invite .*)", again)
    anew = waymark(tmp_path, None, *shlex.split(command))
    assert not CODE.search(again)
    assert CODE.search(anew.out)


async def test_the_administrators_code_is_shown_once_and_holds_until_they_come_or_it_expires(
    database: Database, emulator: Emulator
) -> None:
    async with open_house(database, emulator) as house:
        first = await await_first_organiser(house.services)
        again = await await_first_organiser(house.services)
        house.later(hours=24 * DEFAULT_VALID_DAYS)
        late = await await_first_organiser(house.services)
        assert first is not None
        assert first.invited is not None
        assert again == replace(first, invited=None)
        assert late is not None
        assert late.invited is not None

        newcomer = emulator.user("管理员")
        newcomer.says(f"/start {first.invited.code}")
        await newcomer.hears("邀请码")
        newcomer.says(f"/start {late.invited.code}")
        newcomer.presses("同意", await newcomer.hears("告知书"))
        await newcomer.hears("欢迎")

        assert await await_first_organiser(house.services) is None


def test_the_demo_brings_its_people_and_keeps_away_from_real_ones(tmp_path: Path) -> None:
    with serving(tmp_path, None, "demo", "--no-browser", "--port", "0") as process:
        address = ADDRESS.search(_until_ready(process))
        assert address is not None
        assert _status(address[0]) == 200
        _stop(process, signal.SIGTERM)
        assert process.returncode == 0
    (tmp_path / "data" / "demo-since.txt").unlink()

    refused = waymark(tmp_path, None, "demo", "--no-browser", "--port", "0")
    verified = waymark(tmp_path, None, "records", "verify", "--json")

    assert refused.code == 1
    assert "WAYMARK_DATA" in refused.err
    assert verified.object["ok"] is True
    assert verified.object["people"] == 5


def test_a_page_that_cannot_be_opened_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        refused = waymark(tmp_path, None, "serve", web_port=port)

    assert refused.code == 1
    assert port in refused.err
    assert "Traceback" not in refused.err


def test_a_model_that_is_missing_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    ran = waymark(tmp_path, None, "serve", web_port="0", encoder=str(tmp_path / "absent"), language="en")

    assert ran.code == 1
    assert "The encoder folder absent can't be used" in ran.err
    assert "Traceback" not in ran.err


def test_a_worker_runs_beside_on_postgresql(tmp_path: Path, new_postgres: Callable[[], str]) -> None:
    with serving(tmp_path, new_postgres(), "worker") as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        _stop(process, signal.SIGTERM)
        assert process.returncode == 0


def test_waymark_is_installed_under_its_name(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("waymark")
    done = subprocess.run(
        [program, "nonsense"],
        env=environment(tmp_path, None),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "nonsense" in done.stderr
