"""Whatever people send, the process stays up, and a refusal is a sentence in their language."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from content.readers import FILE, ParsedDocument
from storage.errors import WaymarkError
from storage.sandbox import FileTooHeavy, FileTooSlow, FileUnreadable, run_limited

SECONDS, MEGABYTES = 8, 500
AT_ONCE = 2
LOCALES = Path(__file__).resolve().parents[2] / "bot" / "locales"


@pytest.fixture(scope="module")
def files(shared: Path) -> list[tuple[str, bytes]]:
    """Encrypted, truncated, self-containing, empty and wrongly named files."""
    folder = shared / "files"
    index = [json.loads(line) for line in (folder / "INDEX.jsonl").read_text("utf-8").splitlines()]
    return [(entry["path"], (folder / entry["path"]).read_bytes()) for entry in index]


@pytest.fixture(scope="module")
def known_keys() -> set[str]:
    """The sentences that exist in Chinese."""
    keys: set[str] = set()
    for path in (LOCALES / "zh_CN").glob("*.po"):
        with path.open("rb") as file:
            keys |= {str(message.id) for message in read_po(file) if message.id and message.string}
    return keys


async def test_no_file_crashes_hangs_or_swells_and_every_refusal_has_a_sentence(
    files: list[tuple[str, bytes]], known_keys: set[str]
) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def outcome(name: str, content: bytes) -> ParsedDocument | WaymarkError:
        async with gate:
            try:
                return await run_limited(FILE, content, name, seconds=SECONDS, megabytes=MEGABYTES)
            except WaymarkError as refusal:
                return refusal

    outcomes = await asyncio.gather(*(outcome(name, content) for name, content in files))

    assert len(outcomes) > 200
    beyond = [name for (name, _), found in zip(files, outcomes, strict=True) if isinstance(found, _BEYOND)]
    assert beyond == []
    unspoken = {found.key for found in outcomes if isinstance(found, WaymarkError)} - known_keys
    assert unspoken == set()
    assert sum(isinstance(found, ParsedDocument) and bool(found.passages) for found in outcomes) > 90


_BEYOND = (FileTooSlow, FileTooHeavy, FileUnreadable)
