"""What would follow if something happened on some day: each step with its earliest day and all that it takes."""

from __future__ import annotations

from collections.abc import Iterable

from bot.deeds.standing import Prospect
from bot.views.dates import actor_name, condition_name, step_name
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.outlook import Condition, Earliest
from records.track import Rule

SAID_BELOW = "decision"  # the note below every prospect says that people decide


def show_prospect(prospect: Prospect, _: Words) -> Shown:
    """The supposition as it was read and what it takes itself; then step after step. Never a promise."""
    asked = prospect.supposition
    wanting = _joined(prospect.wanting, _)
    head = lines(
        _("dates.if_head", day=str(asked.day), step=step_name(asked.step, _)),
        _("dates.if_read", said=asked.said, day=str(asked.day)) if asked.said else "",
        _("dates.if_itself", conditions=wanting) if wanting else "",
    )
    if not prospect.found:
        return {"text": paragraphs([head, _("dates.if_nothing", step=step_name(asked.step, _)), _("dates.if_note")])}
    last = prospect.found[-1]
    steps = [_step(number, one, _) for number, one in enumerate(prospect.found, start=1)]
    first = _("dates.if_first", step=step_name(last.step, _), day=str(last.on))
    return {"text": paragraphs([head, first, lines(_("dates.if_steps"), *steps), _("dates.if_note")])}


def _step(number: int, one: Earliest, _: Words) -> str:
    takes = [_floor(one, one.rule, _)] if one.rule is not None else []
    takes += [joined] if (joined := _joined(one.conditions, _)) else []
    key = "dates.if_step_takes" if takes else "dates.if_step"
    names = {"step": step_name(one.step, _), "actor": actor_name(one.actor, _)}
    return _(key, number=number, takes=_.plain("dates.semicolon").join(takes), **names)


def _floor(one: Earliest, rule: Rule, _: Words) -> str:
    keys = (f"why.{rule.id}", f"why.{rule.id}.{rule.kind}")
    wording = rule.title or next((_.plain(key) for key in keys if _.has(key)), step_name(one.step, _))
    floor = _.plain("dates.if_floor", day=str(one.on), wording=wording, source=_source(rule, _))
    return floor + (_.plain("dates.provisional") if one.provisional else "")


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
