"""A convolution over the characters of a question: a small network that sees which of them come together.

Windows of one to four characters, of each filter its strongest answer, and one linear layer (Kim 2014, "Convolutional
Neural Networks for Sentence Classification"). What a character adds to each filter at each place of a window is laid
out in tables when it is loaded, so that a question costs look-ups and sums instead of products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTHS = (1, 2, 3, 4)
NOTHING, UNKNOWN = 0, 1  # rows: of what lies outside; of a character that is not known, and of both ends
LONGEST = 240  # characters that are looked at

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]


@dataclass(frozen=True)
class Convolution:
    """What was learned.

    Attributes:
        places: each known character with its row.
        tables: for each width, for each place of the window, what a character (a row) adds to each filter (a column).
        thresholds: for each width a number a filter, added before what is negative becomes nothing.
        targets, constants: a row of weights of all filters, and a number, for each target.
    """

    places: Mapping[str, int]
    tables: Sequence[Sequence[Halves]]
    thresholds: Sequence[Floats]
    targets: Floats
    constants: Floats

    def logits(self, text: str) -> Floats:
        """Of every target, for a normalised question without spaces."""
        row = [UNKNOWN, *(self.places.get(character, UNKNOWN) for character in text[:LONGEST]), UNKNOWN]
        strongest = [
            _strongest(np.array(_framed(row, width)), tables, thresholds)
            for width, tables, thresholds in zip(WIDTHS, self.tables, self.thresholds, strict=True)
        ]
        # BLAS would wake further threads for it
        found: Floats = np.einsum("td,d->t", self.targets, np.concatenate(strongest)) + self.constants
        return found


def convolution_of(arrays: Mapping[str, NDArray[np.generic]]) -> Convolution:
    """From what was learned: `characters` in the order of their rows from the third on, `embedding` (rows × inner),
    `filters_W` (place × inner × filters) and `thresholds_W` for each width W, `filter_targets`, `filter_constants`.
    """
    embedding = arrays["embedding"].astype(np.float32)
    return Convolution(
        places={character: row for row, character in enumerate(str(arrays["characters"]), start=UNKNOWN + 1)},
        tables=[
            [(embedding @ place).astype(np.float16) for place in arrays[f"filters_{width}"].astype(np.float32)]
            for width in WIDTHS
        ],
        thresholds=[arrays[f"thresholds_{width}"].astype(np.float32) for width in WIDTHS],
        targets=arrays["filter_targets"].astype(np.float32),
        constants=arrays["filter_constants"].astype(np.float32),
    )


def _framed(row: list[int], width: int) -> list[int]:
    """With nothing around it, so that there is a window for every place."""
    before = width // 2
    return [NOTHING] * before + row + [NOTHING] * (width - 1 - before)


def _strongest(framed: NDArray[np.int64], tables: Sequence[Halves], thresholds: Floats) -> Floats:
    windows = len(framed) - len(tables) + 1
    added = np.zeros((windows, len(thresholds)), dtype=np.float32)
    for place, table in enumerate(tables):
        added += table[framed[place : place + windows]]
    found: Floats = np.maximum(added.max(axis=0) + thresholds, 0)
    return found
