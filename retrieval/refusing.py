"""Learning what is refused on principle: `python -m retrieval.refusing`, which writes principles.npz.

From the lines of principles.tsv, and as ordinary questions from what is anticipated, what is asked elsewhere and the
development questions that have an answer. Figures are for fifths that were not learned from.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.elsewhere import read_elsewhere
from retrieval.linear import Floats, Labelled, learn, politely, probabilities, rows_of
from retrieval.material import anticipated
from retrieval.normalise import normalise
from retrieval.pieces import name_like
from retrieval.principles import LEARNED, LIKELY, REASONS, SURE
from retrieval.refusals import Refusal
from retrieval.tuning import DEVELOPMENT, development_questions, library

WORDED = Path(__file__).parent / "principles.tsv"
_FOLDS = 5
_DECAY = 0.005
_NONE = "none"
_KINDS = (*REASONS, _NONE)


def worded(path: Path = WORDED) -> list[Labelled]:
    """Questions with the reason for which each is refused, `none` for ordinary ones."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        reason, _, question = line.partition("\t")
        found.append((question, reason if reason == _NONE else Refusal(reason).value))
    return found


def ordinary() -> list[Labelled]:
    """Questions that are answered, or belong elsewhere."""
    expected = {question for questions in anticipated().values() for question in questions}
    asked = [question for path in DEVELOPMENT for question, wanted, _ in development_questions(path) if wanted]
    return [(question, _NONE) for question in (*sorted(expected), *read_elsewhere(), *asked)]


def known_words(labelled: Sequence[Labelled]) -> frozenset[str]:
    """What begins as a name does, and stands in ordinary questions and the starter library as often as in others."""
    plain = name_like(normalise(question) for question, reason in labelled if reason == _NONE)
    plain += name_like(normalise(passage.content.text) for passage in library(None))
    refused = name_like(normalise(question) for question, reason in labelled if reason != _NONE)
    return frozenset(word for word, count in plain.items() if count >= refused[word])


def kinds_of(labelled: Sequence[Labelled]) -> NDArray[np.int64]:
    """The place of each reason among the kinds."""
    return np.array([_KINDS.index(reason) for _, reason in labelled])


def learned_from(labelled: Sequence[Labelled]) -> tuple[Floats, Floats, frozenset[str]]:
    """Weights, constants, and what only looks like a name."""
    known = known_words(labelled)
    shown = [*labelled, *politely(labelled)]
    wanted = np.eye(len(_KINDS))[kinds_of(shown)]
    return *learn(rows_of([question for question, _ in shown], known), wanted, decay=_DECAY), known


def report(own: Sequence[Labelled], others: Sequence[Labelled]) -> None:
    """Print what is refused for its reason, and what wrongly, of fifths of `own` that were not learned from."""
    shares = np.zeros((len(own), len(_KINDS)))
    for held in range(_FOLDS):
        weights, constants, known = learned_from(
            [one for at, one in enumerate((*own, *others)) if at >= len(own) or at % _FOLDS != held]
        )
        rows = rows_of([question for question, _ in own[held::_FOLDS]], known)
        shares[held::_FOLDS] = probabilities(rows, (weights, constants))
    none, kinds = len(REASONS), kinds_of(own)
    refused, reason = 1 - shares[:, none], shares[:, :none].argmax(axis=1)
    for name, least in (("sure", SURE), ("likely", LIKELY)):
        said = refused >= least
        for kind, label in enumerate(_KINDS):
            of = kinds == kind
            right = np.mean(said[of] & (reason[of] == kind)) if kind < none else 0.0
            print(f"{name:7}{label:15} n {of.sum():5} refused {said[of].mean():.3f} for its reason {right:.3f}")


def main() -> None:
    """Learn principles.npz and print what it achieves on held-out fifths."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--dry-run", action="store_true", help="print the figures, write nothing")
    arguments = parser.parse_args()
    own, others = worded(), ordinary()
    report(own, others)
    if not arguments.dry_run:
        weights, constants, known = learned_from([*own, *others])
        np.savez_compressed(
            LEARNED,
            weights=weights.astype(np.float16),
            constants=constants.astype(np.float32),
            known=np.array(sorted(known)),
        )
        print(f"written to {LEARNED.name}")


if __name__ == "__main__":
    main()
