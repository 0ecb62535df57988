"""Does the walk notice? Mistakes put into a copy of the program one by one, each of which the walk must find.

Not part of the tests, as each takes as long as a walk: `python -m tests.simulation.mutations [NAME…]`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
WALK = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/simulation/test_four_years.py", "-k", "sqlite"]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "shared", "docs", "benchmarks")


class Mistake(NamedTuple):
    """What is written wrongly, where; `right` stands there once."""

    file: str
    right: str
    wrong: str


CYCLES, TALKING, BASES = "records/cycles.py", "scheduler/deadlines.py", "records/bases.py"
PLANNER, CLAIMING = "scheduler/planner.py", "scheduler/claiming.py"
RECORDING, TALKS = "bot/deeds/recording.py", "records/talks.py"

MISTAKES = {
    "months are chained": Mistake(
        CYCLES,
        "return months_after(base, number * months) if months",
        "return months_after(_nth(base, number - 1, months, days) if number > 1 else base, months) if months",
    ),
    "a month ends on the 28th": Mistake(
        "records/dates.py", "day = min(day, monthrange(year, month)[1])", "day = min(28, monthrange(year, month)[1])"
    ),
    "a deadline is a day late": Mistake(
        BASES,
        "return months_after(day, offset.months), False",
        "return months_after(day, offset.months) + timedelta(days=offset.months == 3), False",
    ),
    "a floor is a day early": Mistake(
        BASES, "offset.working_days, scene.readings", "offset.working_days - 1, scene.readings"
    ),
    "an extension counts from its decision": Mistake(
        "records/tracks/party_member.yaml",
        "{step: probation_extended, detail: extended_to, exact: true}",
        "{step: probation_extended}",
    ),
    "a day of reminding is dropped": Mistake(
        TALKING, "days = set(settings.days_before if", "days = {14, 1, 0} & set(settings.days_before if"
    ),
    "the third week is dropped": Mistake(TALKING, "if settings.third_week and", "if not settings.third_week and"),
    "nobody is told before a holiday": Mistake(TALKING, "    if days:\n", "    if not days:\n"),
    "the first week overdue is skipped": Mistake(TALKING, "first = max(1, passed", "first = max(2, passed"),
    "escalated a week late": Mistake(
        TALKING, "if days <= -settings.escalate_after_days else", "if days < -settings.escalate_after_days else"
    ),
    "the branch holds all": Mistake(
        TALKING, "recipients.get(deadline.actor, ()) if", 'recipients.get("branch", ()) if'
    ),
    "who is paused is told": Mistake(TALKING, "told = [] if paused else [person]", "told = [person]"),
    "who must act is not told": Mistake(
        TALKING, "told += [one for one in recipients.get(", "told += [one for one in () and recipients.get("
    ),
    "quiet hours are ignored": Mistake("bot/letters/reader.py", "if rest is not None:", "if rest is None and False:"),
    "nothing is looked at again at sending": Mistake(TALKING, "if one.is_open and (one.rule", "if (one.rule"),
    "sent again after a restart": Mistake(
        CLAIMING,
        "stranded = and_(OutboxRow.state == State.SENDING.value,",
        "stranded = and_(OutboxRow.state.in_((State.SENDING.value, State.SENT.value)),",
    ),
    "what was being sent is lost after a restart": Mistake(
        CLAIMING, "state=case((again, State.QUEUED.value), else_=State.UNCERTAIN.value)", "state=State.UNCERTAIN.value"
    ),
    "two letters a day": Mistake(
        PLANNER,
        "day = local.date()\n    due = and_",
        "day = local\n    due = and_",
    ),
    "yesterday's letter is left waiting": Mistake(
        PLANNER, "return {day - timedelta(days=1), last} - {day}", "return set()"
    ),
    "what was corrected still stands": Mistake(
        "records/facts.py", "if entry.kind == STEP_KIND and entry.id not in voided", "if entry.kind == STEP_KIND"
    ),
    "a snooze is forgotten": Mistake(
        "scheduler/snoozing.py", ".values(planned_at=None, remind_at=until)", ".values(planned_at=planned_at)"
    ),
    "who hands over goes on hearing": Mistake(
        "bot/deeds/mentoring.py", "until=since - timedelta(days=1)", "until=since + timedelta(days=3650)"
    ),
    "who hands over does not hear of it": Mistake(RECORDING, '"also": [one.id for one in former]', '"also": []'),
    "what was missed while away is lost": Mistake(
        "scheduler/snoozing.py", "ReminderRow.planned_at >= since,", "ReminderRow.planned_at < since,"
    ),
    "what came back from a shut door is lost": Mistake(
        "scheduler/judging.py", "undelivered=report.reason == BLOCKED", "undelivered=False"
    ),
    "who moved stays with the old organisers": Mistake(
        "bot/deeds/importing.py", "await settle_moved(services, session, applied.moved)", ""
    ),
    "asked to confirm once and never again": Mistake(
        "bot/deeds/confirming.py", ":{by.id}:{planned_at:%Y%m%dT%H%M}", ":{by.id}"
    ),
    "nobody is reminded of an agreed day": Mistake(
        "records/rules.py", "    found += appointed_days(", "    _ = appointed_days("
    ),
    "a side proposes again and again": Mistake(TALKS, "    if used is not None:", "    if used is not None and False:"),
    "the night is not worked": Mistake("bot/deeds/nightly.py", "if not _is_settled(", "if False and not _is_settled("),
    "what has passed is planned anew": Mistake(TALKING, "if one.remind_at > now and _differs(", "if _differs("),
}


def main(names: list[str]) -> int:
    """Tell of each mistake whether the walk found it, and by which message. Returns how many it did not find."""
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        for name in names or MISTAKES:
            started = time.monotonic()
            said = _walk_with(copy, MISTAKES[name])
            unnoticed += said is None
            print(
                f"{'NOT FOUND' if said is None else 'found'}  {name}  {time.monotonic() - started:.0f} s  {said or ''}",
                flush=True,
            )
    print(f"{len(names or MISTAKES) - unnoticed} of {len(names or MISTAKES)} found")
    return unnoticed


def _walk_with(copy: Path, mistake: Mistake) -> str | None:
    """The first disagreement; None when the walk is content."""
    file = copy / mistake.file
    text = file.read_text("utf-8")
    if text.count(mistake.right) != 1:
        raise SystemExit(
            f"{mistake.file} has changed: {mistake.right!r} stands there {text.count(mistake.right)} times"
        )
    file.write_text(text.replace(mistake.right, mistake.wrong), "utf-8")
    try:
        walk = subprocess.run(
            [sys.executable, *WALK],
            cwd=copy,
            check=False,
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
        )
    finally:
        file.write_text(text, "utf-8")
    if walk.returncode == 0:
        return None
    errors = [line.removeprefix("E ").strip() for line in walk.stdout.splitlines() if line.startswith("E ")]
    return next(iter(errors), walk.stdout[-300:] + walk.stderr[-300:])[:200]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
