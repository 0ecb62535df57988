"""The doctor says what is well, what is not, and what to do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.channels.listening import Hearing
from bot.clock import Clock
from bot.doctor import Finding, examine
from bot.opening import open_services
from bot.settings import Settings
from bot.tables import PARKED, InboxRow
from bot.verdict import BLEMISHES, STOPS
from bot.words import Locales
from records.invitations import ALARMING_FAILURES, check_code
from scheduler.outbox import Draft, Kind, enqueue
from scheduler.planner import note_planned
from storage.database import Database
from tests.bot.command_line import ROOT
from tests.bot.small_house import in_thread
from tests.emulator.emulator import Emulator
from tests.emulator.fixtures import emulator
from tests.postgres import Cluster

__all__ = ["emulator"]  # a fixture

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def _settings(tmp_path: Path, **values: object) -> Settings:
    return Settings(data=tmp_path / "data", _env_file=None, **values)  # type: ignore[arg-type]  # checked by pydantic


async def _findings(settings: Settings) -> dict[str, Finding]:
    return {finding.check: finding async for finding in examine(settings, Clock(settings.zone, lambda: NOW))}


def _said(found: dict[str, Finding]) -> dict[str, str]:
    return {check: finding.what for check, finding in found.items()}


async def test_before_the_first_start_nothing_is_made_and_it_says_what_to_do(tmp_path: Path) -> None:
    found = await _findings(_settings(tmp_path))

    assert _said(found) == {"settings": "ok", "disk": "ok", "database": "absent", "telegram": "absent"}
    assert not (tmp_path / "data").exists()


async def test_a_file_of_the_school_that_would_stop_the_start_is_told_with_its_line(tmp_path: Path) -> None:
    school = tmp_path / "school.yaml"
    school.write_text(
        """rules:
  - {id: school.x, kind: due, step: interview, base: [application_received], ofset: {months: 1}, level: school,
     effective: 2026-09-01}
""",
        encoding="utf-8",
    )

    found = await _findings(_settings(tmp_path, school_track=school))

    assert _said(found)["settings"] == "wrong"
    assert "ofset" in Locales().words("zh_CN").plain_error(found["settings"].values["error"])


async def test_a_house_in_order_and_one_with_troubles(tmp_path: Path, library_url: str) -> None:
    settings = _settings(tmp_path, database_url=library_url)
    async with open_services(settings, Clock(settings.zone, lambda: NOW)) as services:
        async with services.database.write() as session:
            await note_planned(session, now=NOW - timedelta(minutes=1))
        good = await _findings(settings)
        async with services.database.write() as session:
            late = NOW - timedelta(hours=1)
            await enqueue(session, [Draft("late", "web", 1, Kind.NOTICE, {}, late)], now=late)
            session.add(InboxRow(channel="web", update_id=1, lane="1", payload={}, received_at=NOW, state=PARKED))
            await note_planned(session, now=NOW - timedelta(hours=2))
            for guesser in range(ALARMING_FAILURES):
                await check_code(session, "K7Q2M-9XRTA", "web", guesser, now=NOW)
        bad = await _findings(settings)

    assert _said(good) == {
        "settings": "ok",
        "disk": "ok",
        "database": "ok",
        "library": "no_official",
        "index": "ok",
        "outbox": "ok",
        "inbox": "ok",
        "planner": "ok",
        "accounts": "ok",
        "codes": "ok",
        "telegram": "absent",
    }
    assert {check: _said(bad)[check] for check in ("outbox", "inbox", "planner", "codes")} == {
        "outbox": "late",
        "inbox": "parked",
        "planner": "late",
        "codes": "guessing",
    }


async def test_telegram_is_asked_who_the_bot_is(tmp_path: Path, emulator: Emulator) -> None:
    token, api = emulator.token, emulator.address

    known = await _findings(_settings(tmp_path, telegram_token=token, telegram_api=api))
    wrong = await _findings(_settings(tmp_path, telegram_token="999:" + "x" * 35, telegram_api=api))
    nowhere = await _findings(_settings(tmp_path, telegram_token=token, telegram_api="http://127.0.0.1:1"))

    assert known["telegram"].what == "ok"
    assert wrong["telegram"].what == "refused"
    assert nowhere["telegram"].what == "unreachable"


@pytest.fixture
async def kept(new_sqlite: Callable[[], str]) -> AsyncIterator[Database]:
    """An embedded database in order."""
    database = Database(new_sqlite())
    yield database
    await database.close()


async def test_an_empty_database_is_told_and_the_rest_is_looked_at_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "waymark.db").touch()

    found = await _findings(_settings(tmp_path))

    assert _said(found) == {"settings": "ok", "disk": "ok", "database": "empty", "telegram": "absent"}


@pytest.mark.postgres
async def test_so_is_one_that_was_only_just_made_on_a_server(tmp_path: Path, postgres: Cluster) -> None:
    postgres.statement("CREATE DATABASE untouched_yet")

    found = await _findings(_settings(tmp_path, database_url=postgres.url("untouched_yet")))
    postgres.statement("DROP DATABASE untouched_yet WITH (FORCE)")

    assert _said(found)["database"] == "empty"


async def test_a_database_that_takes_nothing_is_told_from_one_that_is_held(tmp_path: Path, kept: Database) -> None:
    path = kept.url.database
    only_read = await _findings(_settings(tmp_path, database_url=f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true"))
    async with kept.write() as session:
        await session.execute(text("SELECT 1"))
        held = await _findings(_settings(tmp_path, database_url=str(kept.url)))

    assert _said(only_read)["database"] == "file_rights"
    assert _said(held)["database"] == "locked"


async def test_a_database_of_a_newer_version_and_a_damaged_one_are_told(tmp_path: Path, kept: Database) -> None:
    settings = _settings(tmp_path, database_url=str(kept.url))
    async with kept.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer = await _findings(settings)
    await kept.close()
    await in_thread(lambda: Path(str(kept.url.database)).write_bytes(b"no database at all" * 100))
    damaged = await _findings(settings)

    assert _said(newer)["database"] == "newer"
    assert _said(damaged)["database"] == "damaged"


async def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    found = await _findings(_settings(tmp_path))

    assert _said(found) == {"settings": "ok", "disk": "no_folder", "telegram": "absent"}


def test_everything_that_can_be_found_has_a_sentence_in_both_languages() -> None:
    source = (ROOT / "bot" / "doctor.py").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:warning|problem)\("(\w+)", "(\w+)"', source))
    named |= {("pushes", said) for *_, said in (*STOPS, *BLEMISHES)} | {("listening", one.value) for one in Hearing}
    named |= {("webhook", what) for what in ("polled", "elsewhere", "foreign", "missing")}
    named |= {(check, "ok") for check in re.findall(r'ok\("(\w+)"', source)}

    assert len(named) > 20
    for language in ("zh_CN", "en"):
        words = Locales().words(language)
        assert not [pair for pair in sorted(named) if not words.has("doctor.{}.{}".format(*pair))]
