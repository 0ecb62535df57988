"""Recording a step as organisers see it: what is asked, what it would change, what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import EntryDeed, OfEntry, People, StepDeed, StepOf, Stepping
from bot.deeds.standing import Standing
from bot.deeds.step_draft import Foreseen, StepDraft, choices, of_counts
from bot.views.changes import changes_text
from bot.views.dates import step_name
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.exports.columns import mark_name
from records.facts import Fact
from records.people import Person
from records.steps import Recorded
from records.track import DetailField

PEOPLE_AT_MOST = 12
MEMBERS_A_PAGE = 10


def show_who(people: Sequence[Person], _: Words) -> Shown:
    """Whose step: buttons where the people are few."""
    rows = []
    if len(people) <= PEOPLE_AT_MOST:
        rows = [[Button(person_label(one), StepOf(person=one.id))] for one in people]
    elif people:
        rows = [[Button(_.plain("step.roster_button"), People(branch=0))]]
    return {"text": _("step.who"), "reply_markup": keyboard(rows)}


def show_which(draft: StepDraft, student: Person, standing: Standing, _: Words, *, everything: bool) -> Shown:
    """Which step: what can come next, ready ones first; or all that there are."""
    if everything:
        ids = [step.id for step in (*standing.track.steps, *standing.track.events)]
    else:
        ahead = sorted(standing.ahead, key=lambda one: not one.is_ready)
        ids = [one.step for one in ahead]
        ids += [one.step for one in standing.open_dates if one.step not in ids]
        ids = list(dict.fromkeys(ids))[:8]
    ready = {one.step for one in standing.ahead if one.is_ready}
    buttons = [
        Button(("▸ " if one in ready else "") + step_name(one, _), StepOf(person=student.id, step=one)) for one in ids
    ]
    rows = [[button] for button in buttons] if not everything else _pairs(buttons)
    last = [] if everything else [Button(_.plain("step.more"), Stepping(deed=StepDeed.MORE, ref=draft.ref))]
    rows.append([*last, _cancel(draft, _)])
    return {
        "text": paragraphs([person_line(student, _), _past(standing, _), _("step.which")]),
        "reply_markup": keyboard(rows),
    }


def show_ask_day(draft: StepDraft, student: Person, today: date, _: Words) -> Shown:
    """On which day."""
    row = [Button(_.plain("step.today", today=str(today)), Stepping(deed=StepDeed.TODAY, ref=draft.ref))]
    text = lines(_step_line(draft, student, _), _("step.ask_day", today=str(today)))
    return {"text": text, "reply_markup": keyboard([[*row, _cancel(draft, _)]])}


def show_ask_field(
    draft: StepDraft, student: Person, field: DetailField, _: Words, *, members: Sequence[Person] = (), page: int = 0
) -> Shown:
    """One detail; who can be named stands below as buttons, where there is anybody."""
    needed = _.plain("step.needed" if field.required else "step.optional")
    name, expected = _.plain(f"detail.{field.name}"), _.plain(f"expected.{field.type}")
    ask = _("step.ask_field", field=name, expected=expected, needed=needed)
    if members:
        ask = _("step.ask_names", field=name, count=_count(field, _), needed=needed)
    picked = _("step.picked", names=_.plain("dates.comma").join(draft.picked)) if draft.picked else ""
    rows = _members(draft, members, page, _)
    if draft.picked and len(draft.picked) >= (field.least or 1):
        label = _.plain("step.named_button", count=len(draft.picked))
        rows.append([Button(label, Stepping(deed=StepDeed.NAMED, ref=draft.ref))])
    skip = [] if field.required else [Button(_.plain("step.skip"), Stepping(deed=StepDeed.SKIP, ref=draft.ref))]
    rows.append([*skip, _cancel(draft, _)])
    return {"text": lines(_step_line(draft, student, _), ask, picked), "reply_markup": keyboard(rows)}


def show_ask_reason(draft: StepDraft, student: Person, foreseen: Foreseen, _: Words) -> Shown:
    """It goes against a rule that allows exceptions: why was it decided so?"""
    problem = _.error(foreseen.refusal) if foreseen.refusal else ""
    text = paragraphs([_step_line(draft, student, _), problem, _("step.ask_reason")])
    return {"text": text, "reply_markup": keyboard([[_redate(draft, _), _cancel(draft, _)]])}


def show_refused(draft: StepDraft, student: Person, foreseen: Foreseen, _: Words) -> Shown:
    """Why it cannot be recorded, and what can be done."""
    problem = _.error(foreseen.refusal) if foreseen.refusal else ""
    recount = Button(_.plain("step.recount_button"), Stepping(deed=StepDeed.RECOUNT, ref=draft.ref))
    rows = [[*([recount] if of_counts(foreseen.refusal) else []), _redate(draft, _), _cancel(draft, _)]]
    hint = ""
    if foreseen.history_helps and not draft.history:
        rows.insert(0, [Button(_.plain("step.history_button"), Stepping(deed=StepDeed.HISTORY, ref=draft.ref))])
        hint = _("step.history_hint")
    text = paragraphs([_step_line(draft, student, _), problem, _("step.not_recorded"), hint])
    return {"text": text, "reply_markup": keyboard(rows)}


def show_summary(
    draft: StepDraft, student: Person, foreseen: Foreseen, _: Words, *, unknown_mentors: Sequence[str] = ()
) -> Shown:
    """All of it before it is recorded, with the dates that move."""
    details = [
        _("step.detail_line", field=_.plain(f"detail.{name}"), value=value) for name, value in draft.detail.items()
    ]
    parts = [
        _(
            "step.summary",
            name=student.name,
            number=student.student_number or "—",
            step=step_name(draft.step or "", _),
            on=draft.on or "",
        ),
        lines(
            *details,
            _("step.reason_line", reason=draft.reason) if draft.reason else "",
            _("step.history_line") if draft.history else "",
            _("step.talks_before", days=_.plain("dates.comma").join(map(str, foreseen.talks_before)))
            if foreseen.talks_before
            else "",
        ),
        _stage(str(foreseen.stage_before), str(foreseen.stage_after), _),
        changes_text(foreseen.changes, _),
        lines(*(_("step.mark", text=mark_name(mark, _.plain)) for mark in foreseen.verdict.marks)),
        _("step.mentors_absent", names=_.plain("dates.comma").join(unknown_mentors)) if unknown_mentors else "",
    ]
    row = [Button(_.plain("step.confirm"), Stepping(deed=StepDeed.CONFIRM, ref=draft.ref)), _cancel(draft, _)]
    return {"text": paragraphs(parts), "reply_markup": keyboard([row])}


def show_recorded(
    student: Person, recorded: Recorded, unknown_mentors: Sequence[str], _: Words, *, reached: bool
) -> Shown:
    """What was recorded, and how it can be corrected."""
    entry = recorded.entry
    text = paragraphs(
        [
            _(
                "step.recorded",
                name=student.name,
                step=step_name(entry.payload["step"], _),
                on=str(entry.happened_on),
                entry=entry.id,
            ),
            _stage(str(recorded.stage_before), str(recorded.stage_after), _),
            changes_text(recorded.changes, _),
            _("step.mentors_unknown", names=_.plain("dates.comma").join(unknown_mentors)) if unknown_mentors else "",
            _told(_, reached=reached),
        ]
    )
    return {"text": text, "reply_markup": keyboard([_entry_buttons(student, entry.id, _)])}


def show_changed(student: Person, recorded: Recorded, key: str, _: Words, *, reached: bool) -> Shown:
    """What a correction or withdrawal did."""
    parts = [_(key, name=student.name), _stage(str(recorded.stage_before), str(recorded.stage_after), _)]
    return {"text": paragraphs([*parts, changes_text(recorded.changes, _), _told(_, reached=reached)])}


def show_last(student: Person, fact: Fact, _: Words) -> Shown:
    """The step that was recorded last, to correct or to withdraw it."""
    text = _("step.last", name=student.name, step=step_name(fact.step, _), on=str(fact.on), entry=fact.entry)
    return {"text": text, "reply_markup": keyboard([_entry_buttons(student, fact.entry, _)])}


def person_label(person: Person) -> str:
    """Name and number, as they stand on a button."""
    return f"{person.name} {person.student_number or ''}".strip()


def person_line(person: Person, _: Words) -> str:
    """Name, number and stage."""
    return _(
        "step.person", name=person.name, number=person.student_number or "—", stage=_.plain(f"stage.{person.stage}")
    )


def _past(standing: Standing, _: Words) -> str:
    done = standing.passed[-3:]
    return lines(*(_("dates.passed_line", day=str(fact.on), step=step_name(fact.step, _)) for fact in done))


def _step_line(draft: StepDraft, student: Person, _: Words) -> str:
    return _("step.line", name=student.name, step=step_name(draft.step or "", _), on=draft.on or "")


def _told(_: Words, *, reached: bool) -> str:
    """What the import of a list says of many: nothing is claimed that was not sent."""
    return _("step.told" if reached else "step.absent")


def _stage(before: str, after: str, _: Words) -> str:
    if before == after:
        return ""
    return _("step.stage", before=_.plain(f"stage.{before}"), after=_.plain(f"stage.{after}"))


def _entry_buttons(student: Person, entry: int, _: Words) -> list[Button]:
    return [
        Button(_.plain("step.correct_button"), OfEntry(deed=EntryDeed.CORRECT, person=student.id, entry=entry)),
        Button(_.plain("step.void_button"), OfEntry(deed=EntryDeed.VOID, person=student.id, entry=entry)),
    ]


def _redate(draft: StepDraft, _: Words) -> Button:
    return Button(_.plain("step.redate_button"), Stepping(deed=StepDeed.REDATE, ref=draft.ref))


def _cancel(draft: StepDraft, _: Words) -> Button:
    return Button(_.plain("upload.cancel"), Stepping(deed=StepDeed.CANCEL, ref=draft.ref))


def _count(field: DetailField, _: Words) -> str:
    if field.least == field.most:
        return _.plain("expected.exactly", count=field.least)
    return _.plain("expected.between", least=field.least, most=field.most)


def _members(draft: StepDraft, members: Sequence[Person], page: int, _: Words) -> list[list[Button]]:
    """A page of who can be named, those chosen with a tick."""
    called = dict(zip([one.id for one in members], choices(members), strict=True))

    def turned(label: str, to: int) -> Button:
        return Button(_.plain(label), Stepping(deed=StepDeed.PAGE, ref=draft.ref, value=to))

    buttons = [
        Button(
            ("✓ " if called[one.id] in draft.picked else "") + person_label(one),
            Stepping(deed=StepDeed.NAME, ref=draft.ref, value=one.id),
        )
        for one in members[page * MEMBERS_A_PAGE : (page + 1) * MEMBERS_A_PAGE]
    ]
    turns = [turned("page.previous", page - 1)] if page > 0 else []
    turns += [turned("page.next", page + 1)] if (page + 1) * MEMBERS_A_PAGE < len(members) else []
    return [*_pairs(buttons), *([turns] if turns else [])]


def _pairs(buttons: Sequence[Button]) -> list[list[Button]]:
    return [list(buttons[start : start + 2]) for start in range(0, len(buttons), 2)]
