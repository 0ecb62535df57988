"""Learning the convolution of `retrieval.convolution`; `python -m retrieval.belonging` does it. Needs torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.convolution import NOTHING, UNKNOWN, WIDTHS

_INNER, _FILTERS = 96, 128
_EPOCHS, _BATCH = 12, 256
_RATE, _DECAY = 3e-3, 1e-2
_HIDDEN = 0.15  # of the characters at each step, so that none is relied on alone
_LEFT_OUT = 0.5  # of the filters
_SEEN_AT_LEAST = 2
_LONGEST = 60  # characters of a question that teaches


def learn_convolution(
    texts: Sequence[str], right: Sequence[Sequence[int]], targets: int, *, seed: int
) -> dict[str, NDArray[np.generic]]:
    """What `convolution_of` reads.

    Args:
        texts: normalised, without spaces.
        right: for each the places of all targets that are right.
        targets: how many there are.
    """
    import torch

    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    seen = Counter(character for text in texts for character in text[:_LONGEST])
    characters = [character for character, times in seen.most_common() if times >= _SEEN_AT_LEAST]
    places = {character: row for row, character in enumerate(characters, start=UNKNOWN + 1)}
    rows = [[UNKNOWN, *(places.get(one, UNKNOWN) for one in text[:_LONGEST]), UNKNOWN] for text in texts]
    network = _Network(len(characters) + UNKNOWN + 1, targets)
    steps = _EPOCHS * -(-len(rows) // _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(_EPOCHS):
        order = chance.permutation(len(rows))
        for begin in range(0, len(order), _BATCH):
            batch = order[begin : begin + _BATCH]
            shown = torch.from_numpy(_padded([rows[at] for at in batch], chance))
            shares = torch.log_softmax(network.logits(shown), dim=1)
            good = torch.zeros_like(shares, dtype=torch.bool)
            for place, at in enumerate(batch):
                good[place, list(right[at])] = True
            loss = -torch.logsumexp(shares.masked_fill(~good, -torch.inf), dim=1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rates.step()
    return _arrays(network, characters)


def _padded(rows: Sequence[Sequence[int]], chance: np.random.Generator) -> NDArray[np.int64]:
    """A row a text, filled up with nothing; some characters are hidden."""
    padded = np.full((len(rows), max(*WIDTHS, *map(len, rows))), NOTHING, dtype=np.int64)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    padded[(padded != NOTHING) & (chance.random(padded.shape) < _HIDDEN)] = UNKNOWN
    return padded


class _Network:
    """As `Convolution`, while it is learned."""

    def __init__(self, rows: int, targets: int) -> None:
        from torch import nn

        self.embedding = nn.Embedding(rows, _INNER, padding_idx=NOTHING)
        nn.init.normal_(self.embedding.weight, std=0.1)
        nn.init.zeros_(self.embedding.weight[NOTHING])
        self.filters = [nn.Conv1d(_INNER, _FILTERS, width, padding=width // 2) for width in WIDTHS]
        self.left_out = nn.Dropout(_LEFT_OUT)
        self.targets = nn.Linear(_FILTERS * len(WIDTHS), targets)

    def parameters(self) -> list[Any]:
        """All that is learned."""
        return [weights for part in (self.embedding, *self.filters, self.targets) for weights in part.parameters()]

    def logits(self, texts: Any) -> Any:
        """Of each target, a row a text."""
        import torch

        inner, outside = self.embedding(texts).transpose(1, 2), (texts == NOTHING)[:, None, :]
        strongest = [
            torch.relu(one(inner))[:, :, : texts.shape[1]].masked_fill(outside, 0).max(dim=2).values
            for one in self.filters
        ]
        return self.targets(self.left_out(torch.cat(strongest, dim=1)))


def _arrays(network: _Network, characters: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """In half precision; a filter's weights by place, inner, filter."""

    def halves(weights: Any) -> NDArray[np.float16]:
        return np.asarray(weights.detach().numpy(), dtype=np.float16)

    found: dict[str, NDArray[np.generic]] = {
        "characters": np.array("".join(characters)),
        "embedding": halves(network.embedding.weight),
        "filter_targets": halves(network.targets.weight),
        "filter_constants": halves(network.targets.bias),
    }
    for width, one in zip(WIDTHS, network.filters, strict=True):
        found[f"filters_{width}"] = halves(one.weight.permute(2, 1, 0))
        found[f"thresholds_{width}"] = halves(one.bias)
    return found
