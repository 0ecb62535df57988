"""How the command line is written, and what it says to whoever writes it wrongly."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli.app import waymark
from bot.preferences import QUIET_HOURS
from bot.settings import EVENING, PREFIX, Settings
from bot.words import Locales
from tests.bot.command_line import ROOT, Line, environment

HEAVY = {"aiogram", "torch", "numpy", "faiss", "sqlalchemy", "pydantic", "starlette"}
CONTRACT = {
    "": {"serve", "demo", "worker", "ask", "evaluate", "deadlines", "backup", "restore", "doctor"}
    | {"content", "aliases", "roster", "steps", "questions", "records"},
    "content": {"add", "list", "show", "retire"},
    "aliases": {"add", "list", "remove"},
    "roster": {"import", "list", "invite"},
    "steps": {"record", "import", "show"},
    "questions": {"import", "lint"},
    "records": {"export", "verify"},
}
LANGUAGES = ("zh_CN", "en")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    """Runs command lines with an empty data folder."""
    return Line(tmp_path, None, capsys)


def test_help_starts_without_anything_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot", "--help"],
        cwd=tmp_path,
        env=environment(tmp_path, None),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & HEAVY
    assert "题库" in done.stdout


def test_help_is_in_the_language_of_the_environment_or_of_the_env_file(tmp_path: Path, run: Line) -> None:
    assert "question banks" in run("--help", language="en").out
    (tmp_path / ".env").write_text("WAYMARK_LANGUAGE=en\n", encoding="utf-8")
    assert "question banks" in run("--help", language="").out


@pytest.mark.parametrize("line", [("--help",), ("content", "list")])
def test_an_env_file_that_is_not_utf_8_is_told_with_what_to_do(
    tmp_path: Path, run: Line, line: tuple[str, ...]
) -> None:
    (tmp_path / ".env").write_text("WAYMARK_SCHOOL_TRACK=规则.yaml\n", encoding="gbk")

    ran = run(*line)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{tmp_path / '.env'} 不能读取：它不是 UTF-8 编码，请另存为 UTF-8。\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever may do everything may read everything")
def test_an_env_file_that_may_not_be_read_is_told_with_what_to_do(tmp_path: Path, run: Line) -> None:
    (tmp_path / ".env").touch(mode=0o000)

    ran = run("--help")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{tmp_path / '.env'} 不能读取：请让运行路标的用户有读取它的权限。\n"


def test_the_mark_that_an_editor_puts_before_the_first_key_does_no_harm(tmp_path: Path, run: Line) -> None:
    (tmp_path / ".env").write_text("WAYMARK_WEB_PORT=many\n", encoding="utf-8-sig")

    assert "WAYMARK_WEB_PORT" in run("content", "list").err


def _commands() -> dict[str, Any]:
    root: Any = typer.main.get_command(waymark())
    groups = {name: command for name, command in root.commands.items() if hasattr(command, "commands")}
    return {"": root, **groups}


def test_every_command_of_the_contract_is_there() -> None:
    assert {name: set(group.commands) for name, group in _commands().items()} == CONTRACT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_help_page_is_worded(language: str, run: Line) -> None:
    for name, group in _commands().items():
        for command in ["", *group.commands]:
            page = run(*filter(None, [name, command]), "--help", language=language)
            assert page.code == 0
            assert "cli." not in page.out, page.out


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_the_code_names_has_a_sentence(language: str) -> None:
    words = Locales().words(language)
    files = [
        *(ROOT / "bot" / "cli").glob("*.py"),
        *(ROOT / "bot" / name for name in ("first.py", "lock.py", "demo.py")),
    ]
    named = {
        key for file in files for key in re.findall(r'"((?:cli|error|sheet|first)\.[a-z_.]+[a-z])"', file.read_text())
    }

    assert len(named) > 100
    assert not [key for key in sorted(named) if not words.has(key)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "没有命令「nonsense」"),
        ("content", "缺少 COMMAND"),
        ("content nonsense", "没有命令「nonsense」"),
        ("content show", "缺少 DOC"),
        ("content add", "缺少 PATH"),
        ("content add a.md --effective yesterday", "「yesterday」不是日期"),
        ("content add a.md --stage master", "--stage 的值「master」不能用"),
        ("content retire d1 --on 2026-02-30", "「2026-02-30」不是日期"),
        ("aliases add 小班", "缺少 MEANT"),
        ("ask", "TEXT, --batch"),
        ("ask 问题 --batch q.jsonl", "TEXT, --batch"),
        ("ask 问题 --on 22.11.2026", "「22.11.2026」不是日期"),
        ("ask --bogus", "没有选项「--bogus」"),
        ("evaluate", "缺少 QUESTIONS.jsonl"),
        ("roster import", "缺少 FILE"),
        ("roster invite", "BRANCH, --branch"),
        ("steps record --step interview --on 2026-11-01", "缺少 --student"),
        ("steps record --student 1 --step interview --on", "缺少 --on"),
        ("steps record --student 1 --step interview --on soon", "「soon」不是日期"),
        ("steps record --student 1 --step interview --on 2026-11-01 --detail hours", "「hours」不对"),
        ("deadlines 1 --on 2026-13-01", "「2026-13-01」不是日期"),
        ("records export --format pdf --out x", "xlsx, csv, docx, xapi, ics, json"),
        ("records export --format csv --out x --student 1 --branch B", "--student, --branch"),
        ("demo --port many", "--port 的值不能用"),
        ("backup", "缺少 PATH"),
    ],
)
def test_what_is_written_wrongly_is_told_in_one_sentence_with_code_2(line: str, said: str, run: Line) -> None:
    ran = run(*line.split())

    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not ran.out


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("web_port", "abc", "应当是整数"),
        ("web_port", "99999", "≤ 65535"),
        ("language", "fr", "'zh_CN' / 'en'"),
        ("timezone", "Mars", "不是时区"),
        ("study_time", "soon", "应当是一天中的时间"),
        ("study_time", "08:00Z", "WAYMARK_STUDY_TIME 的值 08:00Z 不能用：应当是一天中的时间，不写时区"),
        ("reminder_time", "09:00Z", "WAYMARK_REMINDER_TIME 的值 09:00Z 不能用：应当是一天中的时间，不写时区"),
        ("quiet_from", "22:00+08:00", "WAYMARK_QUIET_FROM 的值 22:00+08:00 不能用"),
        ("reminder_time", "21:00", "应当早于 21:00"),
        ("quiet_from", "08:30", "WAYMARK_REMINDER_TIME 的值 09:00"),  # and reminders at nine would find nobody awake
        ("reminder_days", "14,x", "应当是整数"),
        ("reminder_days", "14,-1", "≥ 0"),
        ("reminder_overdue_days", "0", "≥ 1"),
        ("escalate_after_days", "soon", "应当是整数"),
        ("telegram_api", "example", "http://"),
        ("telegram_api", "http://", "完整的网址"),
        ("webhook_url", "waymark.example", "完整的网址"),
        ("webhook_url", "http://waymark.example", "应当以 https:// 开头"),
        ("webhook_secret", "口令", "WAYMARK_WEBHOOK_SECRET 的值 … 不能用：应当只含字母"),
        ("webhook_secret", "x" * 257, "1 至 256 个"),
        ("web_origins", "https://waymark.example,waymark.example", "这样的网址"),
        ("web_origins", "https://", "这样的网址"),
        ("web_origins", "https://waymark.example:many", "这样的网址"),
        ("rephrase_url", "model.example/v1", "完整的网址"),
        ("web", "perhaps", "应当是 true 或 false"),
        ("log_level", "loud", "'debug' / 'info'"),
        ("school_track", "nowhere.yaml", "nowhere.yaml"),
        ("work_calendar", "nowhere.yaml", "nowhere.yaml"),
        ("database_url", "nonsense", "WAYMARK_DATABASE_URL"),
    ],
)
def test_a_wrong_setting_stops_with_its_name_and_what_is_allowed(
    setting: str, value: str, said: str, run: Line
) -> None:
    ran = run("content", "list", **{setting: value})

    assert ran.code == 1
    assert said in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "url",
    [
        "mysql+aiomysql://waymark:geheim@host/waymark",
        "postgresql+psycopg2://waymark:geheim@host/waymark",
        "postgresql+asyncpg://waymark:geheim@host:many/waymark",
        "postgresql+asyncpg://waymark:geh@eim@host/waymark",
        "sqlite+aiosqlite://host/waymark.db",
    ],
)
def test_a_database_that_cannot_be_one_is_told_with_what_is_allowed_and_without_the_password(
    url: str, run: Line
) -> None:
    for command in (("content", "list"), ("doctor",)):
        ran = run(*command, database_url=url)

        assert ran.code == 1
        assert "WAYMARK_DATABASE_URL 的值 … 不能用：应当写成 postgresql+asyncpg://" in ran.out + ran.err
        assert "geh" not in ran.out + ran.err
        assert "eim" not in ran.out + ran.err


def test_a_bot_api_server_of_ones_own_may_post_without_tls(run: Line) -> None:
    ran = run("content", "list", webhook_url="http://127.0.0.1:8642", telegram_api="http://127.0.0.1:8081")

    assert ran.code == 0


def test_nobody_can_choose_to_rest_from_the_latest_time_of_reminding_on() -> None:
    evenings = [since for since, until in QUIET_HOURS if since > until]

    assert min(evenings) >= EVENING


def test_a_wrong_token_is_not_repeated(run: Line) -> None:
    ran = run("doctor", telegram_token="1234567:not-a-token-at-all")

    assert "not-a-token" not in ran.out + ran.err


def test_the_example_names_every_setting_with_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = dict(line.removeprefix("#").split("=", 1) for line in text.splitlines() if line.startswith("#WAYMARK_"))
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    default = Settings()
    for name, value in shown.items():
        monkeypatch.setenv(name, value)

    assert set(shown) == {PREFIX + name.upper() for name in Settings.model_fields}
    assert Settings() == default


def test_a_worker_needs_postgresql(run: Line) -> None:
    ran = run("worker")

    assert ran.code == 1
    assert "WAYMARK_DATABASE_URL" in ran.err


def test_the_unexpected_is_one_sentence_with_the_place_of_the_log(run: Line, tmp_path: Path) -> None:
    assert run("content", "list").code == 0
    with sqlite3.connect(tmp_path / "data" / "waymark.db") as connection:
        connection.execute("ALTER TABLE branch RENAME TO lost")

    ran = run("roster", "list")
    in_full = run("roster", "list", log_level="debug")

    assert ran.code == in_full.code == 1
    assert "waymark.log" in ran.err
    assert ran.err.count("\n") == 1
    assert "command.failed" in (tmp_path / "data" / "waymark.log").read_text(encoding="utf-8")
    assert "Traceback" in in_full.err


@pytest.mark.parametrize(
    "line",
    [
        "records verify",
        "records export --format csv --out out.csv",
        "roster list",
        "steps show 1",
        "deadlines 1",
        "aliases list",
        "questions lint 题库",
        "backup all.zip",
    ],
)
def test_who_only_reads_makes_no_database(line: str, run: Line, tmp_path: Path) -> None:
    ran = run(*line.split())

    assert (ran.code, ran.out) == (1, "")
    assert (
        ran.err == f"{tmp_path / 'data' / 'waymark.db'} 还没有数据库，没有可读取或备份的内容。请核对 WAYMARK_DATA。\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_database_of_a_newer_version_is_told_by_every_command(run: Line, tmp_path: Path) -> None:
    assert run("content", "list").code == 0
    with sqlite3.connect(tmp_path / "data" / "waymark.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    for line in ("serve", "roster list", "backup all.zip"):
        ran = run(*line.split(), web_port="0")

        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("数据库由更新的路标建立（版本 9999")


def test_a_damaged_database_is_told_by_every_command(run: Line, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "waymark.db").write_bytes(b"no database at all" * 100)

    for line in ("serve", "roster list", "backup all.zip"):
        ran = run(*line.split(), web_port="0")

        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith("数据库已损坏。请把备份恢复到新的数据文件夹（waymark restore）。\n")


def test_a_backup_of_a_database_that_cannot_be_reached_does_not_blame_the_file(run: Line, tmp_path: Path) -> None:
    ran = run("backup", "all.zip", database_url="postgresql+asyncpg://waymark@127.0.0.1:1/waymark")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("数据库打不开：postgresql+asyncpg://waymark@127.0.0.1:1/waymark")


def test_nobody_serves_a_database_that_can_only_be_read(run: Line, tmp_path: Path) -> None:
    assert run("content", "list").code == 0
    only_read = f"sqlite+aiosqlite:///file:{tmp_path / 'data' / 'waymark.db'}?mode=ro&uri=true"

    ran = run("serve", web_port="0", database_url=only_read)

    assert (ran.code, ran.out) == (1, "")
    assert "它现在只能读取" in ran.err


def test_an_import_that_is_refused_leaves_no_bank_behind(run: Line, tmp_path: Path) -> None:
    (tmp_path / "题库.csv").write_text("题型,题干,选项A,选项B,答案\n单选题,谁?,甲,乙,丙\n", encoding="utf-8")

    refused = run("questions", "import", tmp_path / "题库.csv", "--bank", "空题库")
    linted = run("questions", "lint", "空题库")

    assert (refused.code, linted.code) == (1, 1)
    assert "空题库" in linted.err
