"""Questions that people are known to ask, and the article or heading that answers each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from content.passages import PassageText
from content.titles import core_title


class Anticipated:
    """The questions by document and by article or heading."""

    def __init__(self, lines: Iterable[dict[str, str]]) -> None:
        self._questions: dict[tuple[str, str], list[str]] = {}
        for line in lines:
            place = line.get("article") or line.get("heading") or ""
            self._questions.setdefault((core_title(line["title"]), place), []).append(line["question"])

    def __len__(self) -> int:
        return sum(len(questions) for questions in self._questions.values())

    def of(self, title: str, passage: PassageText) -> list[str]:
        """The questions that a passage of the document with this title answers."""
        place = passage.article or (passage.headings[-1] if passage.headings else "")
        return self._questions.get((core_title(title), place), [])


@cache
def anticipated() -> Anticipated:
    """What is shipped in `content/starter/anticipated`; read once, as it does not change while we run."""
    lines: list[dict[str, str]] = []
    folder = files("content") / "starter" / "anticipated"
    if folder.is_dir():
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".jsonl"):
                lines += [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    return Anticipated(lines)
