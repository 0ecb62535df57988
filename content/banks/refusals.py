"""Why a whole file of questions is refused."""

from __future__ import annotations

from storage.errors import WaymarkError


class BankNotUnderstood(WaymarkError):
    """Not the format that it claims to be, or nothing in it is a question."""

    key = "error.bank_not_understood"
    sentence = (
        "{name} could not be read as a question bank (line {line}). "
        "Give it columns for question, options and answer, or correct the line, and send it again."
    )


class BankUnknown(WaymarkError):
    """No bank of this name."""

    key = "error.bank_unknown"
    sentence = "There is no question bank called {bank}. There are: {known}."
