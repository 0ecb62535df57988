"""A convolution over the characters of a question: a small network that sees which of them come together.

Windows of one to four characters, of each filter its strongest answer, and one linear layer (Kim 2014, "Convolutional
Neural Networks for Sentence Classification"). What a character adds to each filter at each place of a window is laid
out in tables when it is loaded, so that a question costs look-ups and sums instead of products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTHS = (1, 2, 3, 4)
NOTHING, UNKNOWN = 0, 1  # rows: of what lies outside; of a character that is not known, and of both ends
LONGEST = 240  # characters that are looked at

_GREATEST = 127  # of what eight bits hold with a sign
_LEAST = 1e-9  # of a filter that was never used
_OUTSIDE = (NOTHING,) * max(WIDTHS)

Floats = NDArray[np.float32]
Numbers = NDArray[np.int8]


@dataclass(frozen=True)
class Convolution:
    """What was learned.

    Attributes:
        places: each known character with its row.
        tables: for each place beside the one that a window stands at, what a character there (a row) adds to each
            filter (a column) of the windows that reach so far: always the last ones, as the widths ascend.
        units: what one of these numbers stands for, for each filter.
        thresholds: a number a filter, added before what is negative becomes nothing.
        targets, constants: a row of weights of all filters, and a number, for each target.
    """

    places: Mapping[str, int]
    tables: Mapping[int, Numbers]
    units: Floats
    thresholds: Floats
    targets: Floats
    constants: Floats

    def logits(self, text: str) -> Floats:
        """Of every target, for a normalised question without spaces."""
        row = [UNKNOWN, *(self.places.get(character, UNKNOWN) for character in text[:LONGEST]), UNKNOWN]
        around = np.array([*_OUTSIDE, *row, *_OUTSIDE])
        added = np.zeros((len(row), len(self.thresholds)), dtype=np.int16)
        for beside, table in self.tables.items():
            begin = len(_OUTSIDE) + beside
            added[:, -table.shape[1] :] += table.take(around[begin : begin + len(row)], axis=0)
        strongest = np.maximum(added.max(axis=0) * self.units + self.thresholds, 0)
        found: Floats = np.vecdot(self.targets, strongest) + self.constants  # a product would wake further threads
        return found


def convolution_of(arrays: Mapping[str, NDArray[np.generic]]) -> Convolution:
    """From what was learned: `characters` in the order of their rows from the third on, `embedding` (rows × inner),
    `filters_W` (place × inner × filters) and `thresholds_W` for each width W, `filter_targets`, `filter_constants`.
    """
    embedding = arrays["embedding"].astype(np.float32)
    tables: dict[int, list[Numbers]] = {}
    units: list[Floats] = []
    for width in WIDTHS:
        placed = [embedding @ filters for filters in arrays[f"filters_{width}"].astype(np.float32)]
        greatest = np.max([np.abs(table).max(axis=0) for table in placed], axis=0)
        units.append(np.maximum(greatest, _LEAST) / np.float32(_GREATEST))
        for place, table in enumerate(placed):
            tables.setdefault(place - width // 2, []).append(np.rint(table / units[-1]).astype(np.int8))
    return Convolution(
        places={character: row for row, character in enumerate(str(arrays["characters"]), start=UNKNOWN + 1)},
        tables={beside: np.concatenate(each, axis=1) for beside, each in tables.items()},
        units=np.concatenate(units),
        thresholds=np.concatenate([arrays[f"thresholds_{width}"] for width in WIDTHS]).astype(np.float32),
        targets=arrays["filter_targets"].astype(np.float32),
        constants=arrays["filter_constants"].astype(np.float32),
    )
