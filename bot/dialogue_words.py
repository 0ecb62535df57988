"""What is typed in the middle of a dialogue and is not what it asked for: a word that ends it, or a question. Pure."""

from __future__ import annotations

import re

_ENDING = re.compile(
    r"(?:取消(?:登记|更正)?|算了|不(?:想|要)?(?:登记|更正|问)|退出|cancel|quit|exit|never ?mind)[了吧]*[。.!！~\s]*",
    re.IGNORECASE,
)
_SKIPPING = re.compile(r"(?:跳过|略过|skip|不填|先不填)[了吧]*[。.!！~\s]*", re.IGNORECASE)
_QUESTION = re.compile(r"[^《]*(?:[?？]|[吗嘛呢])")  # a title that is one stands in 《》


def ends_dialogue(text: str) -> bool:
    """Whether the whole text says that the dialogue is over: 取消, 算了吧, 不登记了, cancel."""
    return _ENDING.fullmatch(text.strip()) is not None


def skips(text: str) -> bool:
    """Whether the whole text says that what was asked for is left open: 跳过, skip."""
    return _SKIPPING.fullmatch(text.strip()) is not None


def is_question(text: str) -> bool:
    """Whether the text ends as a question does, and holds no title that might."""
    return _QUESTION.fullmatch(text.strip()) is not None
