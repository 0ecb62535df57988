"""The starter library: our handbook, guides and quiz, kept in step with what is shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from content.anticipated import anticipated
from content.attached import give
from content.banks import read_bank
from content.documents import Document, documents
from content.library import STARTER, add, retire, touch
from content.passages import DocumentKind
from content.questions import columns
from content.readers import read
from content.tables import BankRow, DocumentRow, QuestionRow
from storage.settings import get_setting, put_setting

BANK = "starter"
QUIZ = "quiz.yaml"
_ATTACHED, _QUIZZED = "library.anticipated", "library.quiz"
_FOLDERS = {"handbook": DocumentKind.HANDBOOK, "guides": DocumentKind.GUIDE, "faq": DocumentKind.FAQ}


async def load_starter(session: AsyncSession, now: datetime) -> int:
    """Bring the library and the quiz up to what is shipped; returns how many documents and questions changed.

    Called at every start; nothing happens when nothing changed. What an organiser retired stays retired.
    """
    changed = await _load_documents(session, now)
    changed += await _load_quiz(session, now)
    return changed + await _attach_questions(session)


async def _load_documents(session: AsyncSession, now: datetime) -> int:
    there: dict[str, Document] = {}
    for document in await documents(session):
        if (document.file_name or "").startswith(STARTER):
            newest = there.get(document.file_name or "")
            if newest is None or document.version > newest.version:
                there[document.file_name or ""] = document
    changed = 0
    for name, kind, content in _shipped():
        known = there.pop(name, None)
        if known is not None and (known.state == "retired" or known.file_sha256 == _sha256(content)):
            continue
        parsed = read(content, name)
        await add(
            session,
            parsed,
            file_name=name,
            content=content,
            kind=DocumentKind(parsed.front.get("kind", kind)),
            replaces=known.id if known else None,
            added_by=None,
            now=now,
            today=now.date(),
        )
        changed += 1
    for document in there.values():
        if document.state == "published":
            await retire(session, document.id, on=document.effective_from)
            changed += 1
    return changed


async def _load_quiz(session: AsyncSession, now: datetime) -> int:
    file = files("content") / "starter" / QUIZ
    content = file.read_bytes() if file.is_file() else b""
    if not content or await get_setting(session, _QUIZZED) == _sha256(content):
        return 0
    bank = await session.scalar(select(BankRow).where(BankRow.name == BANK))
    if bank is None:
        bank = BankRow(name=BANK, added_at=now, added_by=None)
        session.add(bank)
        await session.flush()
    rows = {row.digest: row for row in await session.scalars(select(QuestionRow).where(QuestionRow.bank_id == bank.id))}
    changed = 0
    for question in read_bank(content, QUIZ).questions:
        row = rows.pop(question.digest, None)
        if row is None:
            session.add(QuestionRow(bank_id=bank.id, digest=question.digest, retired_at=None, **columns(question)))
            changed += 1
            continue
        for column, value in columns(question).items():
            if getattr(row, column) != value:
                setattr(row, column, value)
                changed += 1
    for row in rows.values():
        if row.retired_at is None:
            row.retired_at = now
            changed += 1
    await put_setting(session, _QUIZZED, _sha256(content))
    await session.flush()
    return changed


async def _attach_questions(session: AsyncSession) -> int:
    """Give every passage the anticipated questions that are shipped now; a new edition may bring more."""
    known = anticipated()
    if await get_setting(session, _ATTACHED) == known.digest:
        return 0  # documents that came since then got theirs when they were added
    changed = 0
    for row in await session.scalars(select(DocumentRow)):
        if known.any_of(row.title):
            changed += await give(session, row)
    await put_setting(session, _ATTACHED, known.digest)
    if changed:
        await touch(session)
    return changed


def _shipped() -> Iterator[tuple[str, DocumentKind, bytes]]:
    root = files("content") / "starter"
    for folder, kind in _FOLDERS.items():
        place = root / folder
        if place.is_dir():
            for file in sorted(place.iterdir(), key=_name):
                if file.name.endswith(".md"):
                    yield f"{STARTER}{folder}/{file.name}", kind, file.read_bytes()
    for file in sorted(root.iterdir(), key=_name):
        if file.name.endswith(".md"):
            yield f"{STARTER}{file.name}", DocumentKind.HANDBOOK, file.read_bytes()


def _name(file: Traversable) -> str:
    return file.name


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
