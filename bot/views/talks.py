"""The day of a talk as either side sees it: what holds, which limit stands, what was said, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import TalkOf
from bot.buttons.student import TalkAct, TalkPress
from bot.deeds.appointing import Speaker
from bot.views.dates import Part, article_of, headline, step_name, wording_of
from bot.views.text import Shown, covered, lines, paragraphs
from bot.words import Words
from records.people import Person
from records.talks import Proposal, Side, Talk
from records.workdays import WorkCalendar

DAYS_OFFERED = 6
A_ROW = 2


def show_talk(talk: Talk, speaker: Speaker, calendar: WorkCalendar, today: date, _: Words) -> Shown:
    """What holds, and the buttons that the side has now."""
    parts = [_head(talk, speaker, _), *_standing(talk, speaker.side, today, _)]
    return {
        "text": paragraphs([*parts, _asked(talk, speaker.side, today, _)]),
        "reply_markup": keyboard(_rows(talk, speaker, calendar, today, _)),
    }


def show_letter(talk: Talk, speaker: Speaker, calendar: WorkCalendar, today: date, _: Words, *, asks: bool) -> Shown:
    """The same under a line that tells a locked screen nothing."""
    shown = show_talk(talk, speaker, calendar, today, _)
    head = _("talk.letter_asks" if asks else "talk.letter_tells")
    return {**shown, "text": paragraphs([head, covered(shown["text"])])}


def show_chosen(talk: Talk, speaker: Speaker, day: date, _: Words) -> Shown:
    """The day that would be proposed, before it is."""
    parts = [
        _head(talk, speaker, _),
        lines(_("talk.chosen", day=day_name(day, _)), beyond(talk, day, _)),
        _("talk.once"),
    ]
    row = [
        Button(_.plain("talk.propose_button"), _press(speaker, talk, TalkAct.PROPOSE, int(f"{day:%Y%m%d}"))),
        Button(_.plain("talk.other_day_button"), _press(speaker, talk, TalkAct.BACK)),
    ]
    return {"text": paragraphs(parts), "reply_markup": keyboard([row])}


def show_write(talk: Talk, speaker: Speaker, today: date, _: Words) -> Shown:
    """A day is to be typed."""
    row = [Button(_.plain("talk.leave_button"), _press(speaker, talk, TalkAct.BACK))]
    text = paragraphs([_head(talk, speaker, _), _("talk.write", example=str(today + timedelta(days=1)))])
    return {"text": text, "reply_markup": keyboard([row])}


def own_talks(talks: Sequence[Talk], person: Person, today: date, _: Words) -> Part:
    """What /dates says of one's own talks, and the buttons for it."""
    student = Speaker(person, person, Side.STUDENT)
    parts: list[str] = []
    rows: list[list[Button]] = []
    for talk in talks:
        waiting = talk.waiting(today)
        if waiting is not None:
            parts.append(lines(_head(talk, student, _), said_of(waiting, student.side, today, _)))
        if waiting is not None and waiting.side is not student.side:
            rows.append(_answers(talk, student, waiting, _))
        elif waiting is None:
            rows.append([talk_button(talk, student, _)])
    return parts, rows


def talk_button(talk: Talk, speaker: Speaker, _: Words) -> Button:
    """To see how a talk's day stands, and to propose another."""
    key = "talk.move_button" if talk.agreed else "talk.appoint_button"
    return Button(_.plain(key, step=step_name(talk.step.id, _)), _press(speaker, talk, TalkAct.SHOW))


def day_name(day: date, _: Words) -> str:
    """2026-12-02 with its day of the week."""
    return _.plain("talk.day", day=str(day), weekday=_.plain(f"weekday.{day.weekday()}"))


def beyond(talk: Talk, day: date, _: Words) -> str:
    """That the day lies beyond a limit of the rules, which does not move with it."""
    limit = talk.limit_before(day)
    if limit is None:
        return ""
    return _("talk.beyond", limit=str(limit.due), rule=article_of(limit, _))


def _head(talk: Talk, speaker: Speaker, _: Words) -> str:
    step = step_name(talk.step.id, _)
    if speaker.side is Side.STUDENT:
        return _("talk.own_head", step=step)
    return _("talk.head", step=step, name=speaker.student.name, number=speaker.student.student_number or "—")


def _standing(talk: Talk, side: Side, today: date, _: Words) -> list[str]:
    agreed = talk.agreed
    holds = _("talk.holds", day=day_name(agreed.day, _)) if agreed else _("talk.no_day")
    limits = [
        lines(headline(one, today, _), _("talk.limit", rule=article_of(one, _), wording=wording_of(one, _)))
        for one in talk.limits
    ]
    waiting = talk.waiting(today)
    history = [said_of(one, side, today, _) for one in talk.proposals if one is not waiting]
    return [
        lines(holds, beyond(talk, agreed.day, _) if agreed else "", *limits),
        lines(_("talk.history"), *history) if history else "",
    ]


def said_of(one: Proposal, side: Side, today: date, _: Words) -> str:
    """What was proposed by whom and what came of it, as the side sees it."""
    open_ = "waits" if one.day >= today else "lapsed"
    answer = open_ if one.agreed is None else "agreed" if one.agreed else "declined"
    key = f"talk.{'own' if one.side is side else 'other'}_{answer}"
    return _(key, said=str(one.said_on), day=day_name(one.day, _), answered=str(one.answered_on or ""))


def _asked(talk: Talk, side: Side, today: date, _: Words) -> str:
    """What the side can do now."""
    waiting = talk.waiting(today)
    if waiting is not None and waiting.side is side:
        return lines(_("talk.you_wait", day=day_name(waiting.day, _)), beyond(talk, waiting.day, _))
    if waiting is not None:
        return lines(_("talk.please_answer", day=day_name(waiting.day, _)), beyond(talk, waiting.day, _))
    return _("talk.used" if talk.proposed_by(side) else "talk.choose")


def _rows(talk: Talk, speaker: Speaker, calendar: WorkCalendar, today: date, _: Words) -> list[list[Button]]:
    waiting = talk.waiting(today)
    if waiting is not None:
        return [_answers(talk, speaker, waiting, _)] if waiting.side is not speaker.side else []
    if talk.proposed_by(speaker.side):
        return []
    buttons = [
        Button(
            _.plain("talk.day_button", day=f"{day:%m-%d}", weekday=_.plain(f"weekday.{day.weekday()}")),
            _press(speaker, talk, TalkAct.CHOOSE, int(f"{day:%Y%m%d}")),
        )
        for day in _near_days(calendar, today)
    ]
    rows = [buttons[start : start + A_ROW] for start in range(0, len(buttons), A_ROW)]
    return [*rows, [Button(_.plain("talk.write_button"), _press(speaker, talk, TalkAct.WRITE))]]


def _near_days(calendar: WorkCalendar, today: date) -> list[date]:
    """The next working days, from tomorrow on."""
    return [calendar.nth_working_day(today, number).day for number in range(1, DAYS_OFFERED + 1)]


def _answers(talk: Talk, speaker: Speaker, waiting: Proposal, _: Words) -> list[Button]:
    return [
        Button(_.plain("talk.agree_button"), _press(speaker, talk, TalkAct.AGREE, waiting.entry)),
        Button(_.plain("talk.decline_button"), _press(speaker, talk, TalkAct.DECLINE, waiting.entry)),
    ]


def _press(speaker: Speaker, talk: Talk, act: TalkAct, value: int = 0) -> TalkPress | TalkOf:
    if speaker.side is Side.STUDENT:
        return TalkPress(act=act, step=talk.step.id, value=value)
    return TalkOf(act=act, person=speaker.student.id, step=talk.step.id, value=value)
