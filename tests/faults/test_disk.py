"""A disk without room and a folder that can only be read: one sentence, nothing half done, and on when it is mended."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database, sqlite_url
from tests.bot.command_line import Line
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.faults.child import process, serve
from tests.faults.shop import orders_of

__all__ = ["emulator"]
INVITE = ("roster", "invite", "--organiser", "林组织", "--branch", "电信学院学生第一党支部", "--json")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts disks of their own; skipped where the system does not let us."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        done = subprocess.run(["mount", *options.split(), "tmpfs", str(folder)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this system does not let us mount a small disk")
        return folder

    yield mount
    subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


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


@pytest.mark.parametrize("how", ["full", "limited"])
async def test_a_process_whose_disk_is_full_goes_on_when_there_is_room(
    how: str, new_sqlite: Callable[[], str], request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator
) -> None:
    url = new_sqlite()
    if how == "full":
        folder = request.getfixturevalue("mounted")("-t tmpfs -o size=8m")
        shutil.copy(tmp_path / url.rpartition("/")[2], folder / "small.db")
        url = sqlite_url(str(folder / "small.db"))
    mei = emulator.user("林小梅")
    _, there = multiprocessing.Pipe(duplex=False)
    child = process(serve, url, emulator.token, emulator.address, there)
    child.start()
    mei.says("tea")
    await mei.hears("number 1", 60)

    if how == "full":
        filler = fill(folder)
    else:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    for number in range(20):
        mei.says(f"cake {number} " + "with cream " * 300)
    with pytest.raises(TimeoutError):
        await mei.hears("number 21", 2)
    if how == "full":
        filler.unlink()
    else:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
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
    assert waymark("roster", "list", data=data).code == 0
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


@pytest.mark.parametrize(("language", "word"), [("en", "only be read"), ("zh_CN", "只能读取")])
def test_a_folder_that_can_only_be_read_stops_the_start_and_every_command_with_a_sentence(
    mounted: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    folder = mounted("-t tmpfs -o size=12m")
    waymark = Line(tmp_path, None, capsys)
    data = str(folder / "data")
    assert waymark("roster", "list", data=data).code == 0
    mounted("-o remount,ro")

    refused = waymark(*INVITE, data=data, language=language)
    start = waymark("serve", data=data, language=language, web_port="0")
    doctor = waymark("doctor", "--json", data=data)

    assert [one["state"] for one in doctor.objects if one["check"] == "disk"] == ["problem"]
    assert (refused.code, refused.out, start.code) == (1, "", 1)
    assert word in refused.err
    assert data in start.err
    assert refused.err.count("\n") == start.err.count("\n") == 1
