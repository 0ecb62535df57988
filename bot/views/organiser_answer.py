"""Questions that were passed on, as organisers see them: with the asker's name only where the asker agreed."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import AnswerDeed, Inquiring, PointDeed, Pointing
from bot.views.answers import show_pointed
from bot.views.sources import near_source_of, source_of
from bot.views.text import Shown, lines, paragraphs, quoted, shortened
from bot.words import Words
from content.inquiries import Inquiry
from content.passages import Passage

SHOWN = 8
PHRASINGS_SHOWN = 6
OFFERED = 3


def show_queue(found: Sequence[Inquiry], alike: Sequence[tuple[int, int]], zone: ZoneInfo, _: Words) -> Shown:
    """What waits, oldest first; `alike` are places in it that may be the same, the likeliest first."""
    parts = [_("answer.head", count=len(found)) if found else _("answer.none")]
    rows = []
    for number, one in enumerate(found[:SHOWN], start=1):
        parts.append(_entry(number, one, zone, _))
        row = [
            Button(_.plain("answer.answer_button", number=number), _press(one, AnswerDeed.ANSWER)),
            Button(_.plain("answer.close_button", number=number), _press(one, AnswerDeed.CLOSE)),
        ]
        if len(one.phrasings) > 1:
            row.append(Button(_.plain("answer.apart_button", number=number), _press(one, AnswerDeed.APART)))
        rows.append(row)
    for earlier, later in alike[:OFFERED]:
        numbers = {"one": earlier + 1, "other": later + 1}
        parts.append(_("answer.alike", **numbers))
        press = Inquiring(deed=AnswerDeed.MERGE, inquiry=found[earlier].id, other=found[later].id)
        rows.append([Button(_.plain("answer.merge_button", **numbers), press)])
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_close(inquiry: Inquiry, _: Words) -> Shown:
    """What 「不回答」 means for who asked, before it is done."""
    button = Button(_.plain("answer.close_sure_button"), _press(inquiry, AnswerDeed.CLOSE_SURE))
    return {"text": _("answer.close_sure", text=inquiry.text), "reply_markup": keyboard([[button]])}


def show_apart(inquiry: Inquiry, _: Words) -> Shown:
    """Each phrasing of a group, to be taken out of it."""
    listed = [Markup("{}. {}").format(number, one.text) for number, one in enumerate(inquiry.phrasings, start=1)]
    rows = [
        [Button(_.plain("answer.out_button", number=number), Inquiring(deed=AnswerDeed.OUT, inquiry=one.id))]
        for number, one in enumerate(inquiry.phrasings, start=1)
    ]
    return {"text": paragraphs([_("answer.apart"), lines(*listed)]), "reply_markup": keyboard(rows)}


def show_answered(inquiry: Inquiry, _: Words, *, told: bool) -> Shown:
    """It was sent; below it the draft, which answers nobody before it is confirmed."""
    text = paragraphs(
        [
            lines(_("answer.done" if told else "answer.done_untold"), _("answer.keep_hint")),
            _("answer.draft"),
            lines(_("answer.question", text=inquiry.text), quoted(inquiry.answer or "")),
            _also_asked(inquiry, _),
            _("answer.check"),
        ]
    )
    row = [Button(_.plain("answer.publish"), _press(inquiry, AnswerDeed.PUBLISH))]
    return {"text": text, "reply_markup": keyboard([row])}


def show_prompt(inquiry: Inquiry, near: Sequence[Passage], _: Words) -> Shown:
    """The question that is being answered, in every phrasing, and the passages that are nearest to it."""
    listed = [Markup("{}. {}").format(number, near_source_of(one, _)) for number, one in enumerate(near, start=1)]
    rows = [
        [Button(_.plain("answer.look_button", number=number), _point(PointDeed.LOOK, inquiry, one))]
        for number, one in enumerate(near, start=1)
    ]
    parts = [
        lines(_("answer.prompt", text=inquiry.text), _also_asked(inquiry, _)),
        lines(_("answer.or_point" if near else "answer.or_name"), *listed),
    ]
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows) if rows else None}


def show_point(inquiry: Inquiry, passage: Passage, _: Words) -> Shown:
    """The passage as it would be sent, and 「用这一条回答」."""
    shown = show_pointed(inquiry.text, passage, _)
    button = Button(_.plain("answer.use_button"), _point(PointDeed.USE, inquiry, passage))
    return {"text": paragraphs([_("answer.would_send"), shown["text"]]), "reply_markup": keyboard([[button]])}


def show_pointed_at(inquiry: Inquiry, passage: Passage, _: Words, *, told: bool) -> Shown:
    """It was sent, and leads to the passage from now on, which can be taken back."""
    text = lines(_("answer.done" if told else "answer.done_untold"), _("answer.leads_to", source=source_of(passage, _)))
    button = Button(_.plain("answer.unpoint_button"), _point(PointDeed.UNDO, inquiry, passage))
    return {"text": text, "reply_markup": keyboard([[button]])}


def _point(deed: PointDeed, inquiry: Inquiry, passage: Passage) -> Pointing:
    return Pointing(deed=deed, inquiry=inquiry.id, passage=passage.id)


def _entry(number: int, one: Inquiry, zone: ZoneInfo, _: Words) -> str:
    names = _.plain("dates.comma").join(one.named)
    return lines(
        _("answer.line", number=number, day=f"{one.asked_at.astimezone(zone):%Y-%m-%d}", text=one.text),
        _also_asked(one, _),
        _("answer.askers", count=one.askers) if one.askers > 1 else "",
        _("answer.named", names=names) if names else "",
    )


def _also_asked(inquiry: Inquiry, _: Words) -> str:
    others = inquiry.phrasings[1:]
    shown = [_("answer.also", text=shortened(one.text, 200)) for one in others[:PHRASINGS_SHOWN]]
    left = len(others) - len(shown)
    return lines(*shown, _("upload.and_more", count=left) if left else "")


def _press(inquiry: Inquiry, deed: AnswerDeed) -> Inquiring:
    return Inquiring(deed=deed, inquiry=inquiry.id)
