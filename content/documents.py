"""What stands in the library: documents and passages, and what is in force on a day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from content.notices import Notice
from content.passages import Basis, DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from content.tables import DocumentRow, PassageRow
from content.titles import plain_title, same_title
from storage.errors import WaymarkError

_AT_ONCE = 100  # rows that are made into values in one step: about 5 ms


class DocumentUnknown(WaymarkError):
    """No document of this id or title."""

    key = "error.document_unknown"
    sentence = "There is no document {document} in the library. Look up its name in the list of documents."


@dataclass(frozen=True)
class Document:
    """A version of a document as people see it; `articles` and `passages` are counts.

    `attached` grows whenever questions were attached to its passages.
    """

    id: DocumentId
    series: str
    version: int
    title: str
    kind: DocumentKind
    state: str
    effective_from: date
    effective_until: date | None
    stages: tuple[str, ...]
    file_name: str | None
    file_sha256: str | None
    passages: int
    articles: int
    added_at: datetime
    added_by: int | None
    notices: tuple[Notice, ...]
    attached: int


async def documents(
    session: AsyncSession, *, states: Iterable[str] = ("published", "draft", "retired")
) -> list[Document]:
    """All documents: official ones first, then by title and version."""
    rank = case({kind.value: place for place, kind in enumerate(DocumentKind)}, value=DocumentRow.kind, else_=9)
    query = (
        _with_counts()
        .where(DocumentRow.state.in_(list(states)))
        .order_by(rank, DocumentRow.title, DocumentRow.effective_from, DocumentRow.version, DocumentRow.id)
    )
    rows = await session.stream(query.execution_options(yield_per=_AT_ONCE))
    return [_document(*row) async for part in rows.partitions() for row in part]


async def show(session: AsyncSession, document: str) -> Document:
    """One document by its id. Raises: DocumentUnknown."""
    found = (await session.execute(_with_counts().where(DocumentRow.id == document))).one_or_none()
    if found is None:
        raise DocumentUnknown(document=document)
    row, passages, articles = found
    return _document(row, passages, articles)


async def find(session: AsyncSession, name: str) -> Document:
    """By id, series or title as people write it; of several versions the newest. Raises: DocumentUnknown."""
    by_id = select(DocumentRow.id).where(or_(DocumentRow.id == name, DocumentRow.series == name))
    found = await session.scalar(by_id.order_by(DocumentRow.version.desc()).limit(1))
    if found is not None:
        return await show(session, found)
    titled = await by_title(session, name)
    if titled is None:
        raise DocumentUnknown(document=name)
    return titled


async def by_title(session: AsyncSession, title: str, *, on: date | None = None) -> Document | None:
    """The document that people mean by a title, with `on` only one in force that day; the latest where several are."""
    same = [document for document in await documents(session) if same_title(document.title, title)]
    if on is not None:
        same = [document for document in same if _in_force(document, on)]
    exact = [document for document in same if plain_title(document.title) == plain_title(title)]
    published = [document for document in exact or same if document.state == "published"]
    return max(
        published or exact or same, key=lambda document: (document.effective_from, document.version), default=None
    )


async def passages_in_force(
    session: AsyncSession, on: date, *, documents: Iterable[str] | None = None
) -> list[Passage]:
    """Every passage that may answer on this day, by document and place in it; with `documents` only theirs."""
    query = (
        select(PassageRow, DocumentRow)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .where(
            DocumentRow.state.in_(["published", "retired"]),
            DocumentRow.effective_from <= on,
            or_(DocumentRow.effective_until.is_(None), DocumentRow.effective_until > on),
        )
    )
    return await _passages(session, query if documents is None else query.where(DocumentRow.id.in_(list(documents))))


async def passages_of(session: AsyncSession, document: str) -> list[Passage]:
    """The passages of one document in order, in force or not."""
    return await _passages(
        session,
        select(PassageRow, DocumentRow)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .where(DocumentRow.id == document),
    )


@dataclass(frozen=True)
class Edition:
    """What tells whether a document's passages are other than they were, or hold on other days."""

    version: int
    since: date
    until: date | None
    attached: int


async def editions(session: AsyncSession, *, states: Iterable[str]) -> dict[DocumentId, Edition]:
    """Every document in one of these states: one light look, however many passages there are."""
    columns = (DocumentRow.version, DocumentRow.effective_from, DocumentRow.effective_until, DocumentRow.attached)
    rows = await session.execute(select(DocumentRow.id, *columns).where(DocumentRow.state.in_(list(states))))
    return {DocumentId(row[0]): Edition(*row[1:]) for row in rows}


async def passages_held(session: AsyncSession, *, states: Iterable[str]) -> int:
    """How many passages the documents in these states have."""
    query = select(func.count()).select_from(PassageRow).join(DocumentRow, DocumentRow.id == PassageRow.document_id)
    return await session.scalar(query.where(DocumentRow.state.in_(list(states)))) or 0


async def passages_of_each(
    session: AsyncSession, names: Iterable[DocumentId]
) -> AsyncIterator[tuple[DocumentId, list[Passage]]]:
    """The passages of these documents, a document at a time; between few of them others get a word in."""
    for name in sorted(names):
        query = select(PassageRow, DocumentRow).join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        ordered = query.where(DocumentRow.id == name).order_by(PassageRow.ordinal)
        rows = await session.stream(ordered.execution_options(yield_per=_AT_ONCE))
        yield name, [_passage(*row) async for part in rows.partitions() for row in part]


async def passage(session: AsyncSession, identity: int) -> Passage | None:
    """One passage by its id, or None when it is gone."""
    found = await _passages(
        session,
        select(PassageRow, DocumentRow)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .where(PassageRow.id == identity),
    )
    return found[0] if found else None


@dataclass(frozen=True)
class Stored:
    """What the library holds of a passage at this moment, and the days on which it holds."""

    text: str
    since: date
    until: date | None

    def holds(self, on: date) -> bool:
        """Whether it is in force on this day."""
        return self.since <= on and (self.until is None or on < self.until)


async def stored(session: AsyncSession, identities: Iterable[PassageId]) -> dict[PassageId, Stored]:
    """Each of these passages that is there and was published."""
    columns = (PassageRow.id, PassageRow.text, DocumentRow.effective_from, DocumentRow.effective_until)
    rows = await session.execute(
        select(*columns)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .where(PassageRow.id.in_(list(identities)), DocumentRow.state != "draft")
    )
    return {PassageId(row[0]): Stored(*row[1:]) for row in rows}


def _with_counts() -> Select[DocumentRow, int, int]:
    passages = select(func.count()).where(PassageRow.document_id == DocumentRow.id).scalar_subquery()
    articles = select(func.count(PassageRow.article)).where(PassageRow.document_id == DocumentRow.id).scalar_subquery()
    return select(DocumentRow, passages, articles)


def _document(row: DocumentRow, passages: int, articles: int) -> Document:
    return Document(
        id=DocumentId(row.id),
        series=row.series,
        version=row.version,
        title=row.title,
        kind=DocumentKind(row.kind),
        state=row.state,
        effective_from=row.effective_from,
        effective_until=row.effective_until,
        stages=tuple(row.stages),
        file_name=row.file_name,
        file_sha256=row.file_sha256,
        passages=passages,
        articles=articles,
        added_at=row.added_at,
        added_by=row.added_by,
        notices=tuple(Notice.restored(stored) for stored in row.warnings),
        attached=row.attached,
    )


def _in_force(document: Document, on: date) -> bool:
    return (
        document.state in {"published", "retired"}
        and document.effective_from <= on
        and (document.effective_until is None or on < document.effective_until)
    )


async def _passages(session: AsyncSession, query: Select[PassageRow, DocumentRow]) -> list[Passage]:
    ordered = query.order_by(PassageRow.document_id, PassageRow.ordinal)
    rows = await session.stream(ordered.execution_options(yield_per=_AT_ONCE))
    return [_passage(*row) async for part in rows.partitions() for row in part]


def _passage(row: PassageRow, document: DocumentRow) -> Passage:
    basis = Basis(row.basis_title, row.basis_article) if row.basis_title and row.basis_article else None
    content = PassageText(
        tuple(row.headings), row.article, row.text, row.page, Level(row.level), basis, tuple(row.questions)
    )
    return Passage(
        id=PassageId(row.id),
        document=DocumentId(document.id),
        title=document.title,
        kind=DocumentKind(document.kind),
        version=document.version,
        ordinal=row.ordinal,
        content=content,
        effective_from=document.effective_from,
        effective_until=document.effective_until,
    )
