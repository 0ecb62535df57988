"""What is refused on principle, recognised by how it is worded: a linear classifier over pieces of the text.

`retrieval/principles.tsv` holds what it was learned from, a reason and a question a line, `none` for questions that
look alike and are ordinary ones. `python -m retrieval.refusing` learns it anew.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.pieces import slots_of
from retrieval.refusals import Refusal

LEARNED = Path(__file__).parent / "principles.npz"
REASONS = (
    Refusal.OTHER_PEOPLE,
    Refusal.PREDICTION,
    Refusal.JUDGING_BELIEF,
    Refusal.SECRET_BALLOT,
    Refusal.EXAM_KEYS,
    Refusal.GHOST_WRITING,
)
SURE = 0.4  # that it is refused, whatever the library holds
LIKELY = 0.2  # the same where the library has no sure answer either


class Principled(NamedTuple):
    """The likeliest reason to refuse a question, and the probability that it is to be refused at all, 0..1."""

    reason: Refusal
    probability: float

    @property
    def sure(self) -> bool:
        return self.probability >= SURE

    @property
    def likely(self) -> bool:
        """Enough to say so instead of an answer that is not sure."""
        return self.probability >= LIKELY


def on_principle(normalised_question: str) -> Refusal | None:
    """The reason for which this is not answered, None for an ordinary question."""
    found = principled(normalised_question)
    return found.reason if found.sure else None


def principled(normalised_question: str) -> Principled:
    """How likely a question is one that is refused, and why."""
    weights, constants, known = _learned()
    pieces = slots_of(normalised_question, known)
    logits = weights[pieces].sum(axis=0) / np.sqrt(max(len(pieces), 1)) + constants  # the last is an ordinary question
    shares = np.exp(logits - logits.max())
    return Principled(REASONS[int(logits[:-1].argmax())], float(1 - shares[-1] / shares.sum()))


@lru_cache(maxsize=1)
def _learned() -> tuple[NDArray[np.float32], NDArray[np.float32], frozenset[str]]:
    """A row of weights for each slot, constants, a column for each reason and one for none; what only looks a name."""
    with np.load(LEARNED) as data:
        return (
            data["weights"].astype(np.float32),
            data["constants"].astype(np.float32),
            frozenset(data["known"].tolist()),
        )
