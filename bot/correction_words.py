"""What a student who asks for a correction has typed: about which entry, and what is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.dialogue_words import is_question
from bot.views.text import shortened
from storage.errors import WaymarkError

LONGEST_REQUEST = 500
# What stands behind a number that names no entry: 2026-03-02, 3月, 48 学时.
_COUNTED = r"[-/.]\s*\d|[年月号天次篇份个]|日(?!期)|学时|课时|小时|hours?\b|days?\b"
_NUMBERED = re.compile(
    r"\D{0,3}?(?:[#＃№]|编号|entry|no\.)\s*[#＃]?\s*(\d{1,12})"
    r"|\D{0,3}?第\s*(\d{1,12})\s*条"
    rf"|(\d{{1,12}})(?!\d|\s*(?:{_COUNTED}))",
    re.IGNORECASE,
)


class CorrectionNotOwn(WaymarkError):
    """The number of an entry that is not in one's own record."""

    key = "error.correction_not_own"
    sentence = "There is no entry #{entry} in your record. Write the number that stands behind # in /record."


class CorrectionAsks(WaymarkError):
    """A question where a correction was asked for."""

    key = "error.correction_asks"
    sentence = "'{value}' reads like a question and was not passed on. Write what is wrong, and what it should be."


@dataclass(frozen=True)
class CorrectionRequest:
    """What is wrong, about which entry (None: the record as a whole). Without `text` only the entry was named."""

    entry: int | None
    text: str


def correction_request(typed: str, own: Collection[int], about: int | None) -> CorrectionRequest:
    """The request as it was typed; `own` are the person's entries, `about` is the one that they have named already.

    Raises:
        CorrectionNotOwn, CorrectionAsks.
    """
    text = shortened(" ".join(typed.split()), LONGEST_REQUEST)
    if about is not None:
        return CorrectionRequest(about, f"#{about} {text}")
    numbered = _NUMBERED.match(text)
    if numbered is None:
        if is_question(text):
            raise CorrectionAsks(value=text)
        return CorrectionRequest(None, text)
    entry = int(numbered[numbered.lastindex or 0])
    if entry not in own:
        raise CorrectionNotOwn(entry=entry)
    return CorrectionRequest(entry, text if re.search(r"\w", text[numbered.end() :]) else "")
