"""A broadcast as its sender sees it: whom it would reach, how far it has come, and the report."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.organiser import NOTHING, Lacking, SendDeed, Sending, ToWhom
from bot.reach import Reach
from bot.views.dates import step_name
from bot.views.text import Shown, lines, paragraphs, quoted, shortened
from bot.words import Words
from records.exports.table import BOM, harmless
from records.stages import Stage
from scheduler.broadcasts import Audience, Broadcast, Delivered, Progress, Standing

BRANCHES_AT_MOST = 12
PREVIEW_AT_MOST = 1500
STEPS_AT_MOST = 10


def show_draft(
    text: str,
    ref: int,
    branch: int,
    stage: str | None,
    lacking: str | None,
    found: Audience,
    reach: Reach,
    _: Words,
    *,
    per_second: float,
) -> Shown:
    """The text, whom it is for, and how many of them it reaches."""
    where = reach.title(branch, _.plain("due.everywhere"))
    who = _.plain(f"stage.{stage}") if stage else _.plain("broadcast.everybody")
    minutes = found.reachable / per_second / 60
    parts = [
        _("broadcast.draft"),
        quoted(shortened(text, PREVIEW_AT_MOST)),
        lines(
            _("broadcast.to", where=where, who=who),
            _("broadcast.lacking", step=step_name(lacking, _)) if lacking else "",
            _("broadcast.count", reachable=found.reachable),
            _("broadcast.unreachable", count=found.people - found.reachable) if found.people > found.reachable else "",
            _("broadcast.minutes", minutes=round(minutes)) if minutes >= 1 else "",
        ),
    ]
    rows = []
    if found.reachable:
        rows.append([Button(_.plain("broadcast.send"), Sending(deed=SendDeed.SEND, broadcast=str(ref)))])
    rows[-1:] = [[*(rows[-1] if rows else []), _drop(ref, _)]]
    rows += _stages(ref, branch, stage, _)
    rows.append([_all_again(ref, branch, stage, _) if lacking else _some_only(ref, _)])
    if len(reach.branches) > 1:
        rows += _branches(ref, branch, stage, reach, _)
    return {"text": paragraphs(parts), "reply_markup": keyboard(rows)}


def show_lacking(ref: int, branch: int, stage: str | None, counts: Mapping[str, int], _: Words) -> Shown:
    """Which steps are outstanding, of how many people each: one of them is chosen."""
    rows = [
        [Button(_.plain("broadcast.lacking_button", step=step_name(step, _), count=count), Lacking(ref=ref, step=step))]
        for step, count in list(counts.items())[:STEPS_AT_MOST]
    ]
    rows.append([_all_again(ref, branch, stage, _)])
    return {"text": _("broadcast.which_step" if counts else "broadcast.no_step"), "reply_markup": keyboard(rows)}


def show_progress(broadcast: Broadcast, progress: Progress, _: Words, *, now: datetime, zone: ZoneInfo) -> Shown:
    """How far it has come and how long it still takes; nothing that failed is called sent."""
    text = paragraphs(
        [
            _(f"broadcast.{broadcast.standing.value}" if progress.waiting else "broadcast.finished"),
            quoted(shortened(broadcast.text, 200)),
            _(
                "broadcast.progress",
                total=progress.total,
                sent=progress.sent,
                waiting=progress.waiting,
                blocked=progress.blocked,
                failed=progress.failed,
                unsure=progress.unsure,
                cancelled=progress.cancelled,
            ),
            _pace(progress, _, now=now, zone=zone) if broadcast.standing is Standing.RUNNING else "",
        ]
    )
    first = [_deed("broadcast.look", SendDeed.LOOK, broadcast, _)]
    if progress.waiting and broadcast.standing is Standing.RUNNING:
        first.append(_deed("broadcast.pause", SendDeed.PAUSE, broadcast, _))
    if progress.waiting and broadcast.standing is Standing.PAUSED:
        first.append(_deed("broadcast.resume", SendDeed.RESUME, broadcast, _))
    if progress.waiting and broadcast.standing is not Standing.CANCELLED:
        first.append(_deed("broadcast.stop", SendDeed.STOP, broadcast, _))
    return {
        "text": text,
        "reply_markup": keyboard([first, [_deed("broadcast.report", SendDeed.REPORT, broadcast, _)]]),
    }


def show_earlier(broadcasts: Sequence[Broadcast], _: Words) -> Shown:
    """How to send one, and those that were sent."""
    rows = [[Button(shortened(one.text, 30), Sending(deed=SendDeed.LOOK, broadcast=one.id))] for one in broadcasts]
    text = paragraphs([_("broadcast.how"), _("broadcast.earlier") if broadcasts else ""])
    return {"text": text, "reply_markup": keyboard(rows)}


def report_file(delivered: Sequence[Delivered], branches: Mapping[int, str], zone: ZoneInfo, _: Words) -> bytes:
    """CSV that Excel opens with a double click, a row a person."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(
        [_.plain(f"broadcast.column.{name}") for name in ("number", "name", "branch", "state", "at", "why")]
    )
    for one in delivered:
        at = f"{one.finished_at.astimezone(zone):%Y-%m-%d %H:%M}" if one.finished_at else ""
        cells = [one.student_number or "", one.name, branches.get(one.branch_id, ""), state_name(one.state, _), at]
        writer.writerow([harmless(cell) for cell in [*cells, reason_name(one.reason, _)]])
    return (BOM + stream.getvalue()).encode("utf-8")


def state_name(state: str, _: Words) -> str:
    """A letter's state in words."""
    return _.plain(f"letter.state.{state}")


def reason_name(reason: str | None, _: Words) -> str:
    """Why a letter stands so, in words where we have them."""
    if not reason:
        return ""
    key = f"letter.reason.{reason.replace(' ', '_')}"
    return _.plain(key) if _.has(key) else reason


def _pace(progress: Progress, _: Words, *, now: datetime, zone: ZoneInfo) -> str:
    """How long it still takes, or until when it rests."""
    if (until := progress.rests_until(now)) is not None:
        return _("broadcast.rests", until=f"{until.astimezone(zone):%m-%d %H:%M}")
    if (left := progress.time_left(now)) is None:
        return ""
    minutes = round(left.total_seconds() / 60)
    return _("broadcast.left", minutes=minutes) if minutes >= 1 else _("broadcast.nearly")


def _some_only(ref: int, _: Words) -> Button:
    return Button(_.plain("broadcast.some_only"), Lacking(ref=ref))


def _all_again(ref: int, branch: int, stage: str | None, _: Words) -> Button:
    return Button(_.plain("broadcast.all_again"), ToWhom(ref=ref, branch=branch, stage=stage or NOTHING))


def _stages(ref: int, branch: int, chosen: str | None, _: Words) -> list[list[Button]]:
    options: list[str | None] = [None, *(stage.value for stage in Stage)]
    buttons = [
        Button(
            ("● " if stage == chosen else "")
            + (_.plain(f"stage.{stage}") if stage else _.plain("broadcast.everybody")),
            ToWhom(ref=ref, branch=branch, stage=stage or NOTHING),
        )
        for stage in options
    ]
    return [buttons[:3], buttons[3:]]


def _branches(ref: int, chosen: int, stage: str | None, reach: Reach, _: Words) -> list[list[Button]]:
    options = [(0, _.plain("due.everywhere")), *((one.id, one.name) for one in reach.branches[:BRANCHES_AT_MOST])]
    return [
        [Button(("● " if branch == chosen else "") + name, ToWhom(ref=ref, branch=branch, stage=stage or NOTHING))]
        for branch, name in options
    ]


def _deed(label: str, deed: SendDeed, broadcast: Broadcast, _: Words) -> Button:
    return Button(_.plain(label), Sending(deed=deed, broadcast=broadcast.id))


def _drop(ref: int, _: Words) -> Button:
    return Button(_.plain("upload.cancel"), Sending(deed=SendDeed.DROP, broadcast=str(ref)))
