"""Which passage of the starter library a question is about, or none of them, by how it is worded.

Two classifiers that err in different ways, and the geometric mean of what they say: one linear and of low rank over
pieces of the text, as fastText is one (Joulin et al. 2017, "Bag of Tricks for Efficient Text Classification"), and a
convolution over its characters. `python -m retrieval.belonging` learns both anew, from all questions that teach.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.convolution import Convolution, convolution_of
from retrieval.naming import Target
from retrieval.pieces import slots_of

LEARNED = Path(__file__).parent / "matters.npz"
ELSEWHERE = ("", "")  # the target of what nothing here answers
_LEAST = 1e-9


@dataclass(frozen=True)
class Matter:
    """What a question is about.

    Attributes:
        elsewhere: logit of the probability that nothing here answers it.
        shares: for each known target the probability that it is what answers, if anything here does; they add up to 1.
    """

    elsewhere: float
    shares: NDArray[np.float32]

    def share(self, target: Target) -> float | None:
        """That of a target; None where it was not learned from, as what an organisation wrote itself."""
        place = _learned().places.get(target)
        return None if place is None else float(self.shares[place])


@dataclass(frozen=True)
class _Learned:
    """The classifiers.

    Attributes:
        places: each target with its place among the shares.
        rarity: of each slot.
        pieces: a row a slot, with `scales` to multiply it by.
        targets, constants: a row and a number a target, last those of elsewhere.
        convolution: over the same targets.
    """

    places: dict[Target, int]
    rarity: NDArray[np.float32]
    pieces: NDArray[np.int8]
    scales: NDArray[np.float32]
    targets: NDArray[np.float32]
    constants: NDArray[np.float32]
    convolution: Convolution


def matter_of(normalised_question: str) -> Matter:
    """What this question is about."""
    learned = _learned()
    slots = slots_of(normalised_question, None)
    rarity = learned.rarity[slots]
    length = max(math.sqrt(float((rarity**2).sum())), _LEAST)
    weights = rarity * learned.scales[slots] / length
    inner = np.einsum("s,sd->d", weights, learned.pieces.take(slots, axis=0).astype(np.float32))
    by_pieces = np.vecdot(learned.targets, inner) + learned.constants  # a product would wake further threads
    by_windows = learned.convolution.logits(normalised_question.replace(" ", ""))
    shares = shares_of(by_pieces, by_windows)
    here = max(float(shares[:-1].sum()), _LEAST)
    return Matter(math.log(max(float(shares[-1]), _LEAST) / here), shares[:-1] / here)


def shares_of(*logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """What classifiers say together: the geometric mean of their probabilities, adding up to 1."""
    mean = np.asarray(sum(logits) / len(logits))  # what each adds up to is the same for all, and falls out
    powers = np.exp(mean - mean.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


@lru_cache(maxsize=1)
def _learned() -> _Learned:
    with np.load(LEARNED) as data:
        targets = [(title, place) for title, place in json.loads(str(data["names"]))]
        return _Learned(
            places={target: place for place, target in enumerate(targets)},
            rarity=data["rarity"].astype(np.float32),
            pieces=data["pieces"],
            scales=data["scales"].astype(np.float32),
            targets=data["targets"].astype(np.float32),
            constants=data["constants"].astype(np.float32),
            convolution=convolution_of(data),
        )
