"""The open pages of every chat."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]
BACKLOG = 200  # events; a page that falls further behind is cut off and reads the history anew


class Line:
    """The way to one open page. `events` ends with None when it is cut."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Json | None] = asyncio.Queue()
        self._cut = False

    def push(self, event: Json) -> None:
        """Queue the event, or cut the line of a page that does not read."""
        if self._cut:
            return
        if self.events.qsize() >= BACKLOG:
            self.cut()
        else:
            self.events.put_nowait(event)

    def cut(self) -> None:
        """Let the page connect again."""
        if not self._cut:
            self._cut = True
            self.events.put_nowait(None)


class Hub:
    """Who listens to which chat.

    Attributes:
        elsewhere: tells the pages that are open at other processes.
    """

    def __init__(self) -> None:
        self.elsewhere: Callable[[int, Json], None] | None = None
        self._lines: dict[int, set[Line]] = defaultdict(set)

    @contextmanager
    def listening(self, chat_id: int) -> Iterator[Line]:
        """A line that gets what is told to the chat until the block ends."""
        line = Line()
        self._lines[chat_id].add(line)
        try:
            yield line
        finally:
            self._lines[chat_id].discard(line)
            if not self._lines[chat_id]:
                del self._lines[chat_id]

    def tell(self, chat_id: int, event: Json) -> None:
        """Tell every open page of the chat, at whatever process."""
        self.tell_here(chat_id, event)
        if self.elsewhere is not None:
            self.elsewhere(chat_id, event)

    def tell_here(self, chat_id: int, event: Json) -> None:
        """Tell the pages of the chat that are open at this process."""
        for line in self._lines.get(chat_id, ()):
            line.push(event)

    def cut(self, chat_id: int) -> None:
        """Let the chat's pages here connect again and read the history anew."""
        for line in list(self._lines.get(chat_id, ())):
            line.cut()

    def cut_all(self) -> None:
        """Hang up on everybody: the door closes."""
        for chat_id in list(self._lines):
            self.cut(chat_id)
