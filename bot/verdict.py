"""The doctor's first sentence: whether pushes reach people, since when not, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.doctor import Finding, Health, ok, problem, warning
from storage.errors import Term

# What stops everything first: the check, what it found, and what is said of it; `at` of the checks tells since when.
STOPS = (
    ("settings", ("wrong",), "settings"),
    ("disk", ("full", "read_only", "no_folder"), "disk"),  # an embedded database cannot be opened then either
    (
        "database",
        ("unreachable", "damaged", "newer", "revision", "full", "read_only", "file_rights", "locked"),
        "database",
    ),
    ("telegram", ("refused", "malformed"), "token"),
    ("database", ("absent", "empty"), "never"),
    ("planner", ("never",), "never"),
    ("planner", ("late",), "not_running"),
    ("telegram", ("unreachable",), "unreachable"),
    ("webhook", ("elsewhere", "foreign", "missing", "failing"), "webhook"),
    ("listening", ("conflict",), "conflict"),
    ("outbox", ("late",), "stuck"),
)
BLEMISHES = (
    ("disk", "nearly_full", "space"),
    ("planner", "ahead", "clock"),
    ("inbox", "parked", "parked"),
    ("outbox", "failed", "partly"),
)


def verdict(findings: Sequence[Finding], zone: ZoneInfo) -> Finding:
    """What the findings come to; `since` says nothing where nobody can know."""
    found = {finding.check: finding for finding in findings}
    for check, whats, said in STOPS:
        finding = found.get(check)
        if finding is not None and finding.what in whats:
            make = warning if said == "never" else problem
            return make("pushes", said, **finding.values | {"since": _since(found, zone)})
    for check, what, said in BLEMISHES:
        if check in found and found[check].what == what:
            return warning("pushes", said, **found[check].values)
    return ok("pushes", **found["planner"].values)


def _since(found: Mapping[str, Finding], zone: ZoneInfo) -> str:
    moments = [
        moment
        for finding in found.values()
        if finding.state is not Health.OK and isinstance(moment := finding.values.get("at"), datetime)
    ]
    if not moments:
        return ""
    at = f"{min(moments).astimezone(zone):%Y-%m-%d %H:%M}"
    return Term(f" (since {at})", "doctor.since", at=at)
