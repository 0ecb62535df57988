"""Many short texts as one run of bytes: no object for each, and readable straight from a mapped file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_AS_IT_IS = "surrogatepass"  # half a surrogate pair is kept as it came


@dataclass(frozen=True)
class Texts:
    """Texts without line feeds, each followed by one.

    Attributes:
        data: UTF-8.
        starts: first byte of each text; one longer than the texts.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        lines = [f"{text}\n".encode("utf-8", _AS_IT_IS) for text in texts]
        starts = np.zeros(len(lines) + 1, dtype=np.int64)
        np.cumsum([len(line) for line in lines], out=starts[1:])
        return cls(np.frombuffer(b"".join(lines), dtype=np.uint8), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> str:
        return self.lines(row, row + 1)

    def lines(self, begin: int, end: int) -> str:
        """The texts of these rows, a line each; "" where there are none."""
        return self.bytes_of(begin, end)[:-1].decode("utf-8", _AS_IT_IS)

    def bytes_of(self, begin: int, end: int) -> bytes:
        """The same as bytes, with the last line feed."""
        return self.data[self.starts[begin] : self.starts[end]].tobytes()

    @classmethod
    def merge(cls, parts: Sequence[tuple[Texts, NDArray[np.int64]]]) -> Texts:
        """Texts of these rows (ascending) of each part, in order."""
        lengths = [np.diff(texts.starts)[rows] for texts, rows in parts]
        starts = np.zeros(sum(map(len, lengths)) + 1, dtype=np.int64)
        np.cumsum(np.concatenate([*lengths, np.zeros(0, np.int64)]), out=starts[1:])
        pieces = [
            texts.data[texts.starts[begin] : texts.starts[end]] for texts, rows in parts for begin, end in runs(rows)
        ]
        return cls(np.concatenate([*pieces, np.zeros(0, np.uint8)]), starts)


def runs(rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ascending numbers as stretches, each with its first and the one after its last."""
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    firsts, lasts = rows[np.concatenate([[0], breaks])], rows[np.concatenate([breaks - 1, [len(rows) - 1]])]
    return list(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True))
