"""A step that is being recorded in chat: what is known of it so far, what is asked next, and what it would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.days import day_in
from bot.services import Services
from bot.words import Words
from records import refusals as no
from records.facts import facts_of, stage_of
from records.fields import names_in, read_details, wrong_counts
from records.ledger import entries_of
from records.people import Person, PersonId, SeveralPeople
from records.refusals import StepFieldUnknown, StepRefused, lacks_history
from records.rules import deadlines
from records.sponsors import full_members, members_only
from records.stages import Stage
from records.step_list import columns_file, step_called
from records.steps import Change, StepRequest, Verdict, changes, checks, imagined
from records.track import DetailField, Step, Track
from records.votes import COUNTS
from storage.errors import WaymarkError

EXAMPLES_SHOWN = 8
WHATEVER_THE_DETAILS = (
    no.StepInFuture,
    no.StepRepeated,
    no.StepMissing,
    no.StepNotReviewed,
    no.StepOutOfOrder,
    no.StepTooEarly,
    no.StepUnderAge,
    no.StepBeforeProbationEnd,
)


class StepNotCalled(WaymarkError):
    """No step goes by this name."""

    key = "error.step_not_called"
    sentence = "'{value}' is not a step. You can write: {known} …"


class StepSeveralCalled(WaymarkError):
    """More than one step could be meant."""

    key = "error.step_several_called"
    sentence = "'{value}' can be several steps. Write which: {known}."


class StepDialogueOver(WaymarkError):
    """A button of a dialogue that has ended."""

    key = "error.step_dialogue_over"
    sentence = "This is over; nothing was recorded. Begin again with /step."


@dataclass
class StepDraft:
    """What is known so far; `asked` are details that were skipped. Days are ISO. `entry` is the one to correct.

    `picked` are the names chosen so far for the detail that is asked for now.
    """

    ref: int
    person: int
    step: str | None = None
    on: str | None = None
    detail: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    picked: list[str] = field(default_factory=list)
    history: bool = False
    reason: str | None = None
    entry: int | None = None

    def stored(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    def request(self, by: PersonId) -> StepRequest:
        """What is asked of the ledger; step and day must be known."""
        if self.step is None or self.on is None:
            raise StepDialogueOver
        return StepRequest(
            person=self.person,
            step=self.step,
            on=date.fromisoformat(self.on),
            detail=self.detail,
            recorded_by=by,
            history=self.history,
            reason=self.reason,
        )


@dataclass(frozen=True)
class Foreseen:
    """What recording would do: refused or marked, which dates move, which stage follows.

    `talks_before`: the days of such talks that are recorded already.
    """

    verdict: Verdict
    changes: list[Change]
    stage_before: Stage
    stage_after: Stage
    talks_before: tuple[date, ...] = ()

    @property
    def refusal(self) -> StepRefused | None:
        """Why it cannot be recorded; None when it can."""
        return self.verdict.refusals[0] if self.verdict.refusals else None

    def before_details(self) -> Foreseen | None:
        """The same with only what stands against it whatever its details will be; None where nothing does."""
        found = tuple(one for one in self.verdict.refusals if isinstance(one, WHATEVER_THE_DETAILS))
        return replace(self, verdict=replace(self.verdict, refusals=found)) if found else None

    @property
    def history_helps(self) -> bool:
        """Whether it could be recorded as history: only something that comes before it is not known here."""
        return all(lacks_history(one) for one in self.verdict.refusals)


def draft_of(data: Mapping[str, Any], ref: int | None = None) -> StepDraft:
    """The step that this dialogue records.

    Raises:
        StepDialogueOver: none, or another one.
    """
    stored = data.get("step")
    if not stored or (ref is not None and stored["ref"] != ref):
        raise StepDialogueOver
    return StepDraft(**stored)


def skip(track: Track, draft: StepDraft) -> None:
    """Leave the detail that is asked for now open, unless it is needed."""
    field = next_field(track, draft)
    draft.asked += [field.name] if field is not None and not field.required else []
    draft.picked = []


def of_counts(refusal: StepRefused | None) -> bool:
    """Whether it is the numbers of a vote that stand against recording."""
    return isinstance(refusal, no.StepVoteWrong | no.StepNoQuorum | no.StepNoMajority) or (
        isinstance(refusal, no.StepFieldMissing) and str(refusal.fields["field"]) in COUNTS
    )


def ask_counts_again(draft: StepDraft) -> None:
    """Forget the numbers of the vote, so that they are asked for again."""
    draft.detail = {name: value for name, value in draft.detail.items() if name not in COUNTS}
    draft.asked = [name for name in draft.asked if name not in COUNTS]


def next_field(track: Track, draft: StepDraft) -> DetailField | None:
    """The detail to ask for next."""
    step = track.by_id.get(draft.step or "")
    if step is None:
        return None
    return next((one for one in step.fields if one.name not in draft.detail and one.name not in draft.asked), None)


async def members_for(session: AsyncSession, student: Person, field: DetailField) -> list[Person]:
    """Whom the student's branch could name here; nobody where the detail names nobody."""
    if field.least is None:
        return []
    return [one for one in await full_members(session, student.branch_id) if one.id != student.id]


def choices(members: Sequence[Person]) -> list[str]:
    """What is written down of each full member: the name, or the number where two bear the same name."""
    called = Counter(one.name for one in members)
    return [one.name if called[one.name] == 1 else one.student_number or one.name for one in members]


def pick(draft: StepDraft, field: DetailField, name: str) -> bool:
    """Choose a name, or take it back. Returns whether as many are chosen as there can be."""
    draft.picked = [one for one in draft.picked if one != name] if name in draft.picked else [*draft.picked, name]
    return len(draft.picked) == field.most


async def take_names(
    session: AsyncSession, step: Step, field: DetailField, draft: StepDraft, typed: str, *, among: Sequence[Person] = ()
) -> None:
    """The names chosen and typed become the detail.

    Args:
        among: the people known here, of whom what is typed may mean one.

    Raises:
        StepFieldWrong, StepCountWrong, StepNotFullMember, StepNamesThemself, SeveralPeople.
    """
    for name in names_in(typed):
        _means_one_other(step, field, draft, name, among)
    names = "、".join(dict.fromkeys([*draft.picked, *names_in(typed)]))
    read = {field.name: read_field(step, field.name, names, date.min)}
    for one in wrong_counts(step, read):
        raise one
    await members_only(session, step, read, history=draft.history)
    draft.detail |= read
    draft.picked = []


def _means_one_other(step: Step, field: DetailField, draft: StepDraft, name: str, among: Sequence[Person]) -> None:
    meant = [one for one in among if name in (one.name, one.student_number)]
    if len(meant) > 1:
        numbers = "、".join(one.student_number or "—" for one in meant if one.id != draft.person)
        raise SeveralPeople(count=len(meant), name=name, numbers=numbers)
    if any(one.id == draft.person for one in meant):
        raise no.StepNamesThemself(step=no.step_term(step.id), field=no.detail_term(field.name), name=name)


def read_field(step: Step, name: str, typed: str, today: date) -> str:
    """The detail in its one form.

    Raises:
        StepFieldWrong, NoDay: it cannot be read.
    """
    wanted = next((one for one in step.fields if one.name == name), None)
    if wanted is not None and wanted.type == "date":
        typed = day_in(typed, today).isoformat()
    read, wrong = read_details(step, {name: typed})
    for one in wrong:
        if "value" in one.fields or isinstance(one, StepFieldUnknown):
            raise one
    return read.get(name, "")


def step_named(track: Track, typed: str, words: Words) -> str:
    """The id of the step that goes by this name: its id, as we call it, or as schools do; or the one it is short for.

    Raises:
        StepNotCalled, StepSeveralCalled.
    """
    ours = {words.plain(step.title): step.id for step in (*track.steps, *track.events)}
    step = typed if typed in track.by_id else ours.get(typed) or step_called(typed)
    if step is not None and step in track.by_id:
        return step
    names: Mapping[str, Sequence[str]] = columns_file()["names"]
    titles = {one: name for name, one in ours.items()}
    meant = [one for one in track.by_id if any(_short_for(typed, name) for name in (titles[one], *names.get(one, ())))]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise StepSeveralCalled(value=typed[:40], known="、".join(titles[one] for one in meant[:EXAMPLES_SHOWN]))
    known = "、".join(called[0] for called in list(names.values())[:EXAMPLES_SHOWN])
    raise StepNotCalled(value=typed[:40], known=known)


def _short_for(typed: str, name: str) -> bool:
    """Whether what was typed stands in the name; of a Chinese name characters may be left out: 短期培训."""
    if len(typed) < 2 or typed.isascii():
        return len(typed) > 3 and typed.lower() in name.lower()
    rest = iter(name)
    return all(character in rest for character in typed)


async def foresee(
    session: AsyncSession, services: Services, request: StepRequest, *, replaces: int | None = None
) -> Foreseen:
    """What recording it would do; writes nothing."""
    today, track = services.clock.today(), services.track
    settled = {"today": today, "calendar": services.calendar, "readings": services.readings}
    facts = facts_of(await entries_of(session, request.person))
    kept = [fact for fact in facts if fact.entry != replaces]
    verdict = checks(track, kept, request, **settled)  # type: ignore[arg-type]  # three arguments that go together
    after = imagined(kept, request, today=today)
    moved = changes(
        deadlines(track, facts, **settled),  # type: ignore[arg-type]
        deadlines(track, after, **settled),  # type: ignore[arg-type]
    )
    step = track.by_id.get(request.step)
    talks = tuple(fact.on for fact in kept if step is not None and step.talk and fact.step == step.id)
    return Foreseen(verdict, moved, stage_of(track, facts), stage_of(track, after), talks)
