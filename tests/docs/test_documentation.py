"""The documentation names what exists: commands, settings, files, pictures, chat commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
import yaml

from bot.cli.app import waymark
from bot.commands import COMMANDS
from bot.settings import PREFIX, Settings
from bot.words import Locales

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
IMAGES = ROOT / "docs" / "images"
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}
DEPLOYED = sorted((ROOT / "docs" / "deploy").iterdir())
FOR_TESTS = {"WAYMARK_TESTS_MUST_RUN", "WAYMARK_TEST_PICTURES", "WAYMARK_SIMULATION", "WAYMARK_TESTS_OUTAGE_SECONDS"}

# `waymark serve`, `.venv/bin/waymark roster import …`, also within a longer line; a name alone is not a command.
COMMAND = re.compile(r"(?<![\w/])(?:/?(?:[\w.]+/)*)waymark (?=[a-z])([a-z]+)(?: ([a-z]+))?((?:[ \t]+[^\s`|&#]+)*)")
LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]*\bsrc=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_of(page: Path) -> Iterator[str]:
    """The lines of code blocks and the pieces of code within sentences, each on one line."""
    text = re.sub(r"\\\n\s*", " ", text_of(page))
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4}(.+)$", text, re.MULTILINE)
    spans = re.findall(r"`([^`]+)`", re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    for piece in (*(line for block in fenced for line in block.splitlines()), *indented, *spans):
        yield " ".join(piece.split())


def commands_of(page: Path) -> Iterator[tuple[str, str, str]]:
    """Command, second word and the rest of every `waymark …` that is shown."""
    for piece in code_of(page):
        for found in COMMAND.finditer(piece):
            yield found[1], found[2] or "", found[3]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def tree() -> typer.core.TyperGroup:
    root = typer.main.get_command(waymark())
    assert isinstance(root, typer.core.TyperGroup)
    return root


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_is_shown_exists_with_its_options(page: Path, tree: typer.core.TyperGroup) -> None:
    wrong = []
    for first, second, rest in commands_of(page):
        command = tree.commands.get(first)
        if isinstance(command, typer.core.TyperGroup):
            command = command.commands.get(second)
        options = {option for param in getattr(command, "params", ()) for option in param.opts + param.secondary_opts}
        used = {option.partition("=")[0] for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", f" {rest}")}
        if command is None or not used <= options | {"--help"}:
            wrong.append(f"waymark {first} {second}{rest}")

    assert wrong == []


def test_commands_are_found_in_the_documentation() -> None:
    shown = {first for page in PAGES for first, _, _ in commands_of(page)}

    assert {"serve", "worker", "roster", "content", "backup", "restore", "doctor", "records"} <= shown


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"WAYMARK_[A-Z_]*[A-Z]", text_of(page)))

    assert named - SETTINGS - FOR_TESTS == set()


@pytest.mark.parametrize("file", DEPLOYED, ids=name_of)
def test_files_to_deploy_with_name_settings_and_commands_that_exist(file: Path, tree: typer.core.TyperGroup) -> None:
    written = text_of(file)

    assert set(re.findall(r"WAYMARK_[A-Z_]*[A-Z]", written)) <= SETTINGS
    started = re.findall(r"(?:bin/waymark |\[\"waymark\", \")([a-z]+)", written)
    assert set(started) <= {"serve", "worker"}
    assert bool(started) == file.name.endswith((".service", ".many.yml", "Dockerfile"))
    assert set(started) <= set(tree.commands)


@pytest.mark.parametrize("file", [one for one in DEPLOYED if one.suffix == ".yml"], ids=name_of)
def test_a_compose_file_builds_from_files_that_exist(file: Path) -> None:
    composed = yaml.safe_load(text_of(file))

    for service in composed["services"].values():
        if "build" in service:
            context = (file.parent / service["build"]["context"]).resolve()
            assert context == ROOT
            assert (context / service["build"]["dockerfile"]).is_file()


def test_no_image_holds_secrets_or_peoples_data() -> None:
    left_out = (ROOT / ".dockerignore").read_text("utf-8").split()
    of_this_machine = (ROOT / ".gitignore").read_text("utf-8").split()

    for each in (one.strip("/") for one in of_this_machine):
        assert any(fnmatch(each, pattern.removeprefix("**/")) for pattern in left_out), each


def test_the_table_of_settings_is_complete_and_tells_the_defaults() -> None:
    table = dict(re.findall(r"^\| `(WAYMARK_[A-Z_]+)` \| (?:`([^`]*)`)? ?\|", text_of(ROOT / "docs/operator.md"), re.M))

    assert set(table) == SETTINGS
    assert table == {name: _default(name) for name in SETTINGS}


def test_the_example_of_settings_is_complete_and_tells_the_defaults() -> None:
    example = dict(re.findall(r"^#(WAYMARK_[A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"), re.M))

    assert example == {name: _default(name) for name in SETTINGS}


def _default(name: str) -> str:
    """A default as it is written in `.env`."""
    value = Settings.model_fields[name.removeprefix(PREFIX).lower()].default
    if value is None or hasattr(value, "get_secret_value"):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:%H:%M}" if hasattr(value, "hour") else str(value)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in (unquote(link or image) for link, image in LINK.findall(text_of(page))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            dead.append(link)

    assert dead == []


def _anchors(page: Path) -> set[str]:
    """How GitHub calls the headings of a page."""
    titles = (re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text_of(page)))
    return set(titles)


def test_every_picture_is_shown_somewhere() -> None:
    shown = {Path(unquote(link or image)).name for page in PAGES for link, image in LINK.findall(text_of(page))}

    assert {picture.name for picture in IMAGES.iterdir()} - shown == set()


def test_the_list_of_chat_commands_is_the_real_one() -> None:
    words = Locales().words("zh_CN")
    page = text_of(ROOT / "docs/zh/10-命令一览.md")

    listed = re.findall(r"^\| `/(\w+)` \| (.+) \|$", page, re.MULTILINE)

    assert sorted(listed) == sorted((one.name, words.plain(f"command.{one.name}")) for one in COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_chat_commands_that_are_named_exist(page: Path) -> None:
    known = {"start", "newbot", *(command.name for command in COMMANDS)}  # newbot is @BotFather's

    named = {found for piece in code_of(page) for found in re.findall(r"^/([a-z]+)(?= |$)", piece)}

    assert named - known == set()
