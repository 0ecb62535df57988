"""What there is to study for people of a stage."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from content.documents import Document, documents


async def shelf(session: AsyncSession, *, stage: str, on: date) -> list[Document]:
    """The documents in force on this day that are meant for the stage or for everybody, in the library's order."""
    return [
        document
        for document in await documents(session, states=("published",))
        if document.effective_from <= on
        and (document.effective_until is None or on < document.effective_until)
        and (not document.stages or stage in document.stages)
    ]
