"""What there is to study for people of a stage."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from content.documents import Document, documents
from content.library import STARTER
from content.passages import DocumentKind

_OF_A_STEP = re.compile(re.escape(STARTER) + r"handbook/\d+[a-z]?_(\w+)\.md")


async def shelf(session: AsyncSession, *, stage: str, on: date) -> list[Document]:
    """The documents in force on this day that are meant for the stage or for everybody.

    Official texts first; ours in the order of the process, others by title.
    """
    found = [
        document
        for document in await documents(session, states=("published",))
        if document.effective_from <= on
        and (document.effective_until is None or on < document.effective_until)
        and (not document.stages or stage in document.stages)
    ]
    kinds = list(DocumentKind)
    return sorted(found, key=lambda one: (kinds.index(one.kind), one.file_name or "" if is_ours(one) else one.title))


def is_ours(document: Document) -> bool:
    """Whether it belongs to the starter library, which is read as it stands and has no original file worth opening."""
    return (document.file_name or "").startswith(STARTER)


def step_of(document: Document) -> str | None:
    """The step that a chapter of our handbook tells of, by the name of its file; None for every other text."""
    found = _OF_A_STEP.fullmatch(document.file_name or "")
    return found[1] if found else None
