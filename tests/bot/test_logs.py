"""What the log holds, and what it never does."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.logs import log_path, set_up_logs
from tests.bot.command_line import logging_restored

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
WRITTEN = "我想问一下我的政审结果"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    with logging_restored():
        yield


def _lines(folder: Path) -> list[Any]:
    return [json.loads(line) for line in log_path(folder).read_text(encoding="utf-8").splitlines()]


def _fail() -> None:
    raise ValueError(WRITTEN)


def test_an_error_is_named_with_its_place_but_not_with_the_words_in_it(tmp_path: Path) -> None:
    set_up_logs(tmp_path, "info")

    for log in (structlog.get_logger("ours").error, logging.getLogger("theirs").error):
        try:
            _fail()
        except ValueError:
            log("it.failed", exc_info=True)

    for line in _lines(tmp_path):
        assert line["error"] == "ValueError"
        assert "_fail" in line["at"]
    assert WRITTEN not in log_path(tmp_path).read_text(encoding="utf-8")


def test_a_token_is_masked_wherever_it_stands(tmp_path: Path) -> None:
    set_up_logs(tmp_path, "info", secrets=("postgres-password",))

    structlog.get_logger("ours").info("asked", address=f"https://api.telegram.org/bot{TOKEN}/getMe", parts=[TOKEN])
    logging.getLogger("theirs").warning("GET /bot%s/getUpdates by %s", TOKEN, "postgres-password")

    text = log_path(tmp_path).read_text(encoding="utf-8")
    assert len(_lines(tmp_path)) == 2
    assert TOKEN not in text
    assert "postgres-password" not in text


def test_libraries_that_repeat_what_people_send_are_quiet_even_with_debug(tmp_path: Path) -> None:
    set_up_logs(tmp_path, "debug")

    for name in ("aiogram.event", "uvicorn.access", "sqlalchemy.engine", "aiosqlite"):
        logging.getLogger(name).info("update: %s", WRITTEN)

    assert not log_path(tmp_path).exists()


def test_debug_shows_the_whole_way_of_an_error_and_still_none_of_its_words(tmp_path: Path) -> None:
    set_up_logs(tmp_path, "debug")

    try:
        try:
            _fail()
        except ValueError as error:
            raise ExceptionGroup("several", [error]) from error
    except ExceptionGroup:
        structlog.get_logger("ours").error("it.failed", exc_info=True)

    way = _lines(tmp_path)[0]["exception"]
    assert way.count("in _fail") == 2
    assert "ValueError" in way
    assert WRITTEN not in way
