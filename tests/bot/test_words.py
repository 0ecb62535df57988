"""Words: both languages say the same things, and code and sentences know each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from bot.words import LOCALES
from records.track import load_track

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("bot", "scheduler", "retrieval", "content", "records", "storage")
LANGUAGES = ("zh_CN", "en")
# Calls whose first argument is a key: `_("…")`, `words.plain("…")`, `desk.line("…")`.
SPEAKING = {"_", "plain", "line", "note", "waiting", "progress"}
COVERED = re.compile("<tg-spoiler>.*?</tg-spoiler>", re.DOTALL)  # grains on a locked screen, opened by a tap
# The track's own words, which stand beside its ids whether or not a view shows them yet.
VOCABULARY = ("document.", "state.")


def sentences(language: str) -> dict[str, str]:
    """Every sentence of a language by its key; a key that stands twice is a mistake."""
    found: dict[str, str] = {}
    for path in sorted((LOCALES / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, abort_invalid=True):
                if message.id:
                    assert message.id not in found, f"{path.name}: {message.id} stands twice"
                    found[str(message.id)] = str(message.string)
    return found


def fields(sentence: str) -> set[str]:
    """The {fields} of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.fixture(scope="module")
def spoken() -> dict[str, dict[str, str]]:
    return {language: sentences(language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    paths = (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def test_both_languages_have_the_same_keys(spoken: dict[str, dict[str, str]]) -> None:
    assert set(spoken["zh_CN"]) == set(spoken["en"])


def test_no_sentence_is_empty(spoken: dict[str, dict[str, str]]) -> None:
    assert [(language, key) for language in LANGUAGES for key, said in spoken[language].items() if not said] == []


def test_both_languages_fill_in_the_same_fields(spoken: dict[str, dict[str, str]]) -> None:
    chinese, english = spoken["zh_CN"], spoken["en"]

    different = {
        key: (fields(chinese[key]), fields(english[key]))
        for key in chinese.keys() & english.keys()
        if fields(chinese[key]) != fields(english[key])
    }

    assert different == {}


def test_chinese_sentences_are_chinese_and_english_ones_are_not(spoken: dict[str, dict[str, str]]) -> None:
    sentence_like = re.compile(r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+")  # three words in a row are no name

    assert [key for key, said in spoken["zh_CN"].items() if sentence_like.search(said) and not _chinese(said)] == []
    assert [key for key, said in spoken["en"].items() if _chinese(said) and not re.search("[A-Za-z]", said)] in (
        [],
        ["settings.zh_CN"],  # the name of the language in itself
    )


def _chinese(text: str) -> bool:
    return re.search("[\u4e00-\u9fff]", text) is not None


def test_every_key_that_code_speaks_exists(spoken: dict[str, dict[str, str]], trees: dict[str, ast.Module]) -> None:
    known = spoken["zh_CN"]

    missing = {
        (place, key) for place, tree in trees.items() for key in _spoken_keys(tree) if "." in key and key not in known
    }

    assert missing == set()


def test_every_error_of_ours_has_its_sentence(spoken: dict[str, dict[str, str]], trees: dict[str, ast.Module]) -> None:
    known = spoken["zh_CN"]

    missing = {(place, key) for place, tree in trees.items() for key in _error_keys(tree) if key not in known}

    assert missing == set()


def test_every_sentence_is_used_somewhere(spoken: dict[str, dict[str, str]], trees: dict[str, ast.Module]) -> None:
    constants, beginnings = set[str](), set[str](VOCABULARY)
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                constants.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginnings.add(str(node.values[0].value))
    # A room may be put before a name: `f"{room}.{name}"` with room = "export.detail".
    room = re.compile(r"[a-z_]+(\.[a-z_]+)*\.|[a-z_]+(\.[a-z_]+)+")
    beginnings |= {text.rstrip(".") + "." for text in constants if room.fullmatch(text)}
    dotted = {text for text in beginnings if "." in text}

    unused = [key for key in spoken["zh_CN"] if key not in constants and not key.startswith(tuple(dotted))]

    assert unused == []


def test_the_track_is_worded(spoken: dict[str, dict[str, str]]) -> None:
    track = load_track()
    wanted = {f"step.{step.id}" for step in track.steps}
    wanted |= {f"document.{document}" for step in track.steps for document in step.documents}
    wanted |= {f"actor.{step.actor}" for step in track.steps}
    wanted |= {f"detail.{field.name}" for step in track.steps for field in step.fields}

    assert sorted(wanted - set(spoken["zh_CN"])) == []


def test_what_is_told_unasked_shows_nothing_of_anybody_on_a_locked_screen(
    spoken: dict[str, dict[str, str]], trees: dict[str, ast.Module]
) -> None:
    telling = [tree for place, tree in trees.items() if place.startswith(("bot/handlers/", "bot/deeds/"))]
    told = {key for tree in telling for key in _told_keys(tree)} & set(spoken["zh_CN"])
    told |= {key for key in spoken["zh_CN"] if key.startswith("notice.") and key.endswith((".student", ".organiser"))}
    status = re.compile("入党|积极分子|发展|预备|党员|转正|政治审查|activist|candidate|probation|member")

    uncovered = {(language, key): COVERED.sub("", spoken[language][key]) for language in LANGUAGES for key in told}

    assert len(told) > 12
    assert {key: said for key, said in uncovered.items() if fields(said) - {"count"} or status.search(said)} == {}


def _told_keys(tree: ast.Module) -> Iterator[str]:
    """Constants handed to where somebody is notified; keys of notices among them."""
    for node in ast.walk(tree):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in ("notify", "_tell"):
            for one in ast.walk(node):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


def _spoken_keys(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in SPEAKING and isinstance(node.args[0].value, str):
                yield node.args[0].value


def _error_keys(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            said = {target.id: one.value for one in node.body if isinstance(one, ast.Assign) for target in one.targets
                    if isinstance(target, ast.Name)}  # fmt: skip
            key = said.get("key")
            if "sentence" in said and isinstance(key, ast.Constant):
                yield str(key.value)
