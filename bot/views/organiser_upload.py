"""Files as organisers see them before and after 「发布」: what was understood, what is wrong and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from markupsafe import Markup, escape

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import Deed, UndoDocument, Upload
from bot.deeds.importing import ListedOutcome
from bot.deeds.preview import Preview, RosterTrial, StepPlan
from bot.deeds.publishing import Published, TakenBack
from bot.deeds.uploads import Pending, Sort
from bot.reach import Reach
from bot.views.columns import said_of
from bot.views.listed import corrected, marked
from bot.views.organiser_near import near_parts, new_edition_buttons
from bot.views.reached import told_keys
from bot.views.text import Shown, lines, paragraphs, shortened
from bot.words import Words
from content.banks import Problem as BankProblem
from content.documents import Document
from content.library import likely_kind
from content.notices import Notice
from content.passages import DocumentKind
from content.questions import ImportPlan as BankPlan
from content.readers import ParsedDocument
from records.branches import BranchKind
from records.roster import PlannedRow, Status
from records.stages import Stage
from records.step_list import Problem

LISTED_AT_MOST = 12
HEADINGS_AT_MOST = 6
BRANCHES_AT_MOST = 30
NAMES_AT_MOST = 10


def show_preview(found: Preview, today: date, _: Words) -> Shown:
    """What the file is, what would become of it, and what can be chosen."""
    pending = found.pending
    if found.document is not None:
        return _document(found, found.document, today, _)
    if found.bank is not None:
        return _with_buttons(_bank(found.bank, _), pending, _, "upload.publish", possible=bool(found.bank.new))
    if found.roster is not None:
        plan = found.roster.plan
        changes = plan.count(Status.NEW) + plan.count(Status.CHANGED)
        extra = [Button(_.plain("upload.into_button"), _press(pending, Deed.BRANCH))] if _has_branches(found) else []
        text = _roster(found, found.roster, _)
        return _with_buttons(text, pending, _, "upload.import", possible=bool(changes), extra=extra)
    steps = found.steps
    text = _steps(steps, pending, _) if steps else ""
    label = "upload.no_history_button" if pending.history else "upload.history_button"
    offered = steps is not None and (steps.history_helps or steps.history)
    extra = [Button(_.plain(label), _press(pending, Deed.HISTORY))] if offered else []
    return _with_buttons(text, pending, _, "upload.import", possible=bool(steps and steps.changes), extra=extra)


def show_stages(pending: Pending, _: Words) -> Shown:
    """For which stages a document is; none chosen means all."""
    rows = []
    for stage in Stage:
        mark = "☑ " if stage.value in pending.stages else "☐ "
        rows.append([Button(mark + _.plain(f"stage.{stage}"), _press(pending, Deed.STAGE, stage.value))])
    rows.append([Button(_.plain("upload.back"), _press(pending, Deed.BACK))])
    return {"text": _("upload.choose_stages"), "reply_markup": keyboard(rows)}


def show_sorts(pending: Pending, _: Words) -> Shown:
    """What else the file could be."""
    rows = [[Button(_.plain(f"upload.sort.{sort}"), _press(pending, Deed.READ_AS, sort.value))] for sort in Sort]
    return {"text": _("upload.choose_sort", name=pending.name), "reply_markup": keyboard(rows)}


def show_branches(pending: Pending, reach: Reach, _: Words) -> Shown:
    """Where rows without a branch go."""
    branches = [one for one in reach.branches if one.kind is BranchKind.BRANCH] or list(reach.branches)
    rows = [[Button(one.name, _press(pending, Deed.INTO, str(one.id)))] for one in branches[:BRANCHES_AT_MOST]]
    return {"text": _("upload.choose_branch"), "reply_markup": keyboard(rows)}


def show_old(documents: Sequence[Document], pending: Pending, _: Words) -> Shown:
    """Which document is replaced: buttons for the likely ones; any other by its title."""
    rows = [[Button(one.title, _press(pending, Deed.OLD, one.id))] for one in documents]
    rows.append([Button(_.plain("upload.back"), _press(pending, Deed.BACK))])
    return {"text": _("upload.ask_old"), "reply_markup": keyboard(rows)}


def show_published(done: Published, ref: int, today: date, _: Words) -> Shown:
    """What was done, and 「撤销」."""
    undo: Button | None = Button(_.plain("upload.undo"), Upload(deed=Deed.UNDO, ref=ref)) if done.undo else None
    if done.document is not None:
        text = _published(done.document, today, _)
        undo = Button(_.plain("upload.undo"), UndoDocument(document=done.document.id))
    elif done.bank is not None:
        text = _("upload.bank_done", name=done.bank.name, added=done.added, questions=done.bank.questions)
    elif done.roster is not None:
        counts = {status.value: done.roster.count(status) for status in Status}
        text = lines(_("upload.roster_done", **counts), _corrections(done.steps, _), _("upload.roster_next"))
    else:
        outcomes = done.steps or ()
        text = _("upload.steps_done", **{s: sum(o.status == s for o in outcomes) for s in ("new", "same", "rejected")})
        reached = done.reached
        text = lines(
            text,
            _corrections(outcomes, _),
            *(_(key, told=reached.told, absent=reached.absent) for key in told_keys(reached)),
        )
    return {"text": text, "reply_markup": keyboard([[undo]] if undo else [])}


def _corrections(outcomes: Iterable[ListedOutcome] | None, _: Words) -> str:
    count = len(corrected(outcomes or (), _))
    return _("upload.corrected_done", count=count) if count else ""


def show_taken_back(taken: TakenBack, _: Words) -> Shown:
    """What was undone."""
    if taken.roster is None:
        return {"text": _("upload.bank_undone", count=taken.questions)}
    undone = taken.roster
    parts = [_("upload.roster_undone", removed=undone.removed, restored=undone.restored)]
    parts.append(_("upload.roster_kept", kept=undone.kept) if undone.kept else "")
    return {"text": lines(*parts)}


def notice_text(notice: Notice, _: Words) -> str:
    """A reader's remark in the person's language."""
    return _(notice.key, **notice.fields) if _.has(notice.key) else _("upload.plain", text=str(notice))


def problem_text(problem: Problem, _: Words) -> str:
    """What is wrong, with where it stands."""
    return _(problem.key, **problem.values)


def _document(found: Preview, parsed: ParsedDocument, today: date, _: Words) -> Shown:
    pending, old = found.pending, found.old
    since = date.fromisoformat(pending.effective) if pending.effective else parsed.effective or today
    told = "typed" if pending.effective else "told" if parsed.effective else "today"
    kind = _kind(pending, parsed)
    stages = _.plain("dates.comma").join(_.plain(f"stage.{stage}") for stage in pending.stages)
    parts = [
        _("upload.document", title=parsed.title, name=pending.name),
        _(
            "upload.document_found" if parsed.articles else "upload.passages_found",
            chapters=parsed.chapters,
            articles=parsed.articles,
            passages=len(parsed.passages),
        ),
        _outline(parsed, _),
        lines(
            _(f"upload.kind_{kind}"),
            _("upload.effective", since=str(since), told=_.plain(f"upload.effective_{told}")),
            _("upload.stages", stages=stages or _.plain("upload.all_stages")),
            _("upload.replaces", title=old.title, version=old.version, since=str(old.effective_from))
            if old
            else _("upload.is_new"),
        ),
        _listed([notice_text(notice, _) for notice in parsed.notices], "upload.notices", _),
        *near_parts(found, _),
        _("upload.document_hint"),
    ]
    other = DocumentKind.SCHOOL if kind is DocumentKind.OFFICIAL else DocumentKind.OFFICIAL
    choices = [
        Button(_.plain(f"upload.kind_{other}_button"), _press(pending, Deed.KIND, other.value)),
        Button(_.plain("upload.stages_button"), _press(pending, Deed.STAGES)),
        Button(_.plain("upload.date_button"), _press(pending, Deed.DATE)),
    ]
    choices += new_edition_buttons(found, _)
    if old is None:
        choices.append(Button(_.plain("upload.old_button"), _press(pending, Deed.REPLACE)))
    return _with_buttons(paragraphs(parts), pending, _, "upload.publish", possible=True, extra=choices)


def _kind(pending: Pending, parsed: ParsedDocument) -> DocumentKind:
    """National or the school's own: what was chosen, else what the title tells; anything else is the school's."""
    kind = DocumentKind(pending.kind) if pending.kind else likely_kind(parsed)
    return kind if kind is DocumentKind.OFFICIAL else DocumentKind.SCHOOL


def _outline(parsed: ParsedDocument, _: Words) -> str:
    found = list(dict.fromkeys(passage.headings[0] for passage in parsed.passages if passage.headings))
    if len(found) < 2:
        return ""
    shown = [Markup("· {}").format(heading[:60]) for heading in found[:HEADINGS_AT_MOST]]
    left = len(found) - len(shown)
    return lines(*shown, _("upload.and_more", count=left) if left > 0 else "")


def _published(document: Document, today: date, _: Words) -> str:
    ahead = document.effective_from > today
    return lines(
        _("upload.document_done", title=document.title, version=document.version, passages=document.passages),
        _("upload.answers_from", since=str(document.effective_from)) if ahead else _("upload.answers_now"),
        *(notice_text(notice, _) for notice in document.notices if notice.key == "notice.new_version"),
    )


def _bank(plan: BankPlan, _: Words) -> str:
    kinds = {
        kind: sum(question.kind.value == kind for question in plan.new) for kind in ("single", "multiple", "judge")
    }
    counts = {"new": len(plan.new), "duplicates": len(plan.duplicates), "rejected": len(plan.rejected)}
    return paragraphs(
        [
            _("upload.bank", name=plan.bank, **counts, **kinds),
            _listed([_bank_problem(problem, _) for problem in plan.rejected], "upload.rejected", _),
            _listed([_bank_problem(problem, _) for problem in plan.warnings], "upload.warnings", _),
        ]
    )


def _bank_problem(problem: BankProblem, _: Words) -> str:
    return _("upload.at", where=problem.where, text=Markup(notice_text(problem.notice, _)))  # noqa: S704 (ours)


def _roster(found: Preview, trial: RosterTrial, _: Words) -> str:
    roster, plan = trial.roster, trial.plan
    into = found.reach.names.get(found.pending.branch or 0)
    rejected = [problem_text(problem, _) for row in plan.rows for problem in row.problems]
    rejected += _refused(trial.told, _)
    changed = [_change(row, _) for row in plan.rows if row.status is Status.CHANGED]
    comma = _.plain("dates.comma")
    return paragraphs(
        [
            _("upload.roster", name=found.pending.name, **{status.value: plan.count(status) for status in Status}),
            lines(
                _("upload.new_branches", names=comma.join(plan.new_branches)) if plan.new_branches else "",
                _("upload.into", branch=into) if into else "",
                _("upload.left_out", names=_few(roster.left_out, _)) if roster.left_out else "",
                _("upload.unread", names=_few(roster.unread, _)) if roster.unread else "",
            ),
            _listed(changed, "upload.changed", _),
            _listed(map(escape, corrected(trial.told, _)), "upload.corrections", _),
            _listed(map(escape, marked(trial.told, _)), "upload.marks", _),
            _listed(rejected, "upload.rejected", _),
            _("upload.import_hint"),
        ]
    )


def _few(names: Sequence[str], _: Words) -> str:
    shown = _.plain("dates.comma").join(shortened(name, 20) for name in names[:NAMES_AT_MOST])
    return shown if len(names) <= NAMES_AT_MOST else _.plain("upload.and_columns", names=shown, count=len(names))


def _change(row: PlannedRow, _: Words) -> str:
    what = [
        f"{_.plain(f'roster.field.{key}') if _.has(f'roster.field.{key}') else key} {old or '—'} → {new or '—'}"
        for key, (old, new) in row.changes.items()
    ]
    return _("upload.change", name=row.source.name or "", what=_.plain("dates.comma").join(what))


def _steps(plan: StepPlan, pending: Pending, _: Words) -> str:
    rejected = [problem_text(problem, _) for problem in plan.problems]
    rejected += _refused(plan.outcomes, _)
    columns = []
    unrelated = list(dict.fromkeys(one.heading for one in plan.listed.columns if one.unrelated))
    for one in plan.listed.columns:
        if not one.unrelated:
            columns.append(_("upload.column", where=one.where, heading=one.heading, what=said_of(one, _)))
    counts = {status: plan.count(status) for status in ("new", "same", "rejected")}
    return paragraphs(
        [
            _("upload.steps", name=pending.name, people=len({one.planned.person for one in plan.outcomes}), **counts),
            _("upload.as_history") if plan.listed.history else "",
            _("upload.history_chosen") if plan.history else _("upload.history_hint") if plan.history_helps else "",
            _listed(columns, "upload.columns", _, most=30),
            _("upload.unrelated", names=_few(unrelated, _)) if unrelated else "",
            _listed(map(escape, corrected(plan.outcomes, _)), "upload.corrections", _),
            _listed(map(escape, marked(plan.outcomes, _)), "upload.marks", _),
            _listed(rejected, "upload.rejected", _),
            _("upload.import_hint"),
        ]
    )


def _refused(outcomes: Iterable[ListedOutcome], _: Words) -> list[str]:
    """Which days cannot be recorded, and why."""
    return [
        _(
            "upload.step_refused",
            where=outcome.planned.listed.where,
            name=outcome.planned.name,
            text=Markup(_.error(outcome.error)),  # noqa: S704 (escaped by Words)
        )
        for outcome in outcomes
        if outcome.error is not None
    ]


def _listed(found: Iterable[str], head: str, _: Words, *, most: int = LISTED_AT_MOST) -> str:
    texts = list(found)
    if not texts:
        return ""
    shown = [Markup("· ") + Markup(text) for text in texts[:most]]  # noqa: S704 (made by Words)
    left = len(texts) - len(shown)
    return lines(_(head, count=len(texts)), *shown, _("upload.and_more", count=left) if left > 0 else "")


def _with_buttons(
    text: str, pending: Pending, _: Words, confirm: str, *, possible: bool, extra: Sequence[Button] = ()
) -> Shown:
    first = [Button(_.plain(confirm), _press(pending, Deed.PUBLISH))] if possible else []
    first.append(Button(_.plain("upload.cancel"), _press(pending, Deed.CANCEL)))
    pairs = [extra[at : at + 2] for at in range(0, len(extra), 2)]  # more in a row would be cramped on a phone
    rows = [first, *pairs, [Button(_.plain("upload.sort_button"), _press(pending, Deed.SORT))]]
    return {"text": text, "reply_markup": keyboard(rows)}


def _has_branches(found: Preview) -> bool:
    return len(found.reach.branches) > 1


def _press(pending: Pending, deed: Deed, value: str = "-") -> Upload:
    return Upload(deed=deed, ref=pending.ref, value=value)
