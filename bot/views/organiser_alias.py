"""Aliases as organisers see them: what people write, and as what it is understood."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import AliasDeed, AliasPress
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from content.aliases import Alias

PAGE = 20


def show_aliases(found: Sequence[Alias], page: int, shipped: int, _: Words) -> Shown:
    """A page of those that organisers added, each with its button to remove it."""
    first = page * PAGE
    shown = list(enumerate(found[first : first + PAGE], start=first + 1))
    listed = [Markup("{}. {} → {}").format(number, one.said, one.meant) for number, one in shown]
    buttons = [
        Button(_.plain("alias.remove_button", number=number), AliasPress(deed=AliasDeed.REMOVE, number=one.id))
        for number, one in shown
    ]
    rows = [buttons[at : at + 4] for at in range(0, len(buttons), 4)]
    turns = [("page.previous", page - 1, page > 0), ("page.next", page + 1, first + PAGE < len(found))]
    rows.append(
        [Button(_.plain(key), AliasPress(deed=AliasDeed.LIST, number=to)) for key, to, possible in turns if possible]
    )
    rows.append([Button(_.plain("alias.add_button"), AliasPress(deed=AliasDeed.ADD))])
    parts = [_("alias.head", count=len(found), shipped=shipped), lines(*listed)]
    return {"text": paragraphs(parts), "reply_markup": keyboard([row for row in rows if row])}
