"""How alike questions are: close enough to show two of them to a person, never enough to join them unasked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Encoder
from retrieval.normalise import normalise
from retrieval.queries import LONGEST
from retrieval.terms import grams_of

# Chosen on the development half of `benchmarks/questions/rewordings.jsonl` (`python -m benchmarks.grouping`): every
# second offer is right and half of the rewordings are offered; a wrong one costs a glance.
MAY_BE_THE_SAME = 0.4


def likeness(encoder: Encoder, questions: Sequence[str]) -> NDArray[np.float64]:
    """For each pair of questions the mean of the cosine of their vectors and of what their grams share, up to 1."""
    texts = [normalise(question)[:LONGEST] for question in questions]
    vectors = encoder.encode(texts)
    weights = [{gram.term: gram.weight for gram in grams_of(text, at_most=LONGEST)} for text in texts]
    sums = [sum(grams.values()) for grams in weights]
    alike = np.eye(len(texts))
    for one, grams in enumerate(weights):
        for other in range(one):
            shared = sum(min(weight, weights[other].get(term, 0.0)) for term, weight in grams.items())
            dice = 2 * shared / (sums[one] + sums[other] or 1.0)
            alike[one, other] = alike[other, one] = (float(vectors[one] @ vectors[other]) + dice) / 2
    return alike


def pairs_alike(encoder: Encoder, groups: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """The groups of phrasings (by place, the earlier first) that may ask the same, each with its nearest later ones."""
    owners = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    alike = likeness(encoder, [phrasing for group in groups for phrasing in group])
    found = {
        (int(owners[one]), int(owners[other])): float(alike[one, other])
        for one, other in np.argwhere(np.triu(alike, 1) >= MAY_BE_THE_SAME)
        if owners[one] != owners[other]
    }
    return sorted(found, key=lambda pair: (-found[pair], pair))
