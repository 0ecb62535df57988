"""What is kept and why, a copy of it, and leaving."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import MyData, MyDataPress
from bot.consent import NOTICE_VERSION
from bot.views.text import Shown, paragraphs
from bot.words import Words
from records.consent import Consent


def show_privacy(consents: Sequence[Consent], _: Words, *, rephrased: bool = False) -> Shown:
    """The notice as it was agreed to, and since when."""
    running = next((one for one in reversed(consents) if one.withdrawn_at is None), None)
    since = _("privacy.agreed", version=running.version, day=f"{running.given_at:%Y-%m-%d}") if running else ""
    return {"text": paragraphs([notice_text(_, rephrased=rephrased), since])}


def notice_text(_: Words, *, rephrased: bool) -> Markup:
    """What is read before agreeing; `rephrased`: whether questions may go to a service that puts answers into words."""
    return paragraphs([_("consent.notice", version=NOTICE_VERSION), _("privacy.rephrased") if rephrased else ""])


def show_my_data(_: Words) -> Shown:
    """What can be done with one's own data."""
    copies = [
        Button(_.plain("mydata.sheet"), MyDataPress(act=MyData.SHEET)),
        Button(_.plain("mydata.json"), MyDataPress(act=MyData.JSON)),
    ]
    leave = [Button(_.plain("mydata.withdraw"), MyDataPress(act=MyData.WITHDRAW))]
    return {"text": _("mydata.head"), "reply_markup": keyboard([copies, leave])}


def show_leaving(_: Words) -> Shown:
    """What leaving means, before it is done."""
    row = [
        Button(_.plain("mydata.stay"), MyDataPress(act=MyData.STAY)),
        Button(_.plain("mydata.really"), MyDataPress(act=MyData.WITHDRAW_REALLY)),
    ]
    return {"text": _("mydata.explain"), "reply_markup": keyboard([row])}
