"""The library as a list: what there is, since when it holds, and for organisers what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import AliasDeed, AliasPress, Book, LibraryHints, Retire, Shelf
from bot.buttons.student import OpenFile
from bot.views.organiser_upload import notice_text
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from content.documents import Document
from content.library import STARTER

PAGE = 8


def show_shelf(documents: Sequence[Document], wanted: Shelf, today: date, _: Words, *, manages: bool) -> Shown:
    """A page of the library; only who manages it sees drafts, retired documents and numbers."""
    page = documents[wanted.page * PAGE : (wanted.page + 1) * PAGE]
    shown = [_line(number, one, today, _, manages=manages) for number, one in _numbered(page, wanted)]
    parts = [_("library.head", count=len(documents)), lines(*shown) or _("library.empty")]
    buttons = [Button(str(number), Book(document=one.id)) for number, one in _numbered(page, wanted)]
    rows = [buttons[:4], buttons[4:]]
    turn = []
    if wanted.page > 0:
        turn.append(Button(_.plain("page.previous"), Shelf(page=wanted.page - 1, all=wanted.all)))
    if (wanted.page + 1) * PAGE < len(documents):
        turn.append(Button(_.plain("page.next"), Shelf(page=wanted.page + 1, all=wanted.all)))
    rows.append(turn)
    if manages:
        key = "library.current_button" if wanted.all else "library.all_button"
        rows.append([Button(_.plain(key), Shelf(page=0, all=not wanted.all))])
        own = [("library.hints_button", LibraryHints()), ("library.alias_button", AliasPress(deed=AliasDeed.LIST))]
        rows.append([Button(_.plain(key), press) for key, press in own])
    return {"text": paragraphs(parts), "reply_markup": keyboard([row for row in rows if row])}


def show_book(document: Document, today: date, _: Words, *, manages: bool) -> Shown:
    """One document."""
    stages = _.plain("dates.comma").join(_.plain(f"stage.{stage}") for stage in document.stages)
    parts = [
        _(
            "library.book",
            title=document.title,
            kind=_.plain(f"library.kind.{document.kind.value}"),
            since=str(document.effective_from),
        ),
        lines(
            _("library.until", until=str(document.effective_until)) if document.effective_until else "",
            _("upload.stages", stages=stages or _.plain("upload.all_stages")),
            _(
                "library.numbers",
                version=document.version,
                passages=document.passages,
                articles=document.articles,
                state=_state(document, today, _),
            )
            if manages
            else "",
            *(notice_text(notice, _) for notice in document.notices if manages),
        ),
    ]
    row = [Button(_.plain("ask.file_button"), OpenFile(document=document.id))] if _has_file(document) else []
    if manages and document.state == "published":
        row.append(Button(_.plain("library.retire_button"), Retire(document=document.id)))
    return {"text": paragraphs(parts), "reply_markup": keyboard([row] if row else [])}


def show_sure(document: Document, _: Words) -> Shown:
    """「下架」 asks once more."""
    row = [
        Button(_.plain("library.retire_sure"), Retire(document=document.id, sure=True)),
        Button(_.plain("upload.back"), Book(document=document.id)),
    ]
    return {"text": _("library.ask_retire", title=document.title), "reply_markup": keyboard([row])}


def _has_file(document: Document) -> bool:
    """Our own starter texts are read as they stand."""
    return document.file_sha256 is not None and not (document.file_name or "").startswith(STARTER)


def _numbered(page: Sequence[Document], wanted: Shelf) -> list[tuple[int, Document]]:
    return list(enumerate(page, start=wanted.page * PAGE + 1))


def _line(number: int, document: Document, today: date, _: Words, *, manages: bool) -> str:
    key = "library.line_managed" if manages else "library.line"
    return _(
        key,
        number=number,
        title=document.title,
        since=str(document.effective_from),
        version=document.version,
        passages=document.passages,
        state=_state(document, today, _),
    )


def _state(document: Document, today: date, _: Words) -> str:
    if document.state == "published" and document.effective_from > today:
        return _.plain("library.state.coming")
    if document.state == "published" and document.effective_until and document.effective_until <= today:
        return _.plain("library.state.replaced")
    return _.plain(f"library.state.{document.state}")
