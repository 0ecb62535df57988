"""What of a file stands in the library already: with the difference, and what an organiser may decide."""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from bot.buttons.keyboard import Button
from bot.buttons.organiser import Deed, Upload
from bot.deeds.preview import Preview
from bot.views.sources import source_of
from bot.views.text import lines, shortened
from bot.words import Words
from content.near import Near

SHOWN = 6
CHANGES_SHOWN, CHANGE_AT_MOST = 3, 30
NEW_EDITION_FROM = 0.3  # of a file's passages: with less in common it is hardly an edition of the other


def near_parts(found: Preview, _: Words) -> list[str]:
    """Paragraphs on what stands there already, and on questions that are answered already."""
    near = [_near(one, _) for one in found.near[:SHOWN]]
    answered = [
        _("upload.answered", question=shortened(question, 60), source=source_of(passage, _))
        for question, passage in found.answered[:SHOWN]
    ]
    parts: list[str] = []
    if near:
        left = len(found.near) - len(near)
        more = _("upload.and_more", count=left) if left else ""
        hint = "upload.near_hint" if _much_alike(found) else "upload.near_few"
        parts.append(lines(_("upload.near_head", count=len(found.near)), *near, more, _(hint)))
    if answered:
        left = len(found.answered) - len(answered)
        more = _("upload.and_more", count=left) if left else ""
        parts.append(lines(_("upload.answered_head", count=len(found.answered)), *answered, more))
    return parts


def new_edition_buttons(found: Preview, _: Words) -> list[Button]:
    """「作为…的新版」 for the document that has most in common with the file."""
    if found.old is not None or not _much_alike(found):
        return []
    (document, title), _count = _most_alike(found)
    press = Upload(deed=Deed.OLD, ref=found.pending.ref, value=document)
    return [Button(_.plain("upload.new_edition_button", title=shortened(title, 20)), press)]


def _most_alike(found: Preview) -> tuple[tuple[str, str], int]:
    """The document that has most passages in common with the file, and how many."""
    return Counter((one.there.document, one.there.title) for one in found.near).most_common(1)[0]


def _much_alike(found: Preview) -> bool:
    passages = len(found.document.passages) if found.document else 0
    return bool(found.near) and _most_alike(found)[1] >= NEW_EDITION_FROM * passages


def _near(one: Near, _: Words) -> str:
    values = {"place": one.place or _.plain("upload.a_passage"), "title": one.there.title, "there": one.there.place}
    if not one.changes:
        return _("upload.near_same", **values)
    changes = [
        Markup("「{}」→「{}」").format(*(shortened(part, CHANGE_AT_MOST) or "—" for part in change))
        for change in one.changes[:CHANGES_SHOWN]
    ]
    return _("upload.near", **values, changes=Markup("；").join(changes))
