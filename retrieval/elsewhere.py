"""Questions that nothing here answers: what is nearer to them than to what is expected is doubted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from retrieval.encoder import Encoder
from retrieval.normalise import normalise
from retrieval.queries import Query
from retrieval.sharing import letters, pairs
from retrieval.vectors import VectorIndex

ELSEWHERE = Path(__file__).parent / "elsewhere.txt"
_NEAREST = 3


class Nearness(NamedTuple):
    """How near they come to a question.

    Attributes:
        cosine: of the nearest.
        support: mean of the three best cosines.
        dice: the best share of pairs.
    """

    cosine: float
    support: float
    dice: float


class Elsewhere:
    """The questions of other places: canteens, exams, the Youth League, courts of law."""

    def __init__(self, encoder: Encoder, lines: Sequence[str]) -> None:
        texts = [normalise(line) for line in lines]
        self._vectors = VectorIndex.build(encoder.encode(texts))
        self._sizes = np.array([len(pairs(letters(text))) for text in texts], dtype=np.float64)
        holders: dict[str, list[int]] = defaultdict(list)
        for row, text in enumerate(texts):
            for pair in pairs(letters(text)):
                holders[pair].append(row)
        self._holders = {pair: np.array(rows) for pair, rows in holders.items()}

    def nearness(self, query: Query) -> Nearness:
        """To this question."""
        _, cosines = self._vectors.nearest(query.vector, _NEAREST, None)
        near = cosines if len(cosines) else np.zeros(1)
        return Nearness(float(near[0]), float(near.mean()), self._dice(pairs(query.core)))

    def _dice(self, own: frozenset[str]) -> float:
        holders = [self._holders[pair] for pair in own if pair in self._holders]
        if not holders:
            return 0.0
        shared = 2 * np.bincount(np.concatenate(holders), minlength=len(self._sizes))
        return float((shared / (self._sizes + len(own))).max())


def read_elsewhere(path: Path = ELSEWHERE) -> list[str]:
    """A list of such questions, one a line; by default those that are compared with."""
    return path.read_text("utf-8").splitlines()
