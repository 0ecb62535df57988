"""A process that saves an index over another and is killed at each of its writes in turn, leaving that one half done.

    python -m tests.retrieval.killed FOLDER

Prints a line for each kill: how many passages the next start finds, 0 where it finds no index.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from content.passages import DocumentId
from retrieval.encoder import load_encoder
from retrieval.search import Index
from retrieval.vectors import VectorIndex
from tests.retrieval.conftest import passage, rules


class Dying:
    """Counts writes; at the last one only half of the file is there when the kill falls."""

    def __init__(self, writes: int) -> None:
        self._left = writes

    def at(self, place: object, name: str, file: Callable[..., Path]) -> None:
        write = getattr(place, name)

        def counted(*given: Any, **named: Any) -> Any:
            self._left -= 1
            if not self._left and name in ("replace", "link"):
                os.kill(os.getpid(), signal.SIGKILL)
            done = write(*given, **named)
            if not self._left:
                os.truncate(file(*given), file(*given).stat().st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        setattr(place, name, counted)


def main() -> None:
    """Kill until a save comes to its end."""
    folder = Path(sys.argv[1]) / "index"
    encoder = load_encoder(None)
    old, new = Index(encoder), Index(encoder)
    old.add(rules())
    new.add(rules())
    new.save(folder.with_name("elsewhere"))  # what stands there already is linked
    new.add([passage(50, "湖心岛摆渡船每日开行七班。", document=DocumentId("ferry"))])
    for writes in range(1, 1000):
        old.save(folder)
        child = os.fork()
        if not child:
            dying = Dying(writes)
            dying.at(np, "save", lambda path, _: path)
            dying.at(VectorIndex, "write", lambda _, path: path)
            dying.at(Path, "write_text", lambda path, *_: path)
            dying.at(os, "link", lambda *_: Path())
            dying.at(os, "replace", lambda *_: Path())
            new.save(folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        again = Index(encoder)
        again.load(folder)
        print(len(again), flush=True)
        if not status:
            return


if __name__ == "__main__":
    main()
