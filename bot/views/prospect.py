"""What would follow if something happened on some day: each step with its earliest day and all that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from markupsafe import Markup

from bot.deeds.standing import Prospect
from bot.views.dates import actor_name, condition_name, step_name
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.extending import EXTENDED
from records.outlook import Condition, Earliest
from records.track import Rule, Track

SAID_BELOW = "decision"  # the note below every prospect says that people decide


def show_prospect(prospect: Prospect, _: Words) -> Shown:
    """The supposition as it was read and what it takes itself; then step after step. Never a promise."""
    asked = prospect.supposition
    before = [one for one in prospect.wanting if one.code == "step"]
    told = {"step", "date"} if prospect.held_up else {"step"}
    wanting = _joined((one for one in prospect.wanting if one.code not in told), _)
    head = lines(
        *_supposed(prospect, _),
        _("dates.if_before", steps=_in_order(before, _)) if before else "",
        _held_up(prospect, _),
        _("dates.if_itself", conditions=wanting) if wanting else "",
    )
    if not prospect.found:
        return {"text": paragraphs([head, _("dates.if_nothing", step=step_name(asked.step, _)), _("dates.if_note")])}
    last = prospect.found[-1]
    steps = [_step(number, one, _) for number, one in enumerate(prospect.found, start=1)]
    first = _("dates.if_first", step=step_name(last.step, _), day=str(last.on))
    return {"text": paragraphs([head, first, lines(_("dates.if_steps"), *steps), _("dates.if_note")])}


def show_way(way: Sequence[Earliest], track: Track, _: Words) -> Markup:
    """The earliest day of the last of these steps, and which rules make it so late. Never a promise."""
    floors = [
        _("dates.way_floor", step=step_name(one.step, _), floor=_floor(one, one.rule, _)) for one in way if one.rule
    ]
    head = _("dates.way", step=step_name(way[-1].step, _), day=str(way[-1].on))
    return lines(_("dates.own_head"), head, *floors, _only_national(track, _), _("dates.no_promise"))


def _only_national(track: Track, _: Words) -> str:
    """That the school's own times are not counted, where nobody has written them down for Waymark."""
    return "" if any(rule.level != "national" for rule in track.rules) else _("dates.only_national")


def _supposed(prospect: Prospect, _: Words) -> list[str]:
    """What is supposed, as it was read."""
    asked, longer = prospect.supposition, prospect.extended
    said = []
    if longer is None or asked.step != EXTENDED:
        said.append(_("dates.if_head", day=str(asked.day), step=step_name(asked.step, _)))
    if longer is not None:
        said.append(_("dates.if_extended", until=str(longer.until), end=str(longer.old_end)))
    if asked.said:
        said.append(_("dates.if_read", said=asked.said, day=str(asked.day or (longer.until if longer else ""))))
    if longer is not None and asked.extension is not None and not asked.extension.is_said:
        said.append(_("dates.if_least", until=str(longer.until), last=str(longer.last)))
    return said


def _step(number: int, one: Earliest, _: Words) -> str:
    takes = [_floor(one, one.rule, _)] if one.rule is not None else []
    takes += [joined] if (joined := _joined(one.conditions, _)) else []
    key = "dates.if_step_takes" if takes else "dates.if_step"
    names = {"step": step_name(one.step, _), "actor": actor_name(one.actor, _)}
    return _(key, number=number, takes=_.plain("dates.semicolon").join(takes), **names)


def _floor(one: Earliest, rule: Rule, _: Words) -> str:
    keys = (f"why.{rule.id}.{one.base_step}", f"why.{rule.id}", f"why.{rule.id}.{rule.kind}")
    wording = rule.title or next((_.plain(key) for key in keys if _.has(key)), step_name(one.step, _))
    floor = _.plain("dates.if_floor", day=str(one.on), wording=wording, source=_source(rule, _))
    return floor + (_.plain("dates.provisional") if one.provisional else "")


def _held_up(prospect: Prospect, _: Words) -> str:
    """That a floor, its own or of a step before it, allows the supposed step only later."""
    if prospect.held_up is None:
        return ""
    first, then = prospect.held_up
    floor = _floor(first, first.rule, _) if first.rule else ""
    key = "dates.if_too_early" if first is then else "dates.if_held_up"
    return _(key, first=step_name(first.step, _), floor=floor, step=step_name(then.step, _), day=str(then.on))


def _in_order(steps: Iterable[Condition], _: Words) -> str:
    """Steps one after the other, each run of them with the article that asks for it."""
    runs = [(source, list(found)) for source, found in groupby(steps, key=lambda one: _source(one, _))]
    comma = _.plain("dates.comma")
    named = [
        (comma.join(_.plain("dates.quoted", step=step_name(one.step or "", _)) for one in found), source)
        for source, found in runs
    ]
    return comma.join(_.plain("dates.if_condition", conditions=names, source=source) for names, source in named)


def _joined(conditions: Iterable[Condition], _: Words) -> str:
    """What else is wanting, together what one article asks for."""
    found: dict[str, list[str]] = {}
    for one in conditions:
        if one.code != SAID_BELOW:
            found.setdefault(_source(one, _), []).append(condition_name(one, _))
    comma, semicolon = _.plain("dates.comma"), _.plain("dates.semicolon")
    named = [
        _.plain("dates.if_condition", conditions=comma.join(dict.fromkeys(names)), source=source)
        for source, names in found.items()
    ]
    return semicolon.join(named)


def _source(one: Condition | Rule, _: Words) -> str:
    if one.level != "national":
        return _.plain("level.school")
    return _.plain("source.national", article=one.article)
