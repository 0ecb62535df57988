"""Making segments: of passages as they come, and one of several when there are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from content.passages import Passage
from retrieval.encoder import Encoder
from retrieval.memory import give_back
from retrieval.segments import Segment

_BATCH = 512  # passages that are read at once: what one step of building holds in memory
_FAN = 16  # segments of one level that become one of the next
_SEGMENTS_AT_MOST = 8
_TOO_UNEQUAL = 4  # a segment this many times as large as all smaller ones together is left alone


class Builder:
    """Takes passages in any portions and makes one segment of them; nobody sees it meanwhile."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._levels: list[list[Segment]] = [[]]
        self._added = 0

    def __len__(self) -> int:
        """How many passages were added."""
        return self._added

    def add(self, passages: Iterable[Passage]) -> None:
        """Count and encode some passages."""
        coming = iter(passages)
        while batch := list(islice(coming, _BATCH)):
            self._put(Segment.build(batch, self._encoder), 0)
            self._added += len(batch)

    def segment(self, beside: Sequence[Segment] = ()) -> Segment | None:
        """One segment of everything added, in its order; None where that is nothing.

        Args:
            beside: the segments that it will stand with.
        """
        parts = [segment for level in reversed(self._levels) for segment in level]
        return merged(parts, beside) if parts else None

    def _put(self, segment: Segment, depth: int) -> None:
        level = self._levels[depth]
        level.append(segment)
        if len(level) == _FAN:
            self._levels[depth] = []
            if depth + 1 == len(self._levels):
                self._levels.append([])
            one = Segment.merge(level)
            del level
            give_back()
            self._put(one, depth + 1)


def merged(parts: Sequence[Segment], beside: Sequence[Segment]) -> Segment:
    """One segment of several, kept as exactly as an index of this size is."""
    if len(parts) == 1 and not beside and parts[0].alive.all():
        return parts[0]
    bodies = sum(segment.bodies.vectors.rows for segment in beside)
    questions = sum(segment.questions.vectors.rows for segment in beside)
    return Segment.merge(parts, beside=(bodies, questions))


def to_merge(segments: Sequence[Segment]) -> list[Segment]:
    """The small ones, where there are too many; the largest stay, so that a merge never touches most of the index."""
    if len(segments) <= _SEGMENTS_AT_MOST:
        return []
    rest = sorted(segments, key=lambda segment: -len(segment.shelf))[1:]
    while rest and len(rest[0].shelf) > _TOO_UNEQUAL * sum(len(segment.shelf) for segment in rest[1:]):
        rest.pop(0)
    return rest
