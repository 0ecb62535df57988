"""Making segments: of passages as they come, and one of several when there are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from content.passages import Passage
from retrieval.encoder import Encoder
from retrieval.memory import give_back
from retrieval.segments import Segment

_BATCH = 512  # passages that are read at once: what one step of building holds in memory
_FANS = (16, 4, 4)  # segments of each level that become one of the next: the last level has as many as it gets
_LARGE = 2  # the level from which segments are laid aside, and left apart unless there are very many passages
_ALL_IN_ONE_FROM = 500_000  # passages in large segments: so many segments cost more to search than to merge
_SEGMENTS_AT_MOST = 8
_TOO_UNEQUAL = 4  # a segment this many times as large as all smaller ones together is left alone


class Builder:
    """Takes passages in any portions and makes a few segments of them; nobody sees them meanwhile."""

    def __init__(self, encoder: Encoder, lay_aside: Callable[[Segment], Segment] | None = None) -> None:
        """Begin with nothing.

        Args:
            lay_aside: gives a large segment back as one that takes less memory.
        """
        self._encoder = encoder
        self._lay_aside = lay_aside
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

    def segments(self) -> tuple[Segment, ...]:
        """Everything added, in its order: one segment, or some large ones and one of the rest; none of nothing."""
        large = [segment for level in reversed(self._levels[_LARGE:]) for segment in level]
        small = [segment for level in reversed(self._levels[:_LARGE]) for segment in level]
        if sum(len(segment.shelf) for segment in large) >= _ALL_IN_ONE_FROM:
            return (merged([*large, *small]),)
        return (*large, merged(small)) if small else tuple(large)

    def _put(self, segment: Segment, depth: int) -> None:
        level = self._levels[depth]
        level.append(segment)
        if depth < len(_FANS) and len(level) == _FANS[depth]:
            self._levels[depth] = []
            if depth + 1 == len(self._levels):
                self._levels.append([])
            large = depth + 1 >= _LARGE
            one = Segment.merge(level)
            del level
            if large and self._lay_aside is not None:
                one = self._lay_aside(one)
            give_back()
            self._put(one, depth + 1)


def merged(parts: Sequence[Segment]) -> Segment:
    """One segment of several."""
    return parts[0] if len(parts) == 1 and parts[0].alive.all() else Segment.merge(parts)


def to_merge(segments: Sequence[Segment]) -> list[Segment]:
    """The small ones, where there are too many, so that a merge never touches most of the index."""
    if len(segments) <= _SEGMENTS_AT_MOST:
        return []
    least = sorted(segments, key=lambda segment: len(segment.shelf))
    small, held = least[:2], sum(len(segment.shelf) for segment in least[:2])
    for segment in least[2:-1]:
        if len(segment.shelf) > _TOO_UNEQUAL * held:
            break
        small.append(segment)
        held += len(segment.shelf)
    return small
