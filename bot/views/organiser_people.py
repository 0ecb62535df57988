"""The roster and invitations as organisers see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import (
    NOTHING,
    Card,
    EntryDeed,
    Exporting,
    Grant,
    Invite,
    NewOrganiser,
    OfEntry,
    People,
    StepOf,
    Verify,
)
from bot.deeds.appointing import Speaker
from bot.reach import Reach
from bot.views.dates import step_name
from bot.views.talks import talk_button
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.branches import Branch
from records.facts import Fact
from records.invitations import Invited
from records.people import Person, Role
from records.stages import Stage
from records.talks import Side, Talk

PAGE = 10
BRANCHES_AT_MOST = 20
STEPS_SHOWN = 5


@dataclass(frozen=True)
class CardOf:
    """What a person's card shows."""

    person: Person
    branch: str
    joined: bool
    steps: Sequence[Fact]
    mentors: Sequence[Person]
    unverified: int = 0
    talks: Sequence[Talk] = ()


def show_roster(
    people: Sequence[Person], counts: Mapping[tuple[int, str], int], reach: Reach, wanted: People, _: Words
) -> Shown:
    """A page of the roster with its filters; `people` are all that the filters let through."""
    total = sum(counts.values())
    title = reach.title(wanted.branch, _.plain("due.everywhere"))
    page = people[wanted.page * PAGE : (wanted.page + 1) * PAGE]
    shown = [
        _("roster.line", name=one.name, number=one.student_number or "—", stage=_stage_or_roles(one, _)) for one in page
    ]
    parts = [_("roster.head", title=title, shown=len(people), total=total), lines(*shown) or _("roster.nobody")]
    rows = [
        [Button(f"{one.name} {one.student_number or ''}".strip(), Card(person=one.id)) for one in pair]
        for pair in (page[start : start + 2] for start in range(0, len(page), 2))
    ]
    rows += _paging(people, wanted, _)
    rows += _stages(counts, wanted, reach, _)
    if len(reach.branches) > 1 and not wanted.branch:
        rows += [[Button(one.name, People(branch=one.id))] for one in reach.branches[:BRANCHES_AT_MOST]]
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_card(card: CardOf, reach: Reach, _: Words, *, may_grant: bool) -> Shown:
    """One person: where they stand, and what can be done."""
    person = card.person
    roles = _.plain("dates.comma").join(dict.fromkeys(_.plain(f"role.{role}") for role, _where in sorted(person.roles)))
    steps = card.steps[-STEPS_SHOWN:]
    mentors = _.plain("dates.comma").join(one.name for one in card.mentors)
    text = paragraphs(
        [
            _(
                "roster.card",
                name=person.name,
                number=person.student_number or "—",
                branch=card.branch,
                roles=roles,
                stage=_.plain(f"stage.{person.stage}"),
                joined=_.plain("roster.joined" if card.joined else "roster.absent"),
            ),
            _("roster.mentors", names=mentors) if mentors else "",
            lines(*(_("dates.passed_line", day=str(fact.on), step=step_name(fact.step, _)) for fact in steps)),
        ]
    )
    is_student = any(role is Role.STUDENT for role, _where in person.roles)
    rows = []
    if is_student:
        rows.append(
            [
                Button(_.plain("roster.step_button"), StepOf(person=person.id)),
                Button(_.plain("roster.export_button"), Exporting(person=person.id)),
            ]
        )
        speaker = Speaker(person, reach.person, Side.ORGANISER)
        rows += [[talk_button(talk, speaker, _)] for talk in card.talks]
    if card.steps:
        last = card.steps[-1]
        rows.append(
            [
                Button(
                    _.plain("roster.correct_last"), OfEntry(deed=EntryDeed.CORRECT, person=person.id, entry=last.entry)
                ),
                Button(_.plain("roster.void_last"), OfEntry(deed=EntryDeed.VOID, person=person.id, entry=last.entry)),
            ]
        )
    if card.unverified:
        rows.append([Button(_.plain("roster.verify_button", count=card.unverified), Verify(person=person.id))])
    rows.append([Button(_.plain("roster.invite_button"), Invite(person=person.id))])
    if may_grant:
        rows.append([_grant(person, role, _) for role in (Role.ORGANISER, Role.MENTOR)])
    return {"text": text, "reply_markup": keyboard(rows)}


def show_grant(person: Person, wanted: Grant, _: Words) -> Shown:
    """What giving or taking back a role would mean, before it is done."""
    deed = f"{'grant' if wanted.give else 'revoke'}_{wanted.role}"
    button = Button(_.plain(f"roster.{deed}"), wanted.model_copy(update={"sure": True}))
    return {"text": _(f"roster.sure_{deed}", name=person.name), "reply_markup": keyboard([[button]])}


def show_invite(reach: Reach, _: Words, *, may_grant: bool) -> Shown:
    """For whom codes can be made."""
    rows = [[Button(one.name, Invite(branch=one.id))] for one in reach.branches[:BRANCHES_AT_MOST]]
    if may_grant:
        rows.append([Button(_.plain("invite.organiser_button"), NewOrganiser(branch=0))])
    return {"text": _("invite.prompt"), "reply_markup": keyboard(rows)}


def show_where(branches: Sequence[Branch], _: Words) -> Shown:
    """In which branch the new organiser acts."""
    rows = [[Button(one.name, NewOrganiser(branch=one.id))] for one in branches[:BRANCHES_AT_MOST]]
    return {"text": _("invite.where"), "reply_markup": keyboard(rows)}


def show_code(invited: Invited, link: str, _: Words) -> Shown:
    """One person's code; it is shown once and kept nowhere."""
    until = invited.expires_on.isoformat()
    return {"text": _("invite.code", name=invited.person.name, code=invited.code, link=link, until=until)}


def _stage_or_roles(person: Person, _: Words) -> str:
    if any(role is Role.STUDENT for role, _where in person.roles):
        return _.plain(f"stage.{person.stage}")
    return _.plain("dates.comma").join(dict.fromkeys(_.plain(f"role.{role}") for role, _where in sorted(person.roles)))


def _grant(person: Person, role: Role, _: Words) -> Button:
    held = (role, person.branch_id) in person.roles
    key = f"roster.{'revoke' if held else 'grant'}_{role.value}"
    return Button(_.plain(key), Grant(person=person.id, role=role.value, give=not held))


def _paging(people: Sequence[Person], wanted: People, _: Words) -> list[list[Button]]:
    def turned(by: int) -> People:
        return People(branch=wanted.branch, stage=wanted.stage, page=wanted.page + by)

    row = []
    if wanted.page > 0:
        row.append(Button(_.plain("page.previous"), turned(-1)))
    if (wanted.page + 1) * PAGE < len(people):
        row.append(Button(_.plain("page.next"), turned(1)))
    return [row] if row else []


def _stages(counts: Mapping[tuple[int, str], int], wanted: People, reach: Reach, _: Words) -> list[list[Button]]:
    inside = set(reach.within(wanted.branch or None))
    buttons = []
    for stage in Stage:
        count = sum(number for (branch, held), number in counts.items() if held == stage.value and branch in inside)
        if count or wanted.stage == stage.value:
            chosen = wanted.stage == stage.value
            label = ("● " if chosen else "") + f"{_.plain(f'stage.{stage}')} {count}"
            buttons.append(Button(label, People(branch=wanted.branch, stage=NOTHING if chosen else stage.value)))
    return [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
