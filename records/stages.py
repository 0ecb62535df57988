"""The five stages that a person passes."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Where on the track somebody stands, in order."""

    APPLICANT = "applicant"
    ACTIVIST = "activist"
    CANDIDATE = "candidate"
    PROBATIONARY_MEMBER = "probationary_member"
    FULL_MEMBER = "full_member"
