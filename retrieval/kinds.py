"""What kind of sentence a question asks for: data that choose among the sentences of a passage (`sentences.yaml`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

SENTENCES = Path(__file__).parent / "sentences.yaml"
_ADDS = 0.75  # to the score of a sentence, which is about 1 where it says all that was asked


@dataclass(frozen=True)
class Kind:
    """Whoever asks with `asked` looks for a sentence with `says`; both are matched with normalised text."""

    asked: re.Pattern[str]
    says: re.Pattern[str]
    adds: float


@lru_cache(maxsize=1)
def kinds(path: Path = SENTENCES) -> tuple[Kind, ...]:
    """The shipped table."""
    import yaml

    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return tuple(
        Kind(re.compile(entry["asked"]), re.compile(entry["says"]), float(entry.get("adds", _ADDS)))
        for entry in entries
    )
