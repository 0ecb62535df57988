"""Retrieval beside its peers, on the same corpora in the same run: `python -m benchmarks.retrieval`.

Prints tables, and writes the same as JSON and a reliability chart into --out. Quality needs the sets under --data;
the student questions are in the tree. Peers that are not installed are reported as absent.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import multiprocessing
import random
import re
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from content.passages import DocumentId, DocumentKind, Passage, PassageId, PassageText
from retrieval.answer import answer
from retrieval.encoder import load_encoder
from retrieval.evaluation import EvaluationQuestion, Relevant, auroc, evaluate, first_right, is_wanted
from retrieval.normalise import normalise
from retrieval.search import Index
from retrieval.tuning import QUESTIONS, TODAY, library

SETS = ("cmrc2018_dev", "xquad_zh", "drcd", "lawquiz", "party_rules", "abstain_zh")
ABSENT_PEERS = ("langchain", "llama_index", "haystack", "chromadb")
_ARTICLE = re.compile(r"(.+) (第[一二三四五六七八九十百零〇]+条)$")


@dataclass(frozen=True)
class Corpus:
    """A set: texts to search, and questions with the texts that answer."""

    name: str
    ids: list[str]
    titles: list[str]
    texts: list[str]
    questions: list[tuple[str, set[str]]]


class Searcher(Protocol):
    """A system under measurement: row numbers and scores, best first."""

    def search(self, question: str) -> list[tuple[int, float]]: ...


class Waymark:
    """Ours, as it is used."""

    def __init__(self, corpus: Corpus) -> None:
        self._index = Index(load_encoder(None))
        self._index.add(passages_of(corpus.titles, corpus.texts))

    def search(self, question: str) -> list[tuple[int, float]]:
        return [(int(hit.passage.id), hit.score) for hit in self._index.search(question, on=TODAY, limit=10)]


class RankBm25:
    """rank-bm25 over character pairs (jieba, its usual companion, is not among our dependencies)."""

    def __init__(self, corpus: Corpus) -> None:
        from rank_bm25 import BM25Okapi

        self._index: Any = BM25Okapi([pairs(text) for text in _joined(corpus)])

    def search(self, question: str) -> list[tuple[int, float]]:
        return _best(np.asarray(self._index.get_scores(pairs(question))))


class Bm25s:
    """bm25s over character pairs."""

    def __init__(self, corpus: Corpus) -> None:
        import bm25s

        self._index: Any = bm25s.BM25()
        self._index.index([pairs(text) for text in _joined(corpus)], show_progress=False)

    def search(self, question: str) -> list[tuple[int, float]]:
        words = pairs(question)
        return _best(np.asarray(self._index.get_scores(words))) if words else []


class Fts5:
    """SQLite's full-text search over character pairs."""

    def __init__(self, corpus: Corpus) -> None:
        self._base = sqlite3.connect(":memory:")
        self._base.execute("create virtual table t using fts5(body)")
        rows = [(at + 1, " ".join(pairs(text))) for at, text in enumerate(_joined(corpus))]
        self._base.executemany("insert into t(rowid, body) values (?, ?)", rows)

    def search(self, question: str) -> list[tuple[int, float]]:
        words = " OR ".join(f'"{pair}"' for pair in dict.fromkeys(pairs(question)) if '"' not in pair)
        if not words:
            return []
        query = "select rowid, bm25(t) from t where t match ? order by bm25(t) limit 10"
        return [(int(row) - 1, -float(score)) for row, score in self._base.execute(query, (words,))]


SYSTEMS: dict[str, Callable[[Corpus], Searcher]] = {
    "waymark": Waymark,
    "bm25s": Bm25s,
    "rank-bm25": RankBm25,
    "sqlite-fts5": Fts5,
}


def pairs(text: str) -> list[str]:
    """Pairs of neighbouring characters, as plain bigram retrieval has them."""
    plain = re.sub(r"\s+", "", text.lower())
    return [plain[at : at + 2] for at in range(len(plain) - 1)]


def passages_of(titles: Sequence[str], texts: Sequence[str]) -> list[Passage]:
    """Texts as passages; a title like 「劳动合同法 第三十七条」 is a document and its article."""
    made = []
    for number, (title, text) in enumerate(zip(titles, texts, strict=True)):
        match = _ARTICLE.match(title)
        name, article = (match.group(1), match.group(2)) if match else (title, None)
        content = PassageText(headings=(), article=article, text=text)
        made.append(
            Passage(
                PassageId(number),
                DocumentId(f"d{number // 40}"),
                name,
                DocumentKind.OFFICIAL,
                1,
                number,
                content,
                date.min,
            )
        )
    return made


def read_set(folder: Path) -> Corpus:
    """A folder of corpus.jsonl and queries.jsonl."""
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    asked = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    return Corpus(
        folder.name,
        [row["id"] for row in rows],
        [row.get("title") or "" for row in rows],
        [row["text"] for row in rows],
        [(entry["text"], set(entry["relevant"])) for entry in asked],
    )


def quality(corpus: Corpus, system: str, at_most: int) -> dict[str, Any]:
    """Recall, speed, and how well scores tell answerable questions from others."""
    began = time.perf_counter()
    searcher = SYSTEMS[system](corpus)
    indexing = time.perf_counter() - began
    questions = list(corpus.questions)
    random.Random(7).shuffle(questions)
    places, scores, answerable, milliseconds = [], [], [], []
    for question, relevant in questions[:at_most]:
        began = time.perf_counter()
        found = searcher.search(question)
        milliseconds.append((time.perf_counter() - began) * 1000)
        names = [corpus.ids[row] for row, _ in found]
        if relevant:
            places.append(next((at for at, name in enumerate(names) if name in relevant), 99))
        scores.append(found[0][1] if found else 0.0)
        answerable.append(bool(relevant))
    return {
        "set": corpus.name,
        "system": system,
        "n": len(places),
        "R@1": float(np.mean([place == 0 for place in places])),
        "R@3": float(np.mean([place < 3 for place in places])),
        "auroc": auroc(scores, answerable),
        "p50_ms": float(np.percentile(milliseconds, 50)),
        "p99_ms": float(np.percentile(milliseconds, 99)),
        "index_s": indexing,
    }


def students(official: Path | None, split: str) -> tuple[dict[str, Any], list[tuple[float, bool]]]:
    """Colloquial questions over the starter library and the official texts; and confidences with their truth."""
    index = Index(load_encoder(None))
    index.add(library(official))
    questions = []
    for line in QUESTIONS.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["split"] == split:
            relevant = tuple(Relevant(each["title"], each.get("article") or "") for each in entry["relevant"])
            questions.append(EvaluationQuestion(entry["id"], entry["question"], relevant))
    found = evaluate(index, questions, on=TODAY, clock=time.perf_counter)
    verbatim, reliability = 0, []
    cited = 0
    for asked in questions:
        given = answer(index, asked.question, on=TODAY)
        cited += len(given.citations)
        verbatim += sum(all(quote in one.passage.content.text for quote in one.quotes) for one in given.citations)
        reliability.append((given.confidence, first_right(given.hits, asked.relevant) == 0))
    figures = {"split": split, **found.as_json(), "citations": cited, "verbatim": verbatim}
    return figures, reliability


def bigram_baseline(official: Path | None, split: str) -> dict[str, Any]:
    """Plain bigram BM25 on the same student questions."""
    passages = library(official)
    corpus = Corpus(
        "students",
        [],
        [p.title for p in passages],
        ["\n".join((*p.content.headings, p.content.text)) for p in passages],
        [],
    )
    searcher = Bm25s(corpus)
    places, scores, answerable = [], [], []
    for line in QUESTIONS.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["split"] != split:
            continue
        wanted = [Relevant(each["title"], each.get("article") or "") for each in entry["relevant"]]
        found = searcher.search(entry["question"])
        if wanted:
            hits = (at for at, (row, _) in enumerate(found) if any(is_wanted(passages[row], one) for one in wanted))
            places.append(next(hits, 99))
        scores.append(found[0][1] if found else 0.0)
        answerable.append(bool(wanted))
    return {
        "split": split,
        "R@1": float(np.mean([place == 0 for place in places])),
        "R@3": float(np.mean([place < 3 for place in places])),
        "auroc": auroc(scores, answerable),
    }


def scale(size: int, texts: Sequence[str], questions: Sequence[str]) -> dict[str, Any]:
    """Speed, memory and the pause of answers while a document is added, at this many passages."""
    gc.collect()
    before = _resident()
    made = list(_varied(size, texts))
    began = time.perf_counter()
    index = Index(load_encoder(None))
    for at in range(0, size, 5000):
        index.add(passages_of([""] * len(made[at : at + 5000]), made[at : at + 5000]))
    indexing = time.perf_counter() - began
    for question in questions[:20]:
        index.search(question, on=TODAY)
    times = [_timed(index, question) for question in questions]
    longest, adding = _while_adding(index, questions)
    del made
    gc.collect()
    return {
        "passages": size,
        "p50_ms": float(np.percentile(times, 50)),
        "p99_ms": float(np.percentile(times, 99)),
        "index_s": indexing,
        "add_document_s": adding,
        "longest_answer_while_adding_ms": longest,
        "rss_mib": _resident(),
        "rss_before_mib": before,
    }


def _while_adding(index: Index, questions: Sequence[str]) -> tuple[float, float]:
    """The slowest search during an upload of 40 passages, and how long until it was answerable."""
    new = passages_of(["新办法"] * 40, [f"第{at}号湖心岛摆渡船每日开行{at}班，由值班员发牌。" for at in range(40)])
    done = threading.Event()
    took: list[float] = []

    def add() -> None:
        began = time.perf_counter()
        index.add(new)
        took.append(time.perf_counter() - began)
        done.set()

    adding = threading.Thread(target=add)
    adding.start()
    times: list[float] = []
    while not done.is_set():
        times.append(_timed(index, questions[len(times) % len(questions)]))
    adding.join()
    return max(times, default=0.0), took[0]


def _timed(index: Index, question: str) -> float:
    began = time.perf_counter()
    index.search(question, on=TODAY)
    return (time.perf_counter() - began) * 1000


def _varied(size: int, texts: Sequence[str]) -> Iterator[str]:
    """As many texts as wanted: the given ones, then new ones of their sentences."""
    chance = random.Random(3)
    sentences = [one for text in texts for one in re.split(r"(?<=[。；])", text) if len(one) > 8]
    yield from texts[:size]
    for _ in range(size - min(size, len(texts))):
        yield "".join(chance.sample(sentences, 3))[:220]


def _resident() -> float:
    with Path("/proc/self/statm").open(encoding="ascii") as opened:
        return int(opened.read().split()[1]) * resource.getpagesize() / 2**20


def _joined(corpus: Corpus) -> list[str]:
    return [f"{title}\n{text}" for title, text in zip(corpus.titles, corpus.texts, strict=True)]


def _best(scores: Any) -> list[tuple[int, float]]:
    order = np.argsort(-scores, kind="stable")[:10]
    return [(int(row), float(scores[row])) for row in order]


def table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as aligned columns."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title)
    for name in rows[0] if rows else ():
        drawn.add_column(name)
    for row in rows:
        drawn.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()))
    Console(width=170).print(drawn)


def reliability_chart(reliability: Sequence[tuple[float, bool]], path: Path) -> None:
    """Confidence against the share that was right, in ten bins."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4))
    axes = figure.subplots()
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in reliability:
        bins.setdefault(min(int(confidence * 10), 9), []).append((confidence, right))
    points = [(np.mean([c for c, _ in one]), np.mean([r for _, r in one])) for _, one in sorted(bins.items())]
    axes.plot([0, 1], [0, 1], linestyle=":")
    axes.plot([x for x, _ in points], [y for _, y in points], marker="o")
    axes.set_xlabel("confidence")
    axes.set_ylabel("share right")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main() -> None:
    """Measure everything that the machine has the data for."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--systems", nargs="*", default=list(SYSTEMS))
    parser.add_argument("--questions", type=int, default=4000, help="at most so many of each set")
    parser.add_argument("--scale", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--split", default="dev", help="dev, or test to report")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    official = arguments.data / "official"
    results: dict[str, Any] = {
        "absent": [name for name in ABSENT_PEERS if importlib.util.find_spec(name) is None],
        "official_texts": official.is_dir(),
    }
    figures, reliability = students(official if official.is_dir() else None, arguments.split)
    results["students"] = figures
    results["students_bigram_bm25"] = bigram_baseline(official if official.is_dir() else None, arguments.split)
    table("students' questions", [figures])
    table("the same, plain bigram BM25", [results["students_bigram_bm25"]])
    reliability_chart(reliability, arguments.out / "reliability.png")
    corpora = [
        read_set(arguments.data / "bench" / name) for name in arguments.sets if (arguments.data / "bench").is_dir()
    ]
    results["sets"] = []
    for corpus in corpora:
        rows = [quality(corpus, system, arguments.questions) for system in arguments.systems]
        results["sets"] += rows
        table(corpus.name, rows)
    texts, asked = _scale_material(corpora)
    results["scale"] = []
    for size in arguments.scale:
        with multiprocessing.get_context("spawn").Pool(1) as pool:  # a process of its own, so that memory is its own
            results["scale"].append(pool.apply(scale, (size, texts, asked)))
        table("scale", results["scale"])
    (arguments.out / "retrieval.json").write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"absent peers: {', '.join(results['absent']) or 'none'}; written to {arguments.out / 'retrieval.json'}")


def _scale_material(corpora: Sequence[Corpus]) -> tuple[list[str], list[str]]:
    """The longest corpus at hand, else our own library; and real questions."""
    largest = max(corpora, key=lambda corpus: len(corpus.texts), default=None)
    texts = largest.texts if largest else [passage.content.text for passage in library(None)]
    lines = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    asked = [entry["question"] for entry in lines if entry["split"] == "dev" and normalise(entry["question"])][:200]
    return texts, asked


if __name__ == "__main__":
    main()
