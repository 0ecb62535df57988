"""`steps`: what happened to whom."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bot.cli import usage
from bot.cli.deadlines import student_called
from bot.cli.desk import Desk, Json, Refused, desk_of, read_bytes
from bot.cli.help import PlainCommand, group

if TYPE_CHECKING:
    from bot.deeds.importing import ListedOutcome
    from records.cells import Problem
    from records.people import Person
    from records.step_list import StepList
    from records.steps import Recorded

READ = "records.step_list:read_step_list"


class Asked(NamedTuple):
    """What is to be recorded."""

    step: str
    on: date
    detail: dict[str, str]
    history: bool
    reason: str | None


def commands() -> typer.Typer:
    """The group."""
    app = group("steps")
    app.command("record", cls=PlainCommand, help="cli.steps.record")(record)
    app.command("import", cls=PlainCommand, help="cli.steps.import")(import_file)
    app.command("show", cls=PlainCommand, help="cli.steps.show")(show)
    return app


def record(
    context: typer.Context,
    student: Annotated[str, typer.Option("--student", metavar="N", help="cli.student")],
    step: Annotated[str, typer.Option("--step", metavar="STEP", help="cli.steps.record.step")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="cli.steps.record.on")],
    detail: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="cli.steps.record.detail")] = None,
    history: Annotated[bool, typer.Option("--history", help="cli.steps.record.history")] = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="cli.steps.record.reason")] = None,
    json: Json = False,
) -> None:
    """One step of one student; both sides are told."""
    desk = desk_of(context)
    day = usage.day("--on", on)
    if day is not None:
        asked = Asked(step, day, usage.details(detail or ()), history, reason)
        desk.run(_record(desk, student, asked, json=json))


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="cli.steps.import.file")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="cli.option.dry_run")] = False,
    history: Annotated[bool, typer.Option("--history", help="cli.steps.record.history")] = False,
    json: Json = False,
) -> None:
    """A list of steps, or the school's own ledger with a column a step."""
    desk = desk_of(context)
    if not desk.run(_import(desk, file, dry_run=dry_run, history=history, json=json)):
        raise Refused


def show(
    context: typer.Context,
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="cli.student")],
    json: Json = False,
) -> None:
    """What is recorded of one student, by day."""
    desk = desk_of(context)
    desk.run(_show(desk, student, json=json))


async def _record(desk: Desk, who: str, asked: Asked, *, json: bool) -> None:
    from bot.deeds.recording import record_step
    from records.people import people_of_branch
    from records.refusals import StepRefused, lacks_history
    from records.steps import StepRequest

    async with desk.services() as services, services.database.write() as session:
        person = await student_called(session, who)
        request = StepRequest(person=person.id, **asked._asdict())
        among = await people_of_branch(session) if "mentors" in request.detail else []
        try:
            recorded = await record_step(services, session, request, among=among)
        except StepRefused as error:
            if asked.history or not lacks_history(error):
                raise
            desk.complain(error, more="cli.steps.history_hint")
            raise Refused from error
    _tell_recorded(desk, person, recorded, json=json)


def _tell_recorded(desk: Desk, person: Person, recorded: Recorded, *, json: bool) -> None:
    from records.exports.columns import mark_name

    words, entry = desk.words, recorded.entry
    if json:
        desk.show(
            {
                "entry": entry.id,
                "student": person.student_number,
                "step": entry.payload["step"],
                "on": entry.happened_on.isoformat(),
                "stage": str(recorded.stage_after),
                "marks": [mark.code for mark in recorded.marks],
                "changes": [
                    {"rule": one.rule, "kind": one.kind, "step": one.step, "was": one.was, "becomes": one.becomes}
                    for one in recorded.changes
                ],
            }
        )
        return
    step = words.plain(f"step.{entry.payload['step']}")
    desk.line("cli.steps.recorded", entry=entry.id, name=person.name, step=step, on=entry.happened_on.isoformat())
    if recorded.stage_after != recorded.stage_before:
        before, after = (words.plain(f"stage.{one}") for one in (recorded.stage_before, recorded.stage_after))
        desk.line("cli.steps.stage", before=before, after=after)
    for change in recorded.changes:
        values = {"rule": change.rule, "step": words.plain(f"step.{change.step}")}
        desk.line("cli.steps.change", **values, was=change.was or "—", becomes=change.becomes or "—")
    for mark in recorded.marks:
        desk.line("cli.steps.mark", text=mark_name(mark, words.plain))


async def _import(desk: Desk, file: Path, *, dry_run: bool, history: bool, json: bool) -> bool:
    from bot.deeds.importing import reached_by, record_listed
    from bot.views.reached import told_keys
    from records.people import people_of_branch
    from records.refusals import lacks_history
    from records.step_list import plan_steps
    from storage.sandbox import run_limited

    content = read_bytes(file)
    with desk.waiting("cli.reading"):
        listed: StepList = await run_limited(READ, content, file.name)
    async with desk.services() as services, services.database.session() as session, session.begin() as transaction:
        people = await people_of_branch(session)
        planned, unknown = plan_steps(listed.steps, people)
        outcomes = await record_listed(services, session, planned, recorded_by=None, history=history or listed.history)
        reached = await reached_by(session, outcomes, by=None)
        if dry_run:
            await transaction.rollback()
    names = {person.id: person for person in people}
    for outcome in outcomes:
        _tell_outcome(desk, outcome, names[outcome.planned.person], dry_run=dry_run, json=json)
    problems = [*listed.problems, *unknown]
    for problem in problems:
        _tell_problem(desk, problem, json=json)
    _tell_sum(desk, listed, outcomes, len(problems), dry_run=dry_run, json=json)
    if not (history or listed.history) and any(lacks_history(one.error) for one in outcomes):
        desk.note("cli.steps.history_hint")
    if not json and not dry_run:
        for key in told_keys(reached):
            desk.line(key, told=reached.told, absent=reached.absent)
    return any(outcome.status != "rejected" for outcome in outcomes)


def _tell_outcome(desk: Desk, outcome: ListedOutcome, person: Person, *, dry_run: bool, json: bool) -> None:
    listed = outcome.planned.listed
    errors = [desk.words.plain_error(outcome.error)] if outcome.error else []
    if json:
        desk.show(
            {
                "entry": outcome.entry.id if outcome.entry and not dry_run else None,
                "student": person.student_number,
                "step": listed.step,
                "on": listed.on.isoformat(),
                "row": listed.where,
                "status": outcome.status,
                "marks": [mark.code for mark in outcome.marks],
                "errors": errors,
            }
        )
    elif errors:
        desk.line("cli.row_rejected", row=listed.where, text=errors[0])
    elif outcome.status == "new":
        print(f"{listed.where}  {person.name}  {desk.words.plain(f'step.{listed.step}')}  {listed.on}")


def _tell_problem(desk: Desk, problem: Problem, *, json: bool) -> None:
    text = desk.problem(problem)
    if json:
        empty = dict.fromkeys(("entry", "student", "step", "on"))
        desk.show({**empty, "row": problem.where, "status": "rejected", "marks": [], "errors": [text]})
    else:
        desk.line("cli.rejected", text=text)


def _tell_sum(
    desk: Desk, listed: StepList, outcomes: list[ListedOutcome], problems: int, *, dry_run: bool, json: bool
) -> None:
    from bot.views.columns import said_of
    from bot.views.listed import corrected, marked

    statuses = ("new", "corrected", "same", "rejected")
    counts: dict[str, Any] = {status: sum(outcome.status == status for outcome in outcomes) for status in statuses}
    counts["rejected"] += problems
    unread = [
        f"{one.heading}: {said_of(one, desk.words)}" for one in listed.columns if not one.steps and not one.unrelated
    ]
    unrelated = list(dict.fromkeys(one.heading for one in listed.columns if one.unrelated))
    if json:
        desk.show({"summary": True, "dry_run": dry_run, **counts, "unread": unread, "unrelated": unrelated})
        return
    for one in listed.columns:
        if one.steps:
            desk.line("cli.steps.read", where=one.where, heading=one.heading, steps=said_of(one, desk.words))
    desk.line("cli.steps.would" if dry_run else "cli.steps.done", **counts)
    for text in corrected(outcomes, desk.words):
        print(text)
    for text in marked(outcomes, desk.words):
        desk.line("cli.steps.mark", text=text)
    for column in unread:
        desk.line("cli.steps.unread", text=column)
    if unrelated:
        desk.line("cli.steps.unrelated", names=desk.words.plain("dates.comma").join(unrelated))


async def _show(desk: Desk, who: str, *, json: bool) -> None:
    from records.access import Looked, note_look
    from records.steps import facts_of_person

    async with desk.services(only_read=True) as services, services.database.write() as session:
        person = await student_called(session, who)
        facts = [fact for fact in await facts_of_person(session, person.id) if fact.is_step]
        await note_look(session, None, [person.id], Looked.RECORD, now=services.clock.now())
    words = desk.words
    for fact in facts:
        if json:
            desk.show(
                {
                    "entry": fact.entry,
                    "student": person.student_number,
                    "step": fact.step,
                    "on": fact.on.isoformat(),
                    "detail": dict(fact.detail),
                    "history": fact.history,
                }
            )
        else:
            detail = "  ".join(f"{words.plain(f'detail.{name}')}={value}" for name, value in fact.detail.items())
            print(f"{fact.on}  {words.plain(f'step.{fact.step}')}  #{fact.entry}  {detail}".rstrip())
    if not json and not facts:
        desk.line("cli.steps.none", name=person.name)
