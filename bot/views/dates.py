"""Dates as they are read: what is due, when, why, and who must act. Never a promise."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from markupsafe import Markup

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import Dates, DatesView
from bot.deeds.standing import Standing
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.analysis import ANALYSIS
from records.changes import Change
from records.deadline import Deadline, State, fold_rounds, notes
from records.facts import Fact
from records.outlook import Condition, NextStep
from records.party_standing import PartyStanding
from records.talks import KIND as APPOINTED
from records.track import Article

OPEN_AT_MOST = 12
PAUSED = "paused"  # a note that holds of the person, said once above a list
WRITTEN_END = "written_end"  # a note that the reason itself says


Part = tuple[list[str], list[list[Button]]]
"""Paragraphs, and the rows of buttons that go with them."""


def show_dates(standing: Standing, _: Words, *, talks: Part = ([], [])) -> Shown:
    """What is due for me, soonest first; what has passed is behind a button. `talks`: what waits about their days."""
    folded = fold_rounds(standing.open_dates)
    shown = [first for first, _later in folded[:OPEN_AT_MOST]]
    parts = [_("dates.head", today=str(standing.today))]
    if paused := any(note.code == PAUSED for one in shown for note in notes(one.note)):
        parts.append(_(f"note.{PAUSED}"))
    silent = {PAUSED} if paused else frozenset[str]()
    parts += [
        lines(show_date(first, standing.today, _, silent=silent), rounds_left(later, _))
        for first, later in folded[:OPEN_AT_MOST]
    ]
    if len(folded) > OPEN_AT_MOST:
        parts.append(_("upload.and_more", count=len(folded) - OPEN_AT_MOST))
    if not shown:
        parts.append(_("progress.complete" if standing.coming is None else "dates.none"))
    if standing.coming is not None and all(one.step != standing.coming.step for one in shown):
        parts.append(show_coming(standing.coming, standing.today, _))
    about_talks, rows = list(talks[0]), list(talks[1])
    parts += [show_membership(standing.membership, _), *about_talks, _("dates.no_promise")]
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


def show_passed(facts: Sequence[Fact], waiting: AbstractSet[int], _: Words) -> Shown:
    """What has happened, oldest first. `waiting`: entries that the branch has not confirmed yet."""
    keys = ["dates.passed_waits" if fact.entry in waiting else "dates.passed_line" for fact in facts]
    passed = [_(key, day=str(fact.on), step=step_name(fact.step, _)) for key, fact in zip(keys, facts, strict=True)]
    return {"text": lines(_("dates.passed_head"), *passed)}


def show_own(dates: Sequence[Deadline], today: date, _: Words) -> Markup:
    """The dates that a question was about."""
    return lines(_("dates.own_head"), paragraphs([show_date(one, today, _) for one in dates]), _("dates.no_promise"))


def show_own_passed(facts: Sequence[Fact], today: date, _: Words) -> Markup:
    """The days that a question was about, which have passed."""
    told = [
        _("dates.own_passed", day=str(fact.on), step=step_name(fact.step, _), days=(today - fact.on).days)
        for fact in facts
    ]
    return lines(_("dates.own_passed_head"), *told)


def rounds_left(later: Sequence[Deadline], _: Words) -> str:
    """How many more rounds have passed without an answer."""
    return _("dates.rounds_left", count=len(later), due=str(later[-1].due)) if later else ""


def show_membership(one: PartyStanding | None, _: Words) -> str:
    """From which day Party standing counts, or would."""
    if one is None:
        return ""
    how = "extended" if one.extended_on else "estimated" if one.estimated else "written"
    key = "standing.converted" if one.converted else "standing.probation"
    return lines(
        _(key, since=str(one.since), how=_.plain(f"standing.{how}"), rule=article_named(one.article, _)),
        _("standing.postponed", rule=article_named(one.postponed_article, _)) if one.postponed_on else "",
    )


def show_date(
    one: Deadline, today: date, _: Words, *, silent: AbstractSet[str] = frozenset(), own: bool = True
) -> Markup:
    """One date: when, what; because of what; who must act and since when.

    Args:
        silent: notes that stand elsewhere.
        own: it is told to the student themself.
    """
    waiting = _waiting(one, today, _, own=own)
    return lines(headline(one, today, _), reason(one, _), waiting, *remarks(one, _, silent=silent))


def remarks(one: Deadline, _: Words, *, silent: AbstractSet[str] = frozenset()) -> list[str]:
    """What is to be known about a date besides: paused, an estimate, not yet recognised. `silent`: left out."""
    silent = {*silent, WRITTEN_END}
    spoken = [note for note in notes(one.note) if note.code not in silent and _.has(note.key)]
    return [_(note.key, value=note.value or "") for note in spoken]


def headline(one: Deadline, today: date, _: Words) -> str:
    """When and what, in one line."""
    step = step_name(one.step, _)
    days = abs((one.due - today).days)
    if one.kind == "earliest" and one.due <= today and one.state is not State.PROVISIONAL:
        return _("dates.earliest.met", due=str(one.due), step=step)
    if one.lapses:
        key = "dates.lapses.overdue" if one.state is State.OVERDUE else "dates.lapses.future"
        left, what = _left((one.due - today).days, _), lapsing_name(one.base_step, _)
        return _(key, what=what, due=str(one.due), step=step, left=left, rule=article_of(one, _))
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
    if one.rule == ANALYSIS:
        return _("dates.because_yearly", rule=article_of(one, _), wording=wording_of(one, _))
    written = any(note.code == WRITTEN_END for note in notes(one.note))
    return _(
        "dates.because_written" if written else "dates.because",
        base_date=str(one.base_date),
        base=event_name(one.base_step, _),
        rule=article_of(one, _),
        wording=wording_of(one, _),
    )


def article_of(one: Deadline | Change, _: Words) -> str:
    """「细则第七条」, or 「学校要求」."""
    if one.level != "national":
        return _.plain("dates.school", article=str(one.article or "")).strip()
    return article_named(one.article, _)


def article_named(article: Article, _: Words) -> str:
    """「细则第七条（细则要求）」."""
    if isinstance(article, int):
        return _.plain("dates.article", article=article)
    return _.plain("dates.article_named", article=str(article or ""))


def wording_of(one: Deadline, _: Words) -> str:
    """What the rule says, in a few words: the school's own where it has worded its rule."""
    if one.title:
        return one.title
    for key in (f"why.{one.rule}.{one.kind}", f"why.{one.rule}.{one.base_step}", f"why.{one.rule}"):
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


def lapsing_name(step: str, _: Words) -> str:
    """What that event gave, and what can lapse: a nomination, a certificate."""
    key = f"lapse.{step}"
    return _.plain(key) if _.has(key) else event_name(step, _)


def actor_name(actor: str, _: Words, *, own: bool = True) -> str:
    """Who acts, as people call them; `own`: it is told to the student themself."""
    if own and actor == "student":
        return _.plain("actor.you")
    key = f"actor.{actor}"
    return _.plain(key) if _.has(key) else actor


def show_coming(coming: NextStep, today: date, _: Words, *, own: bool = True) -> str:
    """The next step, who holds it, since when, and what is still wanting."""
    wanting = [condition_name(one, _) for one in coming.conditions if one.met is False]
    around = next((one for one in coming.conditions if one.code == "around"), None)
    if wanting:
        wait = _("dates.coming_wants", wanting=_.plain("dates.comma").join(wanting))
    elif coming.waiting_since is not None and coming.waiting_since < today:
        days = (today - coming.waiting_since).days
        wait = _("dates.coming_waits", since=str(coming.waiting_since), days=days)
    elif around is not None:
        wait = condition_name(around, _)
    else:
        wait = ""
    head = _("dates.coming", step=step_name(coming.step, _), actor=actor_name(coming.actor, _, own=own))
    return lines(head, wait)


def condition_name(one: Condition, _: Words) -> str:
    """One thing that a step waits for."""
    values = {
        "step": step_name(one.step, _) if one.step else "",
        "what": lapsing_name(one.step, _) if one.step else "",
        "due": str(one.due or ""),
        "documents": _.plain("dates.comma").join(_.plain(f"document.{name}") for name in one.documents),
    }
    return _.plain(one.key, **values) if _.has(one.key) else one.code


def _waiting(one: Deadline, today: date, _: Words, *, own: bool) -> str:
    actor = actor_name(one.actor, _, own=own)
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
