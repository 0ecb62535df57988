"""Learning where questions belong by their wording, to which passage or elsewhere: `python -m retrieval.belonging`.

From what is anticipated and what teaches the encoder on the one hand, `elsewhere.txt` and `asked_elsewhere.txt` on the
other; needs torch, and ten minutes. With --held-out it prints how well a fifth that was not learned from is told,
and writes nothing; what tells of new writers are the hands.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from retrieval.convolution import convolution_of
from retrieval.convolving import learn_convolution
from retrieval.elsewhere import read_elsewhere
from retrieval.evaluation import auroc
from retrieval.linear import politely, rows_of
from retrieval.material import anticipated, starter_passages
from retrieval.matters import ELSEWHERE, LEARNED, shares_of
from retrieval.naming import Target, article_key, target_of, title_key
from retrieval.normalise import normalise
from retrieval.pieces import SLOTS
from retrieval.training import read_asked

ASKED_ELSEWHERE = Path(__file__).parent / "asked_elsewhere.txt"
SEED = 20260511
_DIMENSION = 96
_EPOCHS = 12
_BATCH = 256
_RATE = 0.1
_LEFT_OUT = 0.5  # of the pieces of a question at each step, so that none is relied on alone
_SEEN_AT_LEAST = 2
_HELD = 5  # every so manieth is held out for the figures

Floats = NDArray[np.float32]
Labelled = tuple[str, frozenset[Target]]  # a question and all that answers it


def labelled() -> list[Labelled]:
    """All questions with where they belong, each once."""
    answered: dict[str, set[Target]] = defaultdict(set)
    known = anticipated()
    for target, questions in known.items():
        for question in questions:
            answered[question].add(target)
    for title, place, question in read_asked():
        answered[question] |= {(title_key(title), article_key(place))} & known.keys()
    for passage in starter_passages():
        answered[passage.content.headings[-1]] |= {target_of(passage)} & known.keys()
    for question in (*read_elsewhere(), *read_elsewhere(ASKED_ELSEWHERE)):
        if question not in answered:
            answered[question].add(ELSEWHERE)
    return [(question, frozenset(targets)) for question, targets in sorted(answered.items()) if targets]


class Linear(NamedTuple):
    """What is learned of pieces: the rarity and a row of each slot, a row and a constant of each target."""

    rarity: Floats
    pieces: Floats
    targets: Floats
    constants: Floats

    def logits(self, rows: csr_matrix) -> Floats:
        """Of each target, a row a question."""
        return np.asarray(_weighted(rows, self.rarity) @ self.pieces @ self.targets.T) + self.constants


class Learned(NamedTuple):
    """Names of targets, last that of elsewhere, and the two classifiers of them (see `retrieval.matters`)."""

    names: tuple[Target, ...]
    linear: Linear
    convolution: dict[str, NDArray[np.generic]]

    def shares(self, questions: Sequence[str]) -> Floats:
        """Of each target, a row a question."""
        by_pieces = self.linear.logits(rows_of(questions, None).astype(np.float32))
        windows = convolution_of(self.convolution)
        return np.array(
            [shares_of(row, windows.logits(_letters(one))) for row, one in zip(by_pieces, questions, strict=True)]
        )


def learned_from(chosen: Sequence[Labelled], seed: int = SEED) -> Learned:
    """Both classifiers, from these questions and some of them as they are politely put."""
    shown = [*chosen, *_wrapped(chosen)]
    names = (*sorted({target for _, targets in shown for target in targets} - {ELSEWHERE}), ELSEWHERE)
    places = {name: at for at, name in enumerate(names)}
    right = [[places[target] for target in sorted(targets)] for _, targets in shown]
    texts = [_letters(question) for question, _ in shown]
    return Learned(names, _linear(shown, places, seed), learn_convolution(texts, right, len(names), seed=seed))


def _letters(question: str) -> str:
    return normalise(question).replace(" ", "")


def _linear(shown: Sequence[Labelled], places: dict[Target, int], seed: int) -> Linear:
    """Steps down the loss by Adagrad, a rate a slot and a target; pieces are left out at random."""
    rows = rows_of([question for question, _ in shown], None).astype(np.float32)
    held = np.asarray((rows > 0).sum(axis=0)).ravel()
    rarity = (np.log((len(shown) + 1) / (held + 1)) * (held >= _SEEN_AT_LEAST)).astype(np.float32)
    right = _right(shown, places)
    chance = np.random.default_rng(seed)
    pieces = (chance.standard_normal((SLOTS, _DIMENSION)) / _DIMENSION**0.5).astype(np.float32)
    targets = (chance.standard_normal((len(places), _DIMENSION)) * 0.1).astype(np.float32)
    learned = Linear(rarity, pieces, targets, np.zeros(len(places), np.float32))
    history = [np.full(len(array), 1e-6, np.float32) for array in learned[1:]]
    for epoch in range(_EPOCHS):
        order = chance.permutation(len(shown))
        for begin in range(0, len(shown), _BATCH):
            batch = order[begin : begin + _BATCH]
            some = rows[batch]
            some.data = some.data * (chance.random(len(some.data)) >= _LEFT_OUT)
            rate = _RATE * (1 - (epoch + begin / len(shown)) / _EPOCHS)
            _step(learned, history, _weighted(some, rarity), right[batch].toarray(), rate)
    return learned


def _step(learned: Linear, history: Sequence[Floats], rows: csr_matrix, right: Floats, rate: float) -> None:
    """Against the slope of -log of the probability of all that is right together."""
    slots = np.unique(rows.indices)
    rows = rows[:, slots]
    inner = np.asarray(rows @ learned.pieces[slots])
    shares = _softmax(inner @ learned.targets.T + learned.constants)
    good = shares * right
    away = (shares - good / np.maximum(good.sum(axis=1, keepdims=True), 1e-30)) / len(right)
    _descend(learned.pieces, history[0], np.asarray(rows.T @ (away @ learned.targets)), slots, rate)
    everything = np.arange(len(learned.targets))
    _descend(learned.targets, history[1], away.T @ inner, everything, rate)
    _descend(learned.constants[:, None], history[2], away.sum(axis=0)[:, None], everything, rate)


def _descend(table: Floats, history: Floats, slope: Floats, rows: NDArray[np.int64], rate: float) -> None:
    """One step of Adagrad with a rate a row."""
    history[rows] += (slope**2).mean(axis=1)
    table[rows] -= slope * (rate / np.sqrt(history[rows]))[:, None]


def _wrapped(chosen: Sequence[Labelled]) -> list[Labelled]:
    """Some of the questions once more, as they are politely put."""
    put = politely([(question, str(at)) for at, (question, _) in enumerate(chosen)])
    return [(question, chosen[int(at)][1]) for question, at in put]


def _right(shown: Sequence[Labelled], places: dict[Target, int]) -> csr_matrix:
    columns = [places[target] for _, targets in shown for target in targets]
    starts = np.cumsum([0, *(len(targets) for _, targets in shown)])
    return csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=(len(shown), len(places)))


def _weighted(rows: csr_matrix, rarity: Floats) -> csr_matrix:
    """Rows by the rarity of their slots, of length 1 again."""
    weighted = rows.copy()
    weighted.data = (rows.data > 0) * rarity[rows.indices]
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weighted.indptr))
    return weighted


def _softmax(logits: Floats) -> Floats:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float32)


def report(chosen: Sequence[Labelled]) -> None:
    """Print how well a fifth that was not learned from is told."""
    learned = learned_from([one for at, one in enumerate(chosen) if at % _HELD])
    held = [(question, targets) for question, targets in chosen[::_HELD] if targets & {*learned.names}]
    shares = learned.shares([question for question, _ in held])
    away = [ELSEWHERE in targets for _, targets in held]
    first = [learned.names[at] in targets for at, (_, targets) in zip(shares[:, :-1].argmax(axis=1), held, strict=True)]
    hits, told = sum(first) / (len(held) - sum(away)), auroc(shares[:, -1].tolist(), away)
    print(f"{len(held)} questions held out: right target first {hits:.3f}, AUROC of elsewhere {told:.4f}")


def save(learned: Learned, path: Path = LEARNED) -> None:
    """Write what `retrieval.matters` reads, a slot's row in whole numbers of a 127th of its largest."""
    linear = learned.linear
    pieces = linear.pieces * (linear.rarity > 0)[:, None]
    scales = np.abs(pieces).max(axis=1) / 127
    whole = np.rint(pieces / np.maximum(scales, 1e-12)[:, None]).astype(np.int8)
    np.savez_compressed(
        path,
        allow_pickle=False,
        names=np.array(json.dumps(learned.names[:-1], ensure_ascii=False)),
        rarity=linear.rarity,
        pieces=whole,
        scales=scales.astype(np.float32),
        targets=linear.targets.astype(np.float16),
        constants=linear.constants,
        **learned.convolution,
    )


def main() -> None:
    """Learn matters.npz, or print what would be achieved on a held-out fifth."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--held-out", action="store_true", help="print the figures, write nothing")
    chosen = labelled()
    if parser.parse_args().held_out:
        report(chosen)
        return
    save(learned_from(chosen))
    print(f"written to {LEARNED.name}")


if __name__ == "__main__":
    main()
