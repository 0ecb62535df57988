"""The address of one's calendar: what it is, the address itself once, and how it ends."""

from __future__ import annotations

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import CalendarAct, CalendarPress
from bot.settings import Settings
from bot.views.text import Shown, paragraphs
from bot.words import Words
from records.calendar_links import CalendarLink


def show_subscription(school: Settings, link: CalendarLink | None, _: Words, *, revoked: bool = False) -> Shown:
    """What a subscription is, and whether there is one."""
    if not school.web:
        return {"text": paragraphs([_("subscription.head"), _("subscription.no_page")])}
    if link is None:
        stands = _("subscription.revoked" if revoked else "subscription.none")
        row = [Button(_.plain("subscription.make_button"), CalendarPress(act=CalendarAct.MAKE))]
    else:
        stands = _("subscription.stands", day=f"{link.created_at.astimezone(school.zone):%Y-%m-%d}")
        row = _standing_buttons(_)
    return {"text": paragraphs([_("subscription.head"), stands]), "reply_markup": keyboard([row])}


def show_address(school: Settings, token: str, _: Words) -> Shown:
    """The address, which nobody can show again."""
    made = _("subscription.made", address=f"{school.page}/calendar/{token}.ics")
    here = "" if school.web_origins else _("subscription.only_here")
    return {"text": paragraphs([made, here]), "reply_markup": keyboard([_standing_buttons(_)])}


def _standing_buttons(_: Words) -> list[Button]:
    return [
        Button(_.plain("subscription.renew_button"), CalendarPress(act=CalendarAct.MAKE)),
        Button(_.plain("subscription.revoke_button"), CalendarPress(act=CalendarAct.REVOKE)),
    ]
