"""Passages straight from files, for training, tuning and benchmarks; uploads go through `content.readers`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from content.anticipated import answered_by
from content.passages import Basis, DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from retrieval.naming import Target, article_key, target_of, title_key

STARTER = Path(__file__).parent.parent / "content" / "starter"
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_BASIS = re.compile(r"^依据[：:]\s*《([^》]+)》\s*(第[^\s，。,、；]+?条)[^\n]*\n?", re.MULTILINE)
_LOCAL = re.compile(r"^学校做法[：:][^\n]*\n?", re.MULTILINE)
_ARTICLE = re.compile(r"^[　 ]*(第[一二三四五六七八九十百零〇]+条)[　 ]", re.MULTILINE)
_CHAPTER = re.compile(r"^[#　 ]*(第[一二三四五六七八九十百]+章[^\n]*)$", re.MULTILINE)


def starter_passages(folder: Path = STARTER) -> list[Passage]:
    """The sections of the handbook and the guides, with the anticipated questions that belong to them."""
    passages: list[Passage] = []
    for path in sorted([*folder.glob("handbook/*.md"), *folder.glob("guides/*.md")]):
        passages += _sections(path, len(passages))
    return with_questions(passages, anticipated(folder))


def official_passages(path: Path, *, effective: date, first_id: int) -> list[Passage]:
    """The articles of one rule in Markdown or plain text."""
    text = path.read_text("utf-8")
    starts = [*_ARTICLE.finditer(text)]
    chapters = [(match.start(), match.group(1).strip()) for match in _CHAPTER.finditer(text)]
    passages = []
    for number, match in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        body = _CHAPTER.split(text[match.start() : end])[0].strip()
        chapter = [name for at, name in chapters if at < match.start()][-1:]
        passages.append(
            Passage(
                id=PassageId(first_id + number),
                document=DocumentId(path.stem),
                title=path.stem,
                kind=DocumentKind.OFFICIAL,
                version=1,
                ordinal=number,
                content=PassageText(headings=tuple(chapter), article=match.group(1), text=body),
                effective_from=effective,
            )
        )
    return passages


def anticipated(folder: Path = STARTER) -> dict[Target, list[str]]:
    """Anticipated questions by title key and article (or heading) key."""
    questions: dict[Target, list[str]] = {}
    for path in sorted(folder.glob("anticipated/*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                entry: dict[str, Any] = json.loads(line)
                for title, place in answered_by(entry):
                    questions.setdefault((title_key(title), article_key(place)), []).append(entry["question"])
    return questions


def with_questions(passages: Iterable[Passage], questions: Mapping[Target, list[str]]) -> list[Passage]:
    """The passages with the questions that are anticipated for their title and article or heading."""
    return [replace(p, content=replace(p.content, questions=tuple(questions.get(target_of(p), ())))) for p in passages]


def quiz(folder: Path = STARTER) -> Iterator[tuple[str, str, Target | None]]:
    """Stem, right answer with explanation, and the article that decides it."""
    path = folder / "quiz.yaml"
    if not path.is_file():
        return
    data = yaml.safe_load(path.read_text("utf-8"))
    for entry in data["questions"] if isinstance(data, dict) else data:
        basis: dict[str, Any] | None = entry.get("basis")
        right = "；".join(entry["options"][at] for at in entry["answer"])
        target = (title_key(basis["title"]), article_key(basis["article"])) if basis else None
        yield entry["stem"], f"{right} {entry.get('explanation', '')}", target


def _sections(path: Path, first_id: int) -> Iterator[Passage]:
    text = path.read_text("utf-8")
    front = _FRONT.match(text)
    header: dict[str, Any] = yaml.safe_load(front.group(1)) if front else {}
    body = text[front.end() :] if front else text
    for number, section in enumerate(re.split(r"^## ", body, flags=re.MULTILINE)[1:]):
        heading, _, rest = section.partition("\n")
        basis = _BASIS.search(rest)
        plain = _LOCAL.sub("", _BASIS.sub("", rest)).strip()
        local = header.get("kind") == "school" or _LOCAL.search(rest) is not None
        yield Passage(
            id=PassageId(first_id + number),
            document=DocumentId(path.stem),
            title=str(header.get("title", path.stem)),
            kind=DocumentKind(header.get("kind", "handbook")),
            version=1,
            ordinal=number,
            content=PassageText(
                headings=(heading.strip(),),
                article=None,
                text=plain,
                level=Level.SCHOOL if local else Level.NATIONAL,
                basis=Basis(basis.group(1), basis.group(2)) if basis else None,
            ),
            effective_from=header.get("effective") or date(2026, 5, 11),
        )
