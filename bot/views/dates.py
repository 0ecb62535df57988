"""Dates as they are read: what is due, when, why, and who must act. Never a promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import Dates, DatesView
from bot.deeds.standing import Standing
from bot.own_questions import Supposition
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from content.numerals import numeral_of
from records.changes import Change
from records.deadline import Deadline, State, notes
from records.facts import Fact
from records.outlook import Condition, Earliest, NextStep
from records.talks import KIND as APPOINTED

OPEN_AT_MOST = 12
SAID_BELOW = frozenset({"decision"})  # the note below every prospect says that people decide


Part = tuple[list[str], list[list[Button]]]
"""Paragraphs, and the rows of buttons that go with them."""


def show_dates(standing: Standing, _: Words, *, talks: Part = ([], [])) -> Shown:
    """What is due for me, soonest first; what has passed is behind a button. `talks`: what waits about their days."""
    shown = standing.open_dates[:OPEN_AT_MOST]
    parts = [_("dates.head", today=str(standing.today))]
    parts += [show_date(one, standing.today, _) for one in shown]
    if not shown:
        parts.append(_("dates.none"))
    if standing.coming is not None and all(one.step != standing.coming.step for one in shown):
        parts.append(show_coming(standing.coming, standing.today, _))
    about_talks, rows = list(talks[0]), list(talks[1])
    parts += [*about_talks, _("dates.no_promise")]
    if standing.passed:
        label = _.plain("dates.passed_button", count=len(standing.passed))
        rows.append([Button(label, Dates(view=DatesView.PASSED))])
    rows.append(
        [
            Button(_.plain("dates.calendar_button"), Dates(view=DatesView.CALENDAR)),
            Button(_.plain("dates.subscription_button"), Dates(view=DatesView.SUBSCRIPTION)),
        ]
    )
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_passed(facts: Sequence[Fact], _: Words) -> Shown:
    """What has happened, oldest first."""
    passed = [_("dates.passed_line", day=str(fact.on), step=step_name(fact.step, _)) for fact in facts]
    return {"text": lines(_("dates.passed_head"), *passed)}


def show_own(dates: Sequence[Deadline], today: date, _: Words) -> Markup:
    """The dates that a question was about."""
    return lines(_("dates.own_head"), paragraphs([show_date(one, today, _) for one in dates]), _("dates.no_promise"))


def show_date(one: Deadline, today: date, _: Words) -> Markup:
    """One date: when, what; because of what; who must act and since when."""
    remarks = [_(note.key, value=note.value or "") for note in notes(one.note) if _.has(note.key)]
    return lines(headline(one, today, _), reason(one, _), _waiting(one, today, _), *remarks)


def headline(one: Deadline, today: date, _: Words) -> str:
    """When and what, in one line."""
    step = step_name(one.step, _)
    days = abs((one.due - today).days)
    if one.kind == "earliest" and one.due <= today and one.state is not State.PROVISIONAL:
        return _("dates.earliest.met", due=str(one.due), step=step)
    kind = one.kind if _.has(f"dates.{one.kind}.future") else "due"
    if one.state is State.OVERDUE:
        return _(
            f"dates.{kind}.overdue" if _.has(f"dates.{kind}.overdue") else "dates.due.overdue",
            due=str(one.due),
            step=step,
            days=days,
        )
    line = _(f"dates.{kind}.future", due=str(one.due), step=step, left=_left((one.due - today).days, _))
    return line + _("dates.provisional") if one.state is State.PROVISIONAL else line


def reason(one: Deadline, _: Words) -> str:
    """Because of which event, under which article, with what wording."""
    if one.kind == APPOINTED:
        return _("dates.because_agreed", base_date=str(one.base_date), rule=article_of(one, _))
    return _(
        "dates.because",
        base_date=str(one.base_date),
        base=event_name(one.base_step, _),
        rule=article_of(one, _),
        wording=wording_of(one, _),
    )


def article_of(one: Deadline | Change, _: Words) -> str:
    """「细则第七条」, or 「学校要求」."""
    if one.level != "national":
        return _.plain("dates.school", article=str(one.article or "")).strip()
    if isinstance(one.article, int):
        return _.plain("dates.article", article=numeral_of(one.article) if _.language.startswith("zh") else one.article)
    return _.plain("dates.article_named", article=str(one.article or ""))


def wording_of(one: Deadline, _: Words) -> str:
    """What the rule says, in a few words: the school's own where it has worded its rule."""
    if one.title:
        return one.title
    for key in (f"why.{one.rule}.{one.kind}", f"why.{one.rule}", f"rule.{one.rule}"):
        if _.has(key):
            return _.plain(key)
    return step_name(one.step, _)


def step_name(step: str, _: Words) -> str:
    """The step as people call it; a school's own step by its id."""
    key = f"step.{step}"
    return _.plain(key) if _.has(key) else step.removeprefix("school.")


def event_name(step: str, _: Words) -> str:
    """The step as something that has happened."""
    key = f"base.{step}"
    return _.plain(key) if _.has(key) else step_name(step, _)


def actor_name(actor: str, _: Words) -> str:
    """Who acts, as people call them."""
    key = f"actor.{actor}"
    return _.plain(key) if _.has(key) else actor


def show_coming(coming: NextStep, today: date, _: Words) -> str:
    """The next step, who holds it, since when, and what is still wanting."""
    wanting = [condition_name(one, _) for one in coming.conditions if one.met is False]
    if wanting:
        wait = _("dates.coming_wants", wanting=_.plain("dates.comma").join(wanting))
    elif coming.waiting_since is not None and coming.waiting_since < today:
        days = (today - coming.waiting_since).days
        wait = _("dates.coming_waits", since=str(coming.waiting_since), days=days)
    else:
        wait = ""
    head = _("dates.coming", step=step_name(coming.step, _), actor=actor_name(coming.actor, _))
    return lines(head, wait)


def condition_name(one: Condition, _: Words) -> str:
    """One thing that a step waits for."""
    step = step_name(one.step, _) if one.step else ""
    return _.plain(one.key, step=step, due=str(one.due or ""), rule=one.rule or "") if _.has(one.key) else one.code


def _waiting(one: Deadline, today: date, _: Words) -> str:
    actor = actor_name(one.actor, _)
    if one.waiting_since is None:
        return _("dates.actor", actor=actor)
    days = (today - one.waiting_since).days
    return (
        _("dates.waiting", actor=actor, since=str(one.waiting_since), days=days)
        if days
        else _("dates.actor", actor=actor)
    )


def _left(days: int, _: Words) -> str:
    return _.plain("dates.today") if days == 0 else _.plain("dates.left", days=days)


def show_prospect(supposition: Supposition, found: Sequence[Earliest], _: Words) -> Shown:
    """What would follow from a supposition: the earliest day, the limits on the way, and all that is no date."""
    read = _("dates.if_read", said=supposition.said, day=str(supposition.day)) if supposition.said else ""
    parts: list[str] = [lines(_("dates.if_head", day=str(supposition.day), step=event_name(supposition.step, _)), read)]
    if found:
        last = found[-1]
        floors = [
            _("dates.if_floor", day=str(one.on), step=step_name(one.step, _), wording=_.plain(f"why.{one.rule}"))
            + (_("dates.provisional") if one.provisional else "")
            for one in found
            if one.rule is not None
        ]
        parts.append(lines(_("dates.if_first", step=step_name(last.step, _), day=str(last.on)), *floors))
        between = [step_name(one.step, _) for one in found[:-1]]
        if between:
            parts.append(_("dates.if_between", steps=_.plain("dates.comma").join(between)))
        wanting = list(
            dict.fromkeys(
                condition_name(one, _) for step in found for one in step.conditions if one.code not in SAID_BELOW
            )
        )
        if wanting:
            parts.append(_("dates.if_conditions", conditions=_.plain("dates.comma").join(wanting)))
    else:
        parts.append(_("dates.if_nothing", step=step_name(supposition.step, _)))
    parts.append(_("dates.if_note"))
    return {"text": paragraphs(parts)}
