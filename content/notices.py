"""What a reader or importer wants a person to know although nothing was refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Notice:
    """A remark with the sentence's key in `bot/locales` and, for logs and scripts, the same in English."""

    key: str
    sentence: str
    fields: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence.format(**self.fields)

    def stored(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"key": self.key, "sentence": self.sentence, "fields": self.fields}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Notice:
        """What `stored` gave, as a value again."""
        return cls(stored["key"], stored["sentence"], stored["fields"])
