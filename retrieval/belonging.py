"""Learning which questions belong elsewhere by their wording: `python -m retrieval.belonging`, a minute.

From what is anticipated and what teaches the encoder on the one hand, `elsewhere.txt` and `asked_elsewhere.txt` on the
other. Figures are for fifths that were not learned from; what tells of new writers are the hands.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.elsewhere import LEARNED, read_elsewhere
from retrieval.evaluation import auroc
from retrieval.linear import Floats, Labelled, learn, politely, probabilities, rows_of
from retrieval.material import anticipated
from retrieval.training import read_asked

ASKED_ELSEWHERE = Path(__file__).parent / "asked_elsewhere.txt"
_HERE, _ELSEWHERE = "here", "elsewhere"
_FOLDS = 5
_DECAY = 0.1
_WEIGHT_ELSEWHERE = 0.3  # of all questions of elsewhere together, beside all that are answered here


def labelled() -> list[Labelled]:
    """All questions with where they belong, each once."""
    here = [question for questions in anticipated().values() for question in questions]
    here += [question for *_, question in read_asked()]
    elsewhere = [*read_elsewhere(), *read_elsewhere(ASKED_ELSEWHERE)]
    return [
        *((question, _HERE) for question in sorted(set(here))),
        *((question, _ELSEWHERE) for question in sorted(set(elsewhere))),
    ]


def learned_from(chosen: Sequence[Labelled]) -> tuple[Floats, Floats]:
    """Weights of slots and constants, first of what belongs here."""
    shown = [*chosen, *politely(chosen)]
    away = np.array([kind == _ELSEWHERE for _, kind in shown])
    wanted = np.column_stack([~away, away * (_WEIGHT_ELSEWHERE * (~away).sum() / max(away.sum(), 1))]).astype(float)
    return learn(rows_of([question for question, _ in shown], None), wanted, decay=_DECAY)


def report(chosen: Sequence[Labelled]) -> None:
    """Print how well fifths that were not learned from are told apart."""
    shares = np.zeros(len(chosen))
    for held in range(_FOLDS):
        learned = learned_from([one for at, one in enumerate(chosen) if at % _FOLDS != held])
        shares[held::_FOLDS] = probabilities(rows_of([q for q, _ in chosen[held::_FOLDS]], None), learned)[:, 1]
    print(f"AUROC {auroc(shares.tolist(), [kind == _ELSEWHERE for _, kind in chosen]):.4f} of {len(chosen)} questions")


def main() -> None:
    """Learn elsewhere.npz and print what it achieves on held-out fifths."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--dry-run", action="store_true", help="print the figure, write nothing")
    arguments = parser.parse_args()
    chosen = labelled()
    report(chosen)
    if not arguments.dry_run:
        weights, constants = learned_from(chosen)
        np.savez_compressed(
            LEARNED, weights=(weights[:, 1] - weights[:, 0]).astype(np.float16), constant=constants[1] - constants[0]
        )
        print(f"written to {LEARNED.name}")


if __name__ == "__main__":
    main()
