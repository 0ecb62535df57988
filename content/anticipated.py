"""Questions that people are known to ask, and the article or heading that answers each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from content.titles import core_title


class Anticipated:
    """The questions by document and by article or heading, from lines of JSON."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        self._questions: dict[tuple[str, str], list[str]] = {}
        self._titles: set[str] = set()  # of texts in articles: what has headings alone is our own handbook
        for line in map(json.loads, lines):
            if "article" in line:
                self._titles.add(core_title(line["title"]))
            for title, place in answered_by(line):
                self._questions.setdefault((core_title(title), place), []).append(line["question"])

    def knows(self, title: str) -> bool:
        """Whether any question is about an article of this document."""
        return core_title(title) in self._titles

    def any_of(self, title: str) -> bool:
        """Whether any question is about a passage of this document."""
        core = core_title(title)
        return any(known == core for known, _ in self._questions)

    def of(self, title: str, article: str | None, headings: Sequence[str]) -> list[str]:
        """The questions that a passage with this article, or else under this heading, answers; each once."""
        place = article or (headings[-1] if headings else "")
        return list(dict.fromkeys(self._questions.get((core_title(title), place), [])))


def answered_by(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Title and article (or heading) of what answers a question: the text, and the handbook's section on it."""
    yield line["title"], line.get("article") or line.get("heading") or ""
    if "handbook" in line:
        yield line["handbook"]["title"], line["handbook"]["heading"]


@cache
def anticipated() -> Anticipated:
    """What is shipped in `content/starter/anticipated`; read once, as it does not change while we run."""
    lines: list[str] = []
    folder = files("content") / "starter" / "anticipated"
    if folder.is_dir():
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".jsonl"):
                lines += [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    return Anticipated(lines)
