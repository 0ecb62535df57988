"""Why there is no answer, and what is no question at all."""

from __future__ import annotations

import re
from enum import StrEnum


class Refusal(StrEnum):
    """Why a question was not answered; the sentences are `refusal.<value>` in the locales."""

    NOTHING_FOUND = "nothing_found"
    OLD_TEXT = "old_text"
    COMING_TEXT = "coming_text"
    EMPTY_QUESTION = "empty_question"
    NOT_A_QUESTION = "not_a_question"
    SELF_HARM = "self_harm"
    OTHER_PEOPLE = "other_people"
    PREDICTION = "prediction"
    JUDGING_BELIEF = "judging_belief"
    SECRET_BALLOT = "secret_ballot"  # noqa: S105  the name of a reason, not a password
    EXAM_KEYS = "exam_keys"
    GHOST_WRITING = "ghost_writing"


# What half the library speaks of: nothing can be told from it alone.
_TOO_WIDE = re.compile(r"(?:入党|党员|支部|党支部|党组织|发展党员|申请|规定|细则|条例|学校|学生)[?.!~]*")
_FEW, _OVER_AND_OVER = 12, 8  # different letters, and how often each stands in a message: no sentence is like that
_SMALL_TALK = re.compile(
    r"^(你好|您好|哈喽|嗨|在吗|在么|谢谢|谢了|多谢|辛苦了?|好的|好|嗯+|哦+|ok|hi|hello|"
    r"thanks?|thank you|晚安|早安?|早上好|晚上好|再见|拜拜|收到|明白了?|知道了|测试|test|哈+|呵+)"
    r"[了啊呀哦吧呢老师你您们!.~,]*$"
)


def says_nothing(normalised_question: str) -> bool:
    """Signs alone, one letter, the same few over and over, or a word that half the library speaks of."""
    letters = [character for character in normalised_question if character.isalnum()]
    distinct = len(set(letters))
    if _TOO_WIDE.fullmatch(normalised_question):
        return True
    return distinct < 2 or (distinct < _FEW and len(letters) >= _OVER_AND_OVER * max(distinct, 4))


def small_talk(normalised_question: str) -> bool:
    """A greeting, thanks, an acknowledgement: nothing to look up."""
    return _SMALL_TALK.match(normalised_question) is not None
