"""The one family of errors that a person can cause and a person can mend."""

from __future__ import annotations

from typing import Any, ClassVar


class Term(str):
    """A field with a wording of its own in `bot/locales`: people read the sentence of `key`, logs the plain name."""

    key: str
    values: dict[str, Any]

    def __new__(cls, plain: str, key: str, **values: Any) -> Term:
        term = super().__new__(cls, plain)
        term.key = key
        term.values = values
        return term


class WaymarkError(Exception):
    """A fact that stops us, with the fields that say where.

    A subclass is named for the fact and gives two class attributes: `key`, the sentence's name in `bot/locales`,
    and `sentence`, the same in English for logs and developers. Both are formatted with the fields.

        class UnknownStep(WaymarkError):
            key = "error.unknown_step"
            sentence = "{step} is not a step. Steps are: {known}."

        raise UnknownStep(step="oath", known="oath_taken, …")

    Fields hold what the person typed or where it stands (sheet, row, cell, line), never secrets.
    """

    key: ClassVar[str] = "error.unexpected"
    sentence: ClassVar[str] = "Something went wrong."

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        super().__init__(fields)

    def __str__(self) -> str:
        return self.sentence.format(**self.fields)
