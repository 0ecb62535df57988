"""Learning the re-ranker, the calibration and the gate: `python -m retrieval.tuning --official FOLDER --general SET`.

The questions are those of `benchmarks/questions/students.jsonl` marked `dev`, with those of further hands beside them
(`DEVELOPMENT`), each asked of a library with official texts and of one without; the general ones a set of
`corpus.jsonl` and `queries.jsonl` on other matters. The encoder has seen none of them. Figures are for folds that were
not learned from, split by the article that answers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from content.passages import DocumentId, DocumentKind, Passage, PassageId, PassageText
from retrieval.encoder import Encoder, load_encoder
from retrieval.evaluation import Relevant, auroc, calibration_error, is_wanted, refused_when_answering
from retrieval.local_facts import NAMES_NONE, lacks_local_fact
from retrieval.material import anticipated, official_passages, starter_passages, with_questions
from retrieval.normalise import normalise
from retrieval.principles import on_principle
from retrieval.ranking import (
    CONFIDENCE,
    FEATURES,
    WEIGHTS,
    Weights,
    confidence_features,
    load_weights,
    plain_ranker,
    probability,
)
from retrieval.refusals import small_talk
from retrieval.search import Index, Ranked

QUESTIONS = Path(__file__).parent.parent / "benchmarks" / "questions" / "students.jsonl"
DEVELOPMENT = (
    QUESTIONS,
    *(
        QUESTIONS.with_name(f"{hand}.jsonl")
        for hand in (
            *("messages", "brief", "third_hand", "fourth_hand", "fifth_hand", "sixth_hand", "seventh_hand"),
            *("eighth_hand", "ninth_hand", "tenth_hand"),
        )
    ),
)
TODAY = date(2026, 11, 22)  # the day that the questions are asked on
_FOLDS = 5
_GENERAL = "general"
_ARTICLE_START = 1.5
_GENERAL_WEIGHT = 3.0  # of a general question beside one of a student: there are few, and they stand for every upload
_PLAIN_WEIGHT = 0.1  # of the same to a library without anticipated questions
_RANKER_DECAY, _ELSEWHERE_DECAY, _CALIBRATION_DECAY = 0.0005, 0.02, 0.0001

Floats = NDArray[np.float64]
Asked = tuple[str, Callable[[Passage], bool] | None, str]  # a question, what answers it (None: nothing), its group


@dataclass(frozen=True)
class Example:
    """A question with its candidates and which of them answer."""

    ranked: Ranked
    right: NDArray[np.bool_]
    answerable: bool
    group: str
    library: str
    weight: float

    @property
    def plain(self) -> bool:
        """Whether no candidate has anticipated questions."""
        return not any(candidate.closest for candidate in self.ranked.candidates)


def examples_of(index: Index, questions: Sequence[Asked], library: str, weight: float) -> list[Example]:
    """Search every question that is not refused on principle."""
    found = []
    for question, wanted, group in questions:
        text = normalise(question)
        if not any(character.isalnum() for character in text) or small_talk(text) or on_principle(text):
            continue
        ranked = index.rank(question, on=TODAY)
        right = np.array([wanted is not None and wanted(c.passage) for c in ranked.candidates], dtype=bool)
        if ranked.candidates:
            found.append(Example(ranked, right, wanted is not None, group, library, weight))
    return found


class Rankers(NamedTuple):
    """Weights of features for questions of our own matter, and for those of others."""

    own: Floats
    elsewhere: Floats

    def scores(self, example: Example) -> Floats:
        """Of an example's candidates, as the index computes them."""
        ranked, ranker = example.ranked, self.own
        if example.plain:
            ranker = plain_ranker(self.own.tolist(), self.elsewhere.tolist(), ranked.matter)
        return np.asarray(ranked.rows @ ranker)


def learn_rankers(examples: Sequence[Example], start: Floats) -> Rankers:
    """From questions of students, and from those of the general set."""
    own = [example for example in examples if example.library != _GENERAL]
    general = [example for example in examples if example.library == _GENERAL]
    return Rankers(
        learn_ranker(own, start, decay=_RANKER_DECAY),
        learn_ranker(general, start, decay=_ELSEWHERE_DECAY) if general else start,
    )


def learn_ranker(examples: Sequence[Example], start: Floats, *, decay: float) -> Floats:
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
        return value / total + decay * float(away @ away), slope / total + 2 * decay * away

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=_BOUNDS).x)


_SHARPNESS = 4.0
# What says more of a question is never worse for it; whose rule it is says nothing by itself.
_SIGNS = {"missing": (None, 0.0), "term": (None, 0.0), "school": (None, None)}
_BOUNDS = [_SIGNS.get(feature, (0.0, None)) for feature in FEATURES]


class Judged(NamedTuple):
    """The first candidate of a ranker.

    Attributes:
        numbers: what confidence is computed from.
        plain: whether it has no anticipated questions.
        lacking: whether it holds nothing of the kind that is asked for, so that confidence is low whatever they say.
    """

    numbers: Floats
    right: bool
    plain: bool
    lacking: bool


def judged(example: Example, rankers: Rankers) -> Judged:
    """What they put first."""
    scores = rankers.scores(example)
    order = np.argsort(-scores, kind="stable")
    ranked = example.ranked
    candidates = [ranked.candidates[at] for at in order]
    numbers = confidence_features(
        ranked.query,
        candidates,
        ranked.unknown,
        ranked.elsewhere,
        ranked.matter,
        scores[order],
        ranked.rows[order],
    )
    lacking = lacks_local_fact(ranked.query.text, candidates[0].text)
    return Judged(numbers, bool(example.right[order[0]]), not candidates[0].closest, lacking)


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


@dataclass(frozen=True)
class Learned:
    """Rankers with their calibrations: where the first candidate has anticipated questions, and where it has none."""

    rankers: Rankers
    calibration: Floats
    calibration_plain: Floats

    def confidence(self, first: Judged) -> float:
        """As the index computes it."""
        calibration = self.calibration_plain if first.plain else self.calibration
        confidence = probability(first.numbers, calibration.tolist())
        return min(confidence, NAMES_NONE) if first.lacking else confidence


def learn(examples: Sequence[Example], start: Floats) -> Learned:
    """The ranker, then the calibrations on scores of rankers that did not see the question."""
    crossed = _crossed(examples, start)
    calibrations = []
    for plain in (False, True):
        chosen = [first for first in crossed if first.plain is plain and not first.lacking]
        inputs, truths = np.array([first.numbers for first in chosen]), np.array([first.right for first in chosen])
        calibrations.append(learn_calibration(inputs, truths))
    return Learned(learn_rankers(examples, start), *calibrations)


def _crossed(examples: Sequence[Example], start: Floats) -> list[Judged]:
    found = []
    for held in _folds(examples):
        rankers = learn_rankers([e for at, e in enumerate(examples) if at not in held], start)
        found += [judged(examples[at], rankers) for at in sorted(held)]
    return found


def _folds(examples: Sequence[Example]) -> list[set[int]]:
    groups = sorted({example.group for example in examples})
    place = {group: at % _FOLDS for at, group in enumerate(groups)}
    return [{at for at, e in enumerate(examples) if place[e.group] == fold} for fold in range(_FOLDS)]


def report(examples: Sequence[Example], start: Floats) -> dict[str, dict[str, float | None]]:
    """Figures on folds that neither ranker nor calibration saw."""
    outcomes: dict[str, list[tuple[float, bool, bool]]] = {}
    for held in _folds(examples):
        learned = learn([e for at, e in enumerate(examples) if at not in held], start)
        for at in sorted(held):
            first = judged(examples[at], learned.rankers)
            outcome = (learned.confidence(first), first.right, examples[at].answerable)
            outcomes.setdefault(examples[at].library, []).append(outcome)
    return {library: _figures(found) for library, found in outcomes.items()}


def _figures(outcomes: Sequence[tuple[float, bool, bool]]) -> dict[str, float | None]:
    confidences, truths, answerable = zip(*outcomes, strict=True)
    hits = [right for right, asked in zip(truths, answerable, strict=True) if asked]
    return {
        "n": len(truths),
        "hit@1": sum(hits) / len(hits) if hits else None,
        "refusal_auroc": auroc(confidences, answerable),
        "refused_at_95": refused_when_answering(confidences, answerable, share=0.95),
        "calibration_error": calibration_error(confidences, truths),
    }


def development_questions(path: Path) -> list[Asked]:
    """Questions of a file to learn from, grouped by the article that answers, the unanswerable by kind."""
    questions: list[Asked] = []
    for line in path.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry.get("split") == "test" or entry.get("known"):
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
    """A set of `{id,title,text}` and `{id,text,relevant}`, every fifth passage withheld: its questions have none."""
    names: dict[int, str] = {}
    passages = []
    for number, line in enumerate((folder / "corpus.jsonl").read_text("utf-8").splitlines()):
        entry = json.loads(line)
        if number % 5 == 0:
            continue
        names[number] = entry["id"]
        content = PassageText(headings=(), article=None, text=entry["text"])
        title = entry.get("title") or folder.name
        passages.append(
            Passage(PassageId(number), DocumentId("set"), title, DocumentKind.OFFICIAL, 1, number, content, date.min)
        )
    index.add(passages)
    questions: list[Asked] = []
    for line in (folder / "queries.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        known = set(entry["relevant"]) & set(names.values())
        questions.append((entry["text"], _named(names, entry["relevant"]) if known else None, entry["relevant"][0]))
    return examples_of(index, questions, _GENERAL, _GENERAL_WEIGHT)


def _named(names: dict[int, str], relevant: Sequence[str]) -> Callable[[Passage], bool]:
    return lambda passage: names[passage.id] in relevant


def gather(encoder: Encoder, official: Path | None, general: Path | None) -> list[Example]:
    """All that is learned from: the library with and without official texts, without anticipated questions, the set."""
    passages = library(official)
    libraries = (
        ("", passages, 1.0),
        (", starter library alone", library(None), 1.0),
        (", plain", with_questions(passages, {}), _PLAIN_WEIGHT),
    )
    examples = general_set(general, Index(encoder)) if general else []
    for name, held, weight in libraries:
        index = Index(encoder)
        index.add(held)
        for path in DEVELOPMENT:
            examples += examples_of(index, development_questions(path), f"{path.stem}{name}", weight)
    return examples


def main() -> None:
    """Learn weights.json and print what it achieves on held-out folds."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--official", type=Path, help="folder of official texts, as uploaded")
    parser.add_argument("--general", type=Path, help="folder with corpus.jsonl and queries.jsonl on other matters")
    parser.add_argument("--encoder", default=None)
    parser.add_argument("--dry-run", action="store_true", help="print the figures, write nothing")
    arguments = parser.parse_args()
    examples = gather(load_encoder(arguments.encoder), arguments.official, arguments.general)
    start = np.zeros(len(FEATURES))
    start[FEATURES.index("article")] = _ARTICLE_START  # the questions of students hardly ever name one
    for name, figures in report(examples, start).items():
        print(name, json.dumps(figures))
    learned = learn(examples, start)
    gates = _gate(examples, learned, plain=False), _gate(examples, learned, plain=True)
    if not arguments.dry_run:
        data = _as_data(learned, gates, load_weights())
        WEIGHTS.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"gates {gates}; weights {'not ' if arguments.dry_run else ''}written to {WEIGHTS.name}")


def _gate(examples: Sequence[Example], learned: Learned, *, plain: bool) -> float:
    """The confidence that 95 of 100 answerable questions reach, or that makes an answer likelier right than wrong."""
    reached = []
    for example in examples:
        first = judged(example, learned.rankers)
        if example.answerable and first.plain is plain:
            reached.append(learned.confidence(first))
    return round(min(float(np.quantile(reached, 0.05)), 0.5), 4)


def _as_data(learned: Learned, gates: tuple[float, float], before: Weights) -> dict[str, Any]:
    channels = ("keyword", "question", "dense", "dense_question")
    return {
        "command": "python -m retrieval.tuning --official ../shared/data/official"
        " --general ../shared/data/bench/cmrc2018_trial",
        "fusion": dict(zip(channels, before.fusion, strict=True)),
        "ranker": _named_numbers(FEATURES, learned.rankers.own),
        "ranker_elsewhere": _named_numbers(FEATURES, learned.rankers.elsewhere),
        "calibration": _named_numbers(("constant", *CONFIDENCE), learned.calibration),
        "calibration_plain": _named_numbers(("constant", *CONFIDENCE), learned.calibration_plain),
        "temperature": 1 / _SHARPNESS,
        "gate": gates[0],
        "gate_plain": gates[1],
    }


def _named_numbers(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


if __name__ == "__main__":
    main()
