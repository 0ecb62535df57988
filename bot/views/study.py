"""Study cards, the list of what there is to study, and questions to think about."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import CardPress, Leaf, Shelf, Source, Think
from bot.views.sources import label_of, source_of
from bot.views.text import LONGEST, Shown, lines, paragraphs, quoted, shortened
from bot.words import Words
from content.discussion import Thought
from content.documents import Document
from content.passages import DocumentKind, Passage
from content.selection import Response
from content.study import Card

DOCUMENTS_A_PAGE = 10
IN_A_ROW = 5


def show_card(card: Card, _: Words) -> Shown:
    """The passage with its source; a card that was answered has no buttons left."""
    passage = card.passage
    text = passage.content.text
    parts = [
        _("study.card_head"),
        lines(
            _("study.source", source=source_of(passage, _), label=label_of(passage, _)),
            quoted(shortened(text, LONGEST - 500)),
        ),
    ]
    if card.response is not None and card.response is not Response.ANOTHER:
        return {"text": paragraphs([*parts, _(f"study.said.{card.response.value}")])}
    rows = [[_answer(card, Response.READ, _), _answer(card, Response.ANOTHER, _)]]
    rows.append([_answer(card, Response.TOO_EASY, _), _answer(card, Response.TOO_HARD, _)])
    if len(text) > LONGEST - 500:
        rows.append([Button(_.plain("ask.source_button"), Source.of([passage.id]))])
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_shelf(documents: Sequence[Document], page: int, stage: str, _: Words) -> Shown:
    """The documents of the person's stage, a page at a time, each with a button that opens it."""
    pages = max(1, -(-len(documents) // DOCUMENTS_A_PAGE))
    page = min(max(page, 0), pages - 1)
    first = page * DOCUMENTS_A_PAGE
    shown = documents[first : first + DOCUMENTS_A_PAGE]
    parts = [_("study.shelf_head", stage=_.plain(f"stage.{stage}"), count=len(documents))]
    kind: DocumentKind | None = None
    entries: list[str] = []
    for number, document in enumerate(shown, first + 1):
        if document.kind is not kind:
            kind = document.kind
            entries.append(("\n" if entries else "") + _(f"study.kind.{kind.value}"))
        entries.append(_("study.shelf_line", number=number, title=document.title))
    parts.append(lines(*entries) if entries else _("study.shelf_empty"))
    buttons = [Button(str(number), Leaf(document=one.id, place=0)) for number, one in enumerate(shown, first + 1)]
    rows = [buttons[at : at + IN_A_ROW] for at in range(0, len(buttons), IN_A_ROW)]
    turns = []
    if page > 0:
        turns.append(Button(_.plain("study.previous_page"), Shelf(page=page - 1)))
    if page + 1 < pages:
        turns.append(Button(_.plain("study.next_page"), Shelf(page=page + 1)))
    return {"text": paragraphs(parts), "reply_markup": keyboard([*rows, turns] if turns else rows)}


def show_leaf(passages: Sequence[Passage], place: int, _: Words) -> Shown:
    """One passage of a document, with the way forward and back."""
    place = min(max(place, 0), len(passages) - 1)
    passage = passages[place]
    turns = []
    if place > 0:
        turns.append(Button(_.plain("study.previous"), Leaf(document=passage.document, place=place - 1)))
    if place + 1 < len(passages):
        turns.append(Button(_.plain("study.next"), Leaf(document=passage.document, place=place + 1)))
    head = _(
        "study.leaf", source=source_of(passage, _), place=place + 1, count=len(passages), label=label_of(passage, _)
    )
    text = lines(head, quoted(shortened(passage.content.text, LONGEST)))
    rows = [turns] if turns else []
    rows.append([Button(_.plain("study.shelf_button"), Shelf(page=0))])
    return {"text": text, "reply_markup": keyboard(rows)}


def show_thought(thought: Thought, number: int, _: Words) -> Shown:
    """A question to think about; there is nothing to hand in."""
    text = paragraphs(
        [
            _("study.think_head"),
            lines(
                _("study.think", question=thought.question),
                _("study.think_source", source=source_of(thought.passage, _)),
            ),
            _("study.think_note"),
        ]
    )
    row = [
        Button(_.plain("study.think_another"), Think(number=number + 1)),
        Button(_.plain("study.think_open"), Leaf(document=thought.passage.document, place=0)),
    ]
    return {"text": text, "reply_markup": keyboard([row])}


def _answer(card: Card, response: Response, _: Words) -> Button:
    press = CardPress(response=response.value, day=card.day.isoformat(), ordinal=card.ordinal)
    return Button(_.plain(f"study.button.{response.value}"), press)
