"""Linear classifiers of wordings: what they are learned from, as rows of slots, and how."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from retrieval.normalise import normalise
from retrieval.pieces import SLOTS, slots_of

_ROUNDS = 300
_BEFORE = (
    "老师您好，打扰了，我是大二的，想问一下",
    "你好，请问",
    "不好意思 ",
    "老师好，我是研一新生，想请教一下",
    "学长好 ",
    "辅导员您好！",
    "在吗？",
)
_AFTER = ("，谢谢", "", " 谢谢老师", "，麻烦您了", "。。。", " 多谢啦", "？急", " 求解答")

Floats = NDArray[np.float64]
Labelled = tuple[str, str]  # a question and its kind


def politely(labelled: Sequence[Labelled]) -> list[Labelled]:
    """Every fourth question once more, with the greetings and thanks that it may be wrapped in."""
    return [
        (f"{_BEFORE[at // 4 % len(_BEFORE)]}{question}{_AFTER[at // 4 % len(_AFTER)]}", kind)
        for at, (question, kind) in enumerate(labelled)
        if at % 4 == 0
    ]


def rows_of(questions: Sequence[str], known: Container[str] | None) -> csr_matrix:
    """A row a question: each of its slots with the same weight, the row of length 1."""
    found = [slots_of(normalise(question), known) for question in questions]
    counts = np.array([len(slots) for slots in found])
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    return csr_matrix((values, np.concatenate(found), np.append(0, np.cumsum(counts))), shape=(len(found), SLOTS))


def learn(rows: csr_matrix, wanted: Floats, *, decay: float) -> tuple[Floats, Floats]:
    """Multinomial logistic regression: weights of slots by kinds, and constants.

    Args:
        wanted: a row a question, a column a kind: how much the question counts in the column of its kind, 0 elsewhere.
        decay: of the weights, beside the sum of the losses.
    """
    kinds = wanted.shape[1]
    counts = wanted.sum(axis=1, keepdims=True)

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, constants = flat[:-kinds].reshape(SLOTS, -1), flat[-kinds:]
        shares = _shares(rows @ weights + constants)
        value = -(wanted * np.log(np.maximum(shares, 1e-300))).sum() + decay * (weights**2).sum()
        away = shares * counts - wanted
        slope = rows.T @ away + 2 * decay * weights
        return float(value), np.concatenate([slope.ravel(), away.sum(axis=0)])

    start = np.zeros((SLOTS + 1) * kinds)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}).x
    return found[:-kinds].reshape(SLOTS, -1), found[-kinds:]


def probabilities(rows: csr_matrix, learned: tuple[Floats, Floats]) -> Floats:
    """Of each kind, a row a question."""
    weights, constants = learned
    return _shares(rows @ weights + constants)


def _shares(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
