"""What is due, as organisers and mentors see it: who is holding it, and one tap to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import Analysed, Due, MentorSays, Nudge, StepOf, TalkOf, Verify
from bot.buttons.student import TalkAct
from bot.deeds.analysing import Analysis
from bot.deeds.appointing import Asked
from bot.deeds.outstanding import Outstanding, Urgency
from bot.deeds.standing import Standing
from bot.reach import Reach
from bot.views.dates import actor_name, article_of, headline, remarks, rounds_left, show_coming, show_date, step_name
from bot.views.talks import day_name, said_of
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.people import Person, PersonId
from records.talks import Proposal, Side, Talk

PAGE = 6
ASKED_AT_MOST = 10
BRANCHES_AT_MOST = 20
EXPECTED = frozenset({"from", "missed", "provisional"})  # as it should be, or said in the line already


def page_of(found: Sequence[Outstanding], page: int) -> Sequence[Outstanding]:
    """What stands on this page."""
    return found[page * PAGE : (page + 1) * PAGE]


def show_due(
    found: Sequence[Outstanding],
    asked: Sequence[Asked],
    analysis: Analysis | None,
    talks: Mapping[PersonId, Sequence[Talk]],
    reach: Reach,
    branch: int,
    page: int,
    today: date,
    _: Words,
) -> Shown:
    """A page of what is due in a branch (0: in all), with its buttons.

    Args:
        asked: days that students proposed; they stand first.
        analysis: the committee's own, which is of no student.
        talks: of the people on the page.
    """
    title = reach.title(branch, _.plain("due.everywhere"))
    parts = [_head(found, title, today, _, more=analysis is not None), _asked(asked, _)]
    rows = [[_answer_button(one, _)] for one in asked[:ASKED_AT_MOST]]
    if analysis is not None:
        committees = "、".join(reach.names[one] for one in analysis.committees)
        parts.append(lines(_("due.of_committee", name=committees), show_date(analysis.deadline, today, _)))
        rows.append([Button(_.plain("due.analysed_button"), Analysed())])
    last: Urgency | None = None
    for number, one in enumerate(page_of(found, page), start=page * PAGE + 1):
        if one.urgency is not last:
            parts.append(_(f"due.{one.urgency.name.lower()}"))
            last = one.urgency
        talk = next((talk for talk in talks.get(one.person.id, ()) if talk.step.id == one.deadline.step), None)
        waiting = talk.waiting(today) if talk else None
        said = said_of(waiting, Side.ORGANISER, today, _) if waiting else ""
        where = reach.names if not branch and len(reach.branches) > 1 else {}
        parts.append(lines(_line(number, one, where, today, _), said))
        rows.append([*_buttons(number, one, _), *([_talk_button(number, one, waiting, _)] if talk else [])])
    rows += _paging(found, branch, page, _)
    if page == 0 and not branch and len(reach.branches) > 1:
        rows += _branches(found, reach, _)
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_mentor_due(
    found: Sequence[Outstanding],
    mine: Sequence[tuple[Person, Standing]],
    waiting: Sequence[tuple[Person, int]],
    page: int,
    today: date,
    _: Words,
) -> Shown:
    """The students whom somebody accompanies, and a page of what is due of them.

    Args:
        mine: all of them, on the first page; where each stands.
        waiting: who entered something to be verified.
    """
    head = _head(found, _.plain("due.my_students"), today, _)
    parts = [head, *(_accompanied(one, standing, _) for one, standing in mine)]
    if not mine and page == 0:
        parts.append(_("due.no_students"))
    rows: list[list[Button]] = []
    for number, one in enumerate(page_of(found, page), start=page * PAGE + 1):
        parts.append(_line(number, one, {}, today, _))
        says = MentorSays(person=one.person.id, step=one.deadline.step)
        rows.append([Button(_.plain("due.says_button", number=number), says)])
    rows += [
        [Button(_.plain("verify.of_button", name=one.name, count=count), Verify(person=one.id))]
        for one, count in waiting[:BRANCHES_AT_MOST]
    ]
    rows += _paging(found, 0, page, _)
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def _accompanied(student: Person, standing: Standing, _: Words) -> str:
    stage = _.plain(f"stage.{student.stage}")
    who = _("roster.line", name=student.name, number=student.student_number or "—", stage=stage)
    return lines(who, show_coming(standing.coming, standing.today, _, own=False) if standing.coming else "")


def show_too_many(reach: Reach, _: Words) -> Shown:
    """Too many people for one list: choose a branch."""
    rows = [[Button(one.name, Due(branch=one.id))] for one in reach.branches[:BRANCHES_AT_MOST]]
    return {"text": _("due.choose_branch"), "reply_markup": keyboard(rows)}


def _head(found: Sequence[Outstanding], title: str, today: date, _: Words, *, more: bool = False) -> str:
    if not found and not more:
        return lines(_("due.head", title=title, today=str(today)), _("due.nothing"))
    counts = {urgency.name.lower(): sum(one.urgency is urgency for one in found) for urgency in Urgency}
    return lines(_("due.head", title=title, today=str(today)), _("due.counts", **counts))


def _line(number: int, one: Outstanding, branches: Mapping[int, str], today: date, _: Words) -> str:
    deadline, person = one.deadline, one.person
    since = deadline.waiting_since
    days = (today - since).days if since else 0
    holding = _(
        "due.holding_since" if since and days > 0 else "due.holding",
        actor=actor_name(deadline.actor, _, own=False),
        since=str(since),
        days=days,
        rule=article_of(deadline, _),
    )
    where = branches.get(person.branch_id, "")
    who = _("due.who", number=number, name=person.name, student=person.student_number or "—", branch=where)
    besides = remarks(deadline, _, silent=EXPECTED)
    return lines(who.strip(), headline(deadline, today, _), rounds_left(one.later, _), holding, *besides)


def _asked(asked: Sequence[Asked], _: Words) -> str:
    if not asked:
        return ""
    shown = [
        _("due.asked_line", step=step_name(one.talk.step.id, _), day=day_name(one.proposal.day, _), **_named(one))
        for one in asked[:ASKED_AT_MOST]
    ]
    left = len(asked) - len(shown)
    return lines(_("due.asked"), *shown, _("upload.and_more", count=left) if left > 0 else "")


def _named(one: Asked) -> dict[str, str]:
    return {"name": one.student.name, "number": one.student.student_number or "—"}


def _answer_button(one: Asked, _: Words) -> Button:
    press = TalkOf(act=TalkAct.SHOW, person=one.student.id, step=one.talk.step.id)
    return Button(_.plain("due.answer_asked", name=one.student.name), press)


def _buttons(number: int, one: Outstanding, _: Words) -> list[Button]:
    deadline = one.deadline
    row = [Button(_.plain("due.done_button", number=number), StepOf(person=one.person.id, step=deadline.step))]
    if one.urgency is not Urgency.MET:
        nudge = Nudge(person=one.person.id, rule=deadline.rule, kind=deadline.kind)
        row.insert(0, Button(_.plain("due.nudge_button", number=number), nudge))
    return row


def _talk_button(number: int, one: Outstanding, asked: Proposal | None, _: Words) -> Button:
    key = "due.answer_button" if asked and asked.side is Side.STUDENT else "due.move_button"
    press = TalkOf(act=TalkAct.SHOW, person=one.person.id, step=one.deadline.step)
    return Button(_.plain(key, number=number), press)


def _paging(found: Sequence[Outstanding], branch: int, page: int, _: Words) -> list[list[Button]]:
    row = []
    if page > 0:
        row.append(Button(_.plain("page.previous"), Due(branch=branch, page=page - 1)))
    if (page + 1) * PAGE < len(found):
        row.append(Button(_.plain("page.next"), Due(branch=branch, page=page + 1)))
    return [row] if row else []


def _branches(found: Sequence[Outstanding], reach: Reach, _: Words) -> list[list[Button]]:
    overdue = {one.id: 0 for one in reach.branches}
    for item in found:
        if item.urgency is Urgency.OVERDUE and item.person.branch_id in overdue:
            overdue[item.person.branch_id] += 1
    shown = sorted(reach.branches, key=lambda one: (-overdue[one.id], one.name))[:BRANCHES_AT_MOST]
    return [
        [Button(_.plain("due.branch_button", branch=one.name, overdue=overdue[one.id]), Due(branch=one.id))]
        for one in shown
    ]
