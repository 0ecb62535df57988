"""Answers as they are read: quotations with their source, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import OpenFile, PassOn, Signing, Source, Useful
from bot.commands import commands_of
from bot.rephrasing import Sentence
from bot.turns.splitting import units
from bot.views.sources import label_of, near_source_of, source_of
from bot.views.text import LONGEST, Shown, lines, paragraphs, quoted, shortened
from bot.words import Words
from content.documents import Document
from content.inquiries import Queued
from content.passages import Passage
from content.shelf import is_ours
from records.people import Person
from retrieval.answer import Answer, Citation
from retrieval.refusals import Refusal

QUOTE_AT_MOST = 1000  # characters; what is longer is read with 「原文」
HEADINGS_AT_MOST = 3
NEAR_FROM = 0.11  # of certainty: what is less likely than that only happens to share a word
QUEUED = {Queued.NEW: "ask.passed_on", Queued.JOINED: "ask.joined", Queued.AGAIN: "ask.waits_already"}
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
LOOKED_UP = ("record", "roster", "due")  # the commands that tell of people
ON_PRINCIPLE = frozenset(Refusal) - {Refusal.NOTHING_FOUND}


def show_answer(
    answer: Answer, question: str, asker: Person, _: Words, *, before: str = "", written: Sequence[Sentence] = ()
) -> Shown:
    """The quotations, each under its source, and the buttons below.

    Args:
        question: the name under which the conversation remembers what was asked.
        before: what is said first, e.g. the asker's own dates.
        written: the same in a machine's words, shown above the quotations that prove it.
    """
    understood = _("ask.understood", text=answer.understood) if answer.understood else ""
    if not answer.answered:
        shown = _show_refusal(answer, question, asker, _, before=before)
        return {**shown, "text": paragraphs([understood, shown["text"]])}
    parts = [understood, before]
    if answer.former:
        parts.append(_("ask.former"))
    if answer.coming:
        parts.append(_("ask.coming"))
    if written:
        parts.append(_show_written(written, answer.citations, _))
    cited: list[Citation] = []
    for citation in answer.citations:
        part = show_citation(citation, _)
        proves = any(one.citation == len(cited) for one in written)
        if cited and not proves and units(paragraphs([*parts, part])) > LONGEST:
            break
        parts.append(part)
        cited.append(citation)
    buttons = [
        *_whole_button(cited, _),
        Button(_.plain("ask.useful_button"), Useful(yes=True, question=question)),
        Button(_.plain("ask.useless_button"), Useful(yes=False, question=question)),
    ]
    return {"text": paragraphs(parts), "reply_markup": keyboard([buttons])}


def _whole_button(cited: Sequence[Citation], _: Words) -> list[Button]:
    """「原文」 of a text, 「全文」 of a retelling; none where a retelling was quoted to its end already."""
    longer = [one for one in cited if not _told_whole(one)]
    if not longer:
        return []
    key = "ask.whole_button" if all(one.passage.retold for one in cited) else "ask.source_button"
    return [Button(_.plain(key), Source.of([one.passage.id for one in longer]))]


def _told_whole(citation: Citation) -> bool:
    """Whether nothing is left to open: all of it is quoted, and no file lies behind a retelling."""
    text = citation.passage.content.text
    return citation.passage.retold and citation.quote.strip() == text.strip() and len(text) <= QUOTE_AT_MOST


def _show_written(written: Sequence[Sentence], citations: Sequence[Citation], _: Words) -> str:
    """What a machine wrote, marked as such, each sentence with where it is proved."""
    said = [
        _("ask.written_line", text=one.text, source=source_of(citations[one.citation].passage, _)) for one in written
    ]
    return lines(_("ask.written"), *said)


def show_citation(citation: Citation, _: Words) -> str:
    """One quotation under its source, with whose requirement it is since and until when it holds."""
    passage = citation.passage
    return lines(
        _("ask.citation", source=source_of(passage, _), label=label_of(passage, _), since=str(passage.effective_from)),
        _("ask.until", until=str(passage.effective_until)) if passage.effective_until else "",
        quoted(shortened(citation.quote, QUOTE_AT_MOST)),
    )


def show_pointed(question: str, passage: Passage, _: Words) -> Shown:
    """The passage that an organiser pointed at as the answer to a question."""
    head = _("ask.pointed", question=question)
    whole = Citation(passage, ((0, len(passage.content.text)),))
    return {"text": paragraphs([head, show_citation(whole, _)]), "reply_markup": keyboard([_whole_button([whole], _)])}


def show_passage(passage: Passage, document: Document, _: Words) -> Shown:
    """The whole passage, with the original file where one was uploaded."""
    parts = [
        _("ask.passage", source=source_of(passage, _), label=label_of(passage, _), since=str(passage.effective_from)),
        _("ask.until", until=str(passage.effective_until)) if passage.effective_until else "",
        quoted(passage.content.text),
    ]
    if is_ours(document) or document.file_sha256 is None:
        return {"text": lines(*parts)}
    button = Button(_.plain("ask.file_button"), OpenFile(document=document.id))
    return {"text": lines(*parts), "reply_markup": keyboard([[button]])}


def _show_refusal(answer: Answer, question: str, asker: Person, _: Words, *, before: str) -> Shown:
    refusal = answer.refusal or Refusal.NOTHING_FOUND
    if before:  # the asker's own dates have answered; that the library adds nothing need not be said
        said = [_(f"refusal.{refusal.value}")] if refusal is Refusal.PREDICTION else []
        return {"text": paragraphs([*said, before])}
    if refusal is Refusal.OTHER_PEOPLE:
        return {"text": lines(_("refusal.other_people"), *_looked_up(asker, _))}
    if refusal in ON_PRINCIPLE:
        return {"text": _(f"refusal.{refusal.value}")}
    near = [hit.passage for hit in answer.hits[:HEADINGS_AT_MOST] if hit.score >= NEAR_FROM]
    parts = [_("ask.nothing_found")]
    if not _CHINESE.search(answer.question):
        parts.append(_("ask.in_chinese"))
    rows = []
    if near:
        titles = [Markup("{}. {}").format(number, near_source_of(passage, _)) for number, passage in enumerate(near, 1)]
        parts.append(lines(_("ask.nearest"), *titles))
        rows.append([Button(_.plain("ask.near_button", number=n), Source.of([p.id])) for n, p in enumerate(near, 1)])
    parts.append(_("ask.may_pass_on"))
    rows.append([Button(_.plain("ask.pass_on_button"), PassOn(question=question))])
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def _looked_up(asker: Person, _: Words) -> list[str]:
    """Where the asker finds those whom they may look up, by the commands of their roles."""
    theirs = {command.name for command in commands_of(asker)}
    return [_(f"refusal.see_{name}") for name in LOOKED_UP if name in theirs]


def show_sorry(question: str, _: Words) -> Shown:
    """What to do when an answer did not help."""
    return {
        "text": _("ask.sorry"),
        "reply_markup": keyboard([[Button(_.plain("ask.pass_on_button"), PassOn(question=question))]]),
    }


def show_queued(inquiry: int, queued: Queued, _: Words) -> Shown:
    """It waits, without a name; the asker may add theirs."""
    button = Button(_.plain("ask.sign_button"), Signing(inquiry=inquiry, named=True))
    return {"text": _(QUEUED[queued]), "reply_markup": keyboard([[button]])}


def show_signed(now: Signing, _: Words) -> Shown:
    """Whether organisers see who asked, and the way back."""
    key = "ask.unsign_button" if now.named else "ask.sign_button"
    button = Button(_.plain(key), Signing(inquiry=now.inquiry, named=not now.named))
    return {"text": _("ask.signed" if now.named else "ask.unsigned"), "reply_markup": keyboard([[button]])}
