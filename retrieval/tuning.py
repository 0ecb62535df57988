"""Learning the re-ranker, the calibration and the gate: `python -m retrieval.tuning --official FOLDER --general SET`.

The questions are those of `benchmarks/questions/students.jsonl` marked `dev`, the general ones a set of `corpus.jsonl`
and `queries.jsonl` on other matters, and `elsewhere.txt` (questions that no library of ours answers). The encoder has
seen none of them. Figures are printed for folds that were not learned from, split by the article that answers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from content.passages import DocumentId, DocumentKind, Passage, PassageId, PassageText
from retrieval.encoder import load_encoder
from retrieval.evaluation import Relevant, auroc, calibration_error, is_wanted, refused_when_answering
from retrieval.material import anticipated, official_passages, starter_passages, with_questions
from retrieval.normalise import normalise
from retrieval.ranking import CONFIDENCE, FEATURES, WEIGHTS, Weights, confidence_features, load_weights
from retrieval.refusals import on_principle, small_talk
from retrieval.search import Index, Ranked

QUESTIONS = Path(__file__).parent.parent / "benchmarks" / "questions" / "students.jsonl"
ELSEWHERE = Path(__file__).parent / "elsewhere.txt"
TODAY = date(2026, 11, 22)  # the day that the questions are asked on
_FOLDS = 5
_GENERAL_WEIGHT = 0.35  # of a general question beside one of a student
_RANKER_DECAY, _CALIBRATION_DECAY = 0.001, 0.0003

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A question with its candidates and which of them answer."""

    ranked: Ranked
    right: NDArray[np.bool_]
    answerable: bool
    group: str
    weight: float


def examples_of(
    index: Index, questions: Sequence[tuple[str, Callable[[Passage], bool] | None, str]], weight: float
) -> list[Example]:
    """Search every question that is not refused on principle."""
    found = []
    for question, wanted, group in questions:
        text = normalise(question)
        if not any(character.isalnum() for character in text) or small_talk(text) or on_principle(text):
            continue
        ranked = index.rank(question, on=TODAY)
        right = np.array([wanted is not None and wanted(c.passage) for c in ranked.candidates], dtype=bool)
        if ranked.candidates:
            found.append(Example(ranked, right, wanted is not None, group, weight))
    return found


def learn_ranker(examples: Sequence[Example], start: Floats) -> Floats:
    """Weights under which the right candidates have the most of a softmax's probability."""
    useful = [(e.ranked.rows, e.right, e.weight) for e in examples if e.right.any() and not e.right.all()]
    total = sum(weight for *_, weight in useful)

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = 0.0, np.zeros(len(weights))
        for rows, right, weight in useful:
            logits = rows @ weights * _SHARPNESS
            logits -= logits.max()
            shares = np.exp(logits)
            shares /= shares.sum()
            good = shares[right].sum()
            value -= weight * np.log(good)
            slope -= weight * _SHARPNESS * (((shares * right) / good - shares) @ rows)
        away = weights - start
        return value / total + _RANKER_DECAY * float(away @ away), slope / total + 2 * _RANKER_DECAY * away

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


_SHARPNESS = 4.0


def numbers_of(example: Example, ranker: Floats) -> tuple[Floats, bool]:
    """What confidence is computed from, and whether the first candidate is right."""
    scores = example.ranked.rows @ ranker
    order = np.argsort(-scores, kind="stable")
    numbers = confidence_features(
        example.ranked.query, example.ranked.unknown, scores[order], example.ranked.rows[order]
    )
    return numbers, bool(example.right[order[0]])


def learn_calibration(numbers: Floats, right: NDArray[np.bool_]) -> Floats:
    """Logistic regression; the constant first."""
    inputs = np.hstack([np.ones((len(numbers), 1)), numbers])

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = inputs @ weights
        value = np.logaddexp(0, np.where(right, -logits, logits)).mean()
        slope = inputs.T @ (1 / (1 + np.exp(-logits)) - right) / len(right)
        decay = weights.copy()
        decay[0] = 0
        return float(value + _CALIBRATION_DECAY * (decay @ decay)), slope + 2 * _CALIBRATION_DECAY * decay

    return np.asarray(minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B").x)


def confidence_of(numbers: Floats, calibration: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(numbers @ calibration[1:] + calibration[0]))))


@dataclass(frozen=True)
class Learned:
    """A ranker with its calibration."""

    ranker: Floats
    calibration: Floats


def learn(examples: Sequence[Example], start: Floats) -> Learned:
    """The ranker, then the calibration on scores of rankers that did not see the question."""
    numbers, right = _crossed(examples, start)
    students = np.array([example.weight == 1.0 for example in examples])
    return Learned(learn_ranker(examples, start), learn_calibration(numbers[students], right[students]))


def _crossed(examples: Sequence[Example], start: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    numbers = np.zeros((len(examples), len(CONFIDENCE)))
    right = np.zeros(len(examples), dtype=bool)
    for held in _folds(examples):
        ranker = learn_ranker([e for at, e in enumerate(examples) if at not in held], start)
        for at in held:
            numbers[at], right[at] = numbers_of(examples[at], ranker)
    return numbers, right


def _folds(examples: Sequence[Example]) -> list[set[int]]:
    groups = sorted({example.group for example in examples})
    place = {group: at % _FOLDS for at, group in enumerate(groups)}
    return [{at for at, e in enumerate(examples) if place[e.group] == fold} for fold in range(_FOLDS)]


def report(examples: Sequence[Example], start: Floats) -> dict[str, float | None]:
    """Figures on folds that neither ranker nor calibration saw."""
    confidences: list[float] = []
    truths: list[bool] = []
    answerable: list[bool] = []
    for held in _folds(examples):
        learned = learn([e for at, e in enumerate(examples) if at not in held], start)
        for at in sorted(held):
            if examples[at].weight == 1.0:
                numbers, right = numbers_of(examples[at], learned.ranker)
                confidences.append(float(confidence_of(numbers[None], learned.calibration)[0]))
                truths.append(right)
                answerable.append(examples[at].answerable)
    hits = [right for right, asked in zip(truths, answerable, strict=True) if asked]
    return {
        "n": len(truths),
        "hit@1": sum(hits) / len(hits),
        "refusal_auroc": auroc(confidences, answerable),
        "refused_at_95": refused_when_answering(confidences, answerable, share=0.95),
        "calibration_error": calibration_error(confidences, truths),
    }


def student_questions(split: str) -> list[tuple[str, Callable[[Passage], bool] | None, str]]:
    """Questions of one split; the group is the article that answers, or the kind of unanswerable question."""
    questions: list[tuple[str, Callable[[Passage], bool] | None, str]] = []
    for line in QUESTIONS.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["split"] != split:
            continue
        wanted = tuple(Relevant(each["title"], each.get("article") or "") for each in entry["relevant"])
        group = f"{wanted[0].title} {wanted[0].article}" if wanted else entry["id"].rpartition("-")[0]
        questions.append((entry["question"], _any_of(wanted) if wanted else None, group))
    return questions


def _any_of(wanted: Sequence[Relevant]) -> Callable[[Passage], bool]:
    return lambda passage: any(is_wanted(passage, each) for each in wanted)


def library(official: Path | None) -> list[Passage]:
    """The starter library with the official texts of a folder, as after an organisation's upload."""
    passages = starter_passages()
    for path in sorted([*official.glob("*.md"), *official.glob("*.txt")]) if official else []:
        effective = date(2026, 5, 11) if "2026" in path.name else date(2019, 5, 6)
        passages += official_passages(path, effective=effective, first_id=len(passages))
    return with_questions(passages, anticipated())


def general_set(folder: Path, index: Index) -> list[Example]:
    """A set of `{id,title,text}` and `{id,text,relevant}`, indexed whole."""
    names: dict[int, str] = {}
    passages = []
    for number, line in enumerate((folder / "corpus.jsonl").read_text("utf-8").splitlines()):
        entry = json.loads(line)
        names[number] = entry["id"]
        content = PassageText(headings=(), article=None, text=entry["text"])
        title = entry.get("title") or folder.name
        passages.append(
            Passage(PassageId(number), DocumentId("set"), title, DocumentKind.OFFICIAL, 1, number, content, date.min)
        )
    index.add(passages)
    questions: list[tuple[str, Callable[[Passage], bool] | None, str]] = []
    for line in (folder / "queries.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        questions.append((entry["text"], _named(names, entry["relevant"]), entry["relevant"][0]))
    return examples_of(index, questions, _GENERAL_WEIGHT)


def _named(names: dict[int, str], relevant: Sequence[str]) -> Callable[[Passage], bool]:
    return lambda passage: names[passage.id] in relevant


def main() -> None:
    """Learn weights.json and print what it achieves on held-out folds."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--official", type=Path, help="folder of official texts, as uploaded")
    parser.add_argument("--general", type=Path, help="folder with corpus.jsonl and queries.jsonl on other matters")
    parser.add_argument("--encoder", default=None)
    parser.add_argument("--dry-run", action="store_true", help="print the figures, write nothing")
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.encoder)
    index = Index(encoder)
    index.add(library(arguments.official))
    elsewhere = [
        (line, None, f"elsewhere-{at % 40}") for at, line in enumerate(ELSEWHERE.read_text("utf-8").split("\n"))
    ]
    examples = examples_of(index, [*student_questions("dev"), *elsewhere], 1.0)
    if arguments.general:
        examples += general_set(arguments.general, Index(encoder))
    before = load_weights()
    start = np.zeros(len(FEATURES))
    print(json.dumps(report(examples, start)))
    learned = learn(examples, start)
    numbers = np.array([numbers_of(e, learned.ranker)[0] for e in examples if e.answerable and e.weight == 1.0])
    gate = float(np.quantile(confidence_of(numbers, learned.calibration), 0.05))
    if not arguments.dry_run:
        WEIGHTS.write_text(json.dumps(_as_data(learned, gate, before), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"gate {gate:.3f}; weights {'not ' if arguments.dry_run else ''}written to {WEIGHTS.name}")


def _as_data(learned: Learned, gate: float, before: Weights) -> dict[str, Any]:
    channels = ("keyword", "question", "dense", "dense_question")
    return {
        "command": "python -m retrieval.tuning --official ../shared/data/official"
        " --general ../shared/data/bench/cmrc2018_trial",
        "fusion": dict(zip(channels, before.fusion, strict=True)),
        "ranker": _named_numbers(FEATURES, learned.ranker),
        "calibration": _named_numbers(("constant", *CONFIDENCE), learned.calibration),
        "temperature": 1 / _SHARPNESS,
        "gate": round(gate, 4),
    }


def _named_numbers(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


if __name__ == "__main__":
    main()
