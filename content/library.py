"""The library: documents with their versions, in force from a day until they are replaced or retired."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import zip_longest

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from content.attached import Attached, attached_to
from content.documents import (
    Document,
    DocumentUnknown,
    Edition,
    by_title,
    documents,
    editions,
    find,
    passage,
    passages_in_force,
    passages_of,
    passages_of_each,
    show,
)
from content.issuers import kind_of, level_of
from content.notices import Notice
from content.passages import DocumentKind, PassageText
from content.readers.source import ParsedDocument
from content.tables import BEGIN_AT_MOST, DocumentRow, PassageRow, begin_of
from content.titles import plain_title, same_title
from storage.errors import WaymarkError
from storage.files import store_file
from storage.settings import SettingRow, get_setting

__all__ = [
    "Document",
    "DocumentAlreadyThere",
    "DocumentNotPublished",
    "DocumentUnknown",
    "Edition",
    "add",
    "by_title",
    "documents",
    "editions",
    "find",
    "last_published",
    "moved",
    "passage",
    "passages_in_force",
    "passages_of",
    "passages_of_each",
    "predecessor_of",
    "publish",
    "retire",
    "revision",
    "show",
    "touch",
    "undo_publish",
]

REVISION = "library.revision"
STARTER = "starter/"
# Two texts with this share of equal passages are told to be nearly the same.
_NEARLY = 0.9
# Of the articles' numbers, or of the passages where there are none, that two versions of one text have in common.
_SAME_ARTICLES, _SAME_PASSAGES = 0.5, 0.2


class DocumentAlreadyThere(WaymarkError):
    """The very same text is in the library."""

    key = "error.document_already_there"
    sentence = "This text is already in the library as {document}, {title}. Nothing was added."


class DocumentNotPublished(WaymarkError):
    """Only a published document can be retired or taken back."""

    key = "error.document_not_published"
    sentence = "{document} is not published, so it cannot be taken out."


async def add(
    session: AsyncSession,
    parsed: ParsedDocument,
    *,
    file_name: str,
    content: bytes,
    kind: DocumentKind | None = None,
    stages: Sequence[str] | None = None,
    effective_from: date | None = None,
    replaces: str | None = None,
    added_by: int | None,
    now: datetime,
    today: date,
    publish: bool = True,
) -> Document:
    """Keep a document; what is left None is taken from the text itself, or `today` at the school where no day is named.

    A text of the same title whose articles or passages are largely those of one that is here becomes its next
    version, also without `replaces`, and says so in a notice.

    Raises:
        DocumentUnknown: `replaces` names nothing. DocumentAlreadyThere: the same text is published here.
    """
    named = await find(session, replaces) if replaces else None
    ours = file_name.startswith(STARTER)
    predecessor, notice = (named, None) if ours else await _follows(session, parsed, named)
    series, version = await _place(session, parsed, predecessor)
    row = DocumentRow(
        id=f"{series}-{version}",
        series=series,
        version=version,
        title=parsed.title,
        kind=(kind or likely_kind(parsed)).value,
        state="published" if publish else "draft",
        effective_from=effective_from or parsed.effective or today,
        stages=list(stages if stages is not None else _stages(parsed)),
        file_name=file_name,
        file_sha256=await store_file(session, name=file_name, content=content, now=now),
        added_at=now,
        added_by=added_by,
        warnings=[one.stored() for one in (*parsed.notices, notice) if one is not None],
        attached=0,
    )
    session.add(row)
    await session.flush()
    attached = await attached_to(session, series, parsed.title)
    session.add_all(_passage_rows(row.id, attached, DocumentKind(row.kind), parsed.passages))
    await _settle(session, series)
    return await show(session, row.id)


def likely_kind(parsed: ParsedDocument) -> DocumentKind:
    """What the text says that it is, or what its title tells."""
    given = parsed.front.get("kind")
    if given in set(DocumentKind):
        return DocumentKind(given)
    return kind_of(parsed.title, articles=parsed.articles)


async def publish(session: AsyncSession, document: str) -> Document:
    """Let a draft, or one that was taken back, answer again."""
    row = await _row(session, document)
    row.state = "published"
    await _settle(session, row.series)
    return await show(session, row.id)


async def undo_publish(session: AsyncSession, document: str) -> Document:
    """Take a publication back as if it had not been: it becomes a draft, and what it replaced is in force again."""
    row = await _row(session, document)
    if row.state != "published":
        raise DocumentNotPublished(document=row.id)
    row.state = "draft"
    row.effective_until = None
    await _settle(session, row.series)
    return await show(session, row.id)


async def last_published(session: AsyncSession, added_by: int) -> Document | None:
    """What this person published last, which is what an undo means."""
    row = await session.scalar(
        select(DocumentRow)
        .where(DocumentRow.added_by == added_by, DocumentRow.state == "published")
        .order_by(DocumentRow.added_at.desc(), DocumentRow.version.desc(), DocumentRow.id.desc())
        .limit(1)
    )
    return None if row is None else await show(session, row.id)


async def retire(session: AsyncSession, document: str, *, on: date) -> Document:
    """From this day on it answers no more; nothing takes its place."""
    row = await _row(session, document)
    if row.state != "published":
        raise DocumentNotPublished(document=row.id)
    row.state = "retired"
    row.effective_until = on if row.effective_until is None else min(on, row.effective_until)
    await _settle(session, row.series)
    return await show(session, row.id)


async def predecessor_of(session: AsyncSession, parsed: ParsedDocument) -> Document | None:
    """The document of which this text is evidently another version, so that a preview can say so."""
    wanted = plain_title(parsed.title)
    rows = await session.execute(
        select(DocumentRow.id, DocumentRow.title)
        .where(DocumentRow.state == "published", func.coalesce(DocumentRow.file_name, "").not_like(f"{STARTER}%"))
        .order_by(DocumentRow.effective_from.desc(), DocumentRow.version, DocumentRow.id)
    )
    for document, title in rows:
        if plain_title(title) == wanted:
            theirs = [passage.content for passage in await passages_of(session, document)]
            if _alike(parsed.passages, theirs):
                return await show(session, document)
    return None


async def revision(session: AsyncSession) -> int:
    """Grows with every change, so that another process learns cheaply that its index is old."""
    return int(await get_setting(session, REVISION) or 0)


async def touch(session: AsyncSession) -> None:
    """Count one change."""
    row = await session.get(SettingRow, REVISION, with_for_update=True, populate_existing=True)
    if row is None:
        session.add(SettingRow(key=REVISION, value=1))
    else:
        row.value = int(row.value) + 1
    session.info[REVISION] = True
    await session.flush()


def moved(session: AsyncSession) -> bool:
    """Whether this session changed what is to be found."""
    return REVISION in session.info


async def _settle(session: AsyncSession, series: str) -> None:
    """Each published version of a text holds until the next one begins."""
    await session.flush()
    rows = (
        await session.scalars(
            select(DocumentRow)
            .where(DocumentRow.series == series, DocumentRow.state == "published")
            .order_by(DocumentRow.effective_from, DocumentRow.version)
        )
    ).all()
    for row, following in zip_longest(rows, rows[1:]):
        if row is not None:
            row.effective_until = following.effective_from if following else None
    await touch(session)


async def _follows(
    session: AsyncSession, parsed: ParsedDocument, named: Document | None
) -> tuple[Document | None, Notice | None]:
    """The document of which the text is the next version, the named one or else its likely one, and what to tell."""
    twin, share = await _nearest(session, parsed)
    if twin is not None and share == 1 and _is_the_same(twin, parsed):
        raise DocumentAlreadyThere(document=twin.id, title=twin.title)
    if named is not None:
        return named, None
    likely = await predecessor_of(session, parsed)
    if likely is not None:
        return likely, _new_version(likely)
    return None, _nearly_the_same(twin) if twin is not None and share >= _NEARLY else None


def _is_the_same(twin: Document, parsed: ParsedDocument) -> bool:
    return same_title(twin.title, parsed.title) and twin.passages == len(parsed.passages)


async def _place(session: AsyncSession, parsed: ParsedDocument, predecessor: Document | None) -> tuple[str, int]:
    """The series in which the text stands, and the number of its version there."""
    series = predecessor.series if predecessor else await _new_series(session, parsed)
    latest = await session.scalar(select(func.max(DocumentRow.version)).where(DocumentRow.series == series))
    return series, 1 + (latest or 0)


async def _nearest(session: AsyncSession, parsed: ParsedDocument) -> tuple[Document | None, float]:
    """The published document with most passages equal to these, and their share of these."""
    texts = list({passage.text for passage in parsed.passages})[:400]
    if not texts:
        return None, 0
    begins = {text[:BEGIN_AT_MOST] for text in texts}
    same = (  # distinct, so that SQLite looks into the index of beginnings and not at each document
        select(PassageRow.document_id, PassageRow.text)
        .where(begin_of(PassageRow.text).in_(begins), PassageRow.text.in_(texts))
        .distinct()
        .subquery()
    )
    found = (
        await session.execute(
            select(same.c.document_id, func.count().label("equal"))
            .join(DocumentRow, DocumentRow.id == same.c.document_id)
            .where(DocumentRow.state == "published")
            .group_by(same.c.document_id)
            .order_by(func.count().desc(), same.c.document_id)
            .limit(1)
        )
    ).one_or_none()
    return (None, 0) if found is None else (await show(session, found[0]), found[1] / len(texts))


def _alike(these: Sequence[PassageText], those: Sequence[PassageText]) -> bool:
    ours = {passage.article for passage in these} - {None}
    theirs = {passage.article for passage in those} - {None}
    if ours and theirs:
        return len(ours & theirs) >= _SAME_ARTICLES * min(len(ours), len(theirs))
    equal = {passage.text for passage in these} & {passage.text for passage in those}
    return len(equal) >= _SAME_PASSAGES * min(len(these), len(those))


def _new_version(document: Document) -> Notice:
    sentence = "This is another version of {title} ({document}); each holds until the next one begins."
    return Notice("notice.new_version", sentence, {"title": document.title, "document": document.id})


def _nearly_the_same(document: Document) -> Notice:
    sentence = "This text is nearly the same as {title} ({document})."
    return Notice("notice.nearly_the_same", sentence, {"title": document.title, "document": document.id})


def _stages(parsed: ParsedDocument) -> list[str]:
    given = parsed.front.get("stages")
    return [str(stage) for stage in given] if isinstance(given, list) else []


async def _new_series(session: AsyncSession, parsed: ParsedDocument) -> str:
    """A short name that the same file gets again on another machine."""
    seed = parsed.title + "".join(passage.text for passage in parsed.passages)
    digest = hashlib.sha256(seed.encode()).hexdigest()
    for length in range(7, len(digest)):
        series = "d" + digest[:length]
        if await session.scalar(select(func.count()).where(DocumentRow.series == series)) == 0:
            return series
    return "d" + digest[:40] + str(await revision(session))


def _passage_rows(
    document: str, attached: Attached, kind: DocumentKind, passages: Iterable[PassageText]
) -> list[PassageRow]:
    return [
        PassageRow(
            document_id=document,
            ordinal=ordinal,
            headings=list(passage.headings),
            article=passage.article,
            page=passage.page,
            text=passage.text,
            level=level_of(kind, passage.level).value,
            basis_title=passage.basis.title if passage.basis else None,
            basis_article=passage.basis.article if passage.basis else None,
            questions=attached.of(passage.article, passage.headings),
        )
        for ordinal, passage in enumerate(passages)
    ]


async def _row(session: AsyncSession, document: str) -> DocumentRow:
    found = await find(session, document)
    return (await session.scalars(select(DocumentRow).where(DocumentRow.id == found.id))).one()
