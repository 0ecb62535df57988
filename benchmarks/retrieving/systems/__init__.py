"""The systems under measurement, a file each. A further file is a further row of every table.

A file holds NEEDS, the modules that have to be installed for it, and `build`, which indexes a corpus and returns its
search. Its name is the system's.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable

from benchmarks.retrieving.corpora import Corpus

OURS = "waymark"
DEPTH = 10  # rows that a search returns

Search = Callable[[str], list[tuple[int, float]]]  # of a question: rows of the corpus and scores, best first


def names() -> list[str]:
    """Every system, ours first."""
    found = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return sorted(found, key=lambda name: (name != OURS, name))


def absent(name: str) -> list[str]:
    """What has to be installed before this system can be measured."""
    return [module for module in _file(name).NEEDS if importlib.util.find_spec(module) is None]


def build(name: str, corpus: Corpus) -> Search:
    """Index the corpus with this system."""
    search: Search = _file(name).build(corpus)
    return search


def _file(name: str):  # type: ignore[no-untyped-def]  # a module of this folder
    return importlib.import_module(f"{__name__}.{name}")
