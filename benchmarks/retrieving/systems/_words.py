"""What several systems share: texts as pairs of characters, and the best of many scores."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from benchmarks.retrieving.systems import DEPTH


def pairs(text: str) -> list[str]:
    """Pairs of neighbouring characters, as plain bigram retrieval has them."""
    plain = re.sub(r"\s+", "", text.lower())
    return [plain[at : at + 2] for at in range(len(plain) - 1)]


def best(scores: Any) -> list[tuple[int, float]]:
    """The rows that score most, and their scores."""
    found = np.asarray(scores)
    depth = min(DEPTH, len(found))
    rows = np.argpartition(-found, depth - 1)[:depth]
    return [(int(row), float(found[row])) for row in rows[np.argsort(-found[rows], kind="stable")]]
