"""What answers are measured with must be new to the library: nothing that it expects, nothing that it turns away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from retrieval.belonging import ASKED_ELSEWHERE
from retrieval.elsewhere import read_elsewhere
from retrieval.evaluation import Relevant, auroc, is_wanted
from retrieval.material import anticipated, starter_passages
from retrieval.matters import matter_of
from retrieval.naming import article_key, place_of, target_of, title_key
from retrieval.normalise import normalise
from retrieval.sharing import letters, pairs
from retrieval.training import read_asked
from retrieval.tuning import QUESTIONS

FAQ = QUESTIONS.with_name("faq.jsonl")  # a library of its own: its questions are what is found
FILES = sorted(path for path in QUESTIONS.parent.glob("*.jsonl") if path.stem not in ("rewordings", FAQ.stem))
OFFICIAL = {"发展党员工作细则": 44, "党员教育管理工作条例": 46}
ALIKE = 0.8  # of the pairs of characters: from here two wordings are one


def questions_of(path: Path) -> list[str]:
    """All but those that are marked as known and left out of every figure."""
    entries = map(json.loads, path.read_text("utf-8").splitlines())
    return [entry["question"] for entry in entries if not entry.get("known")]


def repeated(asked: Sequence[str], known: Sequence[str]) -> list[str]:
    """Which of the questions equal a known one, or nearly."""
    bags = [pairs(letters(normalise(text))) for text in (*asked, *known)]
    column = {pair: at for at, pair in enumerate(sorted(frozenset().union(*bags)))}
    rows = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    columns = [column[pair] for bag in bags for pair in bag]
    table = sparse.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=(len(bags), max(len(column), 1)))
    sizes = np.asarray(table.sum(axis=1)).ravel()
    shared = (table[: len(asked)] @ table[len(asked) :].T).toarray()
    alike = 2 * shared >= ALIKE * np.maximum(sizes[: len(asked), None] + sizes[None, len(asked) :], 1)
    same = {letters(normalise(text)) for text in known} - {""}
    return [q for q, near in zip(asked, alike.any(axis=1), strict=True) if near or letters(normalise(q)) in same]


def passages_held() -> set[tuple[str, str]]:
    """Title and article or heading of the starter library's passages and of the official texts' articles."""
    held = {(title_key(passage.title), article_key(place_of(passage))) for passage in starter_passages()}
    return held | {(title, f"第{number}条") for title, count in OFFICIAL.items() for number in range(1, count + 1)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_question_to_measure_with_is_anticipated(path: Path) -> None:
    known = [question for questions in anticipated().values() for question in questions]

    assert repeated(questions_of(path), known) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_question_to_measure_with_is_known_to_be_asked_elsewhere(path: Path) -> None:
    assert repeated(questions_of(path), [*read_elsewhere(), *read_elsewhere(ASKED_ELSEWHERE)]) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_question_to_measure_with_taught_the_encoder(path: Path) -> None:
    assert repeated(questions_of(path), [question for *_, question in read_asked()]) == []


def test_what_is_asked_elsewhere_is_answered_by_nothing() -> None:
    known = [question for questions in anticipated().values() for question in questions]
    known += [question for *_, question in read_asked()]

    assert repeated([*read_elsewhere(), *read_elsewhere(ASKED_ELSEWHERE)], known) == []


def test_a_wording_tells_questions_of_elsewhere_from_those_that_are_answered() -> None:
    entries = map(json.loads, QUESTIONS.with_name("ninth_hand.jsonl").read_text("utf-8").splitlines())
    asked = [entry for entry in entries if not entry.get("known") and not entry.get("refusal")]

    logits = [matter_of(normalise(entry["question"])).elsewhere for entry in asked]
    told = auroc(logits, [not entry["relevant"] for entry in asked])

    assert told is not None
    assert told > 0.95


def test_a_wording_tells_which_passage_is_asked_for() -> None:
    entries = map(json.loads, QUESTIONS.with_name("ninth_hand.jsonl").read_text("utf-8").splitlines())
    asked = [entry for entry in entries if not entry.get("known") and entry["relevant"]]
    held = starter_passages()

    first = []
    for entry in asked:
        matter = matter_of(normalise(entry["question"]))
        first.append(max(held, key=lambda passage: matter.share(target_of(passage)) or 0))
    right = [
        any(is_wanted(passage, Relevant(each["title"], each["article"])) for each in entry["relevant"])
        for passage, entry in zip(first, asked, strict=True)
    ]

    assert sum(right) > 0.8 * len(asked)


def test_whatever_teaches_the_encoder_is_asked_of_a_passage_that_exists() -> None:
    assert {(title_key(title), article_key(place)) for title, place, _ in read_asked()} <= passages_held()


def test_no_question_stands_in_two_files() -> None:
    asked = [letters(normalise(question)) for path in FILES for question in questions_of(path)]
    asked = [question for question in asked if question]

    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_answer_that_is_named_exists(path: Path) -> None:
    named = [each for line in path.read_text("utf-8").splitlines() for each in json.loads(line)["relevant"]]

    assert {(title_key(each["title"]), article_key(each["article"])) for each in named} <= passages_held()


def test_no_phrasing_that_is_asked_of_an_organisers_answers_is_the_question_they_stand_under() -> None:
    entries = [json.loads(line) for line in FAQ.read_text("utf-8").splitlines()]
    asked = [phrasing for entry in entries for phrasing in (*entry["asked"], *entry["far"])]

    assert {letters(normalise(one)) for one in asked}.isdisjoint(letters(normalise(e["question"])) for e in entries)
    assert {split: sum(e["split"] == split for e in entries) for split in ("dev", "test")} == {"dev": 75, "test": 75}
