"""What is searched: the starter library with students' questions, sets of texts, and libraries of any size."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from content.passages import DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from retrieval.evaluation import EvaluationQuestion, Relevant, is_wanted
from retrieval.material import starter_passages
from retrieval.tuning import QUESTIONS, library

STUDENTS = "students"
FAQ = {"faq": "asked", "faq_far": "far", "faq_beside": "asked"}  # corpus: the phrasings of `questions/faq.jsonl` asked
BESIDE = "faq_beside"  # the same answers in the library that they come to, whose sections tell much of it as well
PASSAGES_A_DOCUMENT = 40
_FIRST_ID = 1_000_000  # of invented libraries; the starter library's own ids are below
_NAMED = re.compile(r"(.+) (第[一二三四五六七八九十百零〇]+条)$")
_ARTICLE = re.compile(r"^[　 ]*第[一二三四五六七八九十百零〇]+条[　 ]", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[。；])")
_SENTENCES, _LONGEST = 3, 220  # of a recombined text


@dataclass(frozen=True)
class Corpus:
    """Passages, and questions with the rows of those that answer (none where nothing does)."""

    name: str
    passages: Sequence[Passage]
    questions: Sequence[tuple[str, frozenset[int]]]

    def texts(self) -> list[str]:
        """Each passage as one text, for systems that know no titles and articles."""
        return ["\n".join(filter(None, (p.title, *p.content.headings, p.content.text))) for p in self.passages]


def corpus_of(name: str, data: Path, split: str) -> Corpus:
    """The students' questions of a split over our library, or a set of `data/bench`."""
    if name in FAQ:
        return faq(name, split)
    return students(official_of(data), split) if name == STUDENTS else read_set(data / "bench" / name)


def official_of(data: Path) -> Path | None:
    """The folder of official texts; None where there is none."""
    folder = data / "official"
    return folder if folder.is_dir() else None


def students(official: Path | None, split: str) -> Corpus:
    """Students' questions over the starter library and the official texts."""
    passages = library(official)
    asked = [
        (one.question, frozenset(row for row, p in enumerate(passages) if any(is_wanted(p, w) for w in one.relevant)))
        for one in student_questions(split)
    ]
    return Corpus(STUDENTS, passages, asked)


def faq(name: str, split: str) -> Corpus:
    """Questions that an organiser has answered, all of them, and how others put those of one split."""
    entries = [json.loads(line) for line in QUESTIONS.with_name("faq.jsonl").read_text("utf-8").splitlines()]
    held = library(None) if name == BESIDE else []
    asked = [
        (question, frozenset({len(held) + row}))
        for row, entry in enumerate(entries)
        if entry["split"] == split
        for question in entry[FAQ[name]]
    ]
    answers = [_answered(_FIRST_ID + row, entry["question"], entry["answer"]) for row, entry in enumerate(entries)]
    return Corpus(name, [*held, *answers], asked)


def student_questions(split: str) -> list[EvaluationQuestion]:
    """The questions of one split, as they stand in the tree, but for those whose very words the library knows."""
    return [
        EvaluationQuestion(
            entry["id"],
            entry["question"],
            tuple(Relevant(each["title"], each.get("article") or "") for each in entry["relevant"]),
        )
        for entry in _entries(split)
        if not entry.get("refusal")
    ]


def refused_questions(split: str) -> list[tuple[str, str]]:
    """What is refused on principle whatever the library holds, each with the name of its reason."""
    return [(entry["question"], entry["refusal"]) for entry in _entries(split) if entry.get("refusal")]


def _entries(split: str) -> Iterator[dict[str, Any]]:
    file, _, half = split.rpartition("/") if split in ("dev", "test") else split.partition("/")
    path = QUESTIONS.with_name(f"{file}.jsonl") if file else QUESTIONS
    for entry in map(json.loads, path.read_text("utf-8").splitlines()):
        if not entry.get("known") and half in ("", entry.get("split")):
            yield entry


def read_set(folder: Path) -> Corpus:
    """A folder of corpus.jsonl and queries.jsonl; the title 「劳动合同法 第三十七条」 is a document and its article."""
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    asked = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    places = {row["id"]: at for at, row in enumerate(rows)}
    return Corpus(
        folder.name,
        [_of_set(number, row.get("title") or "", row["text"]) for number, row in enumerate(rows)],
        [(entry["text"], frozenset(places[name] for name in entry["relevant"])) for entry in asked],
    )


def scaled(size: int, data: Path) -> Corpus:
    """Our library and as many further passages as wanted, with the students' questions; no answers are known."""
    passages = chain(starter_passages(), recombined(texts_of(data), size))
    asked = [one.question for one in student_questions("dev") if one.question.strip()]
    return Corpus(f"{size} passages", list(passages), [(question, frozenset()) for question in asked])


def texts_of(data: Path) -> list[str]:
    """Every distinct article of the official texts and text of the sets; our own library where they are absent."""
    files = sorted([*data.glob("official/**/*.md"), *data.glob("official/**/*.txt")])
    articles = (piece.strip() for file in files for piece in _articles(file.read_text("utf-8", "replace")))
    sets = (
        json.loads(line)["text"]
        for file in sorted(data.glob("bench/*/corpus.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    )
    texts = [text for text in dict.fromkeys(chain(articles, sets)) if len(text) > 20]
    return texts or [passage.content.text for passage in starter_passages()]


def recombined(texts: Sequence[str], size: int) -> Iterator[Passage]:
    """So many passages: the given texts, then three sentences drawn from anywhere at a time, always the same."""
    for number, text in enumerate(_recombined(texts, size)):
        document, ordinal = divmod(number, PASSAGES_A_DOCUMENT)
        yield Passage(
            PassageId(_FIRST_ID + number),
            DocumentId(f"scale-{document}"),
            f"资料汇编（{document}）",
            DocumentKind.OFFICIAL,
            1,
            ordinal,
            PassageText(headings=(), article=f"第{ordinal + 1}条", text=text),
            date(2020, 1, 1),
        )


def _recombined(texts: Sequence[str], size: int) -> Iterator[str]:
    chance = random.Random(3)
    sentences = [one for text in texts for one in _SENTENCE.split(text) if len(one) > 8]
    yield from texts[:size]
    for _ in range(size - min(size, len(texts))):
        yield "".join(chance.choices(sentences, k=_SENTENCES))[:_LONGEST]


def _articles(text: str) -> list[str]:
    cuts = [*(match.start() for match in _ARTICLE.finditer(text)), len(text)]
    return [text[begin:end] for begin, end in pairwise(cuts)]


def _answered(number: int, question: str, answer: str) -> Passage:
    """As `content.faq` makes one."""
    content = PassageText((question,), None, answer, level=Level.SCHOOL)
    document = DocumentId(f"faq-{number}")
    return Passage(PassageId(number), document, question, DocumentKind.FAQ, 1, 0, content, date.min)


def _of_set(number: int, title: str, text: str) -> Passage:
    match = _NAMED.match(title)
    name, article = match.groups() if match else (title, None)
    content = PassageText(headings=(), article=article, text=text)
    document = DocumentId(f"d{number // PASSAGES_A_DOCUMENT}")
    return Passage(PassageId(number), document, name, DocumentKind.OFFICIAL, 1, number, content, date.min)
