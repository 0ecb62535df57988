"""A file's reader may fail in any way without taking the process along."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage.errors import WaymarkError
from storage.sandbox import FileTooHeavy, FileTooSlow, FileUnreadable, ReaderFailed, run_limited
from tests.storage.hostile import Refused

HOSTILE = "tests.storage.hostile:"


async def test_a_well_behaved_function_gives_its_result() -> None:
    assert await run_limited(HOSTILE + "count", b"x" * 5_000_000) == 5_000_000


async def test_a_refusal_comes_back_as_itself_with_its_fields() -> None:
    with pytest.raises(Refused) as refusal:
        await run_limited(HOSTILE + "refuse", b"")

    assert str(refusal.value) == "Row 7 is refused."


@pytest.mark.parametrize("function", ["loop", "sleep"])
async def test_an_endless_function_is_ended_in_time(function: str) -> None:
    started = asyncio.get_running_loop().time()

    with pytest.raises(FileTooSlow):
        await run_limited(HOSTILE + function, b"", seconds=1)

    assert asyncio.get_running_loop().time() - started < 8


async def test_a_memory_bomb_meets_its_limit() -> None:
    with pytest.raises(FileTooHeavy):
        await run_limited(HOSTILE + "swell", b"", megabytes=200)


async def test_endless_recursion_is_refused() -> None:
    with pytest.raises(FileTooHeavy):
        await run_limited(HOSTILE + "dive", b"")


@pytest.mark.parametrize("function", ["leave", "crash", "stumble", "write", "bomb", "flood"])
async def test_a_sudden_end_is_one_clear_sentence(function: str) -> None:
    with pytest.raises(FileUnreadable) as refusal:
        await run_limited(HOSTILE + function, b"")

    assert isinstance(refusal.value, WaymarkError)
    assert "inner detail" not in str(refusal.value)


@pytest.mark.parametrize(
    ("function", "content", "cause"),
    [
        (HOSTILE + "lack", b"inner detail", "ModuleNotFoundError"),
        (HOSTILE + "misspell", b"", "NameError"),
        ("tests.storage.hostile:no_such_reader", b"", "AttributeError"),
        ("tests.storage.no_such_module:read", b"", "ModuleNotFoundError"),
        ("storage.files:make_folder", b"", "AttributeError"),  # called with what it cannot take
    ],
)
async def test_a_fault_of_ours_is_not_blamed_on_the_file_and_logged_once(
    function: str, content: bytes, cause: str
) -> None:
    with capture_logs() as lines, pytest.raises(ReaderFailed) as failure:
        await run_limited(function, content)

    assert "was not read" in str(failure.value)
    (line,) = lines
    assert (line["event"], line["function"], line["cause"]) == ("sandbox.reader_failed", function, cause)
    assert "inner detail" not in str(line)


async def test_a_child_that_cannot_even_start_is_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")

    with capture_logs() as lines, pytest.raises(ReaderFailed):
        await run_limited(HOSTILE + "count", b"")

    assert len(lines) == 1


async def test_what_a_library_prints_does_not_spoil_the_answer() -> None:
    assert await run_limited(HOSTILE + "chatter", b"") == "clean"


async def test_the_child_does_not_see_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYMARK_TELEGRAM_TOKEN", "42:secret")

    seen = await run_limited(HOSTILE + "environment", b"")

    assert not [name for name in seen if name.startswith("WAYMARK")]


async def test_nothing_of_ours_is_left_running() -> None:
    with pytest.raises(FileTooSlow):
        await run_limited(HOSTILE + "sleep", b"", seconds=0.2)

    assert _children_reading() == []


def _children_reading() -> list[Path]:
    own = Path("/proc/self").resolve().name
    return [
        path.parent
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"storage.sandboxed" in _content(path) and _parent(path.parent) == own
    ]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _parent(process: Path) -> str:
    try:
        return (process / "stat").read_text().rsplit(")", 1)[1].split()[1]
    except OSError:
        return ""
