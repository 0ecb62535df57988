"""Which passed-on questions are offered to an organiser as one: right and wrong offers, by threshold.

    .venv/bin/python -m benchmarks.grouping

Which questions ask the same was judged by hand (`questions/rewordings.jsonl`); pairs about which one could be of two
minds (`unsure`) are left out. `pairs`: over all pairs of a half. `queue`: a newcomer and `QUEUE` others that wait,
drawn by a fixed seed, among them a rewording for `SHARE` of the newcomers; only the nearest is offered.
"""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np

from retrieval.encoder import load_encoder
from retrieval.likeness import MAY_BE_THE_SAME, likeness

HERE = Path(__file__).parent / "questions"
QUEUE, SHARE, ROUNDS, SEED = 20, 0.3, 4000, 20261126
THRESHOLDS = (0.7, 0.6, 0.55, 0.5, 0.45, 0.4)


def pairs_of(lines: list[dict[str, list[str]]], key: str) -> set[frozenset[str]]:
    """Every pair of a group."""
    return {frozenset(pair) for line in lines for pair in combinations(line.get(key, []), 2)}


def main() -> None:
    """Print the table."""
    questions = [json.loads(line) for line in (HERE / "students.jsonl").read_text("utf-8").splitlines()]
    groups = [json.loads(line) for line in (HERE / "rewordings.jsonl").read_text("utf-8").splitlines()]
    same, unsure = pairs_of(groups, "same"), pairs_of(groups, "unsure")
    encoder = load_encoder(None)
    print(f"{'half':>5} {'from':>5} | {'pairs: precision':>16} {'recall':>6} | {'queue: precision':>16} {'recall':>6}")
    for half in ("dev", "test"):
        asked = [one for one in questions if one["split"] == half and one["relevant"]]
        alike = likeness(encoder, [one["question"] for one in asked])
        names = [one["id"] for one in asked]
        truth = np.array([[frozenset((a, b)) in same for b in names] for a in names])
        told = truth | ~np.array([[frozenset((a, b)) in unsure for b in names] for a in names])
        np.fill_diagonal(told, val=False)
        for threshold in THRESHOLDS:
            offered = np.triu(told & (alike >= threshold))
            right, all_right = (offered & truth).sum(), np.triu(told & truth).sum()
            precision, recall = _in_queues(alike, truth, told, threshold)
            mark = " *" if threshold == MAY_BE_THE_SAME else ""
            share = right / max(offered.sum(), 1)
            pairs, queues = f"{share:16.2f} {right / all_right:6.2f}", f"{precision:16.2f} {recall:6.2f}"
            print(f"{half:>5} {threshold:5.2f} | {pairs} | {queues}{mark}")


def _in_queues(alike: np.ndarray, truth: np.ndarray, told: np.ndarray, threshold: float) -> tuple[float, float]:
    """Precision and recall of the nearest offer over many newcomers to queues."""
    draw = np.random.default_rng(SEED)
    reworded = np.flatnonzero(truth.any(axis=1))
    offers = right = partners = 0
    for _ in range(ROUNDS):
        has_partner = draw.random() < SHARE
        newcomer = int(draw.choice(reworded)) if has_partner else int(draw.integers(len(alike)))
        others = np.flatnonzero(told[newcomer] & ~truth[newcomer])
        queue = draw.choice(others, QUEUE - has_partner, replace=False)
        if has_partner:
            queue = np.append(queue, draw.choice(np.flatnonzero(truth[newcomer])))
            partners += 1
        nearest = int(queue[np.argmax(alike[newcomer, queue])])
        if alike[newcomer, nearest] >= threshold:
            offers += 1
            right += bool(truth[newcomer, nearest])
    return right / max(offers, 1), right / max(partners, 1)


if __name__ == "__main__":
    main()
