"""Questions that were passed on, as organisers see them: never with the asker's name."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import AnswerDeed, Inquiring
from bot.views.text import Shown, lines, paragraphs, quoted
from bot.words import Words
from content.inquiries import Inquiry

SHOWN = 8


def show_queue(found: Sequence[Inquiry], zone: ZoneInfo, _: Words) -> Shown:
    """What waits, oldest first."""
    parts = [_("answer.head", count=len(found)) if found else _("answer.none")]
    rows = []
    for number, one in enumerate(found[:SHOWN], start=1):
        parts.append(_("answer.line", number=number, day=f"{one.asked_at.astimezone(zone):%Y-%m-%d}", text=one.text))
        rows.append(
            [
                Button(_.plain("answer.answer_button", number=number), _press(one, AnswerDeed.ANSWER)),
                Button(_.plain("answer.close_button", number=number), _press(one, AnswerDeed.CLOSE)),
            ]
        )
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_answered(inquiry: Inquiry, _: Words, *, told: bool) -> Shown:
    """It was sent; below it the draft, which answers nobody before it is confirmed."""
    text = paragraphs(
        [
            lines(_("answer.done" if told else "answer.done_untold"), _("answer.keep_hint")),
            _("answer.draft"),
            lines(_("answer.question", text=inquiry.text), quoted(inquiry.answer or "")),
            _("answer.check"),
        ]
    )
    row = [Button(_.plain("answer.publish"), _press(inquiry, AnswerDeed.PUBLISH))]
    return {"text": text, "reply_markup": keyboard([row])}


def _press(inquiry: Inquiry, deed: AnswerDeed) -> Inquiring:
    return Inquiring(deed=deed, inquiry=inquiry.id)
