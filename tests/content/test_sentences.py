"""Everything that these rooms say to a person exists in both languages, with the same fields."""

from __future__ import annotations

import re
import string
from pathlib import Path

from babel.messages.pofile import read_po

HOUSE = Path(__file__).resolve().parents[2]
KEY = re.compile(r'"((?:error|notice|bank)\.[a-z_]+)"')
STORED_NAMES = {"bank.id"}  # a column


def sentences(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (HOUSE / "bot" / "locales" / language).glob("*.po"):
        with path.open("rb") as file:
            found |= {str(message.id): str(message.string) for message in read_po(file) if message.id}
    return found


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_key_has_a_chinese_and_an_english_sentence_with_the_same_fields() -> None:
    chinese, english = sentences("zh_CN"), sentences("en")
    keys = {
        key
        for path in [*(HOUSE / "content").rglob("*.py"), HOUSE / "storage" / "sandbox.py"]
        for key in KEY.findall(path.read_text("utf-8"))
    } - STORED_NAMES

    assert len(keys) > 40
    assert [key for key in sorted(keys) if not chinese.get(key) or not english.get(key)] == []
    assert [key for key in sorted(keys) if fields(chinese[key]) != fields(english[key])] == []
