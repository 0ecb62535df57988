"""A disk without room and a folder that can only be read: one sentence, nothing half done, and on when it is mended."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_letters

import pytest
from starlette.requests import Request

from bot.metrics import Metrics
from scheduler.planner import note_planned
from storage.database import Database, sqlite_url
from tests.bot.command_line import Line
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.child import process, serve
from tests.faults.shop import orders_of
from tests.postgres import Cluster

__all__ = ["emulator"]
INVITE = ("roster", "invite", "--organiser", "林组织", "--branch", "电信学院学生第一党支部", "--json")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts disks of their own; skipped where the system does not let us."""
    disks: set[Path] = set()

    def mount(options: str, folder: Path = tmp_path / "disk") -> Path:
        folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *options.split(), "tmpfs", str(folder)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this system does not let us mount a small disk")
        disks.add(folder)
        return folder

    yield mount
    for folder in disks:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


@pytest.fixture
def cramped(mounted: Callable[..., Path], request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """A database of a real server, on a small disk of its own."""
    server: Cluster = request.getfixturevalue("postgres")
    folder = mounted("-t tmpfs -o size=24m", server.folder / "small")
    server.owns(folder)
    server.statement(f"CREATE TABLESPACE small LOCATION '{folder}'")
    server.statement("CREATE DATABASE cramped TEMPLATE blank TABLESPACE small")
    yield server.url("cramped"), folder
    server.statement("DROP DATABASE cramped WITH (FORCE)")
    server.statement("DROP TABLESPACE small")


def noise(number: int) -> str:
    """Three thousand letters that no database can make shorter."""
    return "".join(random.Random(number).choices(ascii_letters, k=3000))


def fill(folder: Path) -> Path:
    """Not a byte is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (64 * 1024, 512):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return filler


@pytest.fixture(params=["full", "limited", pytest.param("server", marks=pytest.mark.postgres)])
def database_on_a_disk(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path | None]:
    """Its address, and the folder that can be filled; None: the process itself is kept from making files longer."""
    if request.param == "server":
        cramped: tuple[str, Path] = request.getfixturevalue("cramped")
        return cramped
    url: str = request.getfixturevalue("new_sqlite")()
    if request.param == "limited":
        return url, None
    folder = request.getfixturevalue("mounted")("-t tmpfs -o size=8m")
    shutil.copy(tmp_path / url.rpartition("/")[2], folder / "small.db")
    return sqlite_url(str(folder / "small.db")), folder


async def test_a_process_whose_disk_is_full_goes_on_when_there_is_room(
    database_on_a_disk: tuple[str, Path | None], emulator: Emulator
) -> None:
    url, folder = database_on_a_disk
    mei = emulator.user("林小梅")
    _, there = multiprocessing.Pipe(duplex=False)
    child = process(serve, url, emulator.token, emulator.address, there)
    child.start()
    mei.says("tea")
    await mei.hears("number 1", 60)

    if folder is None:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    else:
        filler = fill(folder)
    for number in range(20):
        mei.says(f"cake {number} " + noise(number))
    with pytest.raises(TimeoutError):
        await mei.hears("number 21", 2)
    if folder is None:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        filler.unlink()
    await mei.hears("number 21", 60)

    child.terminate()
    await asyncio.to_thread(child.join, 60)
    assert child.exitcode == 0
    assert [seen.text for seen in mei.heard if seen.text.startswith("number")] == [f"number {n}" for n in range(1, 22)]
    database = Database(url)
    assert len(await orders_of(database, mei.id)) == 21
    await database.close()


def test_a_command_on_a_full_disk_says_so_and_has_done_nothing(
    mounted: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = mounted("-t tmpfs -o size=12m")
    waymark = Line(tmp_path, None, capsys)
    data = str(folder / "data")
    assert waymark("content", "list", data=data).code == 0
    filler = fill(folder)

    refused = waymark(*INVITE, data=data, language="en")
    filler.unlink()
    people = waymark("roster", "list", "--json", data=data)
    invited = waymark(*INVITE, data=data)

    assert (refused.code, refused.out) == (1, "")
    assert refused.err.count("\n") == 1
    assert "disk is full" in refused.err
    assert people.objects == []
    assert invited.object["name"] == "林组织"


@pytest.mark.parametrize(
    ("language", "nearly", "full"),
    [
        ("en", "pushes work, but the disk", "pushes do not work: the disk"),
        ("zh_CN", "推送正常，但磁盘", "推送不通：磁盘"),
    ],
)
def test_the_doctor_tells_a_disk_that_is_nearly_full_from_one_that_is(
    mounted: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    nearly: str,
    full: str,
) -> None:
    folder = mounted("-t tmpfs -o size=40m")
    waymark = Line(tmp_path, None, capsys)
    data = str(folder / "data")
    assert waymark("content", "list", data=data).code == 0
    asyncio.run(planned_just_now(folder / "data"))

    has_room = waymark("doctor", data=data, language=language)
    fill(folder)
    has_none = waymark("doctor", data=data, language=language)

    assert (has_room.code, has_none.code) == (1, 1)
    assert nearly in has_room.out.splitlines()[0]
    assert full in has_none.out.splitlines()[0]


async def test_who_asks_whether_more_would_be_kept_hears_no_while_the_disk_is_full(
    mounted: Callable[[str], Path], tmp_path: Path, new_sqlite: Callable[[], str]
) -> None:
    folder = mounted("-t tmpfs -o size=8m")
    shutil.copy(tmp_path / new_sqlite().rpartition("/")[2], folder / "small.db")
    database = Database(sqlite_url(str(folder / "small.db")))
    metrics = Metrics(database, {}, lambda: datetime.now(UTC), "")
    asked = Request({"type": "http"})

    with_room = await metrics.ready(asked)
    filler = fill(folder)
    without = await metrics.ready(asked)
    filler.unlink()
    again = await metrics.ready(asked)
    await database.close()

    assert [one.status_code for one in (with_room, without, again)] == [200, 503, 200]
    assert b"full" in bytes(without.body)


async def planned_just_now(data: Path) -> None:
    """As a process that serves notes each minute."""
    database = Database(sqlite_url(str(data / "waymark.db")))
    async with database.write() as session:
        await note_planned(session, now=datetime.now(UTC))
    await database.close()


@pytest.mark.postgres
@pytest.mark.parametrize(("language", "full"), [("en", "is full"), ("zh_CN", "满")])
def test_a_server_that_takes_nothing_is_told_by_the_doctor_and_by_every_command(
    cramped: tuple[str, Path],
    postgres: Cluster,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    full: str,
) -> None:
    url, folder = cramped
    waymark = Line(tmp_path, url, capsys)
    library = waymark("content", "list", "--json").objects
    handbook = tmp_path / "手册.md"
    handbook.write_text("\n\n".join(f"# 第{number}节\n\n{noise(number)}" for number in range(100)), encoding="utf-8")

    filler = fill(folder)
    told = waymark("doctor", language=language)
    refused = waymark("content", "add", handbook, language=language)
    filler.unlink()
    postgres.statement("ALTER DATABASE cramped SET default_transaction_read_only = on")
    only_read = waymark("doctor", "--json", language=language)
    read = waymark(*INVITE, language=language)
    postgres.statement("ALTER DATABASE cramped SET default_transaction_read_only = off")

    assert full in told.out
    found = {one["check"]: one for one in only_read.objects}
    assert (found["database"]["state"], found["pushes"]["state"]) == ("problem", "problem")
    assert (refused.code, read.code) == (1, 1)
    assert full in refused.err
    assert refused.err.count("\n") == read.err.count("\n") == 1
    assert waymark("content", "list", "--json").objects == library
    assert waymark(*INVITE).object["name"] == "林组织"


@pytest.mark.parametrize(("language", "word"), [("en", "only be read"), ("zh_CN", "只能读取")])
def test_a_folder_that_can_only_be_read_stops_the_start_and_every_command_with_a_sentence(
    mounted: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    folder = mounted("-t tmpfs -o size=12m")
    waymark = Line(tmp_path, None, capsys)
    data = str(folder / "data")
    assert waymark("content", "list", data=data).code == 0
    mounted("-o remount,ro")

    refused = waymark(*INVITE, data=data, language=language)
    start = waymark("serve", data=data, language=language, web_port="0")
    doctor = waymark("doctor", "--json", data=data)

    assert [one["state"] for one in doctor.objects if one["check"] == "disk"] == ["problem"]
    assert (refused.code, refused.out, start.code) == (1, "", 1)
    assert word in refused.err
    assert data in start.err
    assert refused.err.count("\n") == start.err.count("\n") == 1
